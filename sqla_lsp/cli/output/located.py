"""Findings with rows and columns: the one place where the command line turns byte offsets into what people count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from sqla_lsp.fixes.fix import Made
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
class LocatedFix:
    """A fix with what it does: the text that comes in the place of each location, and new files by name and text."""

    title: str
    applicability: str
    edits: tuple[tuple[Location, str], ...]
    creates: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Located:
    """A finding, where it stands, and the lines of its file. `fixes` are there where the format shows them."""

    finding: Finding
    location: Location
    related: tuple[Related, ...]
    lines: LineIndex
    fixes: tuple[LocatedFix, ...] = ()


class Locator:
    """Turns places into locations. `lines_of` gives the line index of a path (raising OSError where it cannot be read),
    `shown` the name that the user knows the path by."""

    def __init__(self, lines_of: Callable[[str], LineIndex], shown: Callable[[str], str]) -> None:
        self._lines_of = lines_of
        self._shown = shown
        self._cache: dict[str, LineIndex] = {}

    def locate(self, findings: Iterable[Finding], fixes: Iterable[tuple[Made, ...]] = ()) -> Iterator[Located]:
        """The findings in their order, each with its places, and with its fixes where they are given."""
        for finding, made in zip_longest(findings, fixes, fillvalue=()):
            assert isinstance(finding, Finding)
            related = tuple(Related(r.message, self._location(r.place)) for r in finding.related)
            located = tuple(self._fix(fix) for fix in made)
            yield Located(finding, self._location(finding.place), related, self._lines(finding.place.path), located)

    def _fix(self, fix: Made) -> LocatedFix:
        edits = [
            (self._location(Place(edit.start, edit.end, path)), edit.text)
            for path, edits in sorted(fix.change.edits.items())
            for edit in edits
        ]
        creates = [(self._shown(new.path), new.data.decode("utf-8")) for new in fix.change.creates]
        return LocatedFix(fix.title, fix.applicability, tuple(edits), tuple(creates))

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
