"""What the resolution of queries asks of the project: names, models, tables, helpers."""

from __future__ import annotations

from typing import Protocol

from sqla_lsp.project.catalog import MappedModel, ResolvedQuery, TableEntry
from sqla_lsp.project.names import Names, Target
from sqla_lsp.schema.models import Relationship
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.queries import Condition


class World(Protocol):
    """Everything that queries are resolved with."""

    names: Names

    def model(self, target: Target) -> MappedModel | None:
        """The model that a target names."""
        ...

    def model_named(self, name: str, near: str) -> MappedModel | None:
        """The model of a class that is named by a string, as in `relationship("Order")`, seen from a file."""
        ...

    def model_of_table(self, name: TableName, near: str) -> MappedModel | None:
        """The model of a table, seen from a file; None where there is none or more than one."""
        ...

    def entry(self, mapped: MappedModel) -> TableEntry:
        """All that is known of the table of a model."""
        ...

    def condition(self, path: str, name: str) -> Condition | None:
        """What a helper of a file returns: a function, or "Class.name"."""
        ...

    def relationship(self, mapped: MappedModel, name: str) -> Relationship | None:
        """A relationship of a model, its own or one that another model gives it by `backref`."""
        ...

    def other_end(self, mapped: MappedModel, relationship: Relationship) -> MappedModel | None:
        """The model that a relationship leads to."""
        ...

    def is_driven(self, query: ResolvedQuery) -> bool:
        """Whether a query finds its rows through indexes."""
        ...
