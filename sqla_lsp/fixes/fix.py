"""What a fix is: a title, how far it can be trusted, and the edits that it makes; plain data, in paths and byte offsets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from sqla_lsp.text.edits import Edit

Applicability = Literal["safe", "unsafe", "display"]
"""safe: the same schema and the same atomicity. unsafe: the same schema, in other transactions. display: another schema, or the
application needs to change too; it is never applied unless it is chosen by hand."""


class NewFile(msgspec.Struct, frozen=True):
    """A file that a fix creates: its absolute path, and its text as UTF-8."""

    path: str
    data: bytes


class Change(msgspec.Struct, frozen=True):
    """What a fix does: edits of files by absolute path, whose offsets are those of the text that was analysed
    (`Project.data(path)`), and new files."""

    edits: Mapping[str, tuple[Edit, ...]] = {}
    creates: tuple[NewFile, ...] = ()


class NotPossible(Exception):
    """A fix cannot be made of the code as it is written. The text says why, as a phrase."""


@dataclass(frozen=True)
class Fix:
    """A fix that is offered. `title` is a verb phrase; `make` makes the edits when they are asked for, and raises `NotPossible`
    where the code turns out not to allow it. `silences` says that it is a comment, which changes nothing but the finding."""

    title: str
    applicability: Applicability
    make: Callable[[], Change]
    silences: bool = False


class Made(msgspec.Struct, frozen=True):
    """A fix with what it does."""

    title: str
    applicability: Applicability
    change: Change


def joined(changes: Iterable[Change]) -> Change:
    """Several changes as one. They must not touch the same places."""
    edits: dict[str, list[Edit]] = defaultdict(list)
    creates: list[NewFile] = []
    for change in changes:
        creates += change.creates
        for path, made in change.edits.items():
            edits[path] += made
    return Change({path: tuple(sorted(made)) for path, made in edits.items()}, tuple(creates))
