"""The text of raw SQL before it is parsed: bind parameters and holes become marks, single characters of the private use area,
which Postgres's grammar takes for parts of identifiers. Nothing here needs the parser."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from sqla_lsp.schema.names import Unknown
from sqla_lsp.syntax.values import Template

FIRST_MARK, LAST_MARK = 0xE000, 0xF8FF
MARK = f"[{chr(FIRST_MARK)}-{chr(LAST_MARK)}]"
WORD = rf"(?:\w|{MARK})"
GAP = re.compile(rf"/\*({MARK}+)\*/")
"""A hole that was taken out so that the rest parses: it stands where it stood, in a comment."""

_SHOWN_GAP = re.compile(f"(?:SELECT)?{GAP.pattern}")
_NUMBER = "198765"
_AS_NUMBER = re.compile(rf"\b{_NUMBER}(\d{{4}})\b")

_TOKEN = re.compile(
    rf"""
    (?P<comment> --[^\n]* | /\*(?!{MARK}+\*/)(?:[^*/]|\*(?!/)|/(?!\*)|/\*(?:[^*]|\*(?!/))*\*/)*(?:\*/|\Z) )
  | (?P<string>
        (?<!\w)[eE]'(?:[^'\\]|''|\\.)*(?:'|\Z)
      | '(?:[^']|'')*(?:'|\Z)
      | (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)
    )
  | (?P<quoted> "(?:[^"]|"")*(?:"|\Z) )
    """,
    re.VERBOSE | re.DOTALL,
)
_BEGINNINGS = ("'", '"', "$", "--", "/*")
"""What a token begins with: most statements have none."""
_BIND = rf"(?<![:\w\\]):(?P<bind>{WORD}+)(?!:)"
_DBAPI = rf"%\({WORD}+\)s|%s(?!\w)"
_REPLACED = re.compile(
    rf"""
    {_TOKEN.pattern}
  | (?P<escape> \\: )
  | (?P<percent> %% )
  | (?P<row> (?i:\b(?:IN|VALUES))\s+ )(?P<item> :{WORD}+ | {_DBAPI} | {MARK}+ )(?!{WORD}|\s*[.(])
  | (?P<name> {_BIND} )
  | (?P<dbapi> {_DBAPI} )
    """,
    re.VERBOSE | re.DOTALL,
)
_REPLACEABLE = (":", "%", "\\")


@dataclass(slots=True)
class Holes:
    """What the marks of a prepared text stand for, by number: why it is not known, and how it is shown."""

    unknown: list[Unknown] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def mark(self, unknown: Unknown, shown: str) -> str:
        """A new mark."""
        if FIRST_MARK + len(self.shown) > LAST_MARK:
            return chr(LAST_MARK)
        self.unknown.append(unknown)
        self.shown.append(shown)
        return chr(FIRST_MARK + len(self.shown) - 1)

    def known(self, text: str) -> str | Unknown:
        """The text itself, or Unknown where it holds a mark or may have lost one when Postgres cut it at 63 bytes."""
        found = re.search(MARK, self._with_marks(text))
        if found:
            return self.unknown[ord(found[0]) - FIRST_MARK]
        if self.shown and 60 < len(text.encode()) < 64 and re.fullmatch(r"\w+", text):
            return Unknown("the name is cut off in what is not known")
        return text

    def show(self, text: str) -> str:
        """The text as people are shown it."""
        if not self.shown:
            return text
        text = re.sub(rf"({MARK}) \1", r"\1", _SHOWN_GAP.sub(r"\1", self._with_marks(text)))
        return re.sub(MARK, lambda found: self.shown[ord(found[0]) - FIRST_MARK], text)

    def _with_marks(self, text: str) -> str:
        if not self.shown:
            return text
        return _AS_NUMBER.sub(
            lambda found: chr(FIRST_MARK + int(found[1])) if int(found[1]) < len(self.shown) else found[0], text
        )


def prepare(sql: str | Template, *, binds: bool) -> tuple[str, Holes]:
    """The text with marks for holes, for `:name` (when `binds`), `%s` and `%(name)s`; `%%` and `\\:` without their escapes
    (inside of strings `%%` stays when `binds`: `text()` sends it as it is)."""
    holes = Holes()
    parts = sql.parts if isinstance(sql, Template) else (sql,)
    text = "".join(
        re.sub(MARK + "|\0|[\ud800-\udfff]", "\ufffd", part) if isinstance(part, str) else holes.mark(part, "{…}")
        for part in parts
    )

    def bind(shown: str) -> str:
        return shown if re.fullmatch(MARK + "+", shown) else holes.mark(Unknown("a bind parameter"), holes.show(shown))

    def replaced(found: re.Match[str]) -> str:
        if found["comment"] or found["quoted"]:
            return found[0]
        if found["string"]:
            return found[0].replace("\\:", ":") if binds else found[0].replace("%%", "%")
        if found["escape"]:
            return ":" if binds else found[0]
        if found["percent"]:
            return "%"
        if found["row"]:
            return found[0] if found["item"][0] == ":" and not binds else f"{found['row']}({bind(found['item'])})"
        if found["name"] and not binds:
            return found[0]
        return bind(found[0])

    return _REPLACED.sub(replaced, text) if any(mark in text for mark in _REPLACEABLE) or holes.shown else text, holes


def as_number(mark: str) -> str:
    """A number that stands for a mark where the grammar takes nothing but a number."""
    return f"{_NUMBER}{ord(mark[0]) - FIRST_MARK:04}"


def part_not_known(unknown: Unknown) -> str:
    """The reason of a statement of which a part is not known."""
    return "a part of the SQL is not known" + (f": {unknown.reason}" if unknown.reason else "")


def masked(text: str, *, names: bool = True) -> str:
    """The text of the same length whose comments are spaces, and whose strings (and quoted names, when `names`) are `x`."""

    if not any(mark in text for mark in _BEGINNINGS):
        return text

    def cover(found: re.Match[str]) -> str:
        if found["comment"]:
            return " " * len(found[0])
        return found[0] if found["quoted"] and not names else "x" * len(found[0])

    return _TOKEN.sub(cover, text)


def trimmed(text: str) -> str:
    """The text without the comments, spaces and semicolons around it."""
    cover = masked(text)
    return text[len(cover) - len(cover.lstrip(" \t\r\n\f\v;")) : len(cover.rstrip(" \t\r\n\f\v;"))]


def pieces(text: str) -> list[str]:
    """The statements of a text, cut at its semicolons; without empty ones."""
    cuts = [-1, *(i for i, letter in enumerate(masked(text)) if letter == ";"), len(text)]
    found = (trimmed(text[start + 1 : end]) for start, end in pairwise(cuts))
    return [piece for piece in found if piece]
