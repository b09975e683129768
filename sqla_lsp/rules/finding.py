"""What a rule says: plain data, in paths and byte offsets."""

from __future__ import annotations

from typing import Literal

import msgspec

from sqla_lsp.text.places import Place

Severity = Literal["error", "warning", "information", "hint"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "information", "hint")
"""From the most to the least severe."""


class Related(msgspec.Struct, frozen=True, array_like=True):
    """A place that explains a finding, and how."""

    message: str
    place: Place


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """A finding. `place` is what it is about, `statement` the statement around it, in which a comment can silence it.
    `message` says what Postgres does and who waits, `why` what is behind it, and `advice` what to do. `tags` may hold
    "unnecessary"."""

    rule: str
    severity: Severity
    place: Place
    statement: Place
    message: str
    why: str = ""
    advice: str = ""
    related: tuple[Related, ...] = ()
    tags: tuple[str, ...] = ()
