"""Which files a session is about: several folders, none, documents from outside, and the whole workspace."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.server.client import Client
from tests.server.sample import ENVIRONMENT, RULE, migration, project, write

Start = Callable[..., Client]
WORKSPACE = {"diagnostic-mode": "workspace"}


def folders(*paths: Path) -> list[dict[str, str]]:
    return [{"uri": path.as_uri(), "name": path.name} for path in paths]


def change_folders(client: Client, added: tuple[Path, ...] = (), removed: tuple[Path, ...] = ()) -> None:
    event = {"added": folders(*added), "removed": folders(*removed)}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": event})


def test_several_folders(start: Start, tmp_path: Path) -> None:
    one, two = project(tmp_path / "one"), project(tmp_path / "two")
    client = start(None, workspaceFolders=folders(tmp_path / "one", tmp_path / "two"))
    assert client.codes(client.open(one)) == [RULE]
    assert client.codes(client.open(two)) == [RULE]


def test_folders_come_and_go(start: Start, tmp_path: Path) -> None:
    one, two = project(tmp_path / "one"), project(tmp_path / "two")
    client = start(None, workspaceFolders=folders(tmp_path / "one"), initializationOptions=WORKSPACE)
    client.until(one.as_uri(), RULE)
    change_folders(client, added=(tmp_path / "two",))
    client.until(two.as_uri(), RULE)
    change_folders(client, removed=(tmp_path / "one",))
    client.until(one.as_uri())
    change_folders(client, removed=(tmp_path / "two",))
    client.until(two.as_uri())
    assert client.codes(client.open(one)) == [RULE]


def test_folders_change_while_they_are_read(start: Start, tmp_path: Path) -> None:
    one, two = project(tmp_path / "one"), project(tmp_path / "two")
    client = start(None, workspaceFolders=folders(tmp_path / "one"), capabilities={"window": {"workDoneProgress": True}})
    for _ in range(20):
        change_folders(client, added=(tmp_path / "two",), removed=(tmp_path / "one",))
        change_folders(client, added=(tmp_path / "one",), removed=(tmp_path / "two",))
    assert client.codes(client.open(one)) == [RULE]
    assert client.codes(client.open(two)) == [RULE]
    assert client.shutdown() == 0


def test_no_folder(start: Start, tmp_path: Path) -> None:
    """The project is found from the document, and its helpers and environment with it."""
    text = migration(before="from helpers import TABLES\n").replace(
        "    pass\n", '    for table in TABLES:\n        op.create_index("ix", table, ["a"])\n', 1
    )
    path = project(tmp_path, {"helpers.py": "TABLES = []\n", "alembic.ini": "[alembic]\nscript_location = migrations\n"})
    path.write_text(text)
    (tmp_path / "migrations" / "env.py").unlink()
    client = start(None, workspaceFolders=None)
    uri = client.open(path)
    assert client.codes(uri) == []
    write(tmp_path, {"helpers.py": "TABLES = ['orders']\n"})
    client.save(uri)
    client.until(uri, RULE)
    client.close(uri)
    assert client.codes(uri) == []
    assert client.codes(client.open(path)) == [RULE]


def test_documents_outside_of_the_folders(start: Start, tmp_path: Path) -> None:
    inside, outside = project(tmp_path / "inside"), project(tmp_path / "outside")
    client = start(tmp_path / "inside", {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    assert client.codes(client.open(inside)) == [RULE]
    uri = client.open(outside)
    assert client.codes(uri) == [RULE]
    write(tmp_path / "outside", {"migrations/env.py": ENVIRONMENT.replace("postgresql", "mysql")})
    client.save(uri)  # nobody watches what lies outside
    client.until(uri)


def test_a_document_in_a_folder_that_is_not_there(start: Start, tmp_path: Path) -> None:
    client = start(None, workspaceFolders=None)
    uri = client.open(tmp_path / "nowhere" / "versions" / "1.py", migration("orders"))
    assert client.codes(uri) == [RULE]


def test_the_older_ways_to_name_a_folder(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    for given in ({"rootUri": tmp_path.as_uri()}, {"rootUri": None, "rootPath": str(tmp_path)}):
        client = start(None, workspaceFolders=None, initializationOptions=WORKSPACE, **given)
        client.until(path.as_uri(), RULE)


def test_folders_that_are_no_files(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    remote = [{"uri": "vscode-remote://x/y", "name": "far"}, {"uri": "", "name": "none"}]
    client = start(None, workspaceFolders=[*remote, *folders(tmp_path)])
    assert client.codes(client.open(path)) == [RULE]


# ------------------------------------------------------------------------------------------------- the whole workspace


def test_workspace_mode(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    second = write(tmp_path, {"migrations/versions/0002_x.py": migration("users", revision="0002", parent="0001")})
    second = second / "migrations" / "versions" / "0002_x.py"
    client = start(tmp_path, initializationOptions=WORKSPACE)
    client.until(path.as_uri(), RULE)
    client.until(second.as_uri(), RULE)
    # an open document counts instead of the file, and the file again once it is closed
    uri = client.open(path, migration("orders", "users"))
    client.until(uri, RULE, RULE)
    client.close(uri)
    client.until(uri, RULE)
    # what drops out is taken back
    second.unlink()
    client.watched(second)
    client.until(second.as_uri())
    # what comes is told
    write(tmp_path, {"migrations/versions/0003_x.py": migration("a", "b", revision="0003", parent="0001")})
    client.watched(second.with_name("0003_x.py"))
    client.until(second.with_name("0003_x.py").as_uri(), RULE, RULE)
    # nothing is told twice
    client.watched(second.with_name("0003_x.py"), path)
    assert client.silence(0.3) == []
    shutil.rmtree(tmp_path / "migrations")
    client.watched(path)
    client.until(path.as_uri())


def test_workspace_mode_says_nothing_of_clean_files(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    path.write_text(migration())
    client = start(tmp_path, initializationOptions=WORKSPACE)
    assert client.published(path.as_uri(), 1.0) == []


def test_a_new_document_that_is_never_saved(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path).with_name("0002_new.py")
    client = start(tmp_path, initializationOptions=WORKSPACE)
    uri = client.open(path, migration("users", revision="0002", parent="0001"))
    client.until(uri, RULE)
    client.close(uri)
    client.until(uri)


def test_the_uri_of_the_document_and_the_uri_of_the_file(start: Start, tmp_path: Path) -> None:
    """The same file under two URIs has its diagnostics under one of them at a time."""
    path = project(tmp_path)
    client = start(tmp_path, initializationOptions=WORKSPACE)
    client.until(path.as_uri(), RULE)
    uri = path.as_uri().replace("0001_first", "%30001_first")
    item = {"uri": uri, "languageId": "python", "version": 1, "text": path.read_text()}
    client.notify("textDocument/didOpen", {"textDocument": item})
    client.until(path.as_uri())
    client.until(uri, RULE)
    client.close(uri)
    client.until(uri)
    client.until(path.as_uri(), RULE)


def test_only_open_documents_by_default(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    other = path.with_name("0002_x.py")
    other.write_text(migration("users", revision="0002", parent="0001"))
    client = start(tmp_path)
    assert client.codes(client.open(path)) == [RULE]
    assert client.published(other.as_uri()) == []


# --------------------------------------------------------------------------------------------------------- configuration


def test_settings_from_the_editor(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    client = start(tmp_path, initializationOptions={"settings": {"ignore": [RULE]}})
    uri = client.open(path)
    assert client.codes(uri) == []
    client.notify("workspace/didChangeConfiguration", {"settings": {"sqla-lsp": {"settings": {"ignore": []}}}})
    client.until(uri, RULE)
    client.notify("workspace/didChangeConfiguration", {"settings": {"sqla-lsp": {"settings": {"ignore": [RULE]}}}})
    client.until(uri)
    client.notify("workspace/didChangeConfiguration", {"settings": {"other": {}}})
    client.notify("workspace/didChangeConfiguration", {"settings": {}})
    client.change(uri, 2, {"text": path.read_text() + "\n"})
    assert client.codes(uri, version=2) == []


def test_the_file_wins_unless_the_editor_is_preferred(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path, {"pyproject.toml": "[tool.sqla-lsp]\nignore = []\n"})
    settings = {"settings": {"ignore": [RULE]}}
    client = start(tmp_path, initializationOptions=settings)
    assert client.codes(client.open(path)) == [RULE]
    client = start(tmp_path, initializationOptions={**settings, "configuration-preference": "editor-first"})
    assert client.codes(client.open(path)) == []


def test_the_mode_changes(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    client = start(tmp_path)
    client.notify("workspace/didChangeConfiguration", {"settings": {"sqla-lsp": WORKSPACE}})
    client.until(path.as_uri(), RULE)
    client.notify("workspace/didChangeConfiguration", {"settings": {"sqla-lsp": {"diagnostic-mode": "open-files"}}})
    client.until(path.as_uri())
