"""The language server: one function for each message of the protocol, each as short as possible.

Handlers of notifications are synchronous and tiny: they note what changed and hand over to `Analysis`, which works in a thread
of its own. Nothing here waits for the project.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import attrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcMethodNotFound
from pygls.lsp.server import LanguageServer

from sqla_lsp import __version__
from sqla_lsp.server import documents, options, scripts, session, wire
from sqla_lsp.server.actions import KINDS, Actions, Asked, meant
from sqla_lsp.server.analysis import Analysis
from sqla_lsp.server.edits import Editor
from sqla_lsp.server.front import Front, Reading
from sqla_lsp.server.previews import SHOW_SQL, Previews
from sqla_lsp.server.progress import Progress
from sqla_lsp.server.protocol import Protocol
from sqla_lsp.server.watching import Sweeper, watch

if TYPE_CHECKING:
    from pygls.server import ServerErrors

    from sqla_lsp.preview.migration import Direction
    from sqla_lsp.server.projects import Projects

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Server(LanguageServer):
    """The state of one client's session. `front` is what it has apart from pygls; `actions`, `previews` and `sweeper` are
    there from `initialize` on."""

    front: Front
    actions: Actions
    previews: Previews
    sweeper: Sweeper

    def __init__(self) -> None:
        super().__init__(
            "sqla-lsp",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
        )
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def documents(self) -> documents.Documents:
        """The open documents."""
        return self.front.documents

    @property
    def options(self) -> options.Options:
        """What the client asks for."""
        return self.front.options

    @property
    def session(self) -> session.Session:
        """What the client said about itself."""
        return self.front.session

    @property
    def analysis(self) -> Analysis:
        """The analysis, there from `initialize` on."""
        return self.front.analysis

    @property
    def messages(self) -> Protocol:
        """The protocol, as what it is."""
        assert isinstance(self.protocol, Protocol)
        return self.protocol

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs a coroutine beside the messages; an exception is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task failed", exc_info=error)

    def report_server_error(self, error: Exception, source: ServerErrors) -> None:
        """Errors go to the log with their traceback, never into the user's face at every keystroke. A request for something
        that the server does not know has its answer already."""
        if isinstance(error, JsonRpcMethodNotFound):
            return
        logger.error("%s", source.__name__, exc_info=error)

    def begin(self) -> None:
        """Makes what answers the requests of a client that was taken on."""
        converter = self.front.converter()
        editor = Editor(converter.encoding, self.session.edits, lambda: self.documents.by_path)
        self.actions = Actions(converter, editor, self.session.resolves, self.analysis.proceed)
        self.previews = Previews(converter.encoding, self.session.markdown, self.analysis.give_way)
        self.front.moved = self.follow
        self.sweeper = Sweeper(self.analysis.sweep)

    def read_projects(self) -> None:
        """Reads all folders (again) and judges what is shown."""
        self.show(self.front.read_projects())

    def show(self, reading: Reading) -> None:
        """Shows how far the reading is, to a client that can."""
        progress = Progress(self, "Reading migrations")
        self.background(progress.begin())
        reading.show(progress)

    async def rendered(self, answer: Callable[[Projects], T]) -> T | None:
        """The answer to a question that renders SQL."""
        return await asyncio.wrap_future(self.analysis.ask(answer, renders=True))

    async def open_document(self, uri: str, otherwise: str) -> None:
        """Opens a document in the editor; where it cannot do that, the user is told."""
        if self.session.documents:
            try:
                shown = await self.window_show_document_async(types.ShowDocumentParams(uri, take_focus=True))
            except JsonRpcException as error:
                logger.warning("the editor did not open %s: %s", uri, error)
            else:
                if shown.success:
                    return
        self.front.tell(otherwise, wire.INFORMATION)

    def follow(self, paths: list[str]) -> None:
        """Other files have changed something of open documents."""
        shown = [path for path in paths if self.previews.follows(path)]
        if shown and (self.session.lens_refresh or self.session.hint_refresh):
            self.background(self._refresh(shown))

    async def _refresh(self, paths: list[str]) -> None:
        """Has the client ask again for lenses and hints, where they are others now."""
        has_changed = await self.rendered(lambda projects: self.previews.have_changed(paths, projects))
        if has_changed and self.front.is_open:
            if self.session.lens_refresh:
                await self.workspace_code_lens_refresh_async(None)
            if self.session.hint_refresh and self.options.hints:
                await self.workspace_inlay_hint_refresh_async(None)


server = Server()


@server.feature(types.INITIALIZE)
def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Notes what the client can do and wants."""
    if not ls.front.has_begun:
        ls.front.begin(session.begun(params), options.read(params.initialization_options))
    ls.begin()


@server.feature(types.INITIALIZED)
def initialized(ls: Server, params: types.InitializedParams) -> None:
    """Reads the projects."""
    ls.background(_watch(ls))
    if ls.front.reading is None:
        for problem in ls.options.problems:
            ls.front.tell(problem)
        ls.read_projects()
    else:
        ls.show(ls.front.reading)
        ls.sweeper.request()


