"""How two tables of a query are joined where the query does not say it itself: over a relationship, or over the foreign key
between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqla_lsp.project.catalog import MappedModel
from sqla_lsp.project.names import Target
from sqla_lsp.project.replay import key_of
from sqla_lsp.schema.models import Relationship
from sqla_lsp.schema.predicates import All, Atom
from sqla_lsp.schema.tables import ForeignKey, PrimaryKey
from sqla_lsp.text.places import Place

Side = tuple[int, MappedModel]
"""A table of the query by its number, with its model."""


def ancestors(
    mapped: MappedModel, model_of: Callable[[Target], MappedModel | None]
) -> Iterator[tuple[Target, MappedModel | None]]:
    """The classes that a model inherits from, nearest first, each once, with the model that each is (None for a plain class).
    `model_of` gives it."""
    waiting, seen = [(mapped.path, base) for base in mapped.model.bases], set[Target]()
    while waiting:
        path, base = waiting.pop(0)
        target = Target("model", base.path or path, base.name)
        if target in seen:
            continue
        seen.add(target)
        above = model_of(target)
        yield target, above
        waiting += [(target.path, name) for name in (above.model.bases if above is not None else ())]


def foreign_keys(mapped: MappedModel) -> Iterator[ForeignKey]:
    """The foreign keys that a model declares."""
    for declared in mapped.model.constraints:
        if isinstance(declared.constraint, ForeignKey):
            yield declared.constraint


def primary_key(mapped: MappedModel) -> tuple[str, ...]:
    """The columns of a model's primary key, () where it is not known."""
    for declared in mapped.model.constraints:
        if isinstance(declared.constraint, PrimaryKey) and isinstance(declared.constraint.columns, tuple):
            return declared.constraint.columns
    return ()


def joined_over(foreign: ForeignKey, child: Side, parent: Side, place: Place) -> All | None:
    """The comparisons of a foreign key's columns with what they point to; None where they are not known."""
    columns, targets = foreign.columns, foreign.target_columns
    if not isinstance(columns, tuple) or not isinstance(targets, tuple):
        return None
    targets = targets or primary_key(parent[1])
    if len(columns) != len(targets) or not columns:
        return None
    atoms: list[Atom] = []
    for column, target in zip(columns, targets, strict=True):
        atoms.append(Atom(child[0], column, "=", place, values=(None,), depends=frozenset({parent[0]}), other=target))
        atoms.append(Atom(parent[0], target, "=", place, values=(None,), depends=frozenset({child[0]}), other=column))
    return All(tuple(atoms))


def between(left: Side, right: Side, place: Place) -> All | None:
    """The join of two tables over the one foreign key between them; None where there is none, or more than one."""
    found = [joined_over(foreign, left, right, place) for foreign in _pointing(left[1], right[1])]
    if left[0] != right[0]:
        found += [joined_over(foreign, right, left, place) for foreign in _pointing(right[1], left[1])]
    return found[0] if len(found) == 1 else None


def over(relationship: Relationship, left: Side, right: Side, place: Place) -> All | None:
    """The join of two tables over a relationship of the left one, which has no table in between."""
    away = [foreign for foreign in _pointing(left[1], right[1]) if _is_meant(foreign, relationship)]
    back = [foreign for foreign in _pointing(right[1], left[1]) if _is_meant(foreign, relationship)]
    if away and back:
        away, back = ([], back) if not relationship.many_to_one else (away, [])
    if len(away) == 1:
        return joined_over(away[0], left, right, place)
    return joined_over(back[0], right, left, place) if len(back) == 1 and not away else None


def local_columns(relationship: Relationship, left: MappedModel, right: MappedModel) -> tuple[str, ...]:
    """The columns of the left table that a many-to-one relationship follows, () where it is none."""
    away = [foreign for foreign in _pointing(left, right) if _is_meant(foreign, relationship)]
    is_self = key_of(left.model.table) == key_of(right.model.table)
    if len(away) != 1 or relationship.secondary is not None or (is_self and not relationship.many_to_one):
        return ()
    return away[0].columns if isinstance(away[0].columns, tuple) else ()


def _pointing(child: MappedModel, parent: MappedModel) -> list[ForeignKey]:
    key = key_of(parent.model.table)
    return [foreign for foreign in foreign_keys(child) if key is not None and key_of(foreign.target) == key]


def _is_meant(foreign: ForeignKey, relationship: Relationship) -> bool:
    named = relationship.columns
    return named is None or (isinstance(foreign.columns, tuple) and set(foreign.columns) <= set(named))
