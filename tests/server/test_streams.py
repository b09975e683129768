"""Frames: whatever the bytes are and however they are cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sqla_lsp.server.streams import Output, messages


def reader(data: bytes, size: int) -> Callable[[int], bytes]:
    pieces: Iterator[bytes] = iter([data[at : at + size] for at in range(0, len(data), size)])
    return lambda most: next(pieces, b"")


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    ("data", "bodies"),
    [
        (b"", []),
        (b"Content-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n[1]", [b"{}", b"[1]"]),
        (b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: 0\r\n\r\nContent-Length: 1\r\n\r\n1", [b"", b"1"]),
        (b"Content-Length: 9\r\n\r\n{}", []),
        (b"Content-Length: 2\r\n", []),
        (b"X-Content-Length: 5\r\n\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: -2\r\n\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"\0" * 200_000 + b"\r\n\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
    ],
)
def test_frames(data: bytes, bodies: list[bytes], size: int) -> None:
    if len(data) > 10_000 and size < 1000:
        size = 4096
    assert list(messages(reader(data, size))) == bodies


def test_a_connection_that_breaks_is_an_end() -> None:
    def read(most: int) -> bytes:
        raise ConnectionResetError

    assert list(messages(read)) == []


def test_output_writes_all_of_it() -> None:
    written = bytearray()

    def write(data: bytes | memoryview) -> int:
        written.extend(data[:3])
        return min(3, len(data))

    Output(write, lambda: None).write(b"0123456789")
    assert written == b"0123456789"


def test_output_says_once_that_nobody_reads() -> None:
    gone: list[bool] = []

    def write(data: bytes | memoryview) -> int:
        raise BrokenPipeError

    output = Output(write, lambda: gone.append(True))
    output.write(b"1")
    output.write(b"2")
    assert gone == [True]
