"""Our own copies of the documents, as the editor changes them."""

from __future__ import annotations

import os
import random

import pytest
from lsprotocol import types

from sqla_lsp.server.documents import NO_VERSION, Document, Documents, path_of
from sqla_lsp.text.lines import Encoding

URI = "file:///p/a.py"
WIDTH = {Encoding.UTF8: lambda s: len(s.encode()), Encoding.UTF16: lambda s: len(s.encode("utf-16-le")) // 2, Encoding.UTF32: len}


def opened(text: str, encoding: Encoding = Encoding.UTF16) -> Documents:
    documents = Documents()
    documents.encoding = encoding
    documents.open(types.TextDocumentItem(URI, "python", 1, text))
    return documents


def changed(documents: Documents, *changes: types.TextDocumentContentChangeEvent, version: int = 2) -> Document | None:
    return documents.change(types.VersionedTextDocumentIdentifier(version, URI), changes)


def part(start: tuple[int, int], end: tuple[int, int], text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(types.Range(types.Position(*start), types.Position(*end)), text)


def whole(text: str) -> types.TextDocumentContentChangeWholeDocument:
    return types.TextDocumentContentChangeWholeDocument(text)


@pytest.mark.parametrize(
    ("text", "changes", "result"),
    [
        ("ab\ncd", [part((0, 1), (1, 1), "X")], "aXd"),
        ("ab\r\ncd", [part((0, 2), (1, 0), "")], "abcd"),
        ("ab\rcd", [part((1, 0), (1, 1), "X")], "ab\rXd"),
        ("a\fb\ncd", [part((1, 0), (1, 0), "X")], "a\fb\nXcd"),
        ("a\u2028b\ncd", [part((1, 0), (1, 0), "X")], "a\u2028b\nXcd"),
        ("a\x1cb\x85c\ncd", [part((1, 1), (1, 2), "")], "a\x1cb\x85c\nc"),
        ("ab", [part((0, 9), (9, 9), "X")], "abX"),
        ("ab", [part((5, 0), (7, 0), "X")], "abX"),
        ("abc", [part((0, 2), (0, 1), "X")], "abXc"),
        ("ab", [part((0, 0), (0, 0), "x"), part((0, 1), (0, 2), "")], "xb"),
        ("ab", [whole("new"), part((0, 3), (0, 3), "!")], "new!"),
        ("ab", [], "ab"),
        ("a😀b", [part((0, 3), (0, 4), "X")], "a😀X"),
        ("a😀b", [part((0, 2), (0, 3), "X")], "aXb"),
        ("", [part((0, 0), (0, 0), "\ud800x")], "\ufffdx"),
    ],
)
def test_changes(text: str, changes: list[types.TextDocumentContentChangeEvent], result: str) -> None:
    document = changed(opened(text), *changes)
    assert document
    assert document.data.decode() == result


@pytest.mark.parametrize("encoding", list(Encoding))
def test_any_changes_in_any_encoding(encoding: Encoding) -> None:
    chance = random.Random(1)
    alphabet = "ab é😀\u2028\f\n"
    for _ in range(200):
        text = "".join(chance.choices(alphabet, k=chance.randrange(30)))
        documents = opened(text, encoding)
        for _ in range(5):
            start, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
            new = "".join(chance.choices(alphabet, k=chance.randrange(4)))
            positions = [
                (before.count("\n"), WIDTH[encoding](before[before.rfind("\n") + 1 :])) for before in (text[:start], text[:end])
            ]
            text = text[:start] + new + text[end:]
            document = changed(documents, part(positions[0], positions[1], new))
            assert document
            assert document.data.decode() == text


def test_versions_may_be_anything() -> None:
    documents = opened("a")
    for version, told in ((7, 7), (3, 3), (3, 3), (-1, -1), (NO_VERSION, None)):
        document = changed(documents, part((0, 0), (0, 0), "x"), version=version)
        assert document
        assert document.version == told
    assert documents.by_path["/p/a.py"].data == b"xxxxxa"


def test_a_change_of_a_document_that_is_not_open() -> None:
    documents = Documents()
    assert changed(documents, part((0, 0), (0, 0), "x")) is None
    assert changed(documents) is None
    document = changed(documents, whole("x"))
    assert document
    assert document.data == b"x"


def test_only_python_files_are_taken() -> None:
    documents = Documents()
    for uri in (
        "untitled:Untitled-1",
        "git:/p/a.py",
        "file:///p/pyproject.toml",
        "inmemory://p/a.py",
        "file:",
        "",
        "file:///%00.py",
    ):
        assert documents.open(types.TextDocumentItem(uri, "python", 1, "")) is None
        assert documents.change(types.VersionedTextDocumentIdentifier(2, uri), [whole("x")]) is None
        assert documents.close(uri) is None
    assert documents.by_path == {}


def test_opened_twice_the_later_text_counts() -> None:
    documents = opened("a")
    documents.open(types.TextDocumentItem(URI, "python", 5, "b"))
    assert documents.by_path["/p/a.py"] == Document(URI, "/p/a.py", 5, b"b")


def test_two_uris_of_one_file() -> None:
    documents = opened("a")
    other = "file:///p/%61.py"
    documents.open(types.TextDocumentItem(other, "python", 1, "b"))
    assert documents.by_path["/p/a.py"].data == b"b"
    assert documents.close(other) is None
    assert documents.by_path["/p/a.py"].data == b"a"
    closed = documents.close(URI)
    assert closed
    assert closed.path == "/p/a.py"
    assert documents.by_path == {}


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///p/a.py", "/p/a.py"),
        ("file://localhost/p/a.py", "/p/a.py"),
        ("file:///p/x/../a%20b%C3%A9.py", "/p/a bé.py"),
        ("file:///p/a;b.py", "/p/a;b.py"),
        ("file:///p/a%23b%3F.py", "/p/a#b?.py"),
        ("file:///p/%FF.py", "/p/\udcff.py"),
        ("FILE:///p/a.py", "/p/a.py"),
        ("file://[broken/a.py", None),
        ("file:a.py", None),
        ("http://p/a.py", None),
    ],
)
def test_path_of(uri: str, path: str | None) -> None:
    assert path_of(uri) == path
