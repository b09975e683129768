"""Where the functions of a migration stand."""

from __future__ import annotations

import re

from sqla_lsp.preview.migration import Direction, Preview
from sqla_lsp.text.places import Place

_DEFINITION = re.compile(rb"(?:^|(?<=\r))[ \t]*(?:async[ \t]+)?def[ \t]+", re.MULTILINE)


def name_of(made: Preview, direction: Direction, data: bytes) -> Place | None:
    """The name of a function where the file defines it; None where it does not. `data` is the file's text."""
    place = made.places.get(direction)
    if place is None:
        return None
    found = _DEFINITION.search(data, place.start, place.end)
    end = found.end() if found is not None else place.start
    return Place(end, end + len(direction)) if data[end : end + len(direction)] == direction.encode() else None
