"""SQL in string literals, f-strings and literals that stand side by side: words put into it, and a text of several statements
parted, while quotes and all else stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import libcst as cst

from sqla_lsp.fixes.calls import argument, has_comment, last_name
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.style import without_binds
from sqla_lsp.postgres.sql_text import masked

_TEXT = ("text", "DDL")
_AROUND = ("bindparams", "execution_options")
_BLANK = " \t\r\n\f\v;"
_ESCAPE = re.compile(r"\\(?:\r\n|N\{[^}]*\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)", re.DOTALL)
_SHOWN = re.compile(r"(?P<blank>\s+)|[x{}%\\:]+")
"""What may be shown otherwise than it is written: blanks, holes, and escapes."""


@dataclass(frozen=True)
class Written:
    """The SQL that a call sends. `text` is the source between the quotes, joined, with what SQL does not see of it (escapes,
    expressions of an f-string) replaced by as many other letters; `parts` are the stretches that it is written in."""

    call: cst.Call
    literal: cst.BaseExpression
    text: str
    parts: Sequence[_Part]

    def statements(self) -> list[tuple[int, int]]:
        """The ranges of the statements, each from the end of the one before it to its semicolon, and to the end of the line where
        nothing but a comment stands there."""
        cover = masked(self.text)
        cuts = [0, *(_line_end(self.text, cover, at + 1) for at, letter in enumerate(cover) if letter == ";"), len(cover)]
        spans = [(start, end) for start, end in pairwise(cuts) if cover[start:end].strip(_BLANK)]
        return [(0 if n == 0 else start, end if n + 1 < len(spans) else len(cover)) for n, (start, end) in enumerate(spans)]

    def statement(self, sql: str) -> tuple[int, int]:
        """The range of the statement whose text is given as Postgres sees it. Raises `NotPossible`."""
        found = self.statements()
        if len(found) > 1:
            equal = [span for span in found if self.trimmed(*span).split() == sql.split()]
            found = equal or [span for span in found if _looks_like(self.trimmed(*span), sql)]
        if len(found) != 1:
            raise NotPossible("the statement is not found in the literal")
        return found[0]

    def core(self, start: int, end: int) -> tuple[int, int]:
        """The range of a statement without the blanks, comments and semicolons around it."""
        cover = masked(self.text)[start:end]
        return start + len(cover) - len(cover.lstrip(_BLANK)), start + len(cover.rstrip(_BLANK))

    def trimmed(self, start: int, end: int) -> str:
        first, last = self.core(start, end)
        return self.text[first:last]

    def inserted(self, at: int, words: str) -> cst.Call:
        """The call with words put into the SQL at a place."""
        return self.replaced(at, at, words)

    def replaced(self, start: int, end: int, words: str) -> cst.Call:
        """The call with other words in a range, which has to lie in one part of the literal."""
        for part in self.parts:
            if part.start <= start and end <= part.end and not part.is_hole:
                old = part.source
                new = old[: start - part.start] + part.escaped(words) + old[end - part.start :]
                return self._with({id(part.node): new})
        raise NotPossible("the words are not written in one literal")

    def alone(self, start: int, end: int) -> cst.Call:
        """The call with nothing but a range of its SQL: on one line without blanks around it, else with the same end."""
        texts: dict[int, str | None] = {}
        tail = self.text[len(self.text.rstrip()) :]
        if "\n" not in self.text[start:end]:
            start += len(self.text[start:end]) - len(self.text[start:end].lstrip())
            end = start + len(self.text[start:end].rstrip(_BLANK))
            tail = ""
        for part in self.parts:
            first, last = max(start, part.start) - part.start, min(end, part.end) - part.start
            if part.is_hole and first < last and last - first < len(part.source):
                raise NotPossible("the statements meet in an expression")
            is_cut = part.start < end < len(self.text) and end <= part.end and not part.is_hole
            texts[id(part.node)] = part.source[first:last] + (tail if is_cut else "") if first < last else None
        if has_comment(self.literal) and any(text is None for text in texts.values()):
            raise NotPossible("a comment stands between the parts of the literal")
        return self._with(texts)

    def _with(self, texts: dict[int, str | None] | dict[int, str]) -> cst.Call:
        literal = _rebuilt(self.literal, dict(texts))
        if literal is None:
            raise NotPossible("nothing is left of the literal")
        made = self.call.deep_replace(self.literal, literal)
        assert isinstance(made, cst.Call)
        return made


@dataclass(frozen=True)
class _Part:
    """A stretch of the text: the node that it is written in, its source without quotes, the prefix and quote of its literal, and
    whether it is an expression of an f-string."""

    node: cst.CSTNode
    source: str
    start: int
    opening: str
    is_hole: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.source)

    def escaped(self, words: str) -> str:
        """Words as they are written there."""
        prefix = self.opening.rstrip("\"'").lower()
        quote = self.opening[len(prefix) :]
        if "r" in prefix and (quote in words or "\\" in words):
            raise NotPossible("the words cannot be written in a raw literal")
        words = words.replace("\\", "\\\\").replace(quote, "".join(f"\\{letter}" for letter in quote))
        return words.replace("{", "{{").replace("}", "}}") if "f" in prefix else words


def written(call: cst.Call) -> Written:
    """The SQL that `execute("...")` or `execute(sa.text("..."))` sends. Raises `NotPossible` where it is not written there."""
    literal = _literal_of(call)
    parts: list[_Part] = []
    seen: list[str] = []
    at = 0
    for node, source, view, opening in _stretches(literal):
        parts.append(_Part(node, source, at, opening, isinstance(node, cst.FormattedStringExpression)))
        seen.append(view)
        at += len(source)
    return Written(call, literal, "".join(seen), parts)


def with_words(call: cst.Call, sql: str, pattern: str, words: str, name: str = "") -> cst.Call:
    """The call with words put behind the place where the pattern matches one of its statements, which has to be once outside of
    comments and strings. They are written in small letters where the SQL is. A name may follow them."""
    found = written(call)
    start, end = found.core(*found.statement(sql))
    matches = list(re.finditer(pattern, masked(found.text)[start:end], re.IGNORECASE))
    if len(matches) != 1:
        raise NotPossible("the words are not found in the literal")
    [match] = matches
    words = words.lower() if match[0].islower() else words
    return found.inserted(start + match.end(), f" {words} {without_binds(name)}".rstrip())


def with_end(call: cst.Call, sql: str, words: str) -> cst.Call:
    """The call with words at the end of one of its statements, before comments and the semicolon behind it."""
    found = written(call)
    start, end = found.core(*found.statement(sql))
    first = found.text[start:end].split(None, 1)[0]
    return found.inserted(end, f" {words.lower() if first.islower() else words}")


def parted(call: cst.Call, sql: str) -> tuple[cst.Call | None, cst.Call, cst.Call | None]:
    """A call that sends several statements, as three: of what stands before one of them, of it alone, of what stands behind."""
    found = written(call)
    every = found.statements()
    if len(every) == 1:
        return None, call, None
    span = found.statement(sql)
    at = every.index(span)
    before = found.alone(0, span[0]) if at else None
    after = found.alone(span[1], len(found.text)) if at + 1 < len(every) else None
    return before, found.alone(*span), after


def _line_end(text: str, cover: str, at: int) -> int:
    """The end of the line, before its line end, where its cover is blank from there on."""
    end = cover.find("\n", at)
    if end < 0 or cover[at:end].strip():
        return at
    return end - 1 if text[end - 1] == "\r" and end > at else end


def _literal_of(call: cst.Call) -> cst.BaseExpression:
    given = argument(call, 0, "sqltext", "statement", "sql")
    while isinstance(given, cst.Call):
        if last_name(given.func) in _AROUND and isinstance(given.func, cst.Attribute):
            given = given.func.value
        elif last_name(given.func) in _TEXT:
            given = argument(given, 0, "text", "statement")
        else:
            break
    if given is None:
        raise NotPossible("the SQL is not written in the call")
    return given


def _stretches(literal: cst.CSTNode, opening: str = "") -> Iterator[tuple[cst.CSTNode, str, str, str]]:
    """The nodes that text is written in: each with its source, the source as SQL sees it, and how its literal begins."""
    match literal:
        case cst.SimpleString():
            source = literal.raw_value
            view = source if "r" in literal.prefix.lower() else _unescaped(source)
            yield literal, source, view, literal.prefix + literal.quote
        case cst.FormattedString(parts=parts, start=start):
            for part in parts:
                yield from _stretches(part, start)
        case cst.FormattedStringText(value=source):
            view = source.replace("{{", "{ ").replace("}}", "} ")
            yield literal, source, view if "r" in opening.lower() else _unescaped(view), opening
        case cst.FormattedStringExpression():
            source = cst.Module([]).code_for_node(literal)
            yield literal, source, "x" * len(source), opening
        case cst.ConcatenatedString(left=left, right=right):
            yield from _stretches(left)
            yield from _stretches(right)
        case _:
            raise NotPossible("the SQL is not written in the call")


def _unescaped(source: str) -> str:
    """The source of a string with escapes replaced by what SQL sees there, at the same length."""

    def seen(found: re.Match[str]) -> str:
        letter = {"n": "\n", "r": "\n", "t": "\t", "\n": " ", "\r": " "}.get(found[0][1], found[0][1])
        is_letter = len(found[0]) == 2 or letter == " "
        return letter.ljust(len(found[0])) if letter in "\n\t '\"\\" and is_letter else "x" * len(found[0])

    return _ESCAPE.sub(seen, source)


def _looks_like(text: str, sql: str) -> bool:
    """Whether a text, as it is written, may be the SQL that Postgres sees."""
    pattern, at = "", 0
    for found in _SHOWN.finditer(text):
        pattern += re.escape(text[at : found.start()]) + (r"\s*" if found["blank"] else ".*?")
        at = found.end()
    return re.fullmatch(pattern + re.escape(text[at:]), sql, re.DOTALL) is not None


def _rebuilt(literal: cst.CSTNode, texts: dict[int, str | None]) -> cst.BaseExpression | None:
    """A literal with other texts in its parts, of which those of None go."""
    match literal:
        case cst.SimpleString():
            text = texts.get(id(literal), literal.raw_value)
            return None if text is None else literal.with_changes(value=f"{literal.prefix}{literal.quote}{text}{literal.quote}")
        case cst.FormattedString(parts=parts):
            kept = []
            for part in parts:
                text = texts.get(id(part), "")
                if id(part) not in texts:
                    kept.append(part)
                elif text is not None:
                    kept.append(part.with_changes(value=text) if isinstance(part, cst.FormattedStringText) else part)
            return literal.with_changes(parts=kept) if kept else None
        case cst.ConcatenatedString(left=left, right=right):
            before, after = _rebuilt(left, texts), _rebuilt(right, texts)
            if before is None or after is None:
                rest = before if after is None else after
                return None if rest is None else rest.with_changes(lpar=literal.lpar, rpar=literal.rpar)
            return literal.with_changes(left=before, right=after)
        case _:
            raise AssertionError(literal)
