"""SARIF 2.1.0, which code scanning of GitHub and others reads."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from sqla_lsp import __version__
from sqla_lsp.cli.output.located import Located, Location
from sqla_lsp.rules.names import url

_LEVELS = {"error": "error", "warning": "warning", "information": "note", "hint": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def text(findings: Iterable[Located]) -> str:
    """The log, without a line end."""
    from sqla_lsp.rules.registry import RULES

    located = list(findings)
    names = list(dict.fromkeys(one.finding.rule for one in located))
    rules = [
        {
            "id": name,
            "shortDescription": {"text": RULES[name].summary},
            "fullDescription": {"text": RULES[name].documentation.strip()},
            "helpUri": url(name),
            "defaultConfiguration": {"level": _LEVELS[RULES[name].severity]},
        }
        for name in names
    ]
    driver = {
        "name": "sqla-lsp",
        "version": __version__,
        "informationUri": "https://github.com/sqla-lsp/sqla-lsp",
        "rules": rules,
    }
    results = [_result(one, names) for one in located]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2).decode()


def _result(located: Located, names: list[str]) -> dict[str, Any]:
    finding = located.finding
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": names.index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [_place(located.location)],
    }
    if located.related:
        result["relatedLocations"] = [
            {**_place(related.location), "message": {"text": related.message}} for related in located.related
        ]
    return result


def _place(at: Location) -> dict[str, Any]:
    region = {"startLine": at.row, "startColumn": at.column, "endLine": at.end_row, "endColumn": at.end_column}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(at.filename)}, "region": region}}


def _uri(filename: str) -> str:
    if os.path.isabs(filename):
        return Path(filename).as_uri()
    return quote(os.fsencode(filename.replace(os.sep, "/")))
