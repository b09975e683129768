"""Queries find their rows by an index.

## What it does
Reports a query on the project's models, in SQLAlchemy's `select`, `Query`, `update` and `delete`, whose conditions no index
of the table can serve though a btree could; and `order_by(...).limit(...)` without such a condition, where no index has that
order.

## Why is this bad?
Postgres reads every row of the table, each time: the query gets slower with every row that is added, and reads that many
sessions share the disk for. An index on the column finds the rows directly.

## Example
```python
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column()


def orders_of(customer_id: int):
    return select(Order).where(Order.customer_id == customer_id)
```

## Use instead
```python
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(index=True)


def orders_of(customer_id: int):
    return select(Order).where(Order.customer_id == customer_id)
```
The migration that adds the index builds it concurrently.

## Decisions
- An index serves a condition on its first key. AND is served when one part is, OR when all are; a branch of an OR about
  another table, or one that no btree can serve, asks for no index.
- A condition on the columns of another table asks for an index where that table is read by one: it is looked up row by row.
  One on the query around a subquery does where all tables of that query are.
- A constant that binds a column binds what is equal to it too, in a join and in EXISTS, as Postgres has it; a list, a range and
  NULL do not.
- A partial index counts where the query implies its predicate, as Postgres proves it. A value that is bound at run time
  implies no more than IS NOT NULL.
- GIN, GiST, BRIN and other methods on a column may serve it: silent. So is everything that may be served by what is not
  known: parts of a query, tables of unknown models, models and indexes that cannot be read in full.
- An index on a boolean or a column of an enum is never asked for, but counts where there is one. Columns of a type
  that nobody looks up by a btree (json, jsonb, xml, point) are passed over.
- An index in a collation of its own may be that of the column: silent, but for LIKE 'x%' with "C".
- What lies in the folder of an Alembic environment belongs to the migrations and is not judged.
- A subquery or CTE that is joined to something may be read through what it is joined to: silent. So may the query of
  `in_(select(...))`, by an index on the column that it selects.
- A query is reported once: for conditions with values of their own before joins, equality before lists, IS NULL, ranges
  and LIKE 'x%', then for the first in the source.
- A query that a function returns is a whole one, unless the same file goes on with it (then the whole is judged there). One
  that is handed to a function of another file is, unless the function is called `apply_filters` or the like, or gives
  the variable its new value.
- An EXISTS or scalar subquery that is given away is judged where its own FROM holds all its tables; a flat subquery or CTE
  that is given away may be joined to anything: silent.
- One expression is reported once, whatever forms an `if` inside or a loop around gives it. A subquery that a helper of
  the file builds is reported in the helper.
- A constant that is not known (`State.OPEN` of another package) may be the one of a partial index: silent.
- Indexes that models declare and those of the migrations count alike.

## Configuration
`small-tables` names tables that are read in full at no cost; `query-exclude` files whose queries do not count.

## References
- [Indexes and ORDER BY](https://www.postgresql.org/docs/current/indexes-ordering.html)
- [Multicolumn Indexes](https://www.postgresql.org/docs/current/indexes-multicolumn.html)
- [Operator Classes](https://www.postgresql.org/docs/current/indexes-opclass.html)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqla_lsp.project.catalog import QueryTable, ResolvedQuery
from sqla_lsp.project.use import ways_into
from sqla_lsp.project.wanted import Asking, Wanted, asked, column_of, keys_for, rank, unsorted
from sqla_lsp.project.wanted import wanted as all_wanted
from sqla_lsp.rules.finding import Related
from sqla_lsp.rules.rule import Context, Remark, named, text_of
from sqla_lsp.schema.predicates import Atom, Order
from sqla_lsp.schema.tables import Index
from sqla_lsp.text.places import Place

NAME = "verify-query-patterns-are-indexed"
PRIORITY = 1
SEVERITY = "warning"


def check_query(query: ResolvedQuery, context: Context) -> Iterator[Remark]:
    """Judges one query, once for all forms that it may take."""
    if not any(True for other in query.other_forms for _ in _check_form(other, context)):
        yield from _check_form(query, context)


def wanted(query: ResolvedQuery, queries: Iterable[ResolvedQuery], context: Context) -> tuple[Wanted, ...]:
    """The indexes that a reported query asks for; without it, none of its forms among the queries of its file is reported."""
    forms = [query, *(other for other in queries if any(form is query for form in other.other_forms))]
    return all_wanted([form for form in forms if _is_judged(form)], _asking(context))


def _asking(context: Context) -> Asking:
    return Asking(lambda table: context.is_small(table.entry.name), context.settings.max_index_columns)


def _is_judged(query: ResolvedQuery) -> bool:
    return query.kind != "insert" and query.complete and not query.is_repeated


def _check_form(query: ResolvedQuery, context: Context) -> Iterator[Remark]:
    if not _is_judged(query):
        return
    asking, paths = _asking(context), [ways_into(table) for table in query.tables]
    atoms = asked(query, paths, asking)
    if atoms:
        yield _of_atom(query, min(atoms, key=rank), context)
        return
    order, table = unsorted(query, paths, asking), query.tables[0] if query.tables else None
    if order is not None and table is not None:
        yield _of_order(query, table, order)


def _declared(table: QueryTable, columns: Iterable[str | None]) -> tuple[Related, ...]:
    """Where the columns of a condition are declared."""
    found = [declared for column in columns if (declared := column_of(table, column)) is not None]
    places = [Place(column.place.start, column.place.end, column.place.path or path) for path, column in found]
    return tuple([Related("declared here", place) for place in dict.fromkeys(places)])


# --------------------------------------------------------------------------------------------------------------- conditions


def _of_atom(query: ResolvedQuery, atom: Atom, context: Context) -> Remark:
    table = query.tables[atom.table]
    assert table is not None
    on = text_of(table.entry.name)
    key = _key(atom.column, atom.expression)
    verb = {"update": "UPDATE", "delete": "DELETE"}.get(query.kind, "query")
    why = "Its time grows with the table. An index finds the rows that it is about."
    if atom.operator == "prefix":
        lacks = f"no index on {key} has an operator class that serves LIKE 'x%'"
    else:
        lacks = f"no index leads with {key}"
        unfit = next((path.index for path in ways_into(table) or () if _leads(path.index, atom.column, atom.expression)), None)
        if unfit is not None:
            lacks = f"{named(unfit.name, 'the index')} on {key} cannot serve it"
            why = _of_partial(unfit) or "Its method or operator class has no such comparison."
    message = f"This {verb} reads every row of {on}: {lacks}."
    columns = atom.columns if atom.column is None else (atom.column,)
    return Remark(atom.place, query.statement, message, why, _advice(query, table, atom, context), _declared(table, columns))


def _of_partial(index: Index) -> str | None:
    """Why a partial index serves nothing."""
    if not isinstance(index.where, str):
        return None
    return f"{named(index.name, 'That index')} holds only the rows WHERE {index.where}, which the query does not say."


def _leads(index: Index, column: str | None, expression: str | None) -> bool:
    keys = index.keys if isinstance(index.keys, tuple) else ()
    if not keys or not index.valid:
        return False
    first = keys[0]
    return first.column == column if column is not None else first.expression == expression


def _key(column: str | None, expression: str | None) -> str:
    return named(column, expression or "it")


def _advice(query: ResolvedQuery, table: QueryTable, best: Atom, context: Context) -> str:
    if best.column is None and best.operator == "prefix":
        element = f"{best.expression} text_pattern_ops"
        return f"Add {_index(table, [_words(best.expression), 'pattern'], [f'text({element!r})'])}."
    if best.column is None:
        return f"Add {_index(table, [_words(best.expression)], [f'text({best.expression!r})'])}."
    if best.operator == "prefix":
        ops = f', postgresql_ops={{"{best.column}": "text_pattern_ops"}}'
        return f"Add {_index(table, [best.column, 'pattern'], [_quoted(best.column)], ops)}."
    columns = [str(key.column) for key in keys_for(query, best, _asking(context))]
    index = _index(table, columns, [_quoted(column) for column in columns])
    alone = f"Give {best.column} index=True"
    if _default_name(table, [best.column]) in _names_taken(table):
        return f"Add {index}."
    return f"{alone}." if len(columns) == 1 else f"{alone}, or add {index}."


def _index(table: QueryTable, columns: list[str], elements: list[str], rest: str = "") -> str:
    """The `Index(...)` to be written, and where."""
    name = _default_name(table, columns)
    taken = _names_taken(table)
    name = next(free for free in (name, *(f"{name}_{number}" for number in range(2, 99))) if free not in taken)
    where = "__table_args__" if table.mapped.model.kind == "class" else "the Table"
    return f"Index({_quoted(name)}, {', '.join(elements)}{rest}) to {where}"


def _default_name(table: QueryTable, columns: list[str]) -> str:
    return "_".join(["ix", str(table.entry.name.name), *columns])


def _words(expression: str | None) -> str:
    """An expression as a part of a name."""
    return "_".join(re.findall(r"[a-z_]\w*", (expression or "").lower()))[:40] or "expression"


def _names_taken(table: QueryTable) -> set[object]:
    """The names of the indexes that the table has."""
    return {path.index.name for path in ways_into(table) or ()}


def _quoted(text: str) -> str:
    return f'"{text}"'


# -------------------------------------------------------------------------------------------------------------------- order


def _of_order(query: ResolvedQuery, table: QueryTable, first: Order) -> Remark:
    """ORDER BY with LIMIT on one table, without a condition that an index may serve."""
    ways = ways_into(table) or ()
    key, on = _key(first.column, first.expression), text_of(table.entry.name)
    standard = first.descending == first.nulls_first
    order = "" if standard else f" {_direction(first)}"
    partial = next((path.index for path in ways if path.index.where and _leads(path.index, first.column, first.expression)), None)
    lacks, why = f"no index leads with {key}{order}", "An index in that order gives the first rows without the others."
    if partial is not None:
        lacks, why = f"{named(partial.name, 'the index')} cannot serve it", _of_partial(partial) or why
    return Remark(
        first.place,
        query.statement,
        f"This query reads and sorts every row of {on} to return the first: {lacks}.",
        why,
        _order_advice(table, first, standard),
        _declared(table, [first.column]),
    )


def _direction(order: Order) -> str:
    return ("DESC" if order.descending else "ASC") + (" NULLS FIRST" if order.nulls_first else " NULLS LAST")


def _order_advice(table: QueryTable, order: Order, standard: bool) -> str:
    if order.column is not None and standard:
        if _default_name(table, [order.column]) in _names_taken(table):
            return f"Add {_index(table, [order.column], [_quoted(order.column)])}."
        return f"Give {order.column} index=True."
    element = order.expression if order.column is None else named(order.column, "")
    text = element if standard else f"{element} {_direction(order)}"
    return f"Add {_index(table, [order.column or _words(order.expression)], [f'text({text!r})'])}."