@server.feature(types.SHUTDOWN)
def shutdown(ls: Server, params: None) -> None:
    """Nothing is published any more."""
    ls.front.is_open = False


async def _watch(ls: Server) -> None:
    ls.sweeper.client_watches = await watch(ls)


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """A document was opened."""
    _changed(ls, ls.documents.open(params.text_document))
    ls.sweeper.request()


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """The text of a document changed."""
    _changed(ls, ls.documents.change(params.text_document, params.content_changes))


@server.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))
def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    """A document was written to disk."""
    path = documents.path_of(params.text_document.uri)
    if path is not None:
        ls.analysis.disk([path])
    _changed(ls, ls.documents.get(params.text_document.uri))
    ls.sweeper.request()


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """A document was closed: the file on disk counts again."""
    document = ls.documents.close(params.text_document.uri)
    if document is None:
        return
    if ls.options.mode == "open-files":
        ls.front.publisher.closed(document.path, document.uri)
    ls.previews.forget(document.path)
    ls.analysis.text(document.path, None)


@server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Files changed on disk."""
    paths = [path for change in params.changes if (path := documents.path_of(change.uri)) is not None]
    if paths:
        ls.analysis.disk(paths)


@server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
def did_change_workspace_folders(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Workspace folders came or went."""
    ls.front.session = replace(ls.session, roots=session.roots_after(ls.session.roots, params.event))
    ls.read_projects()


@server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    """Clients send settings here in many shapes; only an object with our own keys is taken."""
    given = params.settings
    if isinstance(given, dict):
        given = given.get("sqla-lsp", given.get("sqla_lsp"))
    if not isinstance(given, dict) or not given:
        return
    wanted = options.read(given)
    for problem in wanted.problems:
        ls.front.tell(problem)
    if wanted != ls.options:
        ls.front.options = wanted
        ls.read_projects()


@server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=KINDS, resolve_provider=True))
async def code_action(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    """What can be done at a place. Nothing, at once, where the project is not read yet and the user did not ask by hand or is
    about to save."""
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        return None
    asked = Asked.of(document, params, ls.documents.encoding)
    if not ls.analysis.is_ready and (asked.automatic or asked.names_source):
        return None
    actions = await asyncio.wrap_future(ls.analysis.ask(lambda projects: ls.actions.listed(asked, projects)))
    current = ls.documents.get(params.text_document.uri)
    return actions if current is not None and current.data == document.data else None


@server.feature(types.CODE_ACTION_RESOLVE)
async def code_action_resolve(ls: Server, action: types.CodeAction) -> types.CodeAction:
    """The edit of an action that was chosen. Where there is none any more, the user hears why."""
    wanted = meant(action.data)
    if wanted is None or action.edit is not None:
        return action
    edit = await asyncio.wrap_future(ls.analysis.ask(lambda projects: ls.actions.resolved(wanted, projects)))
    if isinstance(edit, types.WorkspaceEdit):
        return attrs.evolve(action, edit=edit)
    ls.front.tell(f"{action.title}: {edit or 'a newer text has come'}", wire.WARNING)
    return action


@server.feature(types.TEXT_DOCUMENT_HOVER)
async def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    """What a call of a migration does. Nothing, at once, where the project is not read yet."""
    document = ls.documents.get(params.text_document.uri)
    if document is None or not ls.analysis.is_ready:
        return None
    return await ls.rendered(lambda projects: ls.previews.hover(document, params.position, projects))


@server.feature(types.TEXT_DOCUMENT_CODE_LENS)
async def code_lens(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """What the functions of a migration do, and the way to their SQL."""
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        return None
    return await ls.rendered(lambda projects: ls.previews.lenses(document, projects))


@server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
async def inlay_hint(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    """The locks of a migration's calls, where they are asked for."""
    document = ls.documents.get(params.text_document.uri)
    if document is None or not ls.options.hints:
        return None
    return await ls.rendered(lambda projects: ls.previews.hints(document, params.range, projects))


@server.command(SHOW_SQL)
async def show_sql(ls: Server, uri: str, direction: str) -> str | None:
    """Opens the SQL of a migration's function, and gives it. A client that cannot open documents is told where it is."""
    path = documents.path_of(uri)
    if path is None or direction not in ("upgrade", "downgrade"):
        ls.front.tell(f"{SHOW_SQL} takes the URI of a migration, and upgrade or downgrade, not {uri} and {direction}")
        return None
    made = await ls.rendered(lambda projects: ls.previews.script(path, cast("Direction", direction), projects))
    if made is None:
        ls.front.tell(f"{path} is no migration of an open project on Postgres", wire.WARNING)
        return None
    revision, text = made
    try:
        script = await asyncio.to_thread(scripts.written, path, revision, direction, text)
    except OSError as error:
        ls.front.tell(f"the SQL could not be written: {error}")
        return text
    await ls.open_document(script.as_uri(), f"the SQL of {direction} {revision} is in {script}")
    return text


def _changed(ls: Server, document: documents.Document | None) -> None:
    if document is not None:
        ls.analysis.text(document.path, document.data)
