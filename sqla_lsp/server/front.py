"""What one session has apart from pygls: its documents, what the client asked for, the analysis, and what was published. All of
it works before pygls is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sqla_lsp.server import hello, wire
from sqla_lsp.server.analysis import Analysis, Load, Result
from sqla_lsp.server.convert import Converter
from sqla_lsp.server.documents import Documents
from sqla_lsp.server.mailbox import Mailbox
from sqla_lsp.server.options import Options
from sqla_lsp.server.publisher import Publisher
from sqla_lsp.server.session import Session


class Bar(Protocol):
    """Shows how far the reading is."""

    def report(self, done: int, total: int) -> None:
        """`done` of `total` files are read. May be called from any thread."""

    def end(self) -> None:
        """It is over."""


class Reading:
    """One reading of all projects. `is_over` tells that it has come to its end."""

    def __init__(self) -> None:
        self.is_over = False
        self._bar: Bar | None = None

    def show(self, bar: Bar) -> None:
        """From now on a bar tells how far it is."""
        if self.is_over:
            bar.end()
        else:
            self._bar = bar

    def report(self, done: int, total: int) -> None:
        """Comes from the thread of the analysis."""
        if self._bar is not None:
            self._bar.report(done, total)

    def end(self) -> None:
        """It is over."""
        self.is_over = True
        if self._bar is not None:
            self._bar.end()


class Front:
    """One session. `begin` comes first; all of it runs in the main thread. `send` takes the body of a message, `is_open` tells
    whether anything may be sent unasked, `awaited` are the paths of documents that are to be judged for the first time, and
    `moved` is called with those of open documents of which other files have changed something."""

    def __init__(self, send: Callable[[bytes], None], mailbox: Mailbox) -> None:
        self.send = send
        self.mailbox = mailbox
        self.documents = Documents()
        self.options = Options()
        self.session = Session()
        self.publisher = Publisher(send)
        self.is_open = False
        self.awaited: set[str] = set()
        self.reading: Reading | None = None
        self.moved: Callable[[list[str]], None] = lambda paths: None
        self._analysis: Analysis | None = None
        self._told: frozenset[str] = frozenset()
        self._failure: str | None = None

    @property
    def has_begun(self) -> bool:
        """Whether a client was taken on."""
        return self._analysis is not None

    @property
    def analysis(self) -> Analysis:
        """The analysis of this session."""
        assert self._analysis is not None
        return self._analysis

    def begin(self, given: Session, options: Options) -> None:
        """Takes a client on."""
        self.session, self.options, self.is_open = given, options, True
        self.documents.encoding = given.encoding
        self._analysis = Analysis(self.converter(), _Posting(self))

    def converter(self) -> Converter:
        """What turns findings into diagnostics for this client."""
        given = self.session
        return Converter(given.encoding, self.documents.uri_of, given.related, given.tags, given.data)

    def stop(self, timeout: float) -> bool:
        """Ends the analysis; whether it has ended in time."""
        return self._analysis is None or self._analysis.stop(timeout)

    def open(self, item: hello.TextDocumentItem) -> None:
        """Takes a document up and has it judged."""
        document = self.documents.open(item)
        if document is not None:
            self.awaited.add(document.path)
            self.analysis.text(document.path, document.data)

    def read_projects(self) -> Reading:
        """Reads all folders (again) and judges what is shown."""
        reading = self.reading = Reading()

        def done(error: Exception | None) -> None:
            reading.end()
            sentence = f"the project could not be read: {type(error).__name__}: {error}" if error is not None else None
            if sentence is not None and sentence != self._failure:
                self.tell(sentence)
            self._failure = sentence

        def done_in_thread(error: Exception | None) -> None:
            self.mailbox.post(done, error)

        self.analysis.load(Load(self.session.roots, self.options, reading.report, done_in_thread))
        return reading

    # ----------------------------------------------------------------------------------- what the user sees

    def tell(self, sentence: str, kind: int = wire.ERROR) -> None:
        """Shows the user what is wrong."""
        if self.is_open:
            self.send(wire.show_message(kind, f"sqla-lsp: {sentence}"))

    def problems(self, sentences: Sequence[str]) -> None:
        """Tells of problems that are new; one that comes back is told again."""
        for sentence in sentences:
            if sentence not in self._told:
                self.tell(sentence)
        self._told = frozenset(sentences)

    def publish(self, results: list[Result]) -> None:
        """Publishes findings, unless the text that they speak of is gone."""
        self.awaited.difference_update(result.path for result in results)
        for result in results if self.is_open else ():
            shown = self.documents.by_path.get(result.path)
            if shown is None and (result.data is not None or self.options.mode == "open-files"):
                continue
            if shown is not None and shown.data != result.data:
                continue
            version = None if shown is None else shown.version
            self.publisher.publish(
                result.path, self.documents.uri_of(result.path), result.diagnostics, version, always=result.asked
            )
        moved = [result.path for result in results if not result.asked and result.path in self.documents.by_path]
        if moved:
            self.moved(moved)

    def keep(self, paths: frozenset[str]) -> None:
        """Takes back what was published for files that are no longer shown."""
        if self.is_open:
            self.publisher.keep(paths | self.documents.by_path.keys())


class _Posting:
    """Hears the analysis in its thread and has everything told in the main thread."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def judged(self, results: list[Result]) -> None:
        self._front.mailbox.post(self._front.publish, results)

    def showing(self, paths: frozenset[str]) -> None:
        self._front.mailbox.post(self._front.keep, paths)

    def problems(self, sentences: tuple[str, ...]) -> None:
        self._front.mailbox.post(self._front.problems, sentences)
