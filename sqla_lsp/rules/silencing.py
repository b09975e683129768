"""Which comments silence which findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqla_lsp.rules.finding import Finding, Severity
from sqla_lsp.rules.names import NAMES
from sqla_lsp.rules.unused_ignore import NAME as UNUSED
from sqla_lsp.rules.unused_ignore import unused
from sqla_lsp.text.ignores import Ignore
from sqla_lsp.text.lines import LineIndex


def silenced(
    path: str,
    data: bytes,
    findings: Sequence[Finding],
    ignores: Sequence[Ignore],
    judged: Sequence[str],
    severity: Severity,
    is_judged: bool,
) -> Iterator[Finding]:
    """The findings that no comment silences, and what is to be said of the comments themselves, with which severity. Where the
    file `is_judged` by no rule, only names that no rule has are reported."""
    if not ignores:
        yield from findings
        return
    lines = LineIndex(data)
    used: dict[Ignore, set[str]] = {ignore: set() for ignore in ignores}
    for finding in findings:
        by = [ignore for ignore in ignores if _names(ignore, finding.rule) and _covers(ignore, finding, lines)]
        for ignore in by:
            used[ignore].add(finding.rule)
        if not by:
            yield finding
    if UNUSED not in judged:
        return
    asked = [rule for rule in judged if rule != UNUSED] if is_judged else []
    for ignore in ignores:
        known = {name: NAMES.get(name) for name in ignore.rules or ()}
        for finding in unused(path, ignore, known, asked, used[ignore], severity, data[ignore.start : ignore.end]):
            if not any(_names(other, UNUSED) and other.rules and _covers(other, finding, lines) for other in ignores):
                yield finding


def _names(ignore: Ignore, rule: str) -> bool:
    return ignore.rules is None or any(NAMES.get(name) == rule for name in ignore.rules)


def _covers(ignore: Ignore, finding: Finding, lines: LineIndex) -> bool:
    """At the end of any line of the statement, or on a line of its own directly above it (other comments may stand between)."""
    if ignore.whole_file:
        return True
    row = lines.row(ignore.start)
    first, last = lines.row(finding.statement.start), lines.row(max(finding.statement.start, finding.statement.end - 1))
    if first <= row <= last:
        return True
    return ignore.own_line and row < first and all(lines.line(at).lstrip().startswith(b"#") for at in range(row, first))
