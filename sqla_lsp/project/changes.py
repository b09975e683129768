"""What a change of a file is about: whether models are others, or only stand elsewhere."""

from __future__ import annotations

from sqla_lsp.schema.models import Model, Models

_WITH_PLACES = {"place", "columns", "indexes", "constraints", "relationships"}
_WITHOUT_PLACES = [field for field in Model.__struct_fields__ if field not in _WITH_PLACES]


def only_moved(old: Models | None, new: Models | None) -> bool:
    """Whether two versions of a file's models declare the same, wherever it is written."""
    if old is None or new is None:
        return old is new
    if len(old.models) != len(new.models) or len(old.added) != len(new.added):
        return False
    same_models = all(one is other or _same(one, other) for one, other in zip(old.models, new.models, strict=True))
    return same_models and all(
        one[0] == other[0] and one[1].index == other[1].index for one, other in zip(old.added, new.added, strict=True)
    )


def _same(one: Model, other: Model) -> bool:
    """Whether two models are the same but for their places."""
    return (
        all(getattr(one, field) == getattr(other, field) for field in _WITHOUT_PLACES)
        and _columns(one) == _columns(other)
        and [(i.index, i.written) for i in one.indexes] == [(i.index, i.written) for i in other.indexes]
        and [(c.constraint, c.written) for c in one.constraints] == [(c.constraint, c.written) for c in other.constraints]
        and _relationships(one) == _relationships(other)
    )


def _columns(model: Model) -> list[tuple[object, ...]]:
    return [(c.attribute, c.column, c.table, c.primary_key, c.is_enum) for c in model.columns]


def _relationships(model: Model) -> list[tuple[object, ...]]:
    return [
        (r.attribute, r.target, r.target_class, r.columns, r.secondary, r.backref, r.many_to_one) for r in model.relationships
    ]
