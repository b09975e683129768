"""The predicates of queries are served by indexes.

## What it does
Reports a query that finds none of a table's rows through an index: no index leads with a column that it compares, by `==`,
`in_`, a range, `is_(None)` or a prefix. Queries are `select(...)`, `session.query(...)`, `update`, `delete` and `exists`, also
built up over several statements. Indexes are those of the models and of the migrations.

## Why is this bad?
Postgres reads the whole table for every such query. That goes unnoticed while the table is small.

## Example
```py app/models.py
class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int]
```
```py app/orders.py
def orders_of(customer_id):
    return select(Order).where(Order.customer_id == customer_id)
```

## Use instead
```py app/models.py
class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(index=True)
```

## Decisions
- A query that a function returns is a whole one, unless another function of the file adds tables or conditions to it; one that
  is handed to a function of another file is, unless that is called `apply_filters` or the like.
- A condition that is added under an `if` counts as added, and what is not known counts as served.
- `a.id == b.a_id` asks for an index on `b.a_id` only where `a` is itself found through an index: else both tables are read whole.
  The same holds for EXISTS and for `in_(select(...))`.
- In an OR every branch has to be served; where one of them cannot be by any btree, the query is not reported.
- Columns of booleans and enums are not reported: an index on them alone rarely helps.
- A comparison of an expression is reported only for functions that Postgres can index (immutable ones, such as `lower`).
- `order_by(c).limit(n)` over one table without any servable condition is reported where no index leads with `c` in that
  direction; an index can be read backwards. `.first()` of a Query is a LIMIT.
- An index of another method than btree or hash on the column may serve: not reported.
- Files that `query-exclude` names (by default tests) and migrations are not judged.

## Configuration
`query-exclude` are patterns of files whose queries do not count, `small-tables` tables that may be read whole.

## References
- [Examining Index Usage](https://www.postgresql.org/docs/current/indexes-examine.html)
- [Partial Indexes](https://www.postgresql.org/docs/current/indexes-partial.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.postgres.index_use import TableUse, has_servable
from sqla_lsp.project.catalog import QueryTable, ResolvedQuery
from sqla_lsp.project.use import use, ways_into
from sqla_lsp.rules.finding import Related
from sqla_lsp.rules.rule import Context, Remark, text_of
from sqla_lsp.schema.predicates import All, Atom, Order, Tree
from sqla_lsp.text.places import Place

NAME = "verify-query-patterns-are-indexed"
PRIORITY = 1
SEVERITY = "warning"
_RANGES = frozenset({"<", "<=", ">", ">=", "between"})


def check_query(query: ResolvedQuery, context: Context) -> Iterator[Remark]:
    """Judges one query."""
    if query.kind == "insert" or not any(query.tables):
        return
    if any(use(other).best() is not None for other in query.made_by):
        return
    best = use(query).best()
    if best is not None:
        table = query.tables[best.table]
        if table is not None and not _is_small(table, context):
            yield _of_atom(query, best, table)
        return
    yield from _of_order(query, context)


def _of_atom(query: ResolvedQuery, atom: Atom, table: QueryTable) -> Remark:
    name = text_of(table.entry.name)
    column = quote(atom.column) if atom.column is not None else str(atom.expression)
    verb = {"update": "UPDATE", "delete": "DELETE"}.get(query.kind, "query")
    if atom.operator == "prefix":
        message = (
            f"This {verb} reads every row of {name}: no index on {column} has text_pattern_ops, which a search by prefix needs."
        )
    else:
        message = f"This {verb} reads every row of {name}: no index leads with {column}."
    return Remark(atom.place, query.statement, message, "", _advice(query.tree, atom, table), _declaration(table, atom.columns))


def _of_order(query: ResolvedQuery, context: Context) -> Iterator[Remark]:
    """`order_by(...).limit(...)` alone."""
    table = query.tables[0]
    if not (query.limited and query.order and query.complete) or query.reduced or len(query.tables) != 1 or table is None:
        return
    if has_servable(query.tree) or _is_small(table, context):
        return
    first: Order = query.order[0]
    if first.table != 0 or TableUse(0, ways_into(table.entry), (), False).orders(first, ()) != "never":
        return
    if first.column is None:
        return
    name, column = text_of(table.entry.name), quote(first.column)
    direction = f"{column} DESC" if first.descending else column
    nulls = "" if first.nulls_first == first.descending else " NULLS FIRST" if first.nulls_first else " NULLS LAST"
    message = f"This query reads and sorts every row of {name} to return a few: no index gives them out by {direction}{nulls}."
    written = f'"{first.column}"' if not nulls else f"{_expression(first, nulls)}"
    advice = f'Add Index("{_index_name(table, [first.column])}", {written}) to __table_args__, or index=True to the column.'
    if nulls:
        advice = f'Add Index("{_index_name(table, [first.column])}", {written}) to __table_args__.'
    yield Remark(first.place, query.statement, message, "", advice, _declaration(table, (first.column,)))


def _expression(order: Order, nulls: str) -> str:
    return f"{order.column}{'.desc()' if order.descending else ''}.{nulls.strip().lower().replace(' ', '_')}()"


def _is_small(table: QueryTable, context: Context) -> bool:
    name = table.entry.name
    if not isinstance(name.name, str):
        return False
    return context.settings.is_small(name.name, name.schema if isinstance(name.schema, str) else None)


def _declaration(table: QueryTable, columns: tuple[str, ...]) -> tuple[Related, ...]:
    """Where the column is declared."""
    for column in columns:
        for mapped in (table.mapped, *table.entry.models):
            declared = mapped.model.column(column)
            if declared is not None:
                place = Place(declared.place.start, declared.place.end, declared.place.path or mapped.path)
                return (Related(f"{quote(column)} is declared here", place),)
    return ()


def _advice(tree: Tree, atom: Atom, table: QueryTable) -> str:
    """Which index would serve: the columns that are bound by equality, then one range."""
    name = table.entry.name.name
    if atom.column is None:
        return f"Add an Index on {atom.expression} to __table_args__."
    if atom.operator == "prefix":
        options = f'postgresql_ops={{"{atom.column}": "text_pattern_ops"}}'
        return f'Add Index("{_index_name(table, [atom.column])}", "{atom.column}", {options}) to __table_args__.'
    beside = [
        part for part in _conjuncts(tree, atom) if part.table == atom.table and not part.depends and part.column is not None
    ]
    equal = [part.column for part in beside if part.operator in ("=", "in") and not part.silent and part.column is not None]
    ranged = [part.column for part in beside if part.operator in _RANGES and part.column not in equal and part.column is not None]
    columns = list(dict.fromkeys([*equal, *ranged[:1]]))[:3] or [atom.column]
    if len(columns) == 1 or not isinstance(name, str):
        index = f'Index("{_index_name(table, [atom.column])}", "{atom.column}")'
        return f"Give {atom.column} index=True, or add {index} to __table_args__."
    written = ", ".join(f'"{column}"' for column in columns)
    return f'Add Index("{_index_name(table, columns)}", {written}) to __table_args__.'


def _conjuncts(tree: Tree, atom: Atom) -> list[Atom]:
    """The atoms that hold wherever an atom does."""
    if isinstance(tree, Atom):
        return [tree]
    if isinstance(tree, All):
        return [found for part in tree.parts for found in _conjuncts(part, atom)]
    return []


def _index_name(table: QueryTable, columns: list[str]) -> str:
    name = table.entry.name.name
    return "_".join(["ix", name if isinstance(name, str) else "table", *columns])
