"""Files, folders and settings that cannot be read or understood: they cost their own findings, never the server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.client import Client
from tests.server.sample import ENVIRONMENT, RULE, migration, project, works, write

Start = Callable[..., Client]


@pytest.fixture
def not_readable(tmp_path: Path) -> Path:
    """A project with a file and a folder without permission. Where the tests run as root, who may read everything, a file
    that leads nowhere and a pipe stand for them."""
    path = project(tmp_path, {"migrations/versions/secret.py": migration("x"), "secret/a.py": migration("x")})
    secret, folder = path.with_name("secret.py"), tmp_path / "secret"
    secret.chmod(0)
    folder.chmod(0)
    try:
        secret.read_bytes()
    except PermissionError:
        return path
    secret.unlink()
    secret.symlink_to(tmp_path / "nowhere.py")
    os.mkfifo(path.with_name("pipe.py"))
    return path


def test_files_and_folders_without_permission(start: Start, not_readable: Path, tmp_path: Path) -> None:
    client = start(tmp_path)
    assert client.codes(client.open(not_readable)) == [RULE]
    client.open(not_readable.with_name("secret.py"), migration("orders", "users", revision="0002"))
    assert client.codes(not_readable.with_name("secret.py").as_uri()) == [RULE, RULE]
    client.save(not_readable.with_name("secret.py").as_uri())
    client.watched(not_readable.with_name("secret.py"), tmp_path / "secret", tmp_path / "secret" / "a.py")
    client.close(not_readable.with_name("secret.py").as_uri())
    works(client, tmp_path)
    (tmp_path / "secret").chmod(0o700)
    assert client.shutdown() == 0


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 40,
        b"\x7fELF" + b"\0" * 1000,
        b"revision = '1'\ndown_revision = None\n\0\n",
        b"\xff\xfe" + "revision = 1\ndown_revision = None\n".encode("utf-16-le"),
        b"# -*- coding: nonsense -*-\nrevision = '1'\ndown_revision = None\n",
        b"# caf\xe9\nrevision = '1'\ndown_revision = None\n",
        b"",
        b"\xef\xbb\xbf",
    ],
    ids=["all bytes", "a program", "a NUL", "UTF-16", "an unknown encoding", "a wrong encoding", "nothing", "a mark alone"],
)
def test_files_that_are_no_text(server: Client, folder: Path, content: bytes) -> None:
    path = project(folder, {"migrations/versions/binary.py": content, "migrations/helpers.py": content})
    binary = path.with_name("binary.py")
    server.watched(binary, path, folder / "migrations" / "helpers.py")
    server.watched(binary)
    uri = server.open(binary, content.decode("latin-1"))
    assert server.codes(uri) in ([], [RULE])
    server.close(uri)
    works(server, folder)


def test_a_file_of_ten_megabytes(server: Client, folder: Path) -> None:
    """Nobody wrote it by hand: it is left alone."""
    path = project(folder)
    big = path.with_name("0002_big.py")
    text = migration("users", revision="0002", parent="0001") + "".join(f"x{n} = {n}  # {'.' * 80}\n" for n in range(105_000))
    big.write_text(text)
    assert big.stat().st_size > 10_000_000
    server.watched(big)
    uri = server.open(big)
    assert server.diagnostics(uri, timeout=60) == []
    here = {"line": 3, "character": 0}
    server.change(uri, 2, {"range": {"start": here, "end": here}, "text": "\n"})
    assert server.diagnostics(uri, timeout=60) == []
    server.change(uri, 3, {"text": migration("users", revision="0002", parent="0001")})
    assert server.codes(uri, version=3) == [RULE]
    server.close(uri)
    works(server, folder)


@pytest.mark.parametrize("bracket", ["(", "[\n", "{1: ", "x(\n", "-", "not ", "f(lambda: "])
def test_brackets_that_never_close(server: Client, folder: Path, bracket: str) -> None:
    path = project(folder)
    text = migration("orders") + "x = " + bracket * 20_000
    uri = server.open(path, text)
    server.diagnostics(uri, timeout=60)
    here = {"line": 3, "character": 0}
    server.change(uri, 2, {"range": {"start": here, "end": here}, "text": "\n"})
    server.diagnostics(uri, timeout=60)
    server.change(uri, 3, {"text": migration("orders")})
    assert [found["code"] for found in server.diagnostics(uri, timeout=60, version=3)] == [RULE]
    server.close(uri)
    works(server, folder)


@pytest.mark.parametrize(("line", "count"), [("(\n", 1_000_000), ("[(\n", 100_000), ("]\n", 100_000)])
def test_a_million_lines_of_brackets(start: Start, tmp_path: Path, line: str, count: int) -> None:
    path = project(tmp_path)
    head = 'revision = "0002"\ndown_revision = "0001"\n'
    brackets = path.with_name("brackets.py")
    brackets.write_text(head + line * count)
    client = start(tmp_path)
    assert [found["code"] for found in client.diagnostics(client.open(path), timeout=100)] == [RULE]
    client.close(path.as_uri())
    uri = client.open(brackets)
    assert client.diagnostics(uri, timeout=100) == []
    client.close(uri)
    works(client, tmp_path)
    assert client.shutdown() == 0


def test_a_diagnostic_on_every_line(server: Client, folder: Path) -> None:
    path = project(folder)
    uri = server.open(path, migration(*["orders"] * 1000))
    assert len(server.diagnostics(uri, timeout=60)) == 1000
    server.close(uri)


def test_links_in_circles(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path)
    (path.parent / "up").symlink_to(tmp_path / "migrations")
    (path.parent / "self.py").symlink_to(path.parent / "self.py")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    client = start(tmp_path)
    assert client.codes(client.open(path)) == [RULE]
    uri = client.open(path.parent / "self.py", migration("orders", revision="0002"))
    assert client.codes(uri) in ([], [RULE])
    client.save(uri)
    works(client, tmp_path)
    assert client.shutdown() == 0


def test_a_workspace_folder_that_is_a_link(start: Start, tmp_path: Path) -> None:
    project(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    client = start(tmp_path / "link")
    for folder in ("link", "real"):
        assert client.codes(client.open(tmp_path / folder / "migrations" / "versions" / "0001_first.py")) == [RULE]


# --------------------------------------------------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.sqla-lsp\n", ("pyproject.toml:1", "TOML")),
        ("[tool.sqla-lsp]\nselect = 5\n", ("pyproject.toml", "select")),
        (f'[tool.sqla-lsp]\nignore = ["{RULE}x"]\n', ("pyproject.toml", f"{RULE}x", RULE)),
        ("[tool.sqla-lsp]\nunheard-of = 1\n", ("pyproject.toml", "unheard-of")),
        ('[tool]\nsqla-lsp = "x"\n', ("pyproject.toml", "table")),
    ],
)
def test_a_broken_configuration(server: Client, folder: Path, text: str, words: tuple[str, ...]) -> None:
    """It is told, the defaults hold, it is not told again, and what is right again holds at once."""
    path, file = project(folder), folder / "pyproject.toml"
    uri = server.open(path)
    assert server.codes(uri) == [RULE]
    file.write_text(text)
    server.watched(file)
    server.told(*words)
    server.watched(file)
    server.change(uri, 2, {"text": path.read_text() + "\n"})
    assert server.codes(uri, version=2) == [RULE]
    assert not [message for message in server.silence() if message.get("method") == "window/showMessage"]
    file.write_text(f'[tool.sqla-lsp]\nignore = ["{RULE}"]\n')
    server.watched(file)
    server.until(uri)
    file.write_text(text)
    server.watched(file)
    server.told(*words)
    server.until(uri, RULE)
    file.unlink()
    server.watched(file)
    server.close(uri)


def test_a_configuration_that_is_broken_from_the_start(start: Start, tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "[tool.sqla-lsp\n"})
    client = start(tmp_path)
    client.told("pyproject.toml:1", "TOML")
    works(client, tmp_path)
    assert sum(message.get("method") == "window/showMessage" for message in client.messages) == 1
    client.shutdown()


def test_a_configuration_that_is_no_text(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path, {"pyproject.toml": b"[tool.sqla-lsp]\n# caf\xe9\n"})
    client = start(tmp_path)
    client.told("pyproject.toml:2", "UTF-8")
    client.open(path)
    works(client, tmp_path)


def test_unknown_rules_in_the_options(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    options = {"settings": {"select": ["no-such-rule"], "max-index-columns": "many"}, "nonsense": 1}
    client = start(tmp_path, initializationOptions=options)
    client.told("nonsense")
    client.told("no-such-rule", RULE)
    client.told("max-index-columns")
    assert client.codes(client.open(path)) == [RULE]
    works(client, tmp_path)


@pytest.mark.parametrize("options", [5, [1], {"settings": [1]}, {"diagnostic-mode": {}}])
def test_options_of_any_kind(start: Start, tmp_path: Path, options: object) -> None:
    path = project(tmp_path)
    client = start(tmp_path, initializationOptions=options)
    client.told("initializationOptions")
    assert client.codes(client.open(path)) == [RULE]


# ------------------------------------------------------------------------------------------------------- what goes away


def test_the_working_directory_is_deleted(start: Start, tmp_path: Path) -> None:
    gone, path = tmp_path / "gone", project(tmp_path / "project")
    gone.mkdir()
    client = start(cwd=gone)
    gone.rmdir()
    client.initialize(tmp_path / "project")
    assert client.codes(client.open(path)) == [RULE]
    works(client, tmp_path)
    assert client.shutdown() == 0


def test_the_workspace_folder_is_deleted(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path / "project")
    client = start(tmp_path / "project")
    uri = client.open(path)
    assert client.codes(uri) == [RULE]
    shutil.rmtree(tmp_path / "project")
    client.watched(path, path.parent, tmp_path / "project")
    client.change(uri, 2, {"text": migration("orders", "users")})
    assert client.codes(uri, version=2)[:2] == [RULE, RULE]
    client.save(uri)
    client.close(uri)
    works(client, tmp_path)
    assert client.shutdown() == 0


def test_a_workspace_folder_that_was_never_there(start: Start, tmp_path: Path) -> None:
    client = start(tmp_path / "nowhere")
    works(client, tmp_path)
    path = project(tmp_path / "nowhere")
    assert client.codes(client.open(path)) == [RULE]
    assert client.shutdown() == 0


def test_a_workspace_folder_that_is_a_file(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    client = start(path)
    assert client.codes(client.open(path)) == [RULE]


def test_files_that_go_and_come(server: Client, folder: Path) -> None:
    path = project(folder)
    environment = folder / "migrations" / "env.py"
    uri = server.open(path)
    server.until(uri, RULE)
    for _ in range(3):
        environment.unlink()
        path.unlink()
        server.watched(environment, path)
        server.save(uri)
        write(folder, {"migrations/env.py": ENVIRONMENT})
        path.write_text(migration("orders"))
        server.watched(environment, path)
    server.change(uri, 2, {"text": migration("orders", "users")})
    assert server.codes(uri, version=2) == [RULE, RULE]
    server.close(uri)


def test_a_project_that_cannot_be_read(start: Start, tmp_path: Path) -> None:
    """Whatever goes wrong in reading it is told once, and the next try may succeed."""
    path = project(tmp_path)
    client = start(tmp_path, environment={"PYTHONPATH": str(write(tmp_path / "hook", {"sitecustomize.py": FAILING}) / ".")})
    client.told("could not be read", "no luck today")
    uri = client.open(path)
    client.save(uri)
    assert client.silence(1.5) == []
    (tmp_path / "luck").touch()
    client.watched(path)
    assert client.codes(uri) == [RULE]
    works(client, tmp_path)
    assert client.shutdown() == 0


FAILING = """
import os, sys
if "server" in sys.argv:
    from sqla_lsp.project.project import Project
    load = Project.load
    def fails(self, progress=None):
        if os.path.basename(os.path.dirname(__file__)) == "hook" and not os.path.exists(os.path.dirname(__file__) + "/../luck"):
            raise RuntimeError("no luck today")
        load(self, progress)
    Project.load = fails
"""
