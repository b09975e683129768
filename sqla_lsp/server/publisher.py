"""What was published for which file, so that nothing is sent twice and whatever drops out gets an empty list."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqla_lsp.server import wire


class Publisher:
    """Sends encoded diagnostics by path. Runs on the event loop alone."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._published: dict[str, tuple[str, bytes]] = {}

    def publish(self, path: str, uri: str, diagnostics: bytes, version: int | None, *, always: bool) -> None:
        """Publishes for one file; without `always` only where something is different from the last time. A file that the
        client knows by another URI than before is taken back under the old one."""
        before, known = self._published.get(path, (uri, wire.NONE))
        if before != uri:
            self.clear(path)
            known = wire.NONE
        if not always and known == diagnostics:
            return
        if diagnostics == wire.NONE:
            self._published.pop(path, None)
        else:
            self._published[path] = (uri, diagnostics)
        self._send(wire.publish(uri, diagnostics, version))

    def clear(self, path: str) -> None:
        """Takes back what was published for a file."""
        known = self._published.pop(path, None)
        if known is not None:
            self._send(wire.publish(known[0], wire.NONE, None))

    def closed(self, path: str, uri: str) -> None:
        """Says that nothing is shown for a document that was closed, whatever was said before."""
        self._published.pop(path, None)
        self._send(wire.publish(uri, wire.NONE, None))

    def keep(self, paths: Collection[str]) -> None:
        """Takes back everything that was published for other files."""
        for path in [path for path in self._published if path not in paths]:
            self.clear(path)
