"""Code actions: what is offered where, what choosing it does, and to which clients."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import converters
from pytest_lsp import client_capabilities

from sqla_lsp.text.edits import Edit, apply
from sqla_lsp.text.lines import Encoding, LineIndex
from tests.cli.conftest import process
from tests.server.client import Client, Message
from tests.server.sample import RULE, migration, project, write

Start = Callable[..., Client]
VSCODE, NEOVIM, EMACS = "visual-studio-code", "neovim", "emacs"
EDITORS = (VSCODE, NEOVIM, EMACS)
IGNORE = f"Ignore {RULE} here"
ALL_OF_RULE = f"Fix all {RULE} in this file"
FIX_ALL = "source.fixAll.sqla-lsp"


def capabilities(editor: str) -> Message:
    """What an editor says that it can do."""
    declared: Message = converters.get_converter().unstructure(client_capabilities(editor))
    return declared


@pytest.fixture(params=EDITORS)
def editor(request: pytest.FixtureRequest, start: Start, tmp_path: Path) -> Client:
    """A server for each editor, and a project."""
    project(tmp_path)
    return start(tmp_path.resolve(), capabilities(request.param))


def asked(client: Client, uri: str, at: Message, *, diagnostics: list[Message] | None = None, **context: Any) -> list[Message]:
    """The code actions for a range."""
    params = {"textDocument": {"uri": uri}, "range": at, "context": {"diagnostics": diagnostics or [], **context}}
    answer = client.request("textDocument/codeAction", params)
    found: list[Message] = answer["result"] or []
    return found


def chosen(client: Client, action: Message) -> Message:
    """The edit of an action, resolved where it has to be."""
    if "edit" not in action:
        action = client.request("codeAction/resolve", action)["result"]
    edit: Message = action["edit"]
    return edit


def applied(client: Client, edit: Message, texts: dict[str, bytes]) -> dict[str, bytes]:
    """What an edit makes of documents."""
    answer = next(message["result"] for message in client.messages if "capabilities" in (message.get("result") or {}))
    encoding = Encoding(answer["capabilities"]["positionEncoding"])
    texts = dict(texts)
    changes = edit.get("documentChanges") or [
        {"textDocument": {"uri": uri}, "edits": edits} for uri, edits in edit["changes"].items()
    ]
    for change in changes:
        if change.get("kind") == "create":
            assert change["uri"] not in texts
            texts[change["uri"]] = b""
            continue
        uri = change["textDocument"]["uri"]
        lines = LineIndex(texts[uri])
        edits = [
            Edit(
                lines.offset(one["range"]["start"]["line"], one["range"]["start"]["character"], encoding),
                lines.offset(one["range"]["end"]["line"], one["range"]["end"]["character"], encoding),
                one["newText"],
            )
            for one in change["edits"]
        ]
        texts[uri] = apply(texts[uri], edits)
    return texts


def titles(actions: list[Message]) -> list[str]:
    return [action["title"] for action in actions]


def range_of(row: int, start: int, end: int) -> Message:
    return {"start": {"line": row, "character": start}, "end": {"line": row, "character": end}}


# ------------------------------------------------------------------------------------------------------------ offering


def test_the_fixes_of_a_finding(editor: Client, tmp_path: Path) -> None:
    """Listed, chosen, applied: the finding is gone, and there is no other."""
    path = tmp_path / "migrations/versions/0001_first.py"
    uri = editor.open(path)
    (found,) = editor.diagnostics(uri)
    actions = asked(editor, uri, found["range"], diagnostics=[found])
    fixes = [action for action in actions if action["title"].startswith("Create ix_orders concurrently")]
    assert titles(fixes)[:2] == ["Create ix_orders concurrently", "Create ix_orders concurrently, safe to run again"]
    assert titles(actions)[-1] == IGNORE
    for version, action in enumerate(actions, 2):
        assert action["kind"] == "quickfix"
        assert action["diagnostics"] == [found]
        assert "isPreferred" not in action  # none of them leaves the same transactions
        edit = chosen(editor, action)
        before = {uri: path.read_bytes()}
        after = applied(editor, edit, before)
        assert after != before
        if len(after) > 1:
            continue
        editor.change(uri, version * 2, {"text": after[uri].decode()})
        assert editor.diagnostics(uri, version=version * 2) == []
        editor.change(uri, version * 2 + 1, {"text": before[uri].decode()})
        editor.diagnostics(uri, version=version * 2 + 1)


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(0, 3, 0), (0, 4, 1), (4, 4, 1), (10, 20, 1), (49, 49, 1), (49, 60, 1), (50, 50, 1)]
)
def test_a_range_counts_with_both_ends(server: Client, folder: Path, start: int, end: int, expected: int) -> None:
    """A column behind the end of a line is its end."""
    uri = server.open(project(folder))
    (found,) = server.diagnostics(uri)
    row = found["range"]["start"]["line"]
    assert found["range"] == range_of(row, 4, 49)
    assert (
        len(asked(server, uri, range_of(row, start, end))) > 0 if expected else not asked(server, uri, range_of(row, start, end))
    )
    server.close(uri)


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (None, {"quickfix", FIX_ALL}),
        ([], {"quickfix", FIX_ALL}),
        ([""], {"quickfix", FIX_ALL}),
        (["quickfix"], {"quickfix"}),
        (["quickfix.other"], set()),
        (["quick"], set()),
        (["refactor"], {"refactor.rewrite"}),
        (["refactor.rewrite"], {"refactor.rewrite"}),
        (["refactor.extract"], set()),
        (["source"], {FIX_ALL}),
        (["source.fixAll"], {FIX_ALL}),
        ([FIX_ALL], {FIX_ALL}),
        (["source.organizeImports"], set()),
        (["source.fixAll.ruff"], set()),
    ],
)
def test_kinds(lazy: Client, lazy_uri: str, only: list[str] | None, kinds: set[str]) -> None:
    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    context = {} if only is None else {"only": only}
    assert {action["kind"] for action in asked(lazy, lazy_uri, everywhere, **context)} == kinds


def test_order(lazy: Client, lazy_uri: str) -> None:
    """Fixes first, then what fixes all of a rule, comments below, the whole file last; the safe one is preferred."""
    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    actions = asked(lazy, lazy_uri, everywhere)
    assert all("edit" not in action for action in actions)
    shown = titles(actions)
    assert shown.index("Create ix_users concurrently") < shown.index("Remove the comment") < shown.index(ALL_OF_RULE)
    assert shown[-3:] == [IGNORE, IGNORE, "Fix all that is safe in this file"]
    assert [action["title"] for action in actions if action.get("isPreferred")] == ["Remove the comment"]


@pytest.fixture
def lazy(start: Start, tmp_path: Path) -> Client:
    path = project(tmp_path)
    path.write_text(migration("orders", "users") + "    # sqla-lsp: ignore[unique-constraint]\n")
    return start(tmp_path.resolve(), capabilities(VSCODE))


@pytest.fixture
def lazy_uri(lazy: Client, tmp_path: Path) -> str:
    uri = lazy.open(tmp_path / "migrations/versions/0001_first.py")
    lazy.until(uri, RULE, RULE, "unused-ignore")
    return uri


def test_what_is_advertised(start: Start, tmp_path: Path) -> None:
    answer = start().initialize(tmp_path)
    provider = answer["result"]["capabilities"]["codeActionProvider"]
    assert provider == {"codeActionKinds": ["quickfix", "refactor.rewrite", FIX_ALL], "resolveProvider": True}


def test_nothing_for_a_document_that_is_not_open(server: Client, folder: Path) -> None:
    assert asked(server, project(folder).as_uri(), range_of(9, 4, 4)) == []


# ------------------------------------------------------------------------------------------------------------ resolving


def test_a_fix_of_a_text_that_changed(lazy: Client, lazy_uri: str, tmp_path: Path) -> None:
    """What was meant is found again where it moved; where it is gone, nothing is edited and the user hears of it."""
    text = (tmp_path / "migrations/versions/0001_first.py").read_text()
    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    action = next(a for a in asked(lazy, lazy_uri, everywhere) if a["title"] == "Create ix_users concurrently")
    moved = text.replace("def upgrade", "# é\n# é\ndef upgrade")
    lazy.change(lazy_uri, 2, {"text": moved})
    edit = chosen(lazy, action)
    assert edit["documentChanges"][0]["textDocument"] == {"uri": lazy_uri, "version": 2}
    after = applied(lazy, edit, {lazy_uri: moved.encode()})[lazy_uri].decode()
    assert 'create_index("ix_users", "users", ["a"], postgresql_concurrently=True)' in after
    lazy.change(lazy_uri, 3, {"text": text.replace("users", "guests")})
    assert "edit" not in lazy.request("codeAction/resolve", action)["result"]
    told = [message["params"]["message"] for message in lazy.messages if message.get("method") == "window/showMessage"]
    assert told == ["sqla-lsp: Create ix_users concurrently: the text has changed since this was offered"]
    twice = text.replace("\n\ndef downgrade", '    op.create_index("ix_users", "users", ["a"])\n\ndef downgrade')
    lazy.change(lazy_uri, 4, {"text": twice})
    assert "edit" not in lazy.request("codeAction/resolve", action)["result"]


def test_data_that_is_not_ours(lazy: Client, lazy_uri: str) -> None:
    for data in [None, 1, {}, {"uri": lazy_uri}, {"uri": lazy_uri, "text": "", "what": "fix", "rule": "x", "title": "y"}]:
        answer = lazy.request("codeAction/resolve", {"title": "x", "data": data})
        assert "edit" not in answer["result"]


def test_positions_after_characters_that_utf16_counts_twice(server: Client, folder: Path) -> None:
    path = project(folder)
    text = migration().replace("    pass\n", '    "é😀"; op.execute("x")\n    op.create_index("ix😀", "é", ["a"]) # 😀\n', 1)
    uri = server.open(path, text)
    (found,) = server.diagnostics(uri)
    for action in asked(server, uri, found["range"]):
        after = applied(server, chosen(server, action), {uri: text.encode()})[uri].decode()
        assert after.count("# 😀") == 1
        assert '"ix😀"' in after
        compile(after, "x", "exec")
    server.close(uri)


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_line_ends_stay(server: Client, folder: Path, newline: str) -> None:
    text = migration("orders").replace("\n", newline)
    uri = server.open(project(folder), text)
    (found,) = server.diagnostics(uri)
    for action in asked(server, uri, found["range"]):
        after = applied(server, chosen(server, action), {uri: text.encode()})[uri].decode()
        assert after.replace(newline, "").count("\n") == after.replace(newline, "").count("\r") == 0
    server.close(uri)


def test_diagnostics_without_data(start: Start, tmp_path: Path) -> None:
    """Emacs 29 keeps none: what it sends along is known by code and range."""
    client = start(tmp_path.resolve(), capabilities(EMACS))
    uri = client.open(project(tmp_path))
    (found,) = client.diagnostics(uri)
    assert "data" not in found
    own = {**found, "message": "as the client shows it"}
    other = {**found, "range": range_of(0, 0, 0)}
    action = asked(client, uri, found["range"], diagnostics=[other, own])[0]
    assert action["diagnostics"] == [own]


# ------------------------------------------------------------------------------------------------------------ new files


def test_new_files_are_for_clients_that_create_them(start: Start, tmp_path: Path) -> None:
    """VS Code creates the file after it was confirmed; Emacs gets what changes one file."""
    path = project(tmp_path, {"migrations/versions/0002_second.py": migration("b", revision="0002", parent="0001")})
    path.write_text(
        migration("orders").replace("op.create", 'op.add_column("users", sa.Column("a", sa.Text()))\n    op.create', 1)
    )
    moves = "Move ix_orders to a revision of its own"
    found = {}
    for name in EDITORS:
        client = start(tmp_path.resolve(), capabilities(name))
        uri = client.open(path)
        (diagnostic,) = client.diagnostics(uri)
        found[name] = {action["title"]: action for action in asked(client, uri, diagnostic["range"])}
        if name == EMACS:
            assert moves not in found[name]
            continue
        edit = chosen(client, found[name][moves])
        creates = [change for change in edit["documentChanges"] if change.get("kind") == "create"]
        assert len(creates) == 1
        assert Path(creates[0]["uri"].removeprefix("file://")).parent == path.parent
        others = [change for change in edit["documentChanges"] if "textDocument" in change]
        texts = {file.as_uri(): file.read_bytes() for file in path.parent.glob("*.py")}
        assert len(applied(client, edit, texts)) == len(texts) + 1
        second = next(change for change in others if change["textDocument"]["uri"].endswith("0002_second.py"))
        if name == VSCODE:
            assert edit["changeAnnotations"]
            assert not any(note.get("needsConfirmation") for note in edit["changeAnnotations"].values())
            assert all(one["annotationId"] in edit["changeAnnotations"] for one in [*creates, *second["edits"]])
            assert all("annotationId" not in one for one in others[0]["edits"] if others[0]["textDocument"]["uri"] == uri)
        else:
            assert "annotation" not in json.dumps(edit).lower()


# ------------------------------------------------------------------------------------------------------------ fix all


def test_fix_all_of_a_rule(editor: Client, tmp_path: Path) -> None:
    """Neighbours share a block; the text afterwards has no such finding, and nothing to be fixed."""
    path = tmp_path / "migrations/versions/0001_first.py"
    text = migration("orders", "users", "é")
    uri = editor.open(path, text)
    found = editor.diagnostics(uri)
    action = next(a for a in asked(editor, uri, found[0]["range"], triggerKind=1) if a["title"] == ALL_OF_RULE)
    assert len(action["diagnostics"]) == 3
    after = applied(editor, chosen(editor, action), {uri: text.encode()})[uri].decode()
    assert after.count("autocommit_block") == 1
    editor.change(uri, 2, {"text": after})
    assert editor.diagnostics(uri, version=2) == []
    assert asked(editor, uri, range_of(9, 0, 99)) == []
    editor.change(uri, 3, {"text": migration("one")})
    (one,) = editor.diagnostics(uri, version=3)
    assert ALL_OF_RULE not in titles(asked(editor, uri, one["range"]))


def test_fix_all_on_save(editor: Client, tmp_path: Path) -> None:
    """Safe fixes alone, and nothing where there are none."""
    path = tmp_path / "migrations/versions/0001_first.py"
    text = migration("orders") + "    # sqla-lsp: ignore[unique-constraint]\n"
    uri = editor.open(path, text)
    editor.until(uri, RULE, "unused-ignore")
    for context in ({}, {"triggerKind": 2}):
        (action,) = asked(editor, uri, range_of(0, 0, 0), only=["source.fixAll"], **context)
        assert action["kind"] == FIX_ALL
        assert applied(editor, chosen(editor, action), {uri: text.encode()})[uri].decode() == migration("orders")
    editor.change(uri, 2, {"text": migration("orders")})
    assert asked(editor, uri, range_of(0, 0, 0), only=["source.fixAll"]) == []


def test_a_save_never_waits_for_the_project(start: Start, tmp_path: Path) -> None:
    """What the user asks for by hand waits until the project is read."""
    write(tmp_path, {f"app/m{number}.py": "from sqlalchemy import select\n" * 2000 for number in range(100)})
    path = project(tmp_path)
    client = start(tmp_path.resolve(), capabilities(VSCODE))
    uri = client.open(path)
    assert asked(client, uri, range_of(9, 4, 4), only=["source.fixAll"], triggerKind=2) == []
    assert asked(client, uri, range_of(9, 4, 4), triggerKind=1) != []


# ------------------------------------------------------------------------------------------------------------ both faces


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_command_line_makes_the_same_bytes(start: Start, tmp_path: Path, newline: str) -> None:
    text = migration("orders", "users", "é😀", before="# 😀").replace("\n", newline)
    path = project(tmp_path, {"pyproject.toml": ""})
    path.write_bytes(text.encode())
    client = start(tmp_path.resolve(), capabilities(VSCODE))
    uri = client.open(path, text)
    found = client.diagnostics(uri)
    action = next(a for a in asked(client, uri, found[0]["range"]) if a["title"] == ALL_OF_RULE)
    after = applied(client, chosen(client, action), {uri: text.encode()})[uri]
    found_there = json.loads(process("check", "--output-format", "json", cwd=tmp_path).out)
    offered = asked(client, uri, found[0]["range"], only=["refactor"])
    by_title = {fix["title"]: fix for fix in found_there[0]["fixes"]}
    assert list(by_title)[:-1] == [a["title"] for a in offered if a["diagnostics"][0]["range"] == found[0]["range"]]
    for one in offered:
        edits = by_title[one["title"]]["edits"]
        theirs = [edit for change in chosen(client, one)["documentChanges"] for edit in change.get("edits", [])]
        contents = sorted([edit["content"] for edit in edits] + [new["content"] for new in by_title[one["title"]]["creates"]])
        assert contents == sorted(edit["newText"] for edit in theirs)
    assert process("check", "--fix", "--unsafe-fixes", cwd=tmp_path).code == 0
    assert path.read_bytes() == after


def test_many_requests_while_typing(lazy: Client, lazy_uri: str, tmp_path: Path) -> None:
    """Every one is answered, with edits of the version that it was about or with none."""
    text = (tmp_path / "migrations/versions/0001_first.py").read_text()
    for version, letter in zip(range(2, 40), itertools.cycle("ab"), strict=False):
        lazy.change(lazy_uri, version, {"text": text.replace("ix_users", f"ix_{letter * version}")})
        identity = 1000 + version
        params = {"textDocument": {"uri": lazy_uri}, "range": range_of(10, 4, 4), "context": {"diagnostics": []}}
        lazy.send({"id": identity, "method": "textDocument/codeAction", "params": params})
    answers = [lazy.wait(lambda m, i=identity: m.get("id") == 1000 + i) for identity in range(2, 40)]
    assert all("error" not in answer for answer in answers)
    assert answers[-1]["result"]
