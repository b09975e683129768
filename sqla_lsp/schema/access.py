"""Ways into a table: everything that has an index behind it, whoever declares it."""

from __future__ import annotations

from typing import Literal

import msgspec

from sqla_lsp.schema.tables import Index
from sqla_lsp.text.places import Place

Origin = Literal["primary key", "unique constraint", "index"]


class AccessPath(msgspec.Struct, frozen=True, array_like=True):
    """An index, or the index behind a primary key or unique constraint (then `index` is unique, btree, and has the constraint's
    name and columns). `place` and `statement` are its declaration with the file's path, None where the history of migrations
    alone knows it. `written` is how it is declared: "Index", "index=True", "unique=True", "primary_key=True",
    "UniqueConstraint", ...; "" in the history."""

    index: Index
    origin: Origin = "index"
    place: Place | None = None
    statement: Place | None = None
    written: str = ""
