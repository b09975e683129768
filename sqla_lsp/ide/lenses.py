"""Code lenses above the functions of a migration: what all of it does on one line, and the way to its SQL."""

from __future__ import annotations

import msgspec

from sqla_lsp.ide.functions import name_of
from sqla_lsp.preview.migration import DIRECTIONS, Direction, Preview
from sqla_lsp.preview.words import summary
from sqla_lsp.text.places import Place


class Lens(msgspec.Struct, frozen=True):
    """A line above a place. Choosing it shows the SQL of that direction."""

    place: Place
    title: str
    direction: Direction


def lenses(made: Preview, data: bytes) -> list[Lens]:
    """The lenses of a migration. `data` is its text."""
    found = []
    for direction in DIRECTIONS:
        place = name_of(made, direction, data)
        if place is not None:
            statements = made.statements(direction)
            titles = (summary(statements), "SQL") if statements else (summary(statements),)
            found += [Lens(place, title, direction) for title in titles]
    return found
