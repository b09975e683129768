"""The analysis of one session: projects in a thread of their own, fed with the newest texts, asked for findings.

The event loop never waits for it. What comes while it is busy is taken together, the newest text counts, and everything that is
published is about the text that the client has now: a result that a newer text has overtaken is thrown away. The first change is
judged at once, without waiting for more.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqla_lsp.server import wire
from sqla_lsp.server.ahead import Ahead
from sqla_lsp.server.convert import Converter
from sqla_lsp.server.options import Options
from sqla_lsp.server.projects import Projects

logger = logging.getLogger(__name__)
T = TypeVar("T")

_IDLE = 0.5
"""Seconds without a message after which nobody is taken to wait."""


@dataclass(frozen=True, slots=True)
class Result:
    """The encoded diagnostics of one file. `data` is the text of the open document that they are about, None where it is not
    open; `asked` tells that the client waits for them, because it has just sent that text."""

    path: str
    data: bytes | None
    diagnostics: bytes
    asked: bool


class Listener(Protocol):
    """Hears of everything, in the thread of the analysis."""

    def judged(self, results: list[Result]) -> None:
        """Findings of some files."""

    def showing(self, paths: frozenset[str]) -> None:
        """Only these files have findings at present that are to be shown."""

    def problems(self, sentences: tuple[str, ...]) -> None:
        """Everything that is wrong with the configuration, after it changed."""


@dataclass(frozen=True)
class Load:
    """The wish to read everything (again). `progress` hears of files, `done` of the end with what went wrong, or None."""

    roots: tuple[str, ...]
    options: Options
    progress: Callable[[int, int], None]
    done: Callable[[Exception | None], None]


@dataclass
class _Question:
    """Something that somebody waits for. One that `renders` SQL is answered when what was typed is judged, and when what it needs
    is imported."""

    answer: Callable[[Projects], Any]
    future: Future[Any]
    renders: bool


@dataclass
class _Inbox:
    """What came since the last round."""

    texts: dict[str, bytes | None] = field(default_factory=dict)
    disk: set[str] = field(default_factory=set)
    sweep: bool = False
    sweep_everywhere: bool = False
    load: Load | None = None
    questions: list[_Question] = field(default_factory=list)
    prepared: bool = False

    def __bool__(self) -> bool:
        return bool(self.texts or self.disk or self.sweep or self.load or self.questions or self.prepared)


def _settle() -> None:
    """Spares the garbage collector what was read, which stays: else it goes through all of it while somebody types."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class _Overtaken(BaseException):
    """Ends the reading of a project that nobody waits for any more."""


class Superseded(Exception):
    """Ends an answer that nobody waits for any more: a newer text has come."""


