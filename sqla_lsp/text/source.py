"""Bytes of a Python file to UTF-8 and back, as Python itself reads them (PEP 263, byte order mark). It never touches newlines."""

from __future__ import annotations

import codecs
import re

import msgspec

_BOM = codecs.BOM_UTF8
_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_LEADING = re.compile(rb"[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n|\Z)")
_UTF8_NAMES = frozenset({"utf-8", "utf8", "u8", "utf", "cp65001", "utf8-ucs2", "utf8-ucs4"})


class SourceError(ValueError):
    """A file that Python would not read either. `reason` is a phrase for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Source(msgspec.Struct, frozen=True):
    """The text of a file as UTF-8 without byte order mark, and how to write it back."""

    data: bytes
    encoding: str
    bom: bool


def decode(raw: bytes) -> Source:
    """The text of a file. Raises `SourceError` for an unknown encoding, bytes that do not fit it, and NUL bytes."""
    bom = raw.startswith(_BOM)
    data = raw[len(_BOM) :] if bom else raw
    encoding = _cookie(data)
    if bom and encoding not in ("", "utf-8"):
        raise SourceError(f"the byte order mark says utf-8, the coding comment says {encoding}")
    if encoding in ("", "utf-8"):
        encoding = "utf-8"
        _check_utf8(data)
    else:
        data = _recode(data, encoding)
    if b"\0" in data:
        raise SourceError("it contains NUL bytes: it is not a text file")
    return Source(data, encoding, bom)


def encode(source: Source, text: str | bytes) -> bytes:
    """New text of the file in its own encoding. Raises `SourceError` when a character does not fit it."""
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    try:
        encoded = text.encode(source.encoding)
    except UnicodeEncodeError as error:
        raise SourceError(f"{text[error.start]!r} cannot be written in {source.encoding}") from None
    return _BOM + encoded if source.bom else encoded


def _cookie(data: bytes) -> str:
    """The normalized name in the coding comment of the first two lines, or ""."""
    first = _LEADING.match(data)
    if first is None:  # the first line holds code, so that neither it nor the second one can name an encoding
        return ""
    found = _COOKIE.match(data, 0, first.end())
    if found is None:
        second = re.compile(rb"[^\r\n]*").match(data, first.end())
        found = second and _COOKIE.match(data, first.end(), second.end())
    if found is None:
        return ""
    name = found[1].decode("ascii", "replace").lower().replace("_", "-")
    if name in _UTF8_NAMES or name.startswith("utf-8-"):
        return "utf-8"
    return name


def _check_utf8(data: bytes) -> None:
    if data.isascii():
        return
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"byte 0x{data[error.start]:02x} at offset {error.start} is not utf-8") from None


def _recode(data: bytes, encoding: str) -> bytes:
    try:
        codec = codecs.lookup(encoding)
        if not codec._is_text_encoding:
            raise LookupError(encoding)
        text = data.decode(encoding)
        return text.encode("utf-8")
    except (LookupError, ValueError) as error:
        if isinstance(error, UnicodeError):
            raise SourceError(f"it is not {encoding}, although its coding comment says so") from None
        raise SourceError(f"its coding comment names an unknown encoding: {encoding}") from None
