"""How a session begins and ends: the order of messages, and exit codes."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

import pytest

from sqla_lsp.cli.serve import address
from tests.server.client import Client
from tests.server.sample import RULE, project

Start = Callable[..., Client]
COMMAND = (sys.executable, "-m", "sqla_lsp.cli.main", "server")


def test_shutdown_and_exit(start: Start, tmp_path: Path) -> None:
    client = start(tmp_path)
    assert client.shutdown() == 0
    assert not client.errors


def test_exit_without_shutdown(start: Start, tmp_path: Path) -> None:
    assert start(tmp_path).exit() == 1


def test_exit_before_anything(start: Start) -> None:
    assert start().exit() == 1


def test_the_client_goes_away(start: Start, tmp_path: Path) -> None:
    client = start(tmp_path)
    assert client.process.stdin
    client.process.stdin.close()
    assert client.process.wait(10) == 1
    assert b"Traceback" not in client.errors


def test_the_client_goes_away_after_shutdown(start: Start, tmp_path: Path) -> None:
    client = start(tmp_path)
    client.request("shutdown")
    assert client.process.stdin
    client.process.stdin.close()
    assert client.process.wait(10) == 0


def test_the_client_stops_reading(start: Start, tmp_path: Path) -> None:
    client = start(tmp_path)
    path = project(tmp_path)
    client.diagnostics(client.open(path))
    assert client.process.stdout
    client.process.stdout.close()
    client.change(path.as_uri(), 2, {"text": path.read_text() + "\n"})
    client.notify("exit", None)
    assert client.process.wait(10) == 1
    assert b"Traceback" not in client.errors


def test_requests_before_initialize(start: Start, tmp_path: Path) -> None:
    client = start()
    assert client.request("textDocument/hover", {})["error"]["code"] == -32002
    assert client.request("shutdown")["error"]["code"] == -32002
    path = project(tmp_path)
    client.open(path)  # a notification is passed over
    client.initialize(tmp_path)
    client.close(path.as_uri())
    assert client.codes(client.open(path)) == [RULE]
    assert client.shutdown() == 0


def test_requests_after_shutdown(start: Start, tmp_path: Path) -> None:
    client = start(tmp_path)
    assert client.request("shutdown")["result"] is None
    assert client.request("textDocument/hover", {})["error"]["code"] == -32600
    assert client.request("shutdown")["error"]["code"] == -32600
    client.open(project(tmp_path))
    assert client.silence(0.3) == []
    assert client.exit() == 0


def test_initialize_twice(start: Start, tmp_path: Path) -> None:
    client = start(tmp_path)
    assert client.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})["error"]["code"] == -32600
    assert client.codes(client.open(project(tmp_path))) == [RULE]


def test_initialize_with_nonsense(start: Start, tmp_path: Path) -> None:
    client = start()
    assert client.request("initialize", [1, 2])["error"]["code"] == -32602
    assert client.request("initialize", {"capabilities": {"textDocument": 5}})["error"]["code"] == -32602
    client.initialize(tmp_path)
    assert client.codes(client.open(project(tmp_path))) == [RULE]


@pytest.mark.parametrize("encodings", [["utf-7", "utf-32"], ["utf-8", "utf-16"], [], None])
def test_position_encoding_is_agreed_on(start: Start, tmp_path: Path, encodings: list[str] | None) -> None:
    client = start()
    general = {} if encodings is None else {"general": {"positionEncodings": encodings}}
    agreed = client.initialize(tmp_path, general)["result"]["capabilities"]["positionEncoding"]
    assert agreed == {"utf-7": "utf-32", "utf-8": "utf-8"}.get(encodings[0] if encodings else "", "utf-16")


def test_what_the_server_offers(start: Start, tmp_path: Path) -> None:
    answer = start().initialize(tmp_path)["result"]
    assert answer["serverInfo"]["name"] == "sqla-lsp"
    sync = answer["capabilities"]["textDocumentSync"]
    assert (sync["openClose"], sync["change"], bool(sync["save"])) == (True, 2, True)
    assert answer["capabilities"]["workspace"]["workspaceFolders"] == {"supported": True, "changeNotifications": True}


# ---------------------------------------------------------------------------------------------------------------- TCP


def test_over_tcp(tmp_path: Path) -> None:
    path = project(tmp_path)
    with subprocess.Popen([*COMMAND, "--tcp", "0"], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        assert process.stderr
        said = process.stderr.readline().decode()
        assert "127.0.0.1:" in said
        with socket.create_connection(("127.0.0.1", int(said.rsplit(":", 1)[1]))) as connection:
            streams = (connection.makefile("rb", buffering=0), connection.makefile("wb", buffering=0))
            client = Client(streams=cast("tuple[IO[bytes], IO[bytes]]", streams))
            client.initialize(tmp_path)
            assert client.codes(client.open(path)) == [RULE]
            client.request("shutdown")
            client.notify("exit", None)
            assert process.wait(10) == 0


def test_over_tcp_the_client_goes_away(tmp_path: Path) -> None:
    with subprocess.Popen([*COMMAND, "--tcp", "localhost:0"], stderr=subprocess.PIPE) as process:
        assert process.stderr
        port = int(process.stderr.readline().decode().rsplit(":", 1)[1])
        socket.create_connection(("localhost", port)).close()
        assert process.wait(10) == 1
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize("given", ["nonsense", "localhost:", "99999", "1:2:3", "", "-1"])
def test_no_address(given: str) -> None:
    assert address(given) is None


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2087", ("127.0.0.1", 2087)),
        ("localhost:0", ("localhost", 0)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:2087", ("::1", 2087)),
    ],
)
def test_address(given: str, meant: tuple[str, int]) -> None:
    assert address(given) == meant


@pytest.mark.parametrize("given", ["nonsense", "203.0.113.1:5"])
def test_cannot_listen(given: str) -> None:
    done = subprocess.run([*COMMAND, f"--tcp={given}"], capture_output=True, timeout=20, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"sqla-lsp server: ")
    assert b"Traceback" not in done.stderr
