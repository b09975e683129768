"""Rules about what models declare and what queries ask, with tables and queries made by hand."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_lsp.project.catalog import MappedModel, QueryTable, ResolvedQuery, TableEntry
from sqla_lsp.project.settings import Settings
from sqla_lsp.rules import ensure_index_not_covered, limit_non_unique_index, verify_query_patterns_are_indexed
from sqla_lsp.rules.declarations import declarations
from sqla_lsp.rules.rule import Context, Remark
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.models import Model, ModelColumn
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.predicates import Tree
from sqla_lsp.schema.tables import Column, ForeignKey
from sqla_lsp.schema.types import PgType
from sqla_lsp.text.places import Place
from tests.postgres.ways import order, path, paths, tree

TYPES = {"json": "json", "flag": "boolean"}
STATEMENT = Place(0, 99, "queries.py")


def entry(ways: str, name: str = "orders", *, first: int = 0, complete: bool = True) -> TableEntry:
    """A table whose ways stand at 0, 1, ... of models.py, or from `first` on."""
    places = [Place(first + number, first + number + 1, "models.py") for number in range(9)]
    access = [AccessPath(way.index, way.origin, place, place, "Index") for way, place in zip(paths(ways), places, strict=False)]
    columns = [Column(column, PgType(TYPES.get(column, "int"))) for column in ("a", "b", "c", "d", "flag", "json")]
    declared = tuple(ModelColumn(str(c.name), c, Place(5, 6), Place(5, 6)) for c in columns)
    model = Model(name.title(), TableName(name), Place(0, 1), declared, complete=complete)
    queries: list[ResolvedQuery] = []
    return TableEntry(TableName(name), (MappedModel("models.py", model),), tuple(access), queries_of=lambda: queries)


def query(condition: Tree | str, *entries: TableEntry, kind: str = "select", keys: str = "", **rest: object) -> ResolvedQuery:
    tables = tuple(QueryTable(entry.models[0], lambda mapped, entry=entry: entry) for entry in entries)
    asked = tree(condition) if isinstance(condition, str) else condition
    by = order(keys) if keys else ()
    made = ResolvedQuery(kind, Place(0, 9, "queries.py"), STATEMENT, tables, asked, by, bool(keys), **rest)  # type: ignore[arg-type]
    for used in entries:
        used.queries_of().append(made)
    return made


def context(*entries: TableEntry, small: str = "") -> Context:
    settings = Settings(folder="/", small_tables=frozenset([small] if small else []))
    return Context(settings, frozenset(), lambda table: [entry for entry in entries if entry.name == table])


def covered(*entries: TableEntry) -> list[Remark]:
    found = declarations(entries).get("models.py", ())
    return [remark for one in found for remark in ensure_index_not_covered.check_declaration(one, context(*entries))]


def wide(*entries: TableEntry) -> list[Remark]:
    found = declarations(entries).get("models.py", ())
    return [remark for one in found for remark in limit_non_unique_index.check_declaration(one, context(*entries))]


def asked(made: ResolvedQuery, small: str = "") -> list[str]:
    found = verify_query_patterns_are_indexed.check_query(made, context(small=small))
    return [remark.message for remark in found]


def test_a_covered_index() -> None:
    (remark,) = covered(entry("a; a, b"))
    assert remark.place == Place(0, 1, "models.py")
    assert remark.message.startswith("i1 on orders begins with the keys of i0: every INSERT into orders writes both")
    assert [(related.message, related.place.start) for related in remark.related] == [("i1 stands here", 1)]
    assert remark.tags == ("unnecessary",)


def test_a_mixin_that_is_needed_once() -> None:
    assert len(covered(entry("a; a, b"), entry("a; a, c", "carts"))) == 1
    assert covered(entry("a; a, b"), entry("a", "carts")) == []


def test_an_index_that_two_models_of_a_table_bring_along() -> None:
    twice = entry("a")
    twice = replace(twice, access=(*twice.access, *twice.access))
    assert covered(twice) == []


def test_a_unique_index_that_the_project_needs() -> None:
    assert len(covered(entry("uq a; unique a"))) == 1
    referenced = entry("uq a; unique a")
    referenced = replace(referenced, targets=(ForeignKey(None, ("x",), TableName("orders"), ("a",)),))
    assert covered(referenced) == []
    conflicting = entry("uq a; unique a")
    query("", conflicting, kind="insert", conflict_columns=("a",))
    assert covered(conflicting) == []
    elsewhere = entry("uq a; unique a")
    query("", elsewhere, kind="insert", conflict_columns=("b",))
    assert len(covered(elsewhere)) == 1


def test_a_wide_index() -> None:
    (remark,) = wide(entry("a, b, c, d; unique a, b, c, d; a, b, c"))
    assert remark.message.startswith("i0 on orders has 4 key columns")


def test_a_wide_index_that_a_query_needs() -> None:
    needed = entry("a, b, c, d")
    query("a = :a and b = 1 and c = 2 and d > 5", needed)
    assert wide(needed) == []
    sorted_by = entry("a, b, c, d")
    query("a = :a and b = 1 and c = 2", sorted_by, keys="d DESC")
    assert wide(sorted_by) == []
    three = entry("a, b, c, d")
    query("a = :a and b = 1 and c = 2", three)
    assert len(wide(three)) == 1


def test_a_query_without_an_index() -> None:
    (remark,) = verify_query_patterns_are_indexed.check_query(query("a = :x and b > 1 and json = 1", entry("pk id")), context())
    assert remark.message == "This query reads every row of orders: no index leads with a."
    assert remark.advice == 'Give a index=True, or add Index("ix_orders_a_b", "a", "b") to __table_args__.'
    assert [(related.message, related.place) for related in remark.related] == [("declared here", Place(5, 6, "models.py"))]
    assert remark.statement == STATEMENT


def test_words() -> None:
    assert asked(query("a = :x", entry(""), kind="delete")) == ["This DELETE reads every row of orders: no index leads with a."]
    assert asked(query("a = :x", entry("a where b = 1"))) == ["This query reads every row of orders: i0 on a cannot serve it."]
    assert asked(query("a like 'x%'", entry("a"))) == [
        "This query reads every row of orders: no index on a has an operator class that serves LIKE 'x%'."
    ]
    assert asked(query("", entry(""), keys="a DESC NULLS LAST")) == [
        "This query reads and sorts every row of orders to return the first: no index leads with a DESC NULLS LAST."
    ]


def test_the_best_column() -> None:
    assert "with c" in asked(query("a > 1 and b in (1) and c = 1", entry("")))[0]
    assert "with b" in asked(query("a > 1 and b in (1)", entry("")))[0]
    customers = entry("", "customers")
    assert "customers: no index leads with b" in asked(query("t1.b > 1 and t0.a = t1.id", entry("c"), customers))[0]
    assert "orders: no index leads with a" in asked(query("t1.b > 1 and t0.a = t1.id", entry("c"), entry("b", "customers")))[0]


def test_silent() -> None:
    assert asked(query("a = 1", entry("")), "orders") == []
    assert asked(query("a = 1", entry("", complete=False))) == []
    assert asked(query("a = 1", entry(""), complete=False)) == []
    assert asked(query("json = 1", entry(""))) == []
    assert asked(query("unknown = 1", entry(""))) == []
    assert asked(query("", entry(""))) == []
    assert asked(query("", entry(""), keys="flag")) == []
    assert asked(query("", entry(""), keys="a", reduced=True)) == []
    assert asked(query("silent(flag) = true", entry(""), keys="a")) == []
    assert asked(query("", entry("a"), keys="a DESC")) == []


def test_the_history_counts() -> None:
    known = entry("")
    known = replace(known, history_access=(path("a"),))
    assert asked(query("a = 1", known)) == []


def test_the_query_around_it() -> None:
    around = query("b = 1", entry("b"))
    assert len(asked(query("a = outer_value", entry(""), outer=around))) == 1
    assert asked(query("a = outer_value", entry(""), outer=query("b = 1", entry("")))) == []
