"""Names for what is there for a while, that are nobody's yet and that Postgres does not cut."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqla_lsp.postgres.identifiers import LONGEST
from sqla_lsp.project.replay import Schema
from sqla_lsp.schema.tables import Table


class Names:
    """Gives names that are not `taken`, each once."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def new(self, stem: str, ending: str) -> str:
        """A name that begins with `stem`, as far as 63 bytes allow, and ends in `ending`."""
        number = 0
        while True:
            name = _fitted(stem, f"{ending}{number or ''}")
            if name not in self._taken:
                self._taken.add(name)
                return name
            number += 1


def _fitted(stem: str, ending: str) -> str:
    if len(f"{stem}{ending}".encode()) <= LONGEST:
        return f"{stem}{ending}"
    mark = "_" + hashlib.md5(stem.encode(), usedforsecurity=False).hexdigest()[:4]
    room = LONGEST - len(f"{mark}{ending}".encode())
    return f"{stem.encode()[:room].decode(errors='ignore')}{mark}{ending}"


def relations(schema: Schema, table: Table) -> set[str]:
    """The names of tables, indexes and constraints that are known, in whichever schema."""
    found: set[str] = set()
    for known in (*schema.tables.values(), table):
        things = (known.name, *known.indexes, *known.constraints)
        found.update(thing.name for thing in things if isinstance(thing.name, str))
    return found


def columns(*tables: Table) -> set[str]:
    """The names of the columns of tables."""
    return {column.name for table in tables for column in table.columns if isinstance(column.name, str)}
