"""The first messages of a session: `initialize` is answered, the project read and the first documents judged before pygls and
lsprotocol are imported, which takes longer than all of that. Whatever else the client says is kept for them."""

from __future__ import annotations

import time

import msgspec

from sqla_lsp.server import hello, options, session, wire
from sqla_lsp.server.capabilities import answer
from sqla_lsp.server.front import Front

_PATIENCE = 0.2
"""Seconds after its answer in which a client is taken to open a document."""

_LONGEST = 1.0
"""Seconds after the answer at which what is not judged yet goes on beside the import."""

_HARMLESS = ("initialized", "$/setTrace", "workspace/didChangeConfiguration")
"""What may as well be handled after the documents that are opened behind it."""


class Opening:
    """Receives the bodies of messages. `answered` tells whether `initialize` was among them; `kept` are the bodies that pygls has
    to handle, in their order, first that of `initialize`; `gone` tells that the client is."""

    def __init__(self, front: Front) -> None:
        self.answered = False
        self.kept: list[bytes] = []
        self._front = front
        self._since = 0.0
        self._takes_documents = False
        self.gone = False

    def run(self) -> None:
        """Receives until there is nothing left to do without pygls."""
        while not self.gone:
            seconds = self._seconds()
            if seconds is not None and seconds <= 0:
                return
            self._front.mailbox.run(seconds)

    def _seconds(self) -> float | None:
        """How long the next message or judgement is waited for; None for ever."""
        if not self.answered:
            return 0 if self.kept else None
        elapsed = time.monotonic() - self._since
        if self._front.awaited:
            return _LONGEST - elapsed
        return _PATIENCE - elapsed if self._takes_documents and not self._front.documents.by_path else 0

    def end(self) -> None:
        """The client has gone."""
        self.gone = True

    def receive(self, body: bytes) -> None:
        """Handles the body of one message, or keeps it."""
        try:
            self._receive(msgspec.json.decode(body, type=hello.Message), body)
        except msgspec.MsgspecError:  # it is for pygls to say what is wrong with it
            self._keep(body, harmless=False)

    def _receive(self, message: hello.Message, body: bytes) -> None:
        if message.method == "initialize" and message.id is not None and not self.kept:
            self._begin(message.id, msgspec.json.decode(message.params, type=hello.InitializeParams))
            self._keep(body, harmless=True)
        elif message.method == "textDocument/didOpen" and message.id is None and self._takes_documents:
            self._front.open(msgspec.json.decode(message.params, type=hello.DidOpenParams).text_document)
        else:
            self._keep(body, harmless=message.method in _HARMLESS)

    def _begin(self, identity: int | str, params: hello.InitializeParams) -> None:
        given = session.begun(params)
        wanted = options.read(params.initialization_options)
        self._front.begin(given, wanted)
        self._front.send(wire.answer(identity, answer(given.encoding)))
        for problem in wanted.problems:
            self._front.tell(problem)
        self._front.read_projects()
        self.answered = self._takes_documents = True
        self._since = time.monotonic()

    def _keep(self, body: bytes, *, harmless: bool) -> None:
        self.kept.append(body)
        self._takes_documents &= harmless
