"""The value of string and number literals, exactly as Python reads them. It never warns about an escape that means nothing."""

from __future__ import annotations

import re
import unicodedata

_ESCAPE = re.compile(r"\\(\n|[\\'\"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[xuUN])")
_SIMPLE = {"\n": "", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SMALLEST, _GREATEST = -(2**63), 2**64 - 1


def string_text(content: bytes, *, raw: bool) -> str | None:
    """What stands between the quotes, decoded; None where Python finds an error in it, and for half a surrogate pair."""
    text = content.decode("utf-8", "replace")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if raw or "\\" not in text:
        return text
    try:
        text = _ESCAPE.sub(_unescape, text)
        text.encode("utf-8")
    except (KeyError, ValueError):
        return None
    return text


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    simple = _SIMPLE.get(escape)
    if simple is not None:
        return simple
    head = escape[0]
    if head == "N":
        character = unicodedata.lookup(escape[2:-1])
        if len(character) != 1:  # a named sequence, which only the function knows
            raise ValueError(escape)
        return character
    return chr(int(escape[1:], 16)) if head in "xuU" else chr(int(escape, 8))


def number(text: str) -> int | float | None:
    """The value of an integer or a float; None for complex numbers, those of Python 2, and integers beyond 64 bits."""
    try:
        if text[-1] in "jJ":
            return None
        value = int(text, 0)
    except ValueError:
        return None
    return value if _SMALLEST <= value <= _GREATEST else None


def float_number(text: str) -> float | None:
    """The value of a float; None for complex numbers."""
    try:
        return float(text)
    except ValueError:
        return None


def identifier(text: str) -> str:
    """A name as Python compares it."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)
