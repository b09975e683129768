"""Identifiers as Postgres treats them: folding, cutting to 63 bytes, the names it gives by default, quoting."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

LONGEST = 63
"""Bytes of a name that Postgres keeps (NAMEDATALEN - 1)."""

_ASCII_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*\Z")
_KEYWORDS = """
all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char
character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role
current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except
exists extract false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner
inout int integer intersect interval into is isnull join lateral leading least left like limit localtime localtimestamp national
natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing position
precision primary real references returning right row select session_user setof similar smallint some substring symmetric
system_user table tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic
verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
xmlserialize xmltable
"""
"""The key words that Postgres's own quote_ident() quotes: all but those it calls unreserved."""
_QUOTED = frozenset(_KEYWORDS.split())


def fold(text: str) -> str:
    """The name that an unquoted identifier stands for. As in a UTF-8 database, only ASCII letters are folded."""
    return text.translate(_ASCII_LOWER)


def cut(name: str) -> str:
    """The first 63 bytes of `name`, less a character that would be cut in two."""
    return _clip(name, LONGEST)


def shortened(name: str) -> str:
    """`name` as SQLAlchemy shortens one that is too long and that it may change: made by a convention or `op.f()`."""
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 8]}_{hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[-4:]}"


def default_name(table: str, columns: Sequence[str], suffix: str) -> str:
    """The name Postgres gives an index or constraint that has none: `default_name("t", ["a", "b"], "key")` is "t_a_b_key".

    An expression of an index counts as a column named "expr"; a primary key is named after its table alone, and so is, given
    no `columns`, a check of several columns. Where the name is taken, Postgres tries the suffixes "key1", "key2" and so on.
    """
    if suffix == "pkey" or not columns:
        return _join(cut(table), None, suffix)
    addition = ""
    for column in _distinct(columns):
        addition = f"{addition}_{column}" if addition else column
        if len(addition.encode()) > LONGEST:
            break
    return _join(cut(table), addition, suffix)


def quote_literal(text: str) -> str:
    """A string as SQL writes it, as Postgres's own quote_literal() does for one without a backslash."""
    return "'" + text.replace("'", "''") + "'"


def quote(name: str) -> str:
    """`name` as it is written in SQL, quoted only where it has to be."""
    if _PLAIN.match(name) and name not in _QUOTED:
        return name
    return '"' + name.replace('"', '""') + '"'


def _distinct(columns: Sequence[str]) -> list[str]:
    """ChooseIndexColumnNames(): numbers what is named twice, so ("expr", "expr") becomes "expr" and "expr1"."""
    names: list[str] = []
    for column in map(cut, columns):
        name, number = column, 0
        while name in names:
            number += 1
            name = _clip(column, LONGEST - len(str(number))) + str(number)
        names.append(name)
    return names


def _join(first: str, second: str | None, suffix: str) -> str:
    """makeObjectName(): shortens the longer of the two parts until all of it fits."""
    first_bytes = len(first.encode())
    second_bytes = len(second.encode()) if second is not None else 0
    room = LONGEST - (len(suffix.encode()) + 1) - (1 if second is not None else 0)
    while first_bytes + second_bytes > room:
        if first_bytes > second_bytes:
            first_bytes -= 1
        else:
            second_bytes -= 1
    parts = [_clip(first, first_bytes)]
    if second is not None:
        parts.append(_clip(second, second_bytes))
    return "_".join([*parts, suffix])


def _clip(text: str, size: int) -> str:
    data = text.encode()
    return text if len(data) <= size else data[:size].decode(errors="ignore")
