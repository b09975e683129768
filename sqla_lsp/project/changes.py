"""What a change of a file is about: whether models are others, or only stand elsewhere."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_lsp.schema.models import Model, ModelColumn, ModelConstraint, ModelIndex, Models, Relationship
from sqla_lsp.text.places import Place

_NOWHERE = Place(0, 0)


def only_moved(old: Models | None, new: Models | None) -> bool:
    """Whether two versions of a file's models declare the same, wherever it is written."""
    if old is None or new is None:
        return old is new
    if len(old.models) != len(new.models) or len(old.added) != len(new.added):
        return False
    same_models = all(
        one is other or _unplaced(one) == _unplaced(other) for one, other in zip(old.models, new.models, strict=True)
    )
    return same_models and all(
        one[0] == other[0] and _index(one[1]) == _index(other[1]) for one, other in zip(old.added, new.added, strict=True)
    )


def _unplaced(model: Model) -> Model:
    return replace(
        model,
        place=_NOWHERE,
        columns=tuple([_column(column) for column in model.columns]),
        indexes=tuple([_index(index) for index in model.indexes]),
        constraints=tuple([_constraint(constraint) for constraint in model.constraints]),
        relationships=tuple([_relationship(relationship) for relationship in model.relationships]),
    )


def _column(column: ModelColumn) -> ModelColumn:
    return replace(column, place=_NOWHERE, statement=_NOWHERE)


def _index(index: ModelIndex) -> ModelIndex:
    return replace(index, place=_NOWHERE, statement=_NOWHERE)


def _constraint(constraint: ModelConstraint) -> ModelConstraint:
    return replace(constraint, place=_NOWHERE, statement=_NOWHERE)


def _relationship(relationship: Relationship) -> Relationship:
    return replace(relationship, place=_NOWHERE)
