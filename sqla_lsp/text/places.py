"""Places: ranges of files in UTF-8 byte offsets, the only coordinates that facts, findings and edits speak."""

from __future__ import annotations

import msgspec


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A range of a file in UTF-8 byte offsets. `path` is "" for the file that the facts belong to."""

    start: int
    end: int
    path: str = ""
