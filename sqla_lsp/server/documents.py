"""Open documents: our own copies of what the editor shows, as UTF-8 bytes, changed incrementally.

Lines end where the protocol says (`\\n`, `\\r\\n`, `\\r`), never at a form feed or U+2028.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sqla_lsp.server import hello
from sqla_lsp.server.convert import line_index
from sqla_lsp.text.lines import Encoding

if TYPE_CHECKING:
    from lsprotocol import types

logger = logging.getLogger(__name__)

NO_VERSION = -(2**31)
"""Stands for a version that the client left out."""


def path_of(uri: str) -> str | None:
    """The absolute path that a `file:` URI names; None for all other URIs (untitled documents, git revisions)."""
    try:
        scheme, host, path, _, _ = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(path, errors="surrogateescape")
    if scheme != "file" or not path or "\0" in path:
        return None
    if host and host != "localhost":
        path = f"//{host}{path}"
    elif os.name == "nt" and path[:1] == "/" and path[2:3] == ":":
        path = path[1].upper() + path[2:]
    return os.path.normpath(path) if os.path.isabs(path) else None


@dataclass(frozen=True, slots=True)
class Document:
    """One state of an open document. `data` is its text in UTF-8 (a lone surrogate becomes U+FFFD)."""

    uri: str
    path: str
    version: int | None
    data: bytes


class Documents:
    """All open Python documents. `by_path` is replaced, never changed, so that any thread may read it."""

    def __init__(self) -> None:
        self.encoding = Encoding.UTF16
        self.by_path: dict[str, Document] = {}
        self._open: dict[str, Document] = {}

    def get(self, uri: str) -> Document | None:
        """The document of a URI, where it is open."""
        return self._open.get(uri)

    def uri_of(self, path: str) -> str:
        """The URI that the client uses for a path."""
        document = self.by_path.get(path)
        return document.uri if document is not None else Path(path).as_uri()

    def open(self, item: hello.TextDocumentItem | types.TextDocumentItem) -> Document | None:
        """Takes a document up; None where it is no Python file. Opened twice, the later text counts."""
        path = path_of(item.uri)
        if path is None or not path.endswith(".py"):
            return None
        return self._take(Document(item.uri, path, _version(item.version), _bytes(item.text)))

    def change(
        self, identifier: types.VersionedTextDocumentIdentifier, changes: Sequence[types.TextDocumentContentChangeEvent]
    ) -> Document | None:
        """Applies changes in their order of arrival, whatever the version says. None where the document is not open and
        the changes do not carry its whole text."""
        document = self._open.get(identifier.uri)
        if document is None:
            path = path_of(identifier.uri)
            if path is None or not path.endswith(".py"):
                return None
            if not changes or hasattr(changes[0], "range"):
                logger.warning("a change of %s, which is not open, is passed over", identifier.uri)
                return None
            document = Document(identifier.uri, path, None, b"")
        data = document.data
        for change in changes:
            data = self._changed(data, change)
        return self._take(Document(document.uri, document.path, _version(identifier.version), data))

    def close(self, uri: str) -> Document | None:
        """Forgets a document; None where it was not open, or is still open under another URI."""
        document = self._open.pop(uri, None)
        if document is None:
            return None
        other = next((known for known in self._open.values() if known.path == document.path), None)
        if other is not None:
            self._take(other)
            return None
        self.by_path = {path: known for path, known in self.by_path.items() if path != document.path}
        return document

    def _take(self, document: Document) -> Document:
        self._open[document.uri] = document
        self.by_path = {**self.by_path, document.path: document}
        return document

    def _changed(self, data: bytes, change: types.TextDocumentContentChangeEvent) -> bytes:
        text = _bytes(change.text)
        if not hasattr(change, "range"):
            return text  # all of it
        lines = line_index(data)
        start = lines.offset(change.range.start.line, change.range.start.character, self.encoding)
        end = lines.offset(change.range.end.line, change.range.end.character, self.encoding)
        return data[:start] + text + data[max(start, end) :]


def _version(version: int) -> int | None:
    return None if version == NO_VERSION else version


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
