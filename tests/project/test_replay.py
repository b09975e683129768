"""The schema that revisions build: every kind of operation, renames, branches of code, and branches of the graph."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sqla_lsp.project.history import RevisionHistory
from sqla_lsp.project.project import Project
from sqla_lsp.project.replay import Schema
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import Check, Constraint, ForeignKey, Index, PrimaryKey, Table, Unique
from tests.project.state import loaded, migration, write

CREATE = (
    "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('a', sa.String(20)), "
    "sa.Column('b', sa.Text()))\n"
)
PLAIN = "t: id! int, a varchar(20), b text, pk t_pkey(id)"


def histories(folder: Path, files: dict[str, str], environment: str = "") -> dict[str, RevisionHistory]:
    """The histories of revisions by the names of their files."""
    write(folder, {"env.py": environment, **{f"versions/{name}.py": text for name, text in files.items()}})
    project = loaded(folder)
    found = {}
    for path in project.revisions():
        history = project.history(path)
        assert history is not None
        found[Path(path).stem] = history
    return found


def end(folder: Path, body: str, environment: str = "") -> Schema:
    return histories(folder, {"a": migration("a", None, body)}, environment)["a"].upgrade.end


def told(schema: Schema) -> list[str]:
    """A schema in lines, one for each table: columns (! for NOT NULL), constraints, indexes."""
    return [_table(table) for _, table in sorted(schema.tables.items(), key=lambda item: str(item[0]))]


def _table(table: Table) -> str:
    columns = [f"{c.name}{'' if c.nullable is True else '!'} {_type(c.type)}{_default(c.default)}" for c in table.columns]
    parts = [*columns, *map(_constraint, table.constraints), *map(_index, table.indexes)]
    marks = "".join(
        mark for mark, is_so in [("?", not table.complete), ("%", table.partitioned), ("~", table.temporary)] if is_so
    )
    return f"{table.name}{marks}: {', '.join(parts)}"


def _type(type_: object) -> str:
    return "?" if isinstance(type_, Unknown) else str(type_)


def _default(default: object) -> str:
    return "" if default is None else f"={getattr(default, 'sql', '?')}"


def _columns(columns: object) -> str:
    return "?" if isinstance(columns, Unknown) else ",".join(columns)  # type: ignore[arg-type]


def _constraint(constraint: Constraint) -> str:
    valid = "" if getattr(constraint, "validated", True) is True else " not valid"
    match constraint:
        case Unique():
            return f"uq {constraint.name}({_columns(constraint.columns)})"
        case PrimaryKey():
            return f"pk {constraint.name}({_columns(constraint.columns)})"
        case ForeignKey():
            target = f"{constraint.target}({_columns(constraint.target_columns)})"
            return f"fk {constraint.name}({_columns(constraint.columns)})>{target}{valid}"
        case Check():
            return f"ck {constraint.name}({constraint.sql}){valid}"
        case _:
            return f"ex {constraint.name}"


def _index(index: Index) -> str:
    keys = index.keys if isinstance(index.keys, tuple) else ()
    inside = ",".join(str(key.column if key.column is not None else key.expression) for key in keys)
    where = f" where {index.where}" if index.where is not None else ""
    return f"{'ux' if index.unique is True else 'ix'} {index.name}({inside}){where}{'' if index.valid else ' invalid'}"


CASES = (Path(__file__).parent / "data/replay_cases.txt").read_text()


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.partition("\n")[0]) for case in CASES.removeprefix("=== ").split("\n=== ")]
)
def test_operations(tmp_path: Path, case: str) -> None:
    """Statements of a function, `CREATE` for the usual table, and the schema after them."""
    body, _, expected = case.partition("\n")[2].partition("---\n")
    assert told(end(tmp_path, f"{body.strip()}\n".replace("CREATE\n", CREATE))) == expected.splitlines()


def test_a_table_that_no_revision_made(tmp_path: Path) -> None:
    schema = end(tmp_path, "op.create_index('i', 't', ['a'])\nop.drop_index('j', 't')\nop.alter_column('u', 'a', nullable=False)")
    assert told(schema) == ["t?: ix i(a)", "u?: a! ?"]


CONVENTION = (
    "from alembic import context\nfrom sqlalchemy import MetaData\nnames = {'uq': 'uq_%(table_name)s_%(column_0_name)s', "
    "'ck': 'ck_%(table_name)s_%(constraint_name)s', 'ix': 'x_%(column_0_N_label)s', 'pk': 'pk_%(table_name)s'}\n"
    "context.configure(connection=c, target_metadata=MetaData(naming_convention=names))\n"
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (CREATE, PLAIN.replace("t_pkey", "pk_t")),
        ("op.execute('CREATE TABLE t (id int PRIMARY KEY, a varchar(20), b text)')", PLAIN),
        (CREATE + "op.create_unique_constraint(None, 't', ['a'])", "uq uq_t_a(a)"),
        (CREATE + "op.execute('ALTER TABLE t ADD UNIQUE (a)')", "uq t_a_key(a)"),
        (CREATE + "op.create_check_constraint('positive', 't', 'a > b')", "ck ck_t_positive(a > b)"),
        (CREATE + "op.create_check_constraint(op.f('ck_t_positive'), 't', 'a > b')", "ck ck_t_positive(a > b)"),
        (CREATE + "op.execute('ALTER TABLE t ADD CONSTRAINT positive CHECK (a > b)')", "ck positive(a > b)"),
        (CREATE + "op.create_check_constraint('x', 't', 'a > b')\nop.drop_constraint('x', 't', type_='check')", "pk pk_t(id)"),
        (CREATE + "op.create_check_constraint('x', 't', 'a > b')\nop.drop_constraint(op.f('ck_t_x'), 't')", "pk pk_t(id)"),
        (
            CREATE + "op.create_check_constraint('x', 't', 'a > b', postgresql_not_valid=True)\n"
            "op.execute('ALTER TABLE t VALIDATE CONSTRAINT ck_t_x')",
            "ck ck_t_x(a > b)",
        ),
        (CREATE + "op.create_index(None, 't', ['a', 'b'])", "ix x_t_a_t_b(a,b)"),
        (CREATE + "op.execute('CREATE INDEX ON t (a, b)')", "ix t_a_b_idx(a,b)"),
        (CREATE + "op.add_column('t', sa.Column('c', sa.Integer(), unique=True))", "uq uq_t_c(c)"),
    ],
)
def test_naming_conventions(tmp_path: Path, body: str, expected: str) -> None:
    [table] = told(end(tmp_path, body, CONVENTION))
    assert table.endswith(expected)


# ------------------------------------------------------------------------------------------------------------- functions


def test_downgrade_starts_where_upgrade_ends(tmp_path: Path) -> None:
    text = migration("a", None, CREATE, "op.drop_column('t', 'a')\nop.drop_table('t')")
    history = histories(tmp_path, {"a": text})["a"]
    assert told(history.downgrade.start) == [PLAIN]
    assert [told(step.before) for step in history.downgrade] == [[PLAIN], [PLAIN.replace(" a varchar(20),", "")]]
    assert told(history.downgrade.end) == []


def test_before_and_after(tmp_path: Path) -> None:
    history = histories(tmp_path, {"a": migration("a", None, CREATE + "op.drop_column('t', 'a')\nop.drop_table('t')")})["a"]
    states = [(told(step.before), told(step.after)) for step in history.upgrade]
    less = [PLAIN.replace(" a varchar(20),", "")]
    assert states == [([], [PLAIN]), ([PLAIN], less), (less, [])]


def test_new_tables(tmp_path: Path) -> None:
    body = (
        CREATE
        + "op.rename_table('t', 'u')\nop.create_index('i', 'u', ['a'])\n"
        + "op.create_table('old')\nop.create_index('j', 'old', ['a'])"
    )
    files = {"a": migration("a", None, "op.create_table('old')"), "b": migration("b", "a", body, "op.drop_index('i', 'u')")}
    history = histories(tmp_path, files)["b"]
    news = [sorted(name for _, name in step.before.new) for step in history.upgrade]
    assert news == [[], ["t"], ["u"], ["u"], ["u"]]
    assert [step.before.new for step in history.downgrade] == [frozenset()]


def test_operations_of_different_arms_do_not_meet(tmp_path: Path) -> None:
    body = (
        CREATE
        + "if unknown:\n    op.drop_column('t', 'a')\n    op.drop_column('t', 'b')\nelse:\n    op.create_index('i', 't', ['a'])\n"
        "    op.create_index('j', 't', ['b'])\nop.drop_table('t')"
    )
    history = histories(tmp_path, {"a": migration("a", None, body)})["a"]
    before = [told(step.before) for step in history.upgrade]
    less = PLAIN.replace(" a varchar(20),", "")
    assert before[:5] == [[], [PLAIN], [less], [PLAIN], [f"{PLAIN}, ix i(a)"]]


# ----------------------------------------------------------------------------------------------------------------- graph


def test_a_merge_sees_both_parents(tmp_path: Path) -> None:
    files = {
        "a": migration("a", None, CREATE),
        "b": migration("b", "a", "op.add_column('t', sa.Column('b1', sa.Integer()))"),
        "c": migration("c", "a", "op.add_column('t', sa.Column('c1', sa.Integer()))\nop.create_table('c')"),
        "c2": migration("c2", "c", "op.drop_column('t', 'a')"),
        "d": migration("d", ("b", "c2"), "op.create_index('i', 't', ['c1'])"),
        "e": migration("e", "d"),
    }
    found = histories(tmp_path, files)
    assert told(found["b"].upgrade.start) == [PLAIN]
    assert told(found["c"].upgrade.start) == [PLAIN]
    assert told(found["c2"].upgrade.start) == ["c: ", PLAIN.replace(", pk", ", c1 int, pk")]
    merged = ["c: ", "t: id! int, b text, c1 int, b1 int, pk t_pkey(id)"]
    assert told(found["d"].upgrade.start) == merged
    assert told(found["e"].upgrade.start) == ["c: ", f"{merged[1]}, ix i(c1)"]
    assert told(found["e"].downgrade.start) == told(found["e"].upgrade.start)


def test_depends_on_is_seen(tmp_path: Path) -> None:
    files = {
        "a": migration("a", None, CREATE),
        "x": migration("x", None, "op.create_table('x')"),
        "y": migration("y", "x", head="depends_on = 'a'"),
    }
    assert told(histories(tmp_path, files)["y"].upgrade.start) == [PLAIN, "x: "]


def test_what_is_wrong_with_the_graph_stops_nothing(tmp_path: Path) -> None:
    files = {
        "a": migration("a", "a", CREATE),
        "b": migration("b", "c", "op.create_table('b')"),
        "c": migration("c", "b", "op.create_table('c')"),
        "d": migration("d", ("nowhere", "a")),
        "e": migration("a", None, "op.create_table('second')"),
        "f": migration("f", "a"),
    }
    found = histories(tmp_path, files)
    assert told(found["d"].upgrade.start) == told(found["f"].upgrade.start) == [PLAIN]
    assert [told(found[name].upgrade.start) for name in ("a", "b", "c", "e")] == [[], ["c: "], [], []]


@pytest.mark.parametrize("order", [("b", "c"), ("c", "b")])
def test_a_cycle_is_read_the_same_way_from_everywhere(tmp_path: Path, order: tuple[str, str]) -> None:
    texts = {"b": migration("b", "c", "op.create_table('b')"), "c": migration("c", "b", "op.create_table('c')")}
    write(tmp_path, {f"versions/{name}.py": text for name, text in texts.items()})
    project = loaded(tmp_path)
    starts = {name: _start(project, str(tmp_path / f"versions/{name}.py")) for name in order}
    assert starts == {"b": ["c: "], "c": []}


def _start(project: Project, path: str) -> list[str]:
    history = project.history(path)
    assert history is not None
    return told(history.upgrade.start)


def test_a_long_chain(tmp_path: Path) -> None:
    """2,000 revisions over 200 tables: time and memory grow with their number, no faster."""
    files = {}
    for number in range(2_000):
        table = f"t{number % 200}"
        body = (
            f"op.create_table('{table}', sa.Column('a', sa.Integer()))"
            if number < 200
            else f"op.create_index('i{number}', '{table}', ['a'])"
        )
        files[f"versions/r{number:04}.py"] = migration(f"r{number:04}", f"r{number - 1:04}" if number else None, body)
    write(tmp_path, dict(files))
    project = loaded(tmp_path)
    paths = project.revisions()
    started = time.process_time()
    last = project.history(paths[-1])
    assert last is not None
    assert len(last.upgrade.end.tables) == 200
    assert sum(len(table.indexes) for table in last.upgrade.end.tables.values()) == 1_800
    for path in paths:
        history = project.history(path)
        assert history is not None
        for script in history.scripts:
            assert all(step.before is not None for step in script)
    assert time.process_time() - started < 5
