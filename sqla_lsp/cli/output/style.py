"""Styled text: pieces of a line with the style that a terminal shows them in, plain text everywhere else."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import TextIO

Styled = tuple[tuple[str, str], ...]
"""A line as pairs of text and style; the style "" is plain."""


_HARMFUL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """A text that does nothing to a terminal, nor to the lines around it: control characters are replaced, but for tabs."""
    return _HARMFUL.sub("\ufffd", text)


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 file", "1,200 queries"."""
    plural = noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


def plain(line: Styled) -> str:
    """The line without its styles."""
    return "".join(harmless(text) for text, _ in line)


def write(lines: Iterable[Styled], stream: TextIO) -> None:
    """Writes the lines, in colour where `stream` is a terminal (NO_COLOR and FORCE_COLOR are honoured)."""
    if not _coloured(stream):
        for line in lines:
            stream.write(plain(line) + "\n")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, soft_wrap=True, highlight=False, force_terminal=True)
    for line in lines:
        console.print(Text.assemble(*((harmless(text), style) for text, style in line)), soft_wrap=True)


def _coloured(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def tolerant(stream: TextIO) -> None:
    """Lets a stream of a narrow encoding print what it cannot express as escapes instead of failing."""
    if stream is sys.stdout or stream is sys.stderr:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
