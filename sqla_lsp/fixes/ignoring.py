"""Comments that silence a rule: written at the end of a statement, and taken away again."""

from __future__ import annotations

import re

from sqla_lsp.fixes.fix import Change
from sqla_lsp.project.project import Project
from sqla_lsp.text.edits import Edit
from sqla_lsp.text.lines import LineIndex
from sqla_lsp.text.places import Place

_NAME_BEHIND = re.compile(rb"[ \t]*,[ \t]*")
_NAME_BEFORE = re.compile(rb"[ \t]*,[ \t]*\Z")


def ignored(project: Project, path: str, rule: str, statement: Place) -> Change:
    """A comment at the end of the statement that silences the rule, with a place for the reason; the name of the rule alone
    where a comment of ours is there already."""
    data = project.data(path)
    lines = LineIndex(data)
    first, last = lines.row(statement.start), lines.row(max(statement.start, statement.end - 1))
    for ignore in project.ignores(path):
        if ignore.rules and not ignore.whole_file and first <= lines.row(ignore.start) <= last:
            at = data.index(b"]", ignore.start)
            return Change({path: (Edit(at, at, f", {rule}"),)})
    row = lines.line(last)
    end = lines.line_start(last) + len(row)
    space = "" if row.endswith((b"  ", b"\t")) else "  "
    return Change({path: (Edit(end, end, f"{space}# sqla-lsp: ignore[{rule}] -- reason"),)})


def without_comment(project: Project, path: str, place: Place) -> Change:
    """A comment of ours taken away, with its line where nothing else stands on it; or one name of those in its brackets."""
    data = project.data(path)
    ignore = next(ignore for ignore in project.ignores(path) if ignore.start <= place.start and place.end <= ignore.end)
    if (place.start, place.end) != (ignore.start, ignore.end):
        behind = _NAME_BEHIND.match(data, place.end)
        before = _NAME_BEFORE.search(data, ignore.start, place.start)
        start, end = (place.start, behind.end()) if behind else (before.start() if before else place.start, place.end)
        return Change({path: (Edit(start, end, ""),)})
    lines = LineIndex(data)
    row = lines.row(ignore.start)
    first, next_line = lines.line_start(row), lines.line_start(row + 1)
    end = first + len(lines.line(row))
    alone = not data[first : ignore.start].strip() and not data[ignore.end : end].strip()
    if alone:
        return Change({path: (Edit(first, next_line, ""),)})
    before_it = data[first : ignore.start].rstrip()
    start = first + len(before_it) if not data[ignore.end : end].strip() else ignore.start
    stop = end if start != ignore.start else ignore.end + len(data[ignore.end : end]) - len(data[ignore.end : end].lstrip())
    return Change({path: (Edit(start, stop, ""),)})
