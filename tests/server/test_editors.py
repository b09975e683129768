"""A session as editors have it: each with the capabilities that it declares, and a client that checks every message of ours."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from tests.server.sample import RULE, migration, project, write

PUBLISH = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS


@pytest_lsp.fixture(  # type: ignore[untyped-decorator]
    config=ClientServerConfig(server_command=[sys.executable, "-m", "sqla_lsp.cli.main", "server", "--stdio"]),
    params=["visual-studio-code", "neovim", "emacs"],
)
async def editor(client: LanguageClient, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[None]:
    """An editor with a project. What it is asked to watch is told by hand."""
    client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda params: None)
    project(tmp_path, {"pyproject.toml": "", "migrations/helpers.py": "NAME = 'x'\n"})
    folder = types.WorkspaceFolder(tmp_path.as_uri(), "project")
    params = types.InitializeParams(capabilities=client_capabilities(request.param), workspace_folders=[folder])
    answer = await client.initialize_session(params)
    general = params.capabilities.general
    assert answer.capabilities.position_encoding in ((general and general.position_encodings) or ["utf-16"])
    yield
    await client.shutdown_session()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_session(editor: LanguageClient, tmp_path: Path) -> None:
    """Open, type, save, configure, close."""
    path = tmp_path / "migrations" / "versions" / "0001_first.py"
    uri, text = path.as_uri(), path.read_text()

    async def published() -> list[str]:
        """What comes next, about this document."""
        params: types.PublishDiagnosticsParams = await asyncio.wait_for(editor.wait_for_notification(PUBLISH), 20)
        assert params.uri == uri
        assert all(found.source == "sqla-lsp" for found in params.diagnostics)
        return [str(found.code) for found in params.diagnostics]

    editor.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, text)))
    assert await published() == [RULE]

    line = text.count("\n", 0, text.index("    op.create_index"))
    here = types.Range(types.Position(line, 0), types.Position(line, 0))
    for version, letter in enumerate(["\n", *'    op.create_index("ix", "users", ["a"])'], 2):
        change = types.TextDocumentContentChangePartial(here, letter)
        identifier = types.VersionedTextDocumentIdentifier(version, uri)
        editor.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
        column = here.start.character + (letter != "\n")
        here = types.Range(types.Position(line, column), types.Position(line, column))
        found = await published()
        assert RULE in found
    assert found == [RULE, RULE]

    path.write_text(migration("users", "orders"))
    editor.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))
    assert await published() == [RULE, RULE]

    write(tmp_path, {"pyproject.toml": f'[tool.sqla-lsp]\nignore = ["{RULE}"]\n'})
    changed = types.FileEvent((tmp_path / "pyproject.toml").as_uri(), types.FileChangeType.Changed)
    editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
    assert await published() == []

    editor.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
    assert await published() == []
    assert editor.messages == []
    assert editor.log_messages == []
