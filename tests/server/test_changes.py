"""A change in one file updates the findings of the others: in the editor, on disk with a client that watches, and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.client import Client
from tests.server.sample import ENVIRONMENT, RULE, migration, project, write

Start = Callable[..., Client]

HELPED = migration(before="from migrations.helpers import TABLES\n").replace(
    "    pass\n", '    for table in TABLES:\n        op.create_index("ix_" + table, table, ["a"])\n', 1
)
NARROWER = "change-column-type"
FIRST = migration(revision="0001").replace(
    "    pass\n", '    op.create_table("orders", sa.Column("id", sa.Integer), sa.Column("a", sa.String({length})))\n', 1
)
SECOND = migration(revision="0002", parent="0001").replace(
    "    pass\n", '    op.alter_column("orders", "a", type_=sa.String(100))\n', 1
)


@pytest.fixture
def helped(folder: Path) -> Path:
    """A migration whose findings depend on a helper: one table with an index, all of them in one call."""
    path = project(folder, {"migrations/helpers.py": "TABLES = ['orders']\n"})
    path.write_text(HELPED)
    return path


def test_a_helper_in_the_editor(server: Client, helped: Path) -> None:
    helpers = helped.parents[1] / "helpers.py"
    uri = server.open(helped)
    assert server.codes(uri) == [RULE]
    helper = server.open(helpers)
    server.change(helper, 2, {"text": "TABLES = []\n"})
    server.until(uri)
    server.change(helper, 3, {"text": "TABLES = ['users']\n"})
    server.until(uri, RULE)
    server.change(helper, 4, {"text": "TABLES = []\n"})
    server.until(uri)
    server.close(helper)  # the file on disk counts again
    server.until(uri, RULE)
    server.close(uri)


def test_a_helper_on_disk(server: Client, helped: Path) -> None:
    helpers = helped.parents[1] / "helpers.py"
    uri = server.open(helped)
    assert server.codes(uri) == [RULE]
    helpers.write_text("TABLES = []\n")
    server.watched(helpers)
    server.until(uri)
    server.close(uri)


@pytest.mark.parametrize("told", [True, False])
def test_an_earlier_revision(server: Client, folder: Path, told: bool) -> None:
    """In the editor, or on disk."""
    path = project(folder)
    second = path.with_name("0002_second.py")
    path.write_text(FIRST.replace("{length}", "50"))
    second.write_text(SECOND)
    server.watched(path, second)
    uri = server.open(second)
    assert server.codes(uri) == []
    if told:
        first = server.open(path)
        server.change(first, 2, {"text": FIRST.replace("{length}", "200")})
        server.until(uri, NARROWER)
        server.close(first)
        server.until(uri)
    else:
        path.write_text(FIRST.replace("{length}", "200"))
        server.watched(path)
        server.until(uri, NARROWER)
        path.unlink()
        server.watched(path)
        path.write_text(FIRST.replace("{length}", "50"))
        server.watched(path)
        server.until(uri)
    server.close(uri)


def test_the_environment(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path)
    client = start(tmp_path)
    uri = client.open(path)
    assert client.codes(uri) == [RULE]
    environment = client.open(tmp_path / "migrations" / "env.py")
    client.change(environment, 2, {"text": ENVIRONMENT.replace("postgresql", "mysql")})
    client.until(uri)
    client.close(environment)
    client.until(uri, RULE)
    write(tmp_path, {"migrations/env.py": ENVIRONMENT.replace("postgresql", "sqlite")})
    client.watched(tmp_path / "migrations" / "env.py")
    client.until(uri)


def test_the_configuration(server: Client, folder: Path) -> None:
    path = project(folder)
    uri = server.open(path)
    assert server.codes(uri) == [RULE]
    for name, text in (
        ("pyproject.toml", f'[tool.sqla-lsp]\nignore = ["{RULE}"]\n'),
        (".sqla-lsp.toml", f'ignore = ["{RULE}"]\n'),
    ):
        file = folder / name
        file.write_text(text)
        server.watched(file)
        server.until(uri)
        file.unlink()
        server.watched(file)
        server.until(uri, RULE)
    server.close(uri)


def test_a_branch_is_switched(server: Client, folder: Path) -> None:
    """Many files at once."""
    names = [f"migrations/versions/{n:04}_x.py" for n in range(2, 60)]
    path = project(folder)
    uri = server.open(path)
    assert server.codes(uri) == [RULE]
    write(folder, {name: migration("users", revision=str(n), parent="0001") for n, name in enumerate(names, 2)})
    path.write_text(migration("orders", "users"))
    server.watched(*(folder / name for name in names), path)
    server.close(uri)
    assert server.codes(server.open(folder / names[-1])) == [RULE]
    for name in names:
        (folder / name).unlink()
    server.watched(*(folder / name for name in names))
    uri = server.open(path)
    server.until(uri, RULE, RULE)


# ------------------------------------------------------------------------------------------------------- no watching


@pytest.fixture
def unwatched(start: Start, tmp_path: Path) -> Iterator[tuple[Client, Path]]:
    """A client that does not watch files, and a migration that is open and depends on a helper."""
    path = project(tmp_path, {"migrations/helpers.py": "TABLES = ['orders']\n"})
    path.write_text(HELPED)
    client = start(tmp_path)
    uri = client.open(path)
    assert client.codes(uri) == [RULE]
    yield client, path
    assert client.shutdown() == 0


def test_a_save_looks_at_the_disk(unwatched: tuple[Client, Path]) -> None:
    client, path = unwatched
    write(path.parents[2], {"migrations/helpers.py": "TABLES = []\n"})
    client.save(path.as_uri())
    client.until(path.as_uri())


def test_an_opened_document_looks_at_the_disk(unwatched: tuple[Client, Path]) -> None:
    client, path = unwatched
    write(path.parents[2], {"pyproject.toml": f'[tool.sqla-lsp]\nignore = ["{RULE}"]\n'})
    client.open(path.parents[1] / "helpers.py")
    client.until(path.as_uri())


def test_a_save_tells_of_the_saved_file(unwatched: tuple[Client, Path]) -> None:
    """Also of one that is no document of ours."""
    client, path = unwatched
    file = path.parents[2] / "pyproject.toml"
    file.write_text(f'[tool.sqla-lsp]\nignore = ["{RULE}"]\n')
    client.save(file.as_uri())
    client.until(path.as_uri())


def test_files_are_watched_where_the_client_can(start: Start, tmp_path: Path) -> None:
    client = start(tmp_path, {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    asked = client.wait(lambda m: m.get("method") == "client/registerCapability")["params"]["registrations"]
    assert [registration["method"] for registration in asked] == ["workspace/didChangeWatchedFiles"]
    patterns = {watcher["globPattern"] for watcher in asked[0]["registerOptions"]["watchers"]}
    assert {"**/*.py", "**/*.toml", "**/*.ini"} <= patterns
    assert client.shutdown() == 0


def test_a_client_that_refuses_to_watch(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path, {"migrations/helpers.py": "TABLES = ['orders']\n"})
    path.write_text(HELPED)
    client = start()
    client.refuses.add("client/registerCapability")
    client.initialize(tmp_path, {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    uri = client.open(path)
    assert client.codes(uri) == [RULE]
    write(tmp_path, {"migrations/helpers.py": "TABLES = []\n"})
    client.save(uri)
    client.until(uri)


# ----------------------------------------------------------------------------------------------------------- progress


def test_progress_where_the_client_shows_it(start: Start, tmp_path: Path) -> None:
    project(tmp_path)
    client = start(tmp_path, {"window": {"workDoneProgress": True}})
    token = client.wait(lambda m: m.get("method") == "window/workDoneProgress/create")["params"]["token"]
    kinds = []
    while "end" not in kinds:
        params = client.wait(lambda m: m.get("method") == "$/progress")["params"]
        assert params["token"] == token
        kinds.append(params["value"]["kind"])
    assert kinds[0] == "begin"
    assert client.shutdown() == 0


def test_no_progress_where_the_client_refuses_it(start: Start, tmp_path: Path) -> None:
    client = start()
    client.refuses.add("window/workDoneProgress/create")
    client.initialize(tmp_path, {"window": {"workDoneProgress": True}})
    assert client.codes(client.open(project(tmp_path))) == [RULE]
    assert not any(message.get("method") == "$/progress" for message in client.messages)


def test_no_progress_where_the_client_shows_none(start: Start, tmp_path: Path) -> None:
    client = start(tmp_path)
    assert client.codes(client.open(project(tmp_path))) == [RULE]
    methods = {message.get("method") for message in client.messages}
    assert not methods & {"$/progress", "window/workDoneProgress/create", "client/registerCapability"}
