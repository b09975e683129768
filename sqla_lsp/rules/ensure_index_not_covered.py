"""No index does only what another index does too.

## What it does
Reports an index whose keys are a leading part of another index of the same table: in models (`index=True`, `Index(...)`), and
in `upgrade()` where an index is made that is covered in the schema as it stands at the end of the function.

## Why is this bad?
Every INSERT and most UPDATEs write each index, VACUUM reads it, and it takes its place in memory. What an index on
`customer_id` finds, one on `(customer_id, state)` finds too.

## Example
```python
op.create_table("orders", sa.Column("customer_id", sa.Integer()), sa.Column("state", sa.Text()))
op.create_index("ix_orders_customer_id", "orders", ["customer_id"])
op.create_index("ix_orders_customer_id_state", "orders", ["customer_id", "state"])
```

## Use instead
```python
op.create_table("orders", sa.Column("customer_id", sa.Integer()), sa.Column("state", sa.Text()))
op.create_index("ix_orders_customer_id_state", "orders", ["customer_id", "state"])
```

## Decisions
- Kept is the primary key, then a unique constraint, a unique index, the longer, the older.
- The order of keys and the place of NULLs are the same, or all of them reversed; operator classes, collations and the
  predicate are the same; included columns are in the other index. All of it is compared as it is written: `text_ops` where
  the other says nothing is not the same.
- A unique index is covered by one that is unique on the same columns in the same order. One that takes NULLs for equal is
  covered by a primary key, or by one that does so too; a deferrable constraint covers no unique index.
- Silent on an index that backs a constraint, now or in a later revision, on a unique index that a foreign key or ON
  CONFLICT names by its columns, and in downgrades.
- An index of which a part is not known is not reported, nor does it cover another.
- An index that the function drops and builds again as it was is not reported: it is repaired, not made.
- An index that the function may have dropped covers nothing: it drops one of the table whose name is not known. An index whose
  own name is not known is not reported: it may take the place of one that was dropped.
- An index is also taken for a constraint's own where a later call names it by `postgresql_using_index=`, which no release of
  SQLAlchemy accepts.
- What a helper elsewhere makes for a model is reported where it is called in `__table_args__`.
- Indexes that stand in different branches of a function do not meet.
- An index that a mixin declares is reported only where it is covered in every table that it makes.
- What models declare is covered by what models declare: an index that the migrations alone know covers nothing in a model.

## References
- [Multicolumn Indexes](https://www.postgresql.org/docs/current/indexes-multicolumn.html)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from sqla_lsp.postgres.index_cover import covering
from sqla_lsp.project.catalog import TableEntry
from sqla_lsp.project.history import Step, exclude
from sqla_lsp.project.replay import Schema, key_of
from sqla_lsp.rules.declarations import Declaration
from sqla_lsp.rules.finding import Related
from sqla_lsp.rules.rule import Context, Remark, Report, again, named, text_of
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.access import AccessPath, paths_of
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.operations import AddConstraint, AnyOperation, CreateIndex, CreateTable
from sqla_lsp.schema.tables import ForeignKey, Index, PrimaryKey, Table, Unique

NAME = "ensure-index-not-covered"
PRIORITY = 4
SEVERITY = "information"
KINDS = (CreateIndex,)

_TAGS = ("unnecessary",)


# --------------------------------------------------------------------------------------------------------------- migrations


def check(step: Step, context: Context) -> Iterator[Report]:
    """Judges one operation."""
    operation = step.operation
    if not isinstance(operation, CreateIndex) or step.history.direction == "downgrade" or operation.only:
        return
    if isinstance(operation.index.name, Unknown):
        return  # it may be one that the database had before
    found = _at_the_end(step, operation)
    if found is None:
        return
    end, table, index = found
    paths = paths_of(table)
    path = next(path for path in paths if path.index is index)
    cover = covering(path, paths)
    if cover is None or _is_needed(index, table, end, context) or _is_meant_for_constraint(step, operation, index):
        return
    maker = _maker(step, operation, cover)
    if _may_be_gone(step, table.name, cover, maker):
        return
    yield Report(
        operation,
        _message(table.name, path, cover),
        _WHY,
        _advice(path, operation.site.emitted_by),
        named(index.name, ""),
        related=(maker,) if maker is not None else (),
        tags=_TAGS,
    )


def _at_the_end(step: Step, operation: CreateIndex) -> tuple[Schema, Table, Index] | None:
    """The schema at the end of the function on the ways that meet the operation, with the table and the index as they are then;
    None where the index is gone, has become a constraint's own, or was there before, also where it is only built again."""
    table, name = operation.table, step.index_name(operation)
    before = step.before.table(table)
    if key_of(table) is None or (before is not None and name is not None and before.index(name) is not None):
        return None
    started = step.history.start.table(table)
    if started is not None and name is not None and started.index(name) == replace(operation.index, name=name):
        return None
    for later in step.later(ops.RenameTable, ops.MoveTable, ops.RenameIndex):
        match later:
            case ops.RenameTable(table=other, to=to) if key_of(other) == key_of(table):
                table = TableName(to, table.schema)
            case ops.MoveTable(table=other, schema=schema) if key_of(other) == key_of(table):
                table = TableName(table.name, schema)
            case ops.RenameIndex(name=old, to=to) if name is not None and old == name:
                name = to if isinstance(to, str) else None
            case _:
                pass
    end = step.history.end_beside(operation)
    found = end.table(table)
    if found is None:
        return None
    same = [known for known in found.indexes if (known.name == name if name is not None else known == operation.index)]
    return (end, found, same[-1]) if same else None


