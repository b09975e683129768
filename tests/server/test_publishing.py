"""Diagnostics of open documents: on open, change, save and close, in every position encoding, while the text does not parse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.client import Client, Message
from tests.server.sample import INDEX, RULE, migration, project

Start = Callable[..., Client]


def test_open_change_save_close(server: Client, folder: Path) -> None:
    path = project(folder)
    uri = server.open(path)
    assert server.codes(uri, version=1) == [RULE]
    server.change(uri, 2, {"text": migration("orders", "users")})
    assert server.codes(uri, version=2) == [RULE, RULE]
    path.write_text(migration("orders", "users"))
    server.save(uri)
    assert server.codes(uri, version=2) == [RULE, RULE]
    server.close(uri)
    params = server.wait(lambda m: m.get("method") == "textDocument/publishDiagnostics")["params"]
    assert params == {"uri": uri, "diagnostics": []}
    assert server.published(uri) == []


def test_a_diagnostic(server: Client, folder: Path) -> None:
    path = project(folder)
    uri = server.open(path)
    (found,) = server.diagnostics(uri)
    line = path.read_text().splitlines().index(INDEX.format(name="orders").rstrip())
    assert found["range"]["start"] == {"line": line, "character": 4}
    assert found["range"]["end"]["line"] == line
    assert (found["source"], found["code"], found["severity"]) == ("sqla-lsp", RULE, 2)
    assert found["codeDescription"]["href"].startswith("https://")
    assert RULE.replace("-", "_") in found["codeDescription"]["href"].replace("-", "_")
    assert found["message"]
    server.close(uri)


@pytest.mark.parametrize(("encoding", "width"), [("utf-8", 6), ("utf-16", 3), ("utf-32", 2)])
def test_encodings(start: Start, tmp_path: Path, encoding: str, width: int) -> None:
    path = project(tmp_path)
    text = migration().replace("    pass\n", '    "é😀"; op.create_index("ix", "orders", ["a"])\n', 1)
    client = start(tmp_path, {"general": {"positionEncodings": [encoding]}})
    uri = client.open(path, text)
    (found,) = client.diagnostics(uri)
    assert found["range"]["start"]["character"] == 4 + 1 + width + 1 + 2
    line = found["range"]["start"]["line"]
    # delete the emoji with the client's own coordinates
    first = {"utf-8": 7, "utf-16": 6, "utf-32": 6}[encoding]
    length = {"utf-8": 4, "utf-16": 2, "utf-32": 1}[encoding]
    gone = {"start": {"line": line, "character": first}, "end": {"line": line, "character": first + length}}
    client.change(uri, 2, {"range": gone, "text": ""})
    (found,) = client.diagnostics(uri, version=2)
    assert found["range"]["start"]["character"] == 4 + 1 + width - length + 1 + 2


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends(server: Client, folder: Path, newline: str) -> None:
    path = project(folder)
    text = migration("orders").replace("\n", newline).replace('"""0001"""', '"""\x0c\u2028"""')
    uri = server.open(path, text)
    (found,) = server.diagnostics(uri)
    assert found["range"]["start"] == {"line": 9, "character": 4}
    server.close(uri)


BROKEN = [
    '    op.add_column("x", sa.Column("a"',
    "    x = (\n    y = [1,\n",
    '    op.create_index("ix_new", ',
    '    x = """never closed\n',
    '    """never closed\n',
    "    if True\n",
    "  wrong indentation\n",
    "    )\n",
    "    f'{\n",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_nothing_is_lost_while_the_text_does_not_parse(server: Client, folder: Path, broken: str) -> None:
    """Typed letter by letter below two findings: they stay, and stand where they stood."""
    path = project(folder)
    text = migration("orders", "users")
    uri = server.open(path, text)
    whole = server.diagnostics(uri)
    assert [found["code"] for found in whole] == [RULE, RULE]
    line, column = whole[1]["range"]["end"]["line"] + 1, 0
    for version, letter in enumerate(broken, 2):
        here = {"line": line, "character": column}
        server.change(uri, version, {"range": {"start": here, "end": here}, "text": letter})
        found = server.diagnostics(uri, version=version)
        starts = [(f["code"], f["range"]["start"]["line"]) for f in found]
        assert all((RULE, f["range"]["start"]["line"]) in starts for f in whole), broken[: version - 1]
        line, column = (line + 1, 0) if letter == "\n" else (line, column + 1)
    server.close(uri)


