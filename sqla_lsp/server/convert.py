"""From findings to LSP: the one place where the server turns byte offsets into the client's positions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lsprotocol import types

from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.registry import url
from sqla_lsp.text.lines import Encoding, LineIndex
from sqla_lsp.text.places import Place

SOURCE = "sqla-lsp"

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}
_TAGS = {"unnecessary": types.DiagnosticTag.Unnecessary, "deprecated": types.DiagnosticTag.Deprecated}


class Converter:
    """Turns findings into diagnostics for one position encoding. `lines_of` gives the line index of a path and raises
    OSError where it cannot be read; `uri_of` the URI that the client knows a path by."""

    def __init__(
        self,
        encoding: Encoding,
        lines_of: Callable[[str], LineIndex],
        uri_of: Callable[[str], str] = lambda path: Path(path).as_uri(),
        *,
        related: bool = True,
        tags: bool = True,
    ) -> None:
        self._encoding = encoding
        self._lines_of = lines_of
        self._uri_of = uri_of
        self._related = related
        self._tags = tags

    def diagnostic(self, finding: Finding) -> types.Diagnostic:
        """One finding as the client's diagnostic."""
        related = [r for r in map(self._related_place, finding.related) if r] if self._related else []
        return types.Diagnostic(
            range=self._range(finding.place),
            severity=_SEVERITIES[finding.severity],
            code=finding.rule,
            code_description=types.CodeDescription(href=url(finding.rule)),
            source=SOURCE,
            message=finding.message,
            tags=[_TAGS[tag] for tag in finding.tags] or None if self._tags else None,
            related_information=related or None,
        )

    def _range(self, place: Place) -> types.Range:
        lines = self._lines_of(place.path)
        start = lines.position(place.start, self._encoding)
        end = lines.position(place.end, self._encoding)
        return types.Range(types.Position(*start), types.Position(*end))

    def _related_place(self, related: object) -> types.DiagnosticRelatedInformation | None:
        place: Place = related.place  # type: ignore[attr-defined]
        try:
            location = types.Location(self._uri_of(place.path), self._range(place))
        except OSError:
            return None
        return types.DiagnosticRelatedInformation(location, related.message)  # type: ignore[attr-defined]
