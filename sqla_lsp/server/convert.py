"""From findings to LSP: the one place where the server turns byte offsets into the client's positions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from lsprotocol import types

from sqla_lsp.rules.finding import Finding, Related
from sqla_lsp.rules.registry import url
from sqla_lsp.server import wire
from sqla_lsp.text.lines import Encoding, LineIndex
from sqla_lsp.text.places import Place

SOURCE = "sqla-lsp"

_SEVERITIES = {
    "error": int(types.DiagnosticSeverity.Error),
    "warning": int(types.DiagnosticSeverity.Warning),
    "information": int(types.DiagnosticSeverity.Information),
    "hint": int(types.DiagnosticSeverity.Hint),
}
_TAGS = {"unnecessary": int(types.DiagnosticTag.Unnecessary), "deprecated": int(types.DiagnosticTag.Deprecated)}


@lru_cache(maxsize=32)
def line_index(data: bytes) -> LineIndex:
    """The line index of a text; the same text is rarely asked about once."""
    return LineIndex(data)


@dataclass(frozen=True)
class Converter:
    """Turns findings into diagnostics for one client: its position encoding, the URIs that it knows paths by, and what it
    shows beside the message. `uri_of` may be called from any thread."""

    encoding: Encoding
    uri_of: Callable[[str], str]
    related: bool = True
    tags: bool = True

    def diagnostics(self, findings: Iterable[Finding], text_of: Callable[[str], bytes]) -> list[wire.Diagnostic]:
        """Findings as diagnostics; `text_of` gives the text of a path that they name, as it was analysed."""
        return [self._diagnostic(finding, text_of) for finding in findings]

    def _diagnostic(self, finding: Finding, text_of: Callable[[str], bytes]) -> wire.Diagnostic:
        related = tuple(self._related(other, text_of) for other in finding.related) if self.related else ()
        tags = tuple(_TAGS[tag] for tag in finding.tags) if self.tags else ()
        return wire.Diagnostic(
            self._range(finding.place, text_of),
            _SEVERITIES[finding.severity],
            finding.rule,
            wire.CodeDescription(url(finding.rule)),
            SOURCE,
            finding.message,
            tags or None,
            related or None,
        )

    def _related(self, related: Related, text_of: Callable[[str], bytes]) -> wire.RelatedInformation:
        location = wire.Location(self.uri_of(related.place.path), self._range(related.place, text_of))
        return wire.RelatedInformation(location, related.message)

    def _range(self, place: Place, text_of: Callable[[str], bytes]) -> wire.Range:
        lines = line_index(text_of(place.path))
        start, end = lines.position(place.start, self.encoding), lines.position(place.end, self.encoding)
        return wire.Range(wire.Position(*start), wire.Position(*end))
