"""Relationships that classes have because those at the other end say so: `relationship("Order", backref="user")`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqla_lsp.project.catalog import MappedModel
from sqla_lsp.project.replay import key_of
from sqla_lsp.schema.models import ClassName, Relationship

Backrefs = dict[tuple[str, str, str], Relationship]
"""The relationships by the file and name of the class that has them, and their own name."""


def backrefs(models: Iterable[MappedModel], other_end: Callable[[MappedModel, Relationship], MappedModel | None]) -> Backrefs:
    """All of some models. `other_end` gives the model that a relationship leads to."""
    found: Backrefs = {}
    for mapped in models:
        for relationship in mapped.model.relationships:
            other = other_end(mapped, relationship) if relationship.backref is not None else None
            if other is None or relationship.backref is None:
                continue
            found[other.path, other.model.name, relationship.backref] = Relationship(
                relationship.backref,
                mapped.model.name,
                relationship.place,
                ClassName(mapped.path, mapped.model.name),
                relationship.columns,
                relationship.secondary,
                relationship.attribute,
                _is_many_to_one(mapped, relationship, other),
            )
    return found


def _is_many_to_one(mapped: MappedModel, relationship: Relationship, other: MappedModel) -> bool | None:
    if relationship.many_to_one is not None:
        return not relationship.many_to_one
    is_self = key_of(mapped.model.table) == key_of(other.model.table)
    return True if is_self and relationship.secondary is None else None