def test_findings_below_move_while_the_text_does_not_parse(server: Client, folder: Path) -> None:
    path = project(folder)
    text = migration("orders") + "\n\ndef helper():\n    pass\n"
    uri = server.open(path, text)
    (before,) = server.diagnostics(uri)
    line = before["range"]["start"]["line"] - 2
    here = {"line": line, "character": 0}
    server.change(uri, 2, {"range": {"start": here, "end": here}, "text": "x = (\n\n"})
    moved = [f["range"]["start"]["line"] for f in server.diagnostics(uri, version=2) if f["code"] == RULE]
    assert moved == [before["range"]["start"]["line"] + 2]
    server.change(uri, 3, {"range": {"start": here, "end": {"line": line + 2, "character": 0}}, "text": ""})
    assert server.diagnostics(uri, version=3) == [before]
    server.close(uri)


def test_a_new_file_that_was_never_saved(server: Client, folder: Path) -> None:
    path = project(folder).parent / "0002_second.py"
    uri = server.open(path, migration("users", revision="0002", parent="0001"))
    assert server.codes(uri) == [RULE]
    server.change(uri, 2, {"text": ""})
    assert server.codes(uri, version=2) == []
    server.change(uri, 3, {"text": migration("users", revision="0002", parent="0001")})
    assert server.codes(uri, version=3) == [RULE]
    server.close(uri)
    assert server.codes(uri) == []


def test_a_file_that_is_no_migration(server: Client, folder: Path) -> None:
    project(folder)
    uri = server.open(folder / "models.py", "x = 1\n")
    assert server.codes(uri) == []
    server.close(uri)


def test_a_file_that_is_left_out(server: Client, folder: Path) -> None:
    text = migration("orders")
    path = project(
        folder, {"pyproject.toml": '[tool.sqla-lsp]\nextend-exclude = ["migrations/old"]\n', "migrations/old/1.py": text}
    )
    server.watched(folder / "pyproject.toml")
    assert server.codes(server.open(path)) == [RULE]
    assert server.codes(server.open(folder / "migrations" / "old" / "1.py")) == []
    assert server.codes(server.open(folder / ".venv" / "versions" / "1.py", text)) == []


def test_related_places_only_where_the_client_shows_them(start: Start, tmp_path: Path) -> None:
    helper = 'from alembic import op\n\n\ndef index(name):\n    op.create_index("ix_" + name, name, ["a"])\n'
    path = project(tmp_path, {"migrations/helpers.py": helper})
    text = migration().replace("    pass", '    index("orders")', 1)
    text = text.replace("import sqlalchemy as sa\n", "import sqlalchemy as sa\nfrom migrations.helpers import index\n")
    path.write_text(text)
    seen: list[Message] = []
    for shows in (True, False):
        publish = {"relatedInformation": shows}
        client = start(tmp_path, {"textDocument": {"publishDiagnostics": publish}})
        (found,) = client.diagnostics(client.open(path))
        seen.append(found)
    assert "relatedInformation" not in seen[1]
    location = seen[0]["relatedInformation"][0]["location"]
    assert location["uri"] == (tmp_path / "migrations" / "helpers.py").as_uri()
    assert location["range"]["start"] == {"line": 4, "character": 4}


def test_an_encoded_uri_is_answered_as_it_was_given(server: Client, folder: Path) -> None:
    path = project(folder)
    uri = path.as_uri().replace("0001_first", "%30001%5Ffirst")
    item = {"uri": uri, "languageId": "python", "version": 1, "text": path.read_text()}
    server.notify("textDocument/didOpen", {"textDocument": item})
    assert server.codes(uri) == [RULE]
    server.close(uri)
