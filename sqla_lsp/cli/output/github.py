"""Workflow commands, which GitHub shows as annotations in a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqla_lsp.cli.output.located import Located

_COMMANDS = {"error": "error", "warning": "warning", "information": "notice", "hint": "notice"}


def lines(findings: Iterable[Located]) -> Iterator[str]:
    """One command for each finding."""
    for located in findings:
        finding, at = located.finding, located.location
        properties = {
            "title": f"sqla-lsp ({finding.rule})",
            "file": at.filename,
            "line": at.row,
            "col": at.column,
            "endLine": at.end_row,
            "endColumn": at.end_column,
        }
        given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
        yield f"::{_COMMANDS[finding.severity]} {given}::{_text(finding.message)}"


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
