"""Indexes as models declare them, by place: an index of a mixin's column stands at one place and in several tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqla_lsp.project.catalog import TableEntry
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.text.places import Place


@dataclass(frozen=True)
class Declaration:
    """An index, unique constraint or primary key at the place where models declare it, with every table that it makes one in."""

    place: Place
    statement: Place
    made: tuple[tuple[TableEntry, AccessPath], ...]


def declarations(entries: Iterable[TableEntry]) -> Mapping[str, tuple[Declaration, ...]]:
    """What the models declare, by the path of the file that it stands in, in the order of that file. A helper may make several
    indexes at one place."""
    places: dict[tuple[Place, Place, object], list[tuple[TableEntry, AccessPath]]] = defaultdict(list)
    for entry in entries:
        for path in entry.access:
            if path.place is not None:
                places[path.place, path.statement or path.place, path.index.keys].append((entry, path))
    files: dict[str, list[Declaration]] = defaultdict(list)
    for (place, statement, _), made in sorted(
        places.items(), key=lambda item: (item[0][0].path, item[0][0].start, item[0][0].end)
    ):
        files[place.path].append(Declaration(place, statement, tuple(made)))
    return {path: tuple(found) for path, found in files.items()}
