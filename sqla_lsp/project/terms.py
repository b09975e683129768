"""What the operands of a query's comparisons turn out to be once its names are resolved."""

from __future__ import annotations

import msgspec

from sqla_lsp.project.names import Target
from sqla_lsp.schema.models import ModelColumn
from sqla_lsp.schema.queries import Constant, Operand
from sqla_lsp.text.places import Place

OUTER = -1
"""The number of a table that belongs to the query around the one at hand."""


class Reference(msgspec.Struct, frozen=True):
    """A path in a predicate that may be a column. `reason` says why it is not known to be one, "" where it is."""

    text: str
    place: Place
    reason: str = ""


class ColumnTerm(msgspec.Struct, frozen=True):
    """A column of a table of the query."""

    table: int
    column: ModelColumn


class ExpressionTerm(msgspec.Struct, frozen=True):
    """An expression over columns of one table; `sql` is None where it is not known."""

    table: int
    sql: str | None
    columns: tuple[str, ...]


class ValueTerm(msgspec.Struct, frozen=True):
    """A value that is known (`constant`) or bound when the query runs."""

    constant: Constant | None = None


class RowsTerm(msgspec.Struct, frozen=True):
    """The rows of another query of the block."""

    query: int


class OpaqueTerm(msgspec.Struct, frozen=True):
    """Something that no index helps with, over columns of some tables."""

    tables: frozenset[int] = frozenset()


class UnknownTerm(msgspec.Struct, frozen=True):
    """Something that is not known; where it is compared with a column it is a value that is bound when the query runs.
    `reference` says which path it was."""

    reason: str
    reference: Reference | None = None


Term = ColumnTerm | ExpressionTerm | ValueTerm | RowsTerm | OpaqueTerm | UnknownTerm


class Scope(msgspec.Struct, frozen=True):
    """Where the names of an operand are looked up: in which file, and what the parameters of a helper stand for. `base` is the
    offset that positions count from; `shown` is the place to report where that is not the operand's own; `of_class` is
    what `cls` stands for."""

    path: str
    base: int
    parameters: dict[str, tuple[Operand, Scope]] = msgspec.field(default_factory=dict)
    shown: Place | None = None
    of_class: Target | None = None

    def place(self, start: int, end: int) -> Place:
        """A range of the block as a place of a file."""
        return self.shown or Place(self.base + start, self.base + end, self.path)
