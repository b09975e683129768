"""What is known of two types where rows hold a column of each: how values come back, and what settings they are read under."""

from __future__ import annotations

from typing import Literal

from sqla_lsp.postgres.casts import RANGES, STRINGS
from sqla_lsp.schema.types import PgType

WHOLE = {"smallint": (-32768, 32767), "int": (-2147483648, 2147483647), "bigint": (-9223372036854775808, 9223372036854775807)}
"""The integer types with the least and the greatest of their values."""

_NUMBERS = frozenset({*WHOLE, "numeric", "real", "double precision"})
_ZONED = frozenset({"timestamptz", "timetz"})
_DATES = frozenset({"date", "timestamp", "timestamptz", "time", "timetz"})
_TEXTS = STRINGS | {"json", "jsonb", "xml"}

_COMPARED_NAMES = """
bigint bit boolean bytea cidr citext date double inet int interval jsonb macaddr macaddr8 money name numeric oid real smallint
text time timestamp timestamptz timetz uuid varbit varchar char tsvector
"""
_COMPARED = frozenset(_COMPARED_NAMES.split()) | RANGES | {"double precision"}

_SPECIAL_DATES = ("now", "today", "tomorrow", "yesterday", "allballs")

Back = Literal["always", "each", "rounded"]
"""How values of the new type come back as the old one. always: all of them, and no two as one. each: those that fit, no two as
one. rounded: several may come back as one."""


def comes_back(new: PgType, old: PgType) -> Back:
    """How values of the type `new` come back as the type `old`."""
    if new.dimensions or old.dimensions or "builtin" not in (new.kind, old.kind):
        return "rounded"
    if new.name in WHOLE and old.name in WHOLE:
        least, greatest = WHOLE[old.name]
        return "always" if least <= WHOLE[new.name][0] and WHOLE[new.name][1] <= greatest else "each"
    if new.name in WHOLE and old.name == "numeric":
        return "always" if not old.arguments else "each" if _scale(old) >= 0 else "rounded"
    if new.name == old.name == "numeric":
        return _numeric(new, old)
    plain = {new.name, old.name} <= {"text", "varchar"} and new.collation == old.collation
    if plain:
        is_shorter = bool(old.arguments) and (not new.arguments or new.arguments > old.arguments)
        return "rounded" if is_shorter else "always"  # blanks at the end are cut off
    if old.kind == "enum" and new.name in ("text", "varchar") and new.collation is None:
        return "each"
    return "rounded"


def _numeric(new: PgType, old: PgType) -> Back:
    if not old.arguments:
        return "always"
    if not new.arguments or _scale(new) > _scale(old):
        return "rounded"
    digits_new, digits_old = _digits(new), _digits(old)
    return "always" if digits_new <= digits_old else "each"


def _scale(type_: PgType) -> int:
    return int(type_.arguments[1])


def _digits(type_: PgType) -> int:
    return int(type_.arguments[0]) - int(type_.arguments[1])


def is_compared(type_: PgType) -> bool:
    """Whether `=` tells values of the type apart: json has no `=`, and that of points and of geometries means something else."""
    while type_.kind == "domain":
        if type_.base is None:
            return False
        type_ = type_.base
    return type_.kind == "enum" or (type_.kind in ("builtin", "extension") and type_.name in _COMPARED)


def compares_with(new: PgType, old: PgType) -> bool:
    """Whether `new = old` needs no cast, and compares what the cast would give."""
    if new.dimensions or old.dimensions:
        return False
    if {new.name, old.name} <= {"text", "varchar"} and new.kind == old.kind == "builtin":
        return new.collation == old.collation
    if new.name in WHOLE:
        return old.name in WHOLE
    return new.name in _NUMBERS and old.name in WHOLE and (new.name == "numeric" and not new.arguments)


def settings(old: PgType, new: PgType) -> tuple[str, ...]:
    """What settings of the session decide what becomes of a value on its way from one type to the other, or back."""
    names = {old.name, new.name}
    found: list[str] = []
    if len(names) < 2:
        return ()
    if names & _ZONED:
        found.append("timezone")
    if names & _TEXTS:
        found += ["datestyle"] if names & _DATES else []
        found += ["intervalstyle"] if "interval" in names else []
        found += ["bytea_output"] if "bytea" in names else []
        found += ["extra_float_digits"] if names & {"real", "double precision"} else []
    found += ["lc_monetary"] if "money" in names else []
    if any(type_.kind != "builtin" for type_ in (old, new)):
        found.append("search_path")
    return tuple(found)


def is_momentary(type_: PgType, text: str) -> bool:
    """Whether a constant of the type means the moment at which it is read: 'now'."""
    return type_.name in _DATES and any(word in text.lower() for word in _SPECIAL_DATES)
