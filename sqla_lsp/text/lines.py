"""Offsets to lines and columns and back, in the units that clients count in. Only \\n, \\r\\n and \\r end a line."""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum

_LINE_END = re.compile(rb"\r\n?|\n")


class Encoding(Enum):
    """What a column counts: bytes, UTF-16 code units, or characters."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


class LineIndex:
    """The lines of a UTF-8 text. Rows and columns count from 0, offsets are bytes."""

    __slots__ = ("_ascii", "_data", "_starts")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._ascii = data.isascii()
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(data))]

    @property
    def line_count(self) -> int:
        """At least 1: a text that ends with a line end has an empty last line."""
        return len(self._starts)

    def row(self, offset: int) -> int:
        """The row of an offset; offsets before and after the text belong to its first and last row."""
        return max(0, bisect_right(self._starts, offset) - 1)

    def line_start(self, row: int) -> int:
        """The offset at which a row begins; the end of the text for rows beyond the last."""
        if row < 0:
            return 0
        return self._starts[row] if row < len(self._starts) else len(self._data)

    def line(self, row: int) -> bytes:
        """A row without its line end; empty beyond the last."""
        return self._data[self.line_start(row) : self._line_end(row)]

    def position(self, offset: int, encoding: Encoding = Encoding.UTF32) -> tuple[int, int]:
        """Row and column of an offset. An offset inside of a line end or of a character counts as its beginning."""
        offset = min(max(offset, 0), len(self._data))
        row = self.row(offset)
        start = self._starts[row]
        offset = min(offset, self._line_end(row))
        if encoding is Encoding.UTF8 or self._ascii:
            return row, offset - start
        while offset > start and offset < len(self._data) and self._data[offset] & 0xC0 == 0x80:
            offset -= 1
        text = self._data[start:offset].decode("utf-8", "replace")
        return row, len(text) if encoding is Encoding.UTF32 else _utf16_length(text)

    def offset(self, row: int, column: int, encoding: Encoding = Encoding.UTF32) -> int:
        """The offset of a row and column. Columns past the line's end mean its end, rows past the last the end of the text, and
        a column inside of a character its beginning."""
        if row < 0:
            return 0
        if row >= len(self._starts):
            return len(self._data)
        start, end = self._starts[row], self._line_end(row)
        column = max(column, 0)
        if encoding is Encoding.UTF8 or self._ascii:
            return min(start + column, end)
        text = self._data[start:end].decode("utf-8", "replace")
        if encoding is Encoding.UTF32:
            return start + len(text[:column].encode("utf-8"))
        units = offset = 0
        for character in text:
            units += 2 if character > "\uffff" else 1
            if units > column:
                break
            offset += len(character.encode("utf-8"))
        return start + offset

    def _line_end(self, row: int) -> int:
        """The offset at which a row ends, before its line end."""
        if row + 1 >= len(self._starts):
            return len(self._data)
        start, end = self._starts[max(row, 0)], self._starts[max(row, 0) + 1]
        if end - 2 >= start and self._data[end - 2 : end] == b"\r\n":
            return end - 2
        return end - 1


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2
