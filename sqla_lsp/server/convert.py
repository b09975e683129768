"""From findings and ranges to LSP and back: the one place where the server turns byte offsets into the client's positions. It
works before lsprotocol is imported."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from sqla_lsp.rules.finding import Finding, Related
from sqla_lsp.rules.registry import url
from sqla_lsp.server import wire
from sqla_lsp.text.lines import Encoding, LineIndex
from sqla_lsp.text.places import Place

if TYPE_CHECKING:
    from lsprotocol import types

SOURCE = "sqla-lsp"

_SEVERITIES = {"error": 1, "warning": 2, "information": 3, "hint": 4}
_TAGS = {"unnecessary": 1, "deprecated": 2}
"""Severities and tags as the protocol numbers them."""


@lru_cache(maxsize=32)
def line_index(data: bytes) -> LineIndex:
    """The line index of a text; the same text is rarely asked about once."""
    return LineIndex(data)


def offsets(at: types.Range, data: bytes, encoding: Encoding) -> tuple[int, int]:
    """The offsets of a client's range in a text."""
    lines = line_index(data)
    start, end = (lines.offset(position.line, position.character, encoding) for position in (at.start, at.end))
    return start, max(start, end)


@dataclass(frozen=True)
class Converter:
    """Turns findings into diagnostics for one client: its position encoding, the URIs that it knows paths by, and what it
    shows beside the message. `uri_of` may be called from any thread."""

    encoding: Encoding
    uri_of: Callable[[str], str]
    related: bool = True
    tags: bool = True
    data: bool = True

    def diagnostics(self, findings: Iterable[Finding], text_of: Callable[[str], bytes]) -> list[wire.Diagnostic]:
        """Findings as diagnostics; `text_of` gives the text of a path that they name, as it was analysed."""
        text_of = cache(text_of)
        ranges = _Ranges(self.encoding, text_of)
        return [self._diagnostic(finding, ranges, text_of) for finding in findings]

    def _diagnostic(self, finding: Finding, ranges: _Ranges, text_of: Callable[[str], bytes]) -> wire.Diagnostic:
        related = tuple([self._related(other, ranges) for other in finding.related]) if self.related else ()
        tags = tuple([_TAGS[tag] for tag in finding.tags]) if self.tags else ()
        return wire.Diagnostic(
            ranges[finding.place],
            _SEVERITIES[finding.severity],
            finding.rule,
            _description(finding.rule),
            SOURCE,
            finding.message,
            tags or None,
            related or None,
            wire.Data(identity(finding, text_of(finding.place.path))) if self.data else None,
        )

    def _related(self, related: Related, ranges: _Ranges) -> wire.RelatedInformation:
        return wire.RelatedInformation(wire.Location(self.uri_of(related.place.path), ranges[related.place]), related.message)


def identity(finding: Finding, data: bytes) -> str:
    """Tells a finding from others in its file, wherever it moves; two about equal code are alike. `data` is the file's text."""
    about = b"\0".join([finding.rule.encode(), finding.message.encode(), data[finding.place.start : finding.place.end]])
    return hashlib.blake2b(about, digest_size=8).hexdigest()


class _Ranges(dict[Place, wire.Range]):
    """The ranges of places, of which several findings may speak."""

    def __init__(self, encoding: Encoding, text_of: Callable[[str], bytes]) -> None:
        super().__init__()
        self._encoding = encoding
        self._text_of = text_of

    def __missing__(self, place: Place) -> wire.Range:
        lines = line_index(self._text_of(place.path))
        start, end = lines.position(place.start, self._encoding), lines.position(place.end, self._encoding)
        found = self[place] = wire.Range(wire.Position(*start), wire.Position(*end))
        return found


@cache
def _description(rule: str) -> wire.CodeDescription:
    return wire.CodeDescription(url(rule))
