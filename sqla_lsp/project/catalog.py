"""The join: for every table its models, the revisions that made and changed it, and the queries that use its columns and
indexes. It is what rules, hover, references and completion ask; models and history may disagree."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.models import Model
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.predicates import Order, Tree
from sqla_lsp.schema.tables import ForeignKey, Table
from sqla_lsp.text.places import Place


class MappedModel(msgspec.Struct, eq=False):
    """A model with the file that it stands in. There is one of it in a project; `model` is exchanged when the model moved in its
    file."""

    path: str
    model: Model


class QueryTable(msgspec.Struct, frozen=True):
    """One table of a query: the model by which the query names it. `entry_of` gives all that is known of the table now."""

    mapped: MappedModel
    entry_of: Callable[[MappedModel], TableEntry]

    @property
    def entry(self) -> TableEntry:
        """All that is known of the table."""
        return self.entry_of(self.mapped)


class ColumnUse(msgspec.Struct, frozen=True):
    """A column of the database that a query names, and where."""

    mapped: MappedModel
    column: str
    place: Place


class ResolvedQuery(msgspec.Struct, eq=False):
    """A query whose names were resolved. `tables` has None where one is not known. All places have the file's path. `order` is
    None where the order is not known, () where there is none. `outer` is the query around it, `excludes` says that it is the
    subquery of a NOT EXISTS there. `is_repeated` says that it comes from a function of the file which has it too. `other_forms`
    are those before it that stand at the same place: one expression makes several queries where it has an `if` inside, or stands
    in a loop."""

    kind: str
    place: Place
    statement: Place
    tables: tuple[QueryTable | None, ...]
    tree: Tree
    order: tuple[Order, ...] | None = ()
    limited: bool = False
    reduced: bool = False
    complete: bool = True
    outer: ResolvedQuery | None = None
    excludes: bool = False
    conflict_columns: tuple[str, ...] | None = None
    conflict_constraint: str | None = None
    uses: tuple[ColumnUse, ...] = ()
    is_repeated: bool = False
    other_forms: tuple[ResolvedQuery, ...] = ()


class TableEntry(msgspec.Struct, frozen=True):
    """A table. `access` are the ways into it that its models declare, in the order of their declaration; `history` is the table
    as the newest revisions leave it, None where no migration knows it, and `history_access` the ways into it that they leave.
    `targets` are the foreign keys of the project that point to it. `queries_of` reads all queries of the project."""

    name: TableName
    models: tuple[MappedModel, ...] = ()
    access: tuple[AccessPath, ...] = ()
    history: Table | None = None
    history_access: tuple[AccessPath, ...] = ()
    targets: tuple[ForeignKey, ...] = ()
    queries_of: Callable[[], list[ResolvedQuery]] = list

    @property
    def queries(self) -> list[ResolvedQuery]:
        """The queries of the project that use it."""
        return self.queries_of()
