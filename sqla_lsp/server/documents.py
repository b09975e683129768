"""Open documents: our own copies of what the editor shows, as UTF-8 bytes, changed incrementally.

Lines end where the protocol says (`\\n`, `\\r\\n`, `\\r`), never at a form feed or U+2028.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types
from pygls.uris import to_fs_path

from sqla_lsp.text.lines import Encoding, LineIndex

logger = logging.getLogger(__name__)

ENCODINGS = {
    types.PositionEncodingKind.Utf8: Encoding.UTF8,
    types.PositionEncodingKind.Utf16: Encoding.UTF16,
    types.PositionEncodingKind.Utf32: Encoding.UTF32,
}


def path_of(uri: str) -> str | None:
    """The absolute path that a `file:` URI names; None for all other URIs (untitled documents, git revisions)."""
    if not uri.startswith("file:"):
        return None
    path = to_fs_path(uri)
    return str(Path(path).absolute()) if path else None


@dataclass(frozen=True, slots=True)
class Document:
    """One state of an open document. `data` is its text in UTF-8 (a lone surrogate becomes U+FFFD)."""

    uri: str
    path: str
    version: int | None
    data: bytes


class Documents:
    """All open documents by URI."""

    def __init__(self) -> None:
        self.encoding = Encoding.UTF16
        self._open: dict[str, Document] = {}

    def __iter__(self) -> Iterable[Document]:
        return iter(tuple(self._open.values()))

    def get(self, uri: str) -> Document | None:
        return self._open.get(uri)

    def open(self, item: types.TextDocumentItem) -> Document | None:
        """Takes a document up; None where it is no file. Opened twice, the later text counts."""
        path = path_of(item.uri)
        if path is None:
            return None
        document = Document(item.uri, path, item.version, _bytes(item.text))
        self._open[item.uri] = document
        return document

    def change(
        self, identifier: types.VersionedTextDocumentIdentifier, changes: Sequence[types.TextDocumentContentChangeEvent]
    ) -> Document | None:
        """Applies changes in their order of arrival, whatever the version says. None where the document is not open and
        the changes do not carry its whole text."""
        document = self._open.get(identifier.uri)
        if document is None:
            path = path_of(identifier.uri)
            if path is None or not changes or not isinstance(changes[0], types.TextDocumentContentChangeWholeDocument):
                logger.warning("a change of %s, which is not open, is passed over", identifier.uri)
                return None
            document = Document(identifier.uri, path, None, b"")
        data = document.data
        for change in changes:
            data = self._changed(data, change)
        document = Document(document.uri, document.path, identifier.version, data)
        self._open[identifier.uri] = document
        return document

    def close(self, uri: str) -> Document | None:
        return self._open.pop(uri, None)

    def _changed(self, data: bytes, change: types.TextDocumentContentChangeEvent) -> bytes:
        text = _bytes(change.text)
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            return text
        lines = LineIndex(data)
        start = lines.offset(change.range.start.line, change.range.start.character, self.encoding)
        end = lines.offset(change.range.end.line, change.range.end.character, self.encoding)
        return data[:start] + text + data[max(start, end) :]


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
