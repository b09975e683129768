"""The first messages of a session, which are handled before pygls is imported: what the client sees is the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server.client import PUBLISH, Client
from tests.server.sample import RULE, migration, project, works

Start = Callable[..., Client]


def hello(root: Path, **capabilities: Any) -> dict[str, Any]:
    folder = {"uri": root.as_uri(), "name": "root"}
    return {"processId": None, "rootUri": None, "workspaceFolders": [folder], "capabilities": capabilities}


def said(*messages: tuple[str, Any], identity: int = 1) -> bytes:
    """The bytes of messages; `initialize` and `shutdown` are requests, numbered from `identity`."""
    data = b""
    for method, params in messages:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if method in ("initialize", "shutdown", "textDocument/codeAction"):
            message["id"] = identity
            identity += 1
        body = json.dumps(message).encode()
        data += b"Content-Length: %d\r\n\r\n" % len(body) + body
    return data


def opened(path: Path, text: str | None = None, version: int = 1) -> tuple[str, Any]:
    item = {"uri": path.as_uri(), "languageId": "python", "version": version, "text": path.read_text() if text is None else text}
    return "textDocument/didOpen", {"textDocument": item}


def test_neither_pygls_nor_asyncio_is_imported_for_it() -> None:
    code = "import sys, sqla_lsp.server.start; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert "sqla_lsp.server.front" in imported
    assert not {"asyncio", "attrs", "lsprotocol", "pygls"}.intersection(imported)


@pytest.mark.parametrize("encodings", [["utf-7", "utf-32"], ["utf-8", "utf-16"], ["utf-7"], [], None])
def test_the_answer_is_that_of_pygls(start: Start, tmp_path: Path, encodings: list[str] | None) -> None:
    """A server that heard something else first answers through pygls."""
    general = {"general": {"positionEncodings": encodings}}
    early, late = start(), start()
    assert late.request("shutdown")["error"]["code"] == -32002
    assert early.initialize(tmp_path, general)["result"] == late.initialize(tmp_path, general)["result"]


def test_everything_at_once(start: Start, tmp_path: Path) -> None:
    """The answer comes once and first, the diagnostics of each document once, and then what came behind them is answered."""
    one, two = project(tmp_path), project(tmp_path / "other")
    where = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    about = {"textDocument": {"uri": two.as_uri()}, "range": where, "context": {"diagnostics": [], "triggerKind": 1}}
    client = start()
    client.push(
        said(
            ("initialize", hello(tmp_path)),
            ("initialized", {}),
            ("workspace/didChangeConfiguration", {"settings": None}),
            opened(one),
            opened(two),
            ("textDocument/codeAction", about),
        )
    )
    actions = client.wait(lambda message: message.get("id") == 2)["result"]
    assert actions
    client.silence()
    assert [message.get("id") for message in client.messages if "result" in message] == [1, 2]
    assert client.messages[0]["id"] == 1
    published = [message["params"]["uri"] for message in client.messages if message.get("method") == PUBLISH]
    assert sorted(published) == sorted([one.as_uri(), two.as_uri()])
    works(client, tmp_path)
    assert client.shutdown() == 0


def test_a_change_right_behind(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    changed = {"textDocument": {"uri": path.as_uri(), "version": 2}, "contentChanges": [{"text": migration("orders", "users")}]}
    client = start()
    client.push(said(("initialize", hello(tmp_path)), ("initialized", {}), opened(path), ("textDocument/didChange", changed)))
    assert client.codes(path.as_uri(), version=2) == [RULE, RULE]


def test_closed_and_opened_again_right_behind(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    closed = ("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})
    again = opened(path, migration("orders", "users"), version=7)
    client = start()
    client.push(said(("initialize", hello(tmp_path)), ("initialized", {}), opened(path), closed, again))
    assert client.codes(path.as_uri(), version=7) == [RULE, RULE]


def test_a_change_on_disk_before_pygls_is_there(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    client = start()
    client.push(said(("initialize", hello(tmp_path)), ("initialized", {}), opened(path)))
    assert client.codes(path.as_uri()) == [RULE]
    (tmp_path / "pyproject.toml").write_text(f'[tool.sqla-lsp]\nignore = ["{RULE}"]\n')
    client.until(path.as_uri())


def test_shutdown_and_exit_right_behind(start: Start, tmp_path: Path) -> None:
    client = start()
    client.push(
        said(("initialize", hello(tmp_path)), ("initialized", {}), opened(project(tmp_path)), ("shutdown", None), ("exit", None))
    )
    assert client.process.wait(10) == 0
    assert not client.errors


def test_the_client_goes_at_once(start: Start, tmp_path: Path) -> None:
    client = start()
    client.push(said(("initialize", hello(tmp_path))))
    assert client.process.stdin
    client.process.stdin.close()
    assert client.process.wait(10) == 1
    assert b"Traceback" not in client.errors


@pytest.mark.parametrize("version", [None, "1", 2**40, -(2**31)])
def test_a_version_that_is_none(start: Start, tmp_path: Path, version: Any) -> None:
    path = project(tmp_path)
    client = start()
    client.push(said(("initialize", hello(tmp_path)), ("initialized", {}), opened(path, version=version)))
    assert client.codes(path.as_uri()) == [RULE]


def test_a_client_that_says_of_itself_what_the_protocol_does_not_know(start: Start, tmp_path: Path) -> None:
    """What matters of it is understood; what does not is passed over."""
    path = project(tmp_path)
    client = start(tmp_path, {"general": {"positionEncodings": ["utf-8"]}, "notebookDocument": 5})
    assert client.codes(client.open(path)) == [RULE]
    works(client, tmp_path)
    assert b"initialize could not be read" in client.errors
    assert sum(message.get("id") == 1 for message in client.messages) == 1
    assert client.shutdown() == 0
