"""Inlay hints: behind each call of a migration the strongest lock that it takes."""

from __future__ import annotations

import msgspec

from sqla_lsp.preview.migration import Preview, Statement
from sqla_lsp.preview.words import sentences, strongest
from sqla_lsp.text.places import Place


class Hint(msgspec.Struct, frozen=True):
    """Words behind the code that ends at an offset, and what a hover over them says, a sentence each."""

    offset: int
    label: str
    more: tuple[str, ...]


def hints(made: Preview, start: int, end: int) -> list[Hint]:
    """The hints between two offsets of a migration. Calls that make nobody wait have none."""
    calls: dict[Place, list[Statement]] = {}
    for statement in (*made.upgrade, *made.downgrade):
        if start <= statement.place.end <= end and statement.place.end and statement.sql is not None:
            calls.setdefault(statement.place, []).append(statement)
    found = []
    for place, statements in calls.items():
        lock = strongest(statements)
        if lock is not None:
            more = dict.fromkeys(sentence for statement in statements for sentence in sentences(statement))
            found.append(Hint(place.end, lock[0], tuple(more)))
    return sorted(found, key=lambda hint: hint.offset)
