"""What was published for which document, so that nothing is sent twice and whatever drops out gets an empty list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lsprotocol import types


class Publisher:
    """Sends diagnostics by URI. Runs on the event loop alone."""

    def __init__(self, send: Callable[[types.PublishDiagnosticsParams], None]) -> None:
        self._send = send
        self._published: dict[str, tuple[types.Diagnostic, ...]] = {}

    def publish(self, uri: str, diagnostics: Sequence[types.Diagnostic], version: int | None, *, always: bool) -> None:
        """Publishes for one document; without `always` only where something is different from the last time."""
        new = tuple(diagnostics)
        if not always and self._published.get(uri, ()) == new:
            return
        if new:
            self._published[uri] = new
        else:
            self._published.pop(uri, None)
        self._send(types.PublishDiagnosticsParams(uri, list(new), version))

    def clear(self, uri: str) -> None:
        """Takes back what was published for a document."""
        if self._published.pop(uri, None):
            self._send(types.PublishDiagnosticsParams(uri, []))

    @property
    def uris(self) -> frozenset[str]:
        """The documents that have diagnostics at present."""
        return frozenset(self._published)
