"""The slug of a revision's message, as Alembic makes it."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")


def slug_of(message: str, longest: int, joint: str = "_") -> str:
    """The words of a message. One that is longer than `longest` is cut between words, without an end that is cut off."""
    slug = joint.join(_WORD.findall(message)).lower()
    if len(slug) <= longest:
        return slug
    cut = slug[: max(longest, 0)]
    return cut.rpartition(joint)[0] or cut