def _maker(step: Step, operation: CreateIndex, cover: AccessPath) -> AnyOperation | None:
    """The operation of the same function that makes the covering index, where it is another call."""
    name = cover.index.name
    for other in step.history.operations:
        if not isinstance(other, CreateIndex | AddConstraint | CreateTable) or exclude(other, operation):
            continue
        if other.site.place == operation.site.place or key_of(other.table) != key_of(operation.table):
            continue
        match other:
            case CreateIndex() if cover.origin == "index" and name in (other.index.name, step.index_name(other)):
                return other
            case AddConstraint(constraint=Unique() | PrimaryKey() as made) if cover.origin != "index":
                if made.name == name or (made.name is None and made.columns == _columns(cover.index)):
                    return other
            case CreateTable() if cover.origin != "index" and any(
                isinstance(made, Unique | PrimaryKey) and made.columns == _columns(cover.index) for made in other.constraints
            ):
                return other
            case _:
                pass
    return None


def _may_be_gone(step: Step, table: TableName, cover: AccessPath, maker: AnyOperation | None) -> bool:
    """Whether the function drops something of the table whose name is not known, after the covering index was made."""
    kind = ops.DropIndex if cover.origin == "index" else ops.DropConstraint
    for other in reversed(step.history.operations):
        if other is maker:
            return False
        if not isinstance(other, kind) or not isinstance(other.name, Unknown) or exclude(other, step.operation):
            continue
        if other.table is None or not other.table.known or key_of(other.table) == key_of(table):
            return True
    return False


def _is_meant_for_constraint(step: Step, operation: CreateIndex, index: Index) -> bool:
    """Whether a later call names the index by an argument that no release of SQLAlchemy accepts (`postgresql_using_index=`)."""
    return any(
        later.mistake == "postgresql_using_index"
        and key_of(later.table) == key_of(operation.table)
        and index.unique is True
        and (later.constraint.name == index.name or getattr(later.constraint, "columns", None) == _columns(index))
        for later in step.later(AddConstraint)
        if isinstance(later, AddConstraint)
    )


def _columns(index: Index) -> tuple[str, ...] | None:
    """The key columns of an index without expressions."""
    keys = index.keys if isinstance(index.keys, tuple) else ()
    columns = tuple(key.column for key in keys if isinstance(key.column, str))
    return columns if columns and len(columns) == len(keys) else None


