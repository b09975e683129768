"""What the operands of a query's comparisons turn out to be once its names are resolved."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqla_lsp.project.names import Target
from sqla_lsp.schema.models import ModelColumn
from sqla_lsp.schema.queries import Constant, Operand
from sqla_lsp.text.places import Place

OUTER = -1
"""The number of a table that belongs to the query around the one at hand."""


@dataclass(frozen=True)
class Reference:
    """A path in a predicate that may be a column. `reason` says why it is not known to be one, "" where it is."""

    text: str
    place: Place
    reason: str = ""


@dataclass(frozen=True)
class ColumnTerm:
    """A column of a table of the query."""

    table: int
    column: ModelColumn


@dataclass(frozen=True)
class ExpressionTerm:
    """An expression over columns of one table; `sql` is None where it is not known."""

    table: int
    sql: str | None
    columns: tuple[str, ...]


@dataclass(frozen=True)
class ValueTerm:
    """A value that is known (`constant`) or bound when the query runs."""

    constant: Constant | None = None


@dataclass(frozen=True)
class RowsTerm:
    """The rows of another query of the block."""

    query: int


@dataclass(frozen=True)
class OpaqueTerm:
    """Something that no index helps with, over columns of some tables."""

    tables: frozenset[int] = frozenset()


@dataclass(frozen=True)
class UnknownTerm:
    """Something that is not known; where it is compared with a column it is a value that is bound when the query runs.
    `reference` says which path it was."""

    reason: str
    reference: Reference | None = None


Term = ColumnTerm | ExpressionTerm | ValueTerm | RowsTerm | OpaqueTerm | UnknownTerm


@dataclass(frozen=True)
class Scope:
    """Where the names of an operand are looked up: in which file, and what the parameters of a helper stand for. `base` is the
    offset that positions count from; `shown` is the place to report where that is not the operand's own; `of_class` is
    what `cls` stands for."""

    path: str
    base: int
    parameters: dict[str, tuple[Operand, Scope]] = field(default_factory=dict)
    shown: Place | None = None
    of_class: Target | None = None

    def place(self, start: int, end: int) -> Place:
        """A range of the block as a place of a file."""
        return self.shown or Place(self.base + start, self.base + end, self.path)
