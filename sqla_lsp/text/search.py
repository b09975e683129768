"""Searches of bytes that cost little where nothing is found."""

from __future__ import annotations

import re


def says_any(data: bytes, words: tuple[bytes, ...]) -> bool:
    """Whether one of some words stands in a text."""
    for word in words:  # noqa: SIM110 - a generator would take longer than the searches
        if word in data:
            return True
    return False


class Search:
    """A pattern, and words of which one stands wherever the pattern does: they are looked for first, which is much quicker."""

    def __init__(self, pattern: bytes, *words: bytes) -> None:
        self._pattern = re.compile(pattern)
        self._words = words

    def finds(self, data: bytes, start: int = 0, end: int | None = None) -> bool:
        """Whether the pattern stands somewhere in a part of a text."""
        end = len(data) if end is None else end
        for word in self._words:
            if data.find(word, start, end) >= 0:
                return self._pattern.search(data, start, end) is not None
        return False
