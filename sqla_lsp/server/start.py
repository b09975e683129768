"""Starts the server for one client, over standard input and output or a TCP connection, and ends with the exit code that the
protocol wants."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import socket
import sys
import threading
from collections.abc import Callable

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


def _serve(read: Callable[[int], bytes], write: Callable[[bytes | memoryview], int]) -> int:
    from sqla_lsp.server.server import server

    asyncio.run(_session(read, write))
    code = server.messages.exit_code
    if not server.stop(_PATIENCE):
        for child in multiprocessing.active_children():
            child.terminate()
        sys.stderr.flush()
        os._exit(code)
    return code


async def _session(read: Callable[[int], bytes], write: Callable[[bytes | memoryview], int]) -> None:
    """Handles messages until the client says `exit` or goes away."""
    from sqla_lsp.server.server import server

    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    server.messages.leave = ended.set
    server.messages.set_writer(Output(write, ended.set))

    def receive(body: bytes) -> None:
        if not ended.is_set():
            server.messages.receive(body)

    def listen() -> None:
        try:
            for body in messages(read):
                loop.call_soon_threadsafe(receive, body)
            loop.call_soon_threadsafe(ended.set)
        except RuntimeError:
            return  # the loop has ended

    threading.Thread(target=listen, name="sqla-lsp-reader", daemon=True).start()
    await ended.wait()
