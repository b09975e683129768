"""Messages that no editor should send: each costs itself at most."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.server.client import Client
from tests.server.sample import RULE, migration, project, works


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"", -32700),
        (b"\xff\xfe\x00", -32700),
        (b"[" * 100_000, -32700),
        (b"NaN nonsense", -32700),
        (b"5", -32600),
        (b"null", -32600),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}]', -32600),
        (b'{"id": 1, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "shutdown"}', -32600),
    ],
)
def test_no_message(server: Client, folder: Path, body: bytes, code: int) -> None:
    server.raw(body)
    assert server.wait(lambda message: "error" in message)["error"]["code"] == code
    works(server, folder)


@pytest.mark.parametrize(
    "message",
    [
        {"method": "textDocument/didOpen", "params": {}},
        {"method": "textDocument/didOpen"},
        {"method": "textDocument/didChange", "params": {"textDocument": 5, "contentChanges": []}},
        {"method": "textDocument/didChange", "params": {"textDocument": {"uri": 5, "version": 1}, "contentChanges": [{}]}},
        {"method": "textDocument/didClose", "params": [1]},
        {"method": "workspace/didChangeWatchedFiles", "params": {"changes": [{"uri": "untitled:x", "type": 1}]}},
        {"method": "workspace/didChangeWorkspaceFolders", "params": {"event": None}},
        {"method": "workspace/didChangeConfiguration", "params": {"settings": None}},
        {"method": "workspace/didChangeConfiguration", "params": {"settings": [1, 2]}},
        {"method": "$/cancelRequest", "params": {"id": 999}},
        {"method": "$/unheardOf", "params": {}},
        {"method": "$/setTrace", "params": {"value": "verbose"}},
        {"method": 5},
        {"id": 12345, "result": None},
        {"id": "unheard of", "error": {"code": 1, "message": "x"}},
        {},
    ],
)
def test_messages_that_mean_nothing(server: Client, folder: Path, message: dict[str, object]) -> None:
    server.send(message)
    works(server, folder)


@pytest.mark.parametrize("params", [None, 5, {}, {"textDocument": {}}])
def test_requests_with_wrong_parameters(server: Client, folder: Path, params: object) -> None:
    assert "error" in server.request("workspace/executeCommand", params)
    works(server, folder)


def test_bytes_that_are_no_frame(server: Client, folder: Path) -> None:
    server.push(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    works(server, folder)


def test_text_that_is_not_utf8(server: Client, folder: Path) -> None:
    """The change is not lost: the next one builds on it."""
    path = project(folder)
    uri = path.as_uri()
    text = path.read_text()
    params = {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": text + "# HERE\n"}}
    message = json.dumps({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": params}).encode()
    server.raw(message.replace(b"HERE", b"caf\xe9 \xff\xc3"))
    assert server.codes(uri) == [RULE]
    line = text.count("\n") + 1
    here = {"line": line, "character": 0}
    server.change(uri, 2, {"range": {"start": here, "end": here}, "text": "# more\n"})
    assert server.codes(uri, version=2) == [RULE]
    server.close(uri)


def test_lone_surrogates(server: Client, folder: Path) -> None:
    path = project(folder)
    uri = server.open(path, path.read_text() + "# \ud83d\n")
    assert server.codes(uri) == [RULE]
    server.close(uri)


@pytest.mark.parametrize("version", [0, -5, 2**31 - 1, 2**40, None, "7", 1.5, True])
def test_versions_of_any_kind(server: Client, folder: Path, version: object) -> None:
    path = project(folder)
    uri = server.open(path)
    assert server.codes(uri) == [RULE]
    document = {"uri": uri, "version": version}
    server.notify(
        "textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": migration("orders", "users")}]}
    )
    assert server.codes(uri) == [RULE, RULE]
    server.close(uri)


def test_a_version_that_is_left_out(server: Client, folder: Path) -> None:
    path = project(folder)
    uri = path.as_uri()
    item = {"uri": uri, "languageId": "python", "text": path.read_text()}
    server.notify("textDocument/didOpen", {"textDocument": item})
    assert server.codes(uri) == [RULE]
    server.notify("textDocument/didChange", {"textDocument": {"uri": uri}, "contentChanges": [{"text": migration()}]})
    assert server.codes(uri) == []
    server.close(uri)


def test_versions_out_of_order(server: Client, folder: Path) -> None:
    """What arrives later counts, whatever its number."""
    path = project(folder)
    uri = server.open(path, version=10)
    assert server.codes(uri, version=10) == [RULE]
    server.change(uri, 12, {"text": migration()})
    assert server.codes(uri, version=12) == []
    server.change(uri, 11, {"text": migration("orders", "users")})
    assert server.codes(uri, version=11) == [RULE, RULE]
    server.change(uri, 11, {"text": migration("orders")})
    assert server.codes(uri, version=11) == [RULE]
    server.close(uri)


def test_documents_that_are_not_open(server: Client, folder: Path) -> None:
    path = project(folder)
    here = {"line": 0, "character": 0}
    server.change(path.as_uri(), 2, {"range": {"start": here, "end": here}, "text": "x"})
    server.save(path.as_uri())
    server.close(path.as_uri())
    assert server.published(path.as_uri()) == []
    works(server, folder)


@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1", "git:/x/a.py?{}", "vscode-notebook-cell:/x/a.py#1", "", "file://[", "file:///"]
)
def test_documents_that_are_no_files(server: Client, folder: Path, uri: str) -> None:
    item = {"uri": uri, "languageId": "python", "version": 1, "text": migration("orders")}
    server.notify("textDocument/didOpen", {"textDocument": item})
    server.change(uri, 2, {"text": migration("users")})
    server.save(uri)
    server.close(uri)
    assert server.published(uri) == []
    works(server, folder)


def test_a_burst_of_changes(server: Client, folder: Path) -> None:
    """The last text counts; what was overtaken is never published under a wrong version."""
    path = project(folder)
    uri = server.open(path)
    assert server.codes(uri, version=1) == [RULE]
    for version in range(2, 202):
        server.change(uri, version, {"text": migration(*["orders"] * (version % 5))})
    found = {}
    while 201 not in found:
        message = server.wait(lambda m: m.get("method") == "textDocument/publishDiagnostics")["params"]
        found[message["version"]] = len(message["diagnostics"])
    assert all(count == version % 5 for version, count in found.items())
    server.close(uri)
