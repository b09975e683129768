"""The format for people: message, source lines with a marker, why it matters, what to do about it, related places."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from sqla_lsp.cli.output.located import Located, Location
from sqla_lsp.cli.output.style import Styled

_STYLES = {"error": "bold red", "warning": "bold yellow", "information": "bold cyan", "hint": "bold"}
_MOST_LINES = 6
"""How many lines of a longer statement are shown."""


def lines(findings: Iterable[Located]) -> Iterator[Styled]:
    """The findings as styled lines, an empty line after each."""
    for located in findings:
        yield from _finding(located)
        yield ()


def _finding(located: Located) -> Iterator[Styled]:
    finding, location = located.finding, located.location
    style = _STYLES[finding.severity]
    yield ((f"{location}: ", "bold"), (f"{finding.severity}[{finding.rule}]", style), (f" {finding.message}", ""))
    gutter = len(str(min(location.end_row, location.row + _MOST_LINES)))
    yield ((f"{'':{gutter}} |", "blue"),)
    yield from _source(located, gutter, style)
    for label, text in (("why", finding.why), ("fix", finding.advice)):
        if text:
            yield ((f"{'':{gutter}} = ", "blue"), (f"{label}: ", "bold"), (text, ""))
    for related in located.related:
        yield ((f"{'':{gutter}} = ", "blue"), (f"{related.location}: ", "bold"), (related.message, ""))


def _source(located: Located, gutter: int, style: str) -> Iterator[Styled]:
    """The lines of the place; a marker under the part of a single line, a bar along several."""
    location = located.location
    if location.end_row == location.row:
        text = _line(located, location.row)
        yield _numbered(location.row, gutter, ("  " + text, ""))
        yield ((f"{'':{gutter}} |", "blue"), ("  " + _marker(text, location), style))
        return
    last = min(location.end_row, location.row + _MOST_LINES - 1)
    for row in range(location.row, last + 1):
        yield _numbered(row, gutter, (" / " if row == location.row else " | ", style), (_line(located, row), ""))
    if last < location.end_row:
        yield ((f"{'':{gutter}} |", "blue"), (" | ", style), ("...", ""))
    yield ((f"{'':{gutter}} |", "blue"), (" |_", style), ("^", style))


def _numbered(row: int, gutter: int, *pieces: tuple[str, str]) -> Styled:
    return ((f"{row:>{gutter}} |", "blue"), *pieces)


def _line(located: Located, row: int) -> str:
    """The text of a row."""
    return located.lines.line(row - 1).decode("utf-8", "replace").rstrip("\r\n")


def _marker(text: str, location: Location) -> str:
    """Carets under columns of `text`, as wide as a terminal shows its characters."""
    before, marked = text[: location.column - 1], text[location.column - 1 : location.end_column - 1]
    indent = "".join("\t" if c == "\t" else " " * _width(c) for c in before)
    return indent + "^" * max(1, sum(map(_width, marked)))


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
