"""No index is covered by another one.

## What it does
Reports an index whose key columns are a leading part of another index of the table: in models (`index=True`, `Index(...)`),
where it is declared; in migrations, where `upgrade` makes it and it is covered when the function ends.

## Why is this bad?
Whatever the shorter index finds the longer one finds as well. Every INSERT, most UPDATEs and every VACUUM pay for both, and both
compete for memory.

## Example
```python
op.create_table("orders", sa.Column("customer_id", sa.Integer()), sa.Column("placed_at", sa.DateTime()))
op.create_index("ix_orders_customer_id", "orders", ["customer_id"])
op.create_index("ix_orders_customer_id_placed_at", "orders", ["customer_id", "placed_at"])
```

## Use instead
```python
op.create_table("orders", sa.Column("customer_id", sa.Integer()), sa.Column("placed_at", sa.DateTime()))
op.create_index("ix_orders_customer_id_placed_at", "orders", ["customer_id", "placed_at"])
```

## Decisions
- Primary keys and unique constraints cover, and are never covered. A unique index is covered only by something that is unique
  over the same columns in the same order.
- Covered needs the same method (btree), predicate, operator classes and collations, and the same order of all keys or of none.
  What is not known of an index covers nothing.
- Of two equal indexes the later one is reported; else the order of keeping is primary key, unique constraint, unique index, the
  longer, the older.
- A unique index is not reported where a foreign key of the project points to its columns, unless the primary key stays, nor where
  an ON CONFLICT names its columns.
- An index that a mixin declares is reported where every table that the mixin makes has another one in its place.
- Downgrades restore what was and are not judged. Neither is an index that the function turns into a constraint.

## References
- [Multicolumn Indexes](https://www.postgresql.org/docs/current/indexes-multicolumn.html)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqla_lsp.postgres.index_cover import covering
from sqla_lsp.project.catalog import TableEntry
from sqla_lsp.project.history import Step
from sqla_lsp.project.replay import key_of
from sqla_lsp.project.tables import access_of
from sqla_lsp.rules.finding import Related
from sqla_lsp.rules.rule import Context, Remark, Report, named, text_of
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.operations import CreateIndex
from sqla_lsp.schema.tables import Index
from sqla_lsp.text.places import Place

NAME = "ensure-index-not-covered"
PRIORITY = 4
SEVERITY = "information"
KINDS = (CreateIndex,)
_TAGS = ("unnecessary",)
_ADVICE = "Leave it out."


def check(step: Step, context: Context) -> Iterator[Report]:
    """Judges one operation of a migration."""
    operation = step.operation
    if not isinstance(operation, CreateIndex) or step.history.direction == "downgrade" or not operation.table.known:
        return
    table = step.history.end.table(operation.table)
    name = step.index_name(operation)
    index = table.index(name) if table is not None and name is not None else None
    if table is None or index is None or not _is_same(index, operation.index):
        return
    ways = list(access_of(table))
    own = next((way for way in ways if way.origin == "index" and way.index is index), None)
    cover = covering(own, ways) if own is not None else None
    entries = context.entries_of(operation.table)
    if own is None or cover is None or any(_is_needed(own, cover, entry) for entry in entries):
        return
    made = next((other for other in step.creating() if step.index_name(other) == cover.index.name), None)
    yield Report(
        operation,
        _message(operation.table, own, cover),
        "",
        _ADVICE,
        named(name, "the index"),
        related=(made,) if made is not None and made is not operation else (),
        tags=_TAGS,
    )


def check_tables(entries: Sequence[TableEntry], context: Context) -> Iterator[Remark]:
    """Judges the indexes that models declare; `entries` are all tables that a file has a part in."""
    declared: dict[Place, list[tuple[TableEntry, AccessPath, AccessPath | None]]] = {}
    for entry in entries:
        for path in entry.access:
            if path.place is not None and path.origin == "index":
                cover = covering(path, entry.access)
                needed = cover is not None and _is_needed(path, cover, entry)
                declared.setdefault(path.place, []).append((entry, path, None if needed else cover))
    for place, found in declared.items():
        entry, path, cover = found[0]
        if cover is None or path.statement is None or any(other is None for _, _, other in found):
            continue
        related = (Related(f"{named(cover.index.name, 'the other index')} is declared here", cover.place),) if cover.place else ()
        yield Remark(place, path.statement, _message(entry.name, path, cover), "", _ADVICE, related, _TAGS)


def _is_same(one: Index, other: Index) -> bool:
    return one.keys == other.keys and one.where == other.where


def _is_needed(path: AccessPath, cover: AccessPath, entry: TableEntry) -> bool:
    """Whether a unique index is what a foreign key or an ON CONFLICT goes by."""
    if path.index.unique is not True or not isinstance(path.index.keys, tuple):
        return False
    columns = {key.column for key in path.index.keys}
    if cover.origin != "primary key" and any(_names(foreign.target_columns, columns) for foreign in entry.targets):
        return True
    return any(_names(query.conflict_columns, columns) for query in entry.queries)


def _names(columns: tuple[str, ...] | Unknown | None, wanted: set[str | Unknown | None]) -> bool:
    return isinstance(columns, tuple) and set(columns) == wanted


def _message(table: TableName, path: AccessPath, cover: AccessPath) -> str:
    name, other = named(path.index.name, "This index"), named(cover.index.name, "another one")
    columns = _columns(path.index)
    kind = {"primary key": f"the primary key {other}", "unique constraint": f"the unique constraint {other}"}
    by = kind.get(cover.origin, f"{other} ({_columns(cover.index)})")
    to = f" to {text_of(table)}" if key_of(table) is not None else ""
    return f"{name} ({columns}) is covered by {by}: every write{to} pays for both, and every query can use the other."


def _columns(index: Index) -> str:
    keys = index.keys if isinstance(index.keys, tuple) else ()
    return ", ".join(str(key.column if isinstance(key.column, str) else key.expression) for key in keys)
