"""Hovers, code lenses, inlay hints and the SQL of a migration, as editors get them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.server.client import Client, Message
from tests.server.sample import migration, project, write

Start = Callable[..., Client]
Opened = Callable[..., tuple[Client, str]]
_MARKDOWN: Message = {"textDocument": {"hover": {"contentFormat": ["markdown", "plaintext"]}}}
_SHOWS: Message = {"window": {"showDocument": {"support": True}}}
_REFRESHES: Message = {"workspace": {"codeLens": {"refreshSupport": True}, "inlayHint": {"refreshSupport": True}}}
_EVERYWHERE = {"start": {"line": 0, "character": 0}, "end": {"line": 1000, "character": 0}}
_ROW, _END = 9, 49
"""Where the call of `sample.migration` stands, and where it ends there."""
_SQL = "CREATE INDEX ix_orders ON orders (a);"


def hovered(client: Client, uri: str, row: int = _ROW, column: int = 6) -> Any:
    params = {"textDocument": {"uri": uri}, "position": {"line": row, "character": column}}
    return client.request("textDocument/hover", params)["result"]


def lenses(client: Client, uri: str) -> list[Message]:
    found: list[Message] = client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})["result"]
    return found


def titles(client: Client, uri: str) -> list[str]:
    return [lens["command"]["title"] for lens in lenses(client, uri)]


def hints(client: Client, uri: str) -> Any:
    return client.request("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": _EVERYWHERE})["result"]


@pytest.fixture
def opened(start: Start, tmp_path: Path) -> Opened:
    """Starts a client with capabilities, and opens a migration that builds an index on `orders`."""

    def opening(capabilities: Message | None = None, **more: Any) -> tuple[Client, str]:
        path = project(tmp_path.resolve())
        client = start(tmp_path.resolve(), capabilities, **more)
        uri = client.open(path)
        client.diagnostics(uri)
        return client, uri

    return opening


# --------------------------------------------------------------------------------------------------------------- hover


@pytest.mark.parametrize(
    ("capabilities", "kind", "value"),
    [
        (
            _MARKDOWN,
            "markdown",
            "```sql\nCREATE INDEX ix_orders ON orders (a);\n```\n- SHARE on orders: writes and other migrations wait.",
        ),
        ({}, "plaintext", "CREATE INDEX ix_orders ON orders (a);\nSHARE on orders: writes and other migrations wait."),
    ],
)
def test_a_hover(opened: Opened, capabilities: Message, kind: str, value: str) -> None:
    client, uri = opened(capabilities)
    found = hovered(client, uri)
    assert found["contents"]["kind"] == kind
    assert found["contents"]["value"].startswith(value)
    assert found["range"] == {"start": {"line": _ROW, "character": 4}, "end": {"line": _ROW, "character": _END}}
    assert hovered(client, uri, row=0) is None


def test_positions_are_the_clients(opened: Opened) -> None:
    """Behind a character of two UTF-16 units, and of the newest text."""
    client, uri = opened()
    text = migration("orders").replace("    op.", '    "🦉"; op.')
    client.change(uri, 2, {"text": text})
    assert hovered(client, uri, column=9) is None
    assert hovered(client, uri, column=10)["range"]["start"] == {"line": _ROW, "character": 10}


def test_while_a_bracket_is_open_the_last_good_call_counts(opened: Opened) -> None:
    client, uri = opened()
    client.change(
        uri, 2, {"range": {"start": {"line": _ROW, "character": 44}, "end": {"line": _ROW, "character": 45}}, "text": ""}
    )
    assert hovered(client, uri)["contents"]["value"].startswith("CREATE INDEX ix_orders ON orders (a);")
    assert titles(client, uri) == ["SHARE on orders · 1 transaction", "SQL", "sends nothing"]


def test_files_that_are_no_migrations_have_nothing(opened: Opened, tmp_path: Path) -> None:
    client, _ = opened(initializationOptions={"inlay-hints": True})
    uri = client.open(write(tmp_path.resolve(), {"models.py": "x = 1\n"}) / "models.py")
    assert hovered(client, uri, row=0) is None
    assert lenses(client, uri) == []
    assert hints(client, uri) == []


def test_documents_that_are_not_open_have_nothing(opened: Opened) -> None:
    client, _ = opened()
    assert hovered(client, "untitled:1") is None
    assert client.request("textDocument/codeLens", {"textDocument": {"uri": "file:///nowhere.py"}})["result"] is None


def test_excluded_files_have_nothing(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path.resolve(), {"pyproject.toml": '[tool.sqla-lsp]\nextend-exclude = ["versions/"]\n'})
    client = start(tmp_path.resolve())
    uri = client.open(path)
    assert hovered(client, uri) is None
    assert lenses(client, uri) == []


# -------------------------------------------------------------------------------------------------------------- lenses


def test_lenses_above_both_functions(opened: Opened) -> None:
    client, uri = opened()
    found = lenses(client, uri)
    assert [(lens["range"]["start"]["line"], lens["command"]["title"]) for lens in found] == [
        (8, "SHARE on orders · 1 transaction"),
        (8, "SQL"),
        (12, "sends nothing"),
    ]
    assert {lens["command"]["command"] for lens in found} == {"sqla-lsp.sql"}
    assert found[1]["command"]["arguments"] == [uri, "upgrade"]


def test_lenses_asked_for_before_the_project_is_read(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path.resolve())
    client = start(tmp_path.resolve())
    assert titles(client, client.open(path)) == ["SHARE on orders · 1 transaction", "SQL", "sends nothing"]


def test_lenses_follow_other_files(start: Start, tmp_path: Path) -> None:
    """The helper that a migration calls changes: the client hears that it has to ask again, once."""
    helper = "from alembic import op\n\n\ndef build():\n    op.create_index('i', 'orders', ['a'])\n"
    second = migration(revision="0002", parent="0001", before="from migrations.helper import build\n").replace(
        "    pass", "    build()", 1
    )
    files = {"migrations/__init__.py": "", "migrations/helper.py": helper, "migrations/versions/0002_second.py": second}
    project(tmp_path.resolve(), dict(files))
    client = start(tmp_path.resolve(), _REFRESHES)
    uri = client.open(tmp_path.resolve() / "migrations/versions/0002_second.py")
    assert titles(client, uri)[0] == "SHARE on orders · 1 transaction"
    other = client.open(tmp_path.resolve() / "migrations/helper.py")
    client.change(other, 2, {"text": helper.replace("create_index('i', 'orders', ['a'])", "drop_table('orders')")})
    client.wait(lambda message: message.get("method") == "workspace/codeLens/refresh")
    assert titles(client, uri)[0] == "ACCESS EXCLUSIVE on orders · 1 transaction"
    client.change(other, 3, {"text": "# more\n" + helper.replace("create_index('i', 'orders', ['a'])", "drop_table('orders')")})
    assert not [message for message in client.silence() if message.get("method") == "workspace/codeLens/refresh"]


# --------------------------------------------------------------------------------------------------------------- hints


def test_hints_are_off_unless_they_are_asked_for(opened: Opened) -> None:
    client, uri = opened()
    assert hints(client, uri) is None


def test_hints(opened: Opened) -> None:
    client, uri = opened(initializationOptions={"inlayHints": True})
    (found,) = hints(client, uri)
    assert found["label"] == "SHARE"
    assert found["position"] == {"line": _ROW, "character": _END}
    assert found["paddingLeft"] is True
    assert found["tooltip"].startswith("SHARE on orders: writes and other migrations wait\n")


# ----------------------------------------------------------------------------------------------------------------- SQL


def asked(client: Client, *arguments: Any) -> Message:
    return client.request("workspace/executeCommand", {"command": "sqla-lsp.sql", "arguments": list(arguments)})


def said(client: Client, *words: str) -> None:
    """Asserts that the user was told something with all these words."""
    texts = [message["params"]["message"] for message in client.messages if message.get("method") == "window/showMessage"]
    assert any(all(word in text for word in words) for text in texts), texts


def shown(client: Client) -> list[str]:
    return [message["params"]["uri"] for message in client.messages if message.get("method") == "window/showDocument"]


def test_the_sql_is_opened_as_a_document_to_read(opened: Opened) -> None:
    client, uri = opened(_SHOWS)
    client.results["window/showDocument"] = {"success": True}
    text = asked(client, uri, "upgrade")["result"]
    assert "CREATE INDEX ix_orders ON orders (a);" in text
    (document,) = shown(client)
    path = Path(unquote(urlsplit(document).path))
    assert path.name == "0001.upgrade.sql"
    assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
    assert not [message for message in client.messages if message.get("method") == "window/showMessage"]


def test_it_is_written_anew_each_time(opened: Opened) -> None:
    client, uri = opened(_SHOWS)
    client.results["window/showDocument"] = {"success": True}
    asked(client, uri, "upgrade")
    client.change(uri, 2, {"text": migration("customers")})
    asked(client, uri, "upgrade")
    first, second = shown(client)
    assert first == second
    assert "ON customers" in Path(unquote(urlsplit(second).path)).read_text()


@pytest.mark.parametrize("answer", [{"success": False}, None, "refused"])
def test_a_client_that_opens_nothing_is_told_where_it_is(opened: Opened, answer: Any) -> None:
    client, uri = opened(_SHOWS)
    if answer == "refused":
        client.refuses.add("window/showDocument")
    else:
        client.results["window/showDocument"] = answer
    assert "sends nothing" in asked(client, uri, "downgrade")["result"]
    said(client, "the SQL of downgrade 0001 is in", "0001.downgrade.sql")


def test_a_client_that_cannot_open_documents_is_not_asked_to(opened: Opened) -> None:
    client, uri = opened()
    assert "CREATE INDEX" in asked(client, uri, "upgrade")["result"]
    said(client, "the SQL of upgrade 0001 is in", os.sep)
    assert shown(client) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("untitled:1", "upgrade"), ("URI of a migration", "untitled:1")),
        (("{uri}", "sideways"), ("upgrade or downgrade", "sideways")),
        (("file:///nowhere.py", "upgrade"), ("nowhere.py", "no migration")),
    ],
)
def test_what_cannot_be_shown_is_named(opened: Opened, arguments: tuple[str, str], words: tuple[str, ...]) -> None:
    client, uri = opened()
    assert asked(client, *[argument.format(uri=uri) for argument in arguments])["result"] is None
    said(client, *words)


@pytest.mark.parametrize("arguments", [(), ("file:///x.py",), ("a", "b", "c")])
def test_a_wrong_number_of_arguments_is_an_error(opened: Opened, arguments: tuple[str, ...]) -> None:
    client, uri = opened()
    assert "error" in asked(client, *arguments)
    assert hovered(client, uri) is not None


def test_a_folder_that_cannot_be_written(start: Start, tmp_path: Path) -> None:
    path = project(tmp_path.resolve() / "project")
    (tmp_path / "cache").write_text("no folder")
    client = start(tmp_path.resolve() / "project", environment={"XDG_CACHE_HOME": str(tmp_path / "cache")})
    uri = client.open(path)
    assert "CREATE INDEX" in asked(client, uri, "upgrade")["result"]
    said(client, "could not be written")


@pytest.mark.parametrize("revision", ["a/../../b.c", "é 名", "..", "x" * 400, "a\nb", ""])
def test_odd_ids_of_revisions(start: Start, tmp_path: Path, revision: str) -> None:
    """Whatever a revision is called, its script is a file in a folder of its migration's own."""
    text = migration("orders").replace('revision = "0001"', f"revision = {revision!r}", 1)
    path = project(tmp_path.resolve(), {"migrations/versions/0001_first.py": text})
    client = start(tmp_path.resolve(), _SHOWS)
    client.results["window/showDocument"] = {"success": True}
    uri = client.open(path)
    assert "CREATE INDEX" in asked(client, uri, "upgrade")["result"]
    script = Path(unquote(urlsplit(shown(client)[0]).path))
    assert script.parent.parent.name == "sql"
    assert script.name.endswith(".upgrade.sql")
    assert "CREATE INDEX" in script.read_text()


def test_a_project_on_another_database_has_nothing(start: Start, tmp_path: Path) -> None:
    environment = 'from alembic import context\n\ncontext.configure(url="mysql://localhost/x")\n'
    path = project(tmp_path.resolve(), {"migrations/env.py": environment})
    client = start(tmp_path.resolve())
    uri = client.open(path)
    assert lenses(client, uri) == []
    assert hovered(client, uri) is None
    assert asked(client, uri, "upgrade")["result"] is None
    said(client, "no migration of an open project on Postgres")