def _is_needed(index: Index, table: Table, end: Schema, context: Context) -> bool:
    """Whether a unique index is what a foreign key or ON CONFLICT goes by, or becomes a constraint's own."""
    if index.unique is not True:
        return False
    keys = [
        constraint
        for other in end.tables.values()
        for constraint in other.constraints
        if isinstance(constraint, ForeignKey) and key_of(constraint.target) == key_of(table.name)
    ]
    if _is_referenced(index, keys, table):
        return True
    return any(
        _is_needed_in(index, entry) or _becomes_constraint(index, entry.history) for entry in context.entries_of(table.name)
    )


# ------------------------------------------------------------------------------------------------------------------- models


def check_declaration(declaration: Declaration, context: Context) -> Iterator[Remark]:
    """Judges an index where models declare it: covered in every table that it stands in."""
    covers: list[tuple[TableEntry, AccessPath, AccessPath]] = []
    for entry, path in declaration.made:
        paths = [other for other in entry.access if other is path or not _is_again(other, path)]
        cover = covering(path, paths)
        if cover is None or (path.index.unique is True and _is_needed_in(path.index, entry)):
            return
        covers.append((entry, path, cover))
    if not covers:
        return
    entry, path, cover = covers[0]
    related = dict.fromkeys(
        Related(f"{named(other.index.name, 'the other')} stands here", other.place)
        for _, _, other in covers
        if other.place is not None
    )
    tables = dict.fromkeys(text_of(entry.name) for entry, _, _ in covers[1:])
    others = f" The same on {', '.join(tables)}." if tables else ""
    message = _message(entry.name, path, cover) + others
    advice = f"{_advice(path, path.written)} A migration drops it with DROP INDEX CONCURRENTLY."
    yield Remark(declaration.place, declaration.statement, message, _WHY, advice, tuple(related), _TAGS)


def _is_again(other: AccessPath, path: AccessPath) -> bool:
    """Whether two models of one table bring the same declaration along."""
    return other.place is not None and other.place == path.place and other.index == path.index


def _is_needed_in(index: Index, entry: TableEntry) -> bool:
    """Whether the project refers to a unique index: by a foreign key, or by ON CONFLICT."""
    if _is_referenced(index, entry.targets, entry.history):
        return True
    columns = frozenset(_columns(index) or ())
    for query in entry.queries:
        into = query.tables[0] if query.tables else None
        if into is None or into.entry is not entry:
            continue
        if query.conflict_columns is not None and frozenset(query.conflict_columns) == columns:
            return True
        if query.conflict_constraint is not None and query.conflict_constraint == index.name:
            return True
    return False


# --------------------------------------------------------------------------------------------------------------------- both


def _is_referenced(index: Index, keys: Iterable[ForeignKey], table: Table | None) -> bool:
    """Whether a foreign key refers to the columns of the index; without columns it refers to the primary key."""
    columns = frozenset(_columns(index) or ())
    if not columns or index.where is not None:
        return False
    return any(isinstance(key.target_columns, Unknown) or frozenset(key.target_columns) == columns for key in keys)


def _becomes_constraint(index: Index, history: Table | None) -> bool:
    """Whether a later revision made the index a constraint's own."""
    constraints = history.constraints if history is not None else ()
    return isinstance(index.name, str) and any(
        isinstance(made, Unique | PrimaryKey) and index.name in (made.index, made.name) for made in constraints
    )


_WHY = "Every INSERT and most UPDATEs write each index of a table, and VACUUM reads each."


def _message(table: TableName, path: AccessPath, cover: AccessPath) -> str:
    other = named(cover.index.name, "")
    if cover.origin != "index":
        other = f"The {cover.origin}{other and ' '}{other}"
    assert isinstance(path.index.keys, tuple)
    assert isinstance(cover.index.keys, tuple)
    longer = len(cover.index.keys) > len(path.index.keys)
    does = "begins with" if longer else "has"
    name = named(path.index.name, "this index")
    return (
        f"{other or 'Another index'} on {text_of(table)} {does} the keys of {name}: every INSERT into {again(table)} writes "
        f"both, and a query that the one serves is served by the other too."
    )


def _advice(path: AccessPath, written: str) -> str:
    return "Leave index=True out." if written == "index=True" else f"Leave {named(path.index.name, 'this index')} out."
