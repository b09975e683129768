"""The language server: one function for each message of the protocol, each as short as possible.

Handlers of notifications are synchronous and tiny: they note what changed and hand over to `Analysis`, which works in a thread
of its own. Nothing here waits for the project.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.server import ServerErrors

from sqla_lsp import __version__
from sqla_lsp.server import documents, options
from sqla_lsp.server.analysis import Analysis, Result
from sqla_lsp.server.convert import Converter
from sqla_lsp.server.progress import Progress
from sqla_lsp.server.protocol import Protocol
from sqla_lsp.server.publisher import Publisher
from sqla_lsp.server.session import Session
from sqla_lsp.server.watching import watch

logger = logging.getLogger(__name__)


class Server(LanguageServer):
    """The state of one client's session."""

    def __init__(self) -> None:
        super().__init__(
            "sqla-lsp",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            max_workers=2,
        )
        self.documents = documents.Documents()
        self.options = options.Options()
        self.session = Session()
        self.publisher = Publisher(self.text_document_publish_diagnostics)
        self.analysis: Analysis | None = None
        self.client_watches = True
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def rules_of_protocol(self) -> Protocol:
        protocol = self.protocol
        assert isinstance(protocol, Protocol)
        return protocol

    def background(self, work: Any) -> None:
        """Runs a coroutine beside the messages; an exception is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task failed", exc_info=error)

    def report_server_error(self, error: Exception, source: ServerErrors) -> None:
        """Errors go to the log with their traceback, never into the user's face at every keystroke."""
        logger.error("%s", source.__name__, exc_info=error)
        if isinstance(error, ValueError) and self.rules_of_protocol.writer is not None:
            self.rules_of_protocol.parse_error()

    def tell(self, problems: Sequence[str]) -> None:
        """Shows problems of the configuration to the user."""
        for problem in problems:
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"sqla-lsp: {problem}"))

    # ------------------------------------------------------------------------------------------- analysis

    async def read_project(self) -> None:
        """Reads all roots (again) and judges what is shown."""
        loop = asyncio.get_running_loop()
        if self.analysis is None:
            self.analysis = Analysis(self.deliver, self.session.shown)
        progress = Progress(self, loop, "Reading migrations")
        await progress.begin()
        try:
            await self.analysis.start(lambda: self.session.project(self.options), progress.report)
        finally:
            progress.end()
        self.tell(self.session.problems())

    def deliver(self, results: Sequence[Result]) -> None:
        """Publishes findings, unless the text that they speak of is gone."""
        if not self.rules_of_protocol.running:
            return
        for result in results:
            self._publish(result)

    def _publish(self, result: Result) -> None:
        shown = self.session.documents.get(result.path)
        if shown is not None and shown.data != result.data:
            return
        if shown is None and self.options.mode == "open-files":
            return
        uri = shown.uri if shown is not None else Path(result.path).as_uri()
        converter = Converter(self.documents.encoding, result.lines.__getitem__, self.session.uri_of, **self.session.abilities)
        diagnostics = [converter.diagnostic(finding) for finding in result.findings]
        self.publisher.publish(uri, diagnostics, shown.version if shown else None, always=result.asked)


server = Server()


@server.feature(types.INITIALIZE)
def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Notes what the client can do and wants."""
    encoding = ls.workspace.position_encoding
    ls.documents.encoding = documents.ENCODINGS[types.PositionEncodingKind(encoding)]
    ls.options = options.read(params.initialization_options)
    ls.session.start(params)


@server.feature(types.INITIALIZED)
async def initialized(ls: Server, params: types.InitializedParams) -> None:
    """Reads the project."""
    ls.tell(ls.options.problems)
    ls.background(_watch(ls))
    await ls.read_project()


async def _watch(ls: Server) -> None:
    ls.client_watches = await watch(ls)


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    _changed(ls, ls.documents.open(params.text_document))
    _sweep(ls)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    _changed(ls, ls.documents.change(params.text_document, params.content_changes))


@server.feature(types.TEXT_DOCUMENT_DID_SAVE)
def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    path = documents.path_of(params.text_document.uri)
    if path is not None and ls.analysis is not None:
        ls.analysis.disk([path])
    document = ls.documents.get(params.text_document.uri)
    _changed(ls, document)
    _sweep(ls)


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    document = ls.documents.close(params.text_document.uri)
    if document is None:
        return
    ls.session.closed(document)
    if ls.options.mode == "open-files":
        ls.publisher.clear(document.uri)
    if ls.analysis is not None:
        ls.analysis.text(document.path, None)


@server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    paths = [path for change in params.changes if (path := documents.path_of(change.uri)) is not None]
    if ls.analysis is not None and paths:
        ls.analysis.disk(paths)


@server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
async def did_change_workspace_folders(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    ls.session.folders_changed(params.event)
    await ls.read_project()


@server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    """Clients send settings here in many shapes; only an object with our own keys is taken."""
    given = params.settings
    if isinstance(given, dict):
        given = given.get("sqla-lsp", given.get("sqla_lsp"))
    if not isinstance(given, dict):
        return
    ls.options = options.read(given)
    ls.tell(ls.options.problems)
    await ls.read_project()


@server.feature(types.SHUTDOWN)
def shutdown(ls: Server, params: None) -> None:
    if ls.analysis is not None:
        ls.analysis.stop()


def _changed(ls: Server, document: documents.Document | None) -> None:
    if document is None:
        return
    ls.session.opened(document)
    if ls.analysis is not None:
        ls.analysis.text(document.path, document.data)


def _sweep(ls: Server) -> None:
    if not ls.client_watches and ls.analysis is not None:
        ls.analysis.sweep()
