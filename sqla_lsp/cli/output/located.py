"""Findings with rows and columns: the one place where the command line turns byte offsets into what people count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqla_lsp.rules.finding import Finding
from sqla_lsp.text.lines import Encoding, LineIndex
from sqla_lsp.text.places import Place


@dataclass(frozen=True, slots=True)
class Location:
    """A place as people read it: rows and columns from 1, columns in characters. `filename` is as the user gave it."""

    filename: str
    row: int
    column: int
    end_row: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.filename}:{self.row}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    message: str
    location: Location


@dataclass(frozen=True, slots=True)
class Located:
    """A finding, where it stands, and the lines of its file."""

    finding: Finding
    location: Location
    related: tuple[Related, ...]
    lines: LineIndex


class Locator:
    """Turns places into locations. `lines_of` gives the line index of a path (raising OSError where it cannot be read),
    `shown` the name that the user knows the path by."""

    def __init__(self, lines_of: Callable[[str], LineIndex], shown: Callable[[str], str]) -> None:
        self._lines_of = lines_of
        self._shown = shown
        self._cache: dict[str, LineIndex] = {}

    def locate(self, findings: Iterable[Finding]) -> Iterator[Located]:
        """The findings in their order, each with its places."""
        for finding in findings:
            related = tuple(Related(r.message, self._location(r.place)) for r in finding.related)
            yield Located(finding, self._location(finding.place), related, self._lines(finding.place.path))

    def _location(self, place: Place) -> Location:
        lines = self._lines(place.path)
        row, column = lines.position(place.start, Encoding.UTF32)
        end_row, end_column = lines.position(place.end, Encoding.UTF32)
        return Location(self._shown(place.path), row + 1, column + 1, end_row + 1, end_column + 1)

    def _lines(self, path: str) -> LineIndex:
        lines = self._cache.get(path)
        if lines is None:
            lines = self._cache[path] = self._lines_of(path)
        return lines
