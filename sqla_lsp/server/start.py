"""Starts the server for one client, over standard input and output or a TCP connection, and ends with the exit code that the
protocol wants."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqla_lsp.server.front import Front
from sqla_lsp.server.mailbox import Mailbox
from sqla_lsp.server.opening import Opening
from sqla_lsp.server.streams import Output, messages, private_standard_streams

_PATIENCE = 2.0
"""Seconds that the analysis has to come to an end."""


def over_stdio() -> int:
    """Serves the client that started this process; gives the exit code."""
    _configure_logging()
    reading, writing = private_standard_streams()
    return _serve(lambda most: os.read(reading, most), lambda data: os.write(writing, data))


def over_tcp(host: str, port: int) -> int:
    """Waits for one client at an address and serves it; gives the exit code. Says on standard error where it listens."""
    import socket

    _configure_logging()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listening:
        name = f"[{host}]" if family == socket.AF_INET6 else host
        print(f"sqla-lsp server: listening on {name}:{listening.getsockname()[1]}", file=sys.stderr, flush=True)
        connection, _ = listening.accept()
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _serve(connection.recv, connection.send)


def _configure_logging() -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.WARNING)


@dataclass
class _Line:
    """The client's end of the line: who hears what it says at present, and that it has gone."""

    receive: Callable[[bytes], None]
    end: Callable[[], None]

    def listen(self, read: Callable[[int], bytes], mailbox: Mailbox) -> None:
        """Passes on what comes until the client goes. Runs in a thread of its own."""
        for body in messages(read):
            mailbox.post(self._receive, body)
        mailbox.post(self._end)

    def _receive(self, body: bytes) -> None:
        self.receive(body)

    def _end(self) -> None:
        self.end()


def _serve(read: Callable[[int], bytes], write: Callable[[bytes | memoryview], int]) -> int:
    """Opens the session, and imports pygls to go on with it when the first documents are judged."""
    mailbox = Mailbox()
    output = Output(write, lambda: line.end())
    front = Front(output.send, mailbox)
    opening = Opening(front)
    line = _Line(opening.receive, opening.end)
    threading.Thread(target=line.listen, args=(read, mailbox), name="sqla-lsp-reader", daemon=True).start()
    opening.run()
    import asyncio

    from sqla_lsp.server.server import server

    server.front = front
    server.messages.set_writer(output)
    asyncio.run(_session(opening, line, mailbox))
    code = server.messages.exit_code
    if not front.stop(_PATIENCE):
        import multiprocessing

        for child in multiprocessing.active_children():
            child.terminate()
        sys.stderr.flush()
        os._exit(code)
    return code


async def _session(opening: Opening, line: _Line, mailbox: Mailbox) -> None:
    """Handles what the opening kept and then all messages, until the client says `exit` or goes away."""
    import asyncio

    from sqla_lsp.server.server import server

    ended = asyncio.Event()

    def receive(body: bytes) -> None:
        if not ended.is_set():
            server.messages.receive(body)

    server.messages.leave = line.end = ended.set
    line.receive = receive
    kept = iter(opening.kept)
    if opening.answered:
        server.messages.resume(next(kept))
    for body in kept:
        receive(body)
    if opening.gone:
        ended.set()
    mailbox.move(asyncio.get_running_loop())
    await ended.wait()
