"""Bytes from and to one client: the frames of the protocol, over a pipe or a socket.

A thread of its own reads, so that the event loop gets whole messages in one step; what is no frame is passed over until the next
header that is one.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator

logger = logging.getLogger(__name__)

_CHUNK = 65536
_LONGEST_HEADER = 65536
_HEADER_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"(?:\A|\r\n)content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*(?=\r\n|\Z)", re.IGNORECASE)


def messages(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The bodies of all messages, until the other side closes. `read` gives up to so many bytes, none at the end."""
    buffered = bytearray()
    while True:
        length = None
        while length is None:
            end = _until(buffered, read, _HEADER_END)
            if end is None:
                return
            found = _LENGTH.search(buffered, 0, end)
            if found is None:
                logger.warning("%d bytes without a Content-Length are passed over", end)
            else:
                length = int(found[1])
            del buffered[: end + len(_HEADER_END)]
        while len(buffered) < length:
            more = _read(read, max(_CHUNK, length - len(buffered)))
            if not more:
                return
            buffered += more
        yield bytes(buffered[:length])
        del buffered[:length]


def _until(buffered: bytearray, read: Callable[[int], bytes], mark: bytes) -> int | None:
    """The offset of a mark, read as far as need be; None where the stream ends before it."""
    searched = 0
    while (at := buffered.find(mark, searched)) < 0:
        if len(buffered) > _LONGEST_HEADER:
            logger.warning("%d bytes that are no header are passed over", len(buffered))
            del buffered[: -len(mark)]
        searched = max(0, len(buffered) - len(mark))
        more = _read(read, _CHUNK)
        if not more:
            return None
        buffered += more
    return at


def _read(read: Callable[[int], bytes], most: int) -> bytes:
    try:
        return read(min(most, 1 << 24))
    except OSError as error:
        logger.info("the client has gone: %s", error)
        return b""


class Output:
    """The client's end of the stream that the server writes to. Once the client has gone, `gone` is called, once, and
    everything written is lost."""

    def __init__(self, write: Callable[[bytes | memoryview], int], gone: Callable[[], None]) -> None:
        self._write = write
        self._gone = gone
        self._open = True

    def send(self, body: bytes) -> None:
        """Writes a message."""
        self.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def write(self, data: bytes) -> None:
        """Writes all of it."""
        rest = memoryview(data)
        while self._open and rest:
            try:
                rest = rest[self._write(rest) :]
            except OSError as error:
                logger.info("the client has gone: %s", error)
                self.close()
                self._gone()

    def close(self) -> None:
        """Nothing is written any more."""
        self._open = False


def private_standard_streams() -> tuple[int, int]:
    """Descriptors of standard input and output that nobody else has: what is printed by mistake goes to standard error, and
    what reads standard input finds it empty."""
    reading, writing = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    return reading, writing
