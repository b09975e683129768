"""The findings as one JSON list, in the shape that DESIGN.md promises to programs."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from sqla_lsp.cli.output.located import Located, LocatedFix, Location
from sqla_lsp.rules.names import url


def text(findings: Iterable[Located]) -> str:
    """The list, indented, without a line end."""
    return msgspec.json.format(msgspec.json.encode([_object(located) for located in findings]), indent=2).decode()


def _object(located: Located) -> dict[str, object]:
    finding, location = located.finding, located.location
    return {
        "code": finding.rule,
        "message": finding.message,
        "severity": finding.severity,
        "filename": location.filename,
        "location": _start(location),
        "end_location": _end(location),
        "url": url(finding.rule),
        "fixes": [_fix(fix) for fix in located.fixes],
        "related": [
            {"message": related.message, "filename": related.location.filename, "location": _start(related.location)}
            for related in located.related
        ],
    }


def _fix(fix: LocatedFix) -> dict[str, object]:
    return {
        "title": fix.title,
        "applicability": fix.applicability,
        "edits": [
            {"filename": at.filename, "location": _start(at), "end_location": _end(at), "content": content}
            for at, content in fix.edits
        ],
        "creates": [{"filename": filename, "content": content} for filename, content in fix.creates],
    }


def _start(location: Location) -> dict[str, int]:
    return {"row": location.row, "column": location.column}


def _end(location: Location) -> dict[str, int]:
    return {"row": location.end_row, "column": location.end_column}
