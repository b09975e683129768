"""What a hover says of a call in a migration: the SQL that it sends, the locks that it takes, and who waits for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from sqla_lsp.ide.functions import name_of
from sqla_lsp.preview.migration import DIRECTIONS, Preview, Statement
from sqla_lsp.preview.words import lifetime, sentences, summary
from sqla_lsp.text.places import Place

_MOST = 12
"""So many statements are shown; a loop may send hundreds."""
_MARKS = re.compile(r"[\\`*{}\[\]<>#|~&]|(?<!\w)_|_(?!\w)")


class Section(msgspec.Struct, frozen=True):
    """One statement, None where it is not known or where there are words alone, and what is said of it."""

    sql: str | None
    words: tuple[str, ...]


class Hover(msgspec.Struct, frozen=True):
    """What is shown over a place."""

    place: Place
    sections: tuple[Section, ...]


def hover(made: Preview, data: bytes, offset: int) -> Hover | None:
    """What is said at an offset of a migration: over a call what it sends, over `batch_alter_table()` what the batch sends, over
    the name of a function what all of it does. `data` is the migration's text."""
    everything = [*made.upgrade, *made.downgrade]
    places = {place for statement in everything for place in (statement.place, statement.batch) if place is not None}
    over = [place for place in places if place.start <= offset <= place.end and place.end > 0]
    if over:
        place = min(over, key=lambda place: place.end - place.start)
        return Hover(place, _sections([one for one in everything if place in (one.place, one.batch)], made))
    for direction in DIRECTIONS:
        name = name_of(made, direction, data)
        if name is not None and name.start <= offset <= name.end:
            statements = made.statements(direction)
            return Hover(name, (Section(None, (summary(statements),)), *_sections(statements, made)))
    return None


def _sections(statements: Sequence[Statement], made: Preview) -> tuple[Section, ...]:
    """What is said of statements, each thing once: a function that both directions call is asked about twice, and of statements
    that stand in one transaction the last one tells of it."""
    told: dict[tuple[Section, str], Statement] = {}
    for statement in statements:
        told.setdefault((_section(statement), _lifetime(statement, made)), statement)
    kept = [(statement, lives) for (_, lives), statement in told.items()]
    more = len(kept) - _MOST
    sections: list[Section] = []
    following = ""
    for statement, lives in reversed(kept[:_MOST]):
        sections.append(_section(statement, "" if lives == following else lives))
        following = lives or following
    return (*reversed(sections), *([Section(None, (f"and {more} more",))] if more > 0 else ()))


def _lifetime(statement: Statement, made: Preview) -> str:
    return "" if statement.sql is None else lifetime(statement.transaction, made)


def _section(statement: Statement, lives: str = "") -> Section:
    condition = ("may be left out",) if statement.conditional else ()
    if statement.sql is None:
        reason = statement.reason if statement.fails else f"what {statement.source} sends is not known: {statement.reason}"
        return Section(None, (reason, *condition))
    return Section(statement.sql, (*sentences(statement), *((lives,) if lives else ()), *condition))


def markdown(shown: Hover) -> str:
    """The hover as Markdown."""
    return "\n\n".join(_markdown(section) for section in shown.sections)


def _markdown(section: Section) -> str:
    words = "\n".join(f"- {_sentence(_escaped(word))}" for word in section.words)
    if section.sql is None:
        return _sentence(_escaped(section.words[0])) if len(section.words) == 1 else words
    fence = "`" * max(3, *(len(run) + 1 for run in ["", *re.findall("`+", section.sql)]))
    return f"{fence}sql\n{section.sql}\n{fence}\n{words}"


def plain(shown: Hover) -> str:
    """The hover as plain text."""
    return "\n\n".join("\n".join(_plain(section)) for section in shown.sections)


def _plain(section: Section) -> Iterator[str]:
    if section.sql is not None:
        yield section.sql
    yield from _sentences(section.words)


def _sentences(words: Iterable[str]) -> Iterator[str]:
    yield from (_sentence(word) for word in words)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _escaped(words: str) -> str:
    """Words in which Markdown sees no marks of its own."""
    return _MARKS.sub(lambda mark: f"\\{mark[0]}", words)