class Analysis:
    """The methods without an underscore are called from the event loop; all others run in the thread."""

    def __init__(self, converter: Converter, listener: Listener) -> None:
        self._converter = converter
        self._listener = listener
        self._changed = threading.Condition()
        self._inbox = _Inbox()
        self._stopped = False
        self._projects: Projects | None = None
        self._last_load: Load | None = None
        self._texts: dict[str, bytes] = {}
        self._asked: set[str] = set()
        self._stale: set[str] = set()
        self._problems: tuple[str, ...] = ()
        self._failures: set[tuple[str, str]] = set()
        self._questions: list[_Question] = []
        self._rendering = Ahead("sqla_lsp.preview.migration", self._prepared)
        self._fixing = Ahead("sqla_lsp.rules.fix_all")
        self._thread = threading.Thread(target=self._run, name="sqla-lsp-analysis", daemon=True)
        self._thread.start()

    def load(self, load: Load) -> None:
        """Reads the projects (again); texts that come in the meantime are judged as soon as they are read."""
        with self._changed:
            self._inbox.load = load
            self._changed.notify()

    def text(self, path: str, data: bytes | None) -> None:
        """The newest text of an open document; None when it was closed."""
        with self._changed:
            self._inbox.texts[path] = data
            self._changed.notify()

    def disk(self, paths: Iterable[str]) -> None:
        """Files that were created, changed or deleted on disk."""
        with self._changed:
            self._inbox.disk.update(paths)
            self._changed.notify()

    def sweep(self, *, everywhere: bool) -> None:
        """Looks for changes on disk: everywhere, or only where the client cannot watch."""
        with self._changed:
            self._inbox.sweep = True
            self._inbox.sweep_everywhere |= everywhere
            self._changed.notify()

    def ask(self, answer: Callable[[Projects], T], *, renders: bool = False) -> Future[T | None]:
        """Has a question answered about the newest texts, before anything else; with None where the project cannot be read. One
        that `renders` SQL waits until what was typed is judged."""
        future: Future[T | None] = Future()
        with self._changed:
            self._inbox.questions.append(_Question(answer, future, renders))
            self._changed.notify()
        return future

    def _prepared(self) -> None:
        """SQL can be rendered now. Called from a thread of its own."""
        with self._changed:
            self._inbox.prepared = True
            self._changed.notify()

    @property
    def is_ready(self) -> bool:
        """Whether a question would be answered without reading the project first."""
        return self._projects is not None and self._inbox.load is None

    def proceed(self, path: str) -> None:
        """Raises `Superseded` where a newer text of a file has come. It is called from the thread."""
        if self._stopped or path in self._inbox.texts:
            raise Superseded

    def give_way(self) -> None:
        """Raises `Superseded` where something was typed, in whatever file. It is called from the thread."""
        if self._stopped or self._inbox.texts:
            raise Superseded

    def stop(self, timeout: float) -> bool:
        """Ends the thread at the next opportunity; whether it has ended within so many seconds."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # ------------------------------------------------------------------------------------------------- thread

    def _run(self) -> None:
        while not self._stopped:
            with self._changed:
                while not (self._inbox or self._stale or self._stopped):
                    idle = self._projects is not None and not self._fixing.is_begun
                    if not self._changed.wait(_IDLE if idle else None):
                        self._prepare()
                inbox, self._inbox = self._inbox, _Inbox()
            try:
                self._round(inbox)
            except _Overtaken:
                continue
            except Exception:
                logger.exception("the analysis failed")
                self._stale = set()
                self._answer(None, renders=False)
                self._answer(None, renders=True)

    def _prepare(self) -> None:
        """Imports what fixes and SQL need as soon as nobody waits for anything: it takes as long as a hundred keystrokes."""
        self._fixing.begin()
        if self._projects is not None and self._projects.has_revisions():
            self._rendering.begin()

    def _round(self, inbox: _Inbox) -> None:
        only_typed = not (inbox.disk or inbox.sweep or inbox.load) and all(
            data is not None and path in self._texts for path, data in inbox.texts.items()
        )
        for path, data in inbox.texts.items():
            if data is None:
                self._texts.pop(path, None)
                self._asked.discard(path)
            else:
                self._texts[path] = data
                self._asked.add(path)
        self._questions += inbox.questions
        if inbox.load is not None:
            self._last_load = inbox.load
        failed = self._projects is None and self._last_load is not None and (inbox.disk or inbox.sweep_everywhere)
        if inbox.load is not None or failed:
            self._load()
        elif self._projects is not None:
            self._look(self._projects, inbox.disk)
            self._apply(self._projects, inbox.texts)
        if self._projects is not None or inbox.load is not None or failed:
            self._answer(self._projects, renders=False)
        if self._projects is None:
            if inbox.load is not None or failed:
                self._answer(None, renders=True)
            return
        asked, self._asked = self._asked, set()
        self._judge(self._projects, asked, asked=True)
        self._stale -= asked
        self._render(self._projects)
        if inbox.sweep and inbox.load is None:
            self._sweep(self._projects, everywhere=inbox.sweep_everywhere)
        if not only_typed:
            self._tell(self._projects)
            self._listener.showing(self._shown(self._projects))
        self._judge_stale(self._projects)

    def _render(self, projects: Projects) -> None:
        """Answers what needs SQL, as soon as that can be rendered."""
        rendering = self._rendering
        if not any(question.renders for question in self._questions):
            return
        if rendering.is_there or not projects.has_revisions():
            self._answer(projects, renders=True)
        elif rendering.failed:
            self._answer(None, renders=True)
        else:
            rendering.begin()

    def _answer(self, projects: Projects | None, *, renders: bool) -> None:
        """Answers what was asked, of one kind, unless nobody waits for it any more. What renders SQL makes way for what is typed
        and is answered after it."""
        questions = [question for question in self._questions if question.renders is renders]
        self._questions = [question for question in self._questions if question.renders is not renders]
        while questions:
            question = questions.pop(0)
            if question.future.cancelled():
                continue
            try:
                answer = None if projects is None else question.answer(projects)
            except Superseded:
                if renders:
                    self._questions += [question, *questions]
                    break
                answer = None
            except Exception as error:  # noqa: BLE001 - it is raised again where the answer is waited for
                if question.future.set_running_or_notify_cancel():
                    question.future.set_exception(error)
                continue
            if question.future.set_running_or_notify_cancel():
                question.future.set_result(answer)
        if projects is not None:
            self._stale |= projects.take_noticed()

    def _load(self) -> None:
        load = self._last_load
        assert load is not None
        self._rendering.finish()
        self._fixing.finish()
        self._projects, self._stale = None, set()

        def progress(done: int, total: int) -> None:
            if self._stopped or self._inbox.load is not None:
                raise _Overtaken
            load.progress(done, total)

        try:
            projects = Projects(load.roots, load.options)
            projects.load(progress)
        except _Overtaken:
            load.done(None)
            raise
        except Exception as error:
            logger.exception("the project could not be read")
            load.done(error)
            return
        _settle()
        self._projects = projects
        self._apply(projects, dict(self._texts))
        self._stale = set(self._shown(projects))
        load.done(None)

    def _apply(self, projects: Projects, texts: dict[str, bytes | None]) -> None:
        for path, data in texts.items():
            try:
                self._stale |= projects.drop_document(path) if data is None else projects.set_document(path, data)
            except Exception:
                logger.exception("%s could not be analysed", path)

    def _look(self, projects: Projects, disk: set[str]) -> None:
        try:
            self._stale |= projects.refresh(disk) if disk else set()
        except Exception:
            logger.exception("changes on disk could not be taken over")

    def _sweep(self, projects: Projects, *, everywhere: bool) -> None:
        try:
            self._stale |= projects.sweep(everywhere=everywhere)
        except Exception:
            logger.exception("changes on disk could not be looked for")

    def _shown(self, projects: Projects) -> frozenset[str]:
        """The files whose findings the client shows."""
        in_workspace = self._last_load is not None and self._last_load.options.mode == "workspace"
        return frozenset(self._texts).union(projects.judged() if in_workspace else ())

    def _judge_stale(self, projects: Projects) -> None:
        """Judges what changed beside the texts that came, as long as nothing new comes in; the rest waits for later."""
        if not self._stale:
            return
        shown = self._stale & self._shown(projects)
        waiting = sorted(shown, key=lambda path: (path not in self._texts, path), reverse=True)
        while waiting and not self._inbox and not self._stopped:
            self._judge(projects, [waiting.pop()], asked=False)
        self._stale = set(waiting)

    def _judge(self, projects: Projects, paths: Iterable[str], *, asked: bool) -> None:
        results = []
        for path in paths:
            try:
                diagnostics = self._converter.diagnostics(projects.check(path), projects.text_of(path))
                results.append(Result(path, self._texts.get(path), wire.encoded(diagnostics), asked))
            except Exception:
                logger.exception("%s could not be judged", path)
        if results:
            self._listener.judged(results)

    def _tell(self, projects: Projects) -> None:
        problems = projects.problems()
        if problems != self._problems:
            self._problems = problems
            self._listener.problems(problems)
        failures = set(projects.failures())
        for path, reason in sorted(failures - self._failures):
            logger.warning("%s: %s", path, reason)
        self._failures = failures
