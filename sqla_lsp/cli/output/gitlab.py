"""The code quality report of GitLab."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

import msgspec

from sqla_lsp.cli.output.located import Located

_SEVERITIES = {"error": "critical", "warning": "major", "information": "minor", "hint": "info"}


def text(findings: Iterable[Located]) -> str:
    """The report, without a line end."""
    seen: Counter[str] = Counter()
    entries = []
    for located in findings:
        finding, at = located.finding, located.location
        path = at.filename.replace("\\", "/")
        about = "\0".join([path, finding.rule, finding.message])
        fingerprint = hashlib.sha256(f"{about}\0{seen[about]}".encode("utf-8", "surrogatepass")).hexdigest()
        seen[about] += 1
        entries.append(
            {
                "description": finding.message,
                "check_name": finding.rule,
                "fingerprint": fingerprint,
                "severity": _SEVERITIES[finding.severity],
                "location": {"path": path, "lines": {"begin": at.row, "end": at.end_row}},
            }
        )
    return msgspec.json.format(msgspec.json.encode(entries), indent=2).decode()
