"""What ALTER COLUMN ... TYPE does to a table: nothing but change the catalog, rebuild indexes, or rewrite every row."""

from __future__ import annotations

from typing import Literal

import msgspec

from sqla_lsp.postgres.casts import COLLATABLE, RANGES, STRINGS, UNLISTED, assigned, indexed_as, same_bytes
from sqla_lsp.postgres.type_lengths import keeps_values
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax.unknown import Unknown

Effect = Literal["same", "free", "index", "rewrite", "unknown"]


class Verdict(msgspec.Struct, frozen=True):
    """What a change of type does.

    `effect`: "same" is no change of type at all; "free" changes the catalog only; "index" leaves the table as it is, but
    rebuilds btree indexes on the column under ACCESS EXCLUSIVE; "rewrite" writes table and indexes anew.
    `needs_using`: whether Postgres refuses the change without USING (None: not known).
    """

    effect: Effect
    needs_using: bool | None
    reason: str


class _Path(msgspec.Struct, frozen=True):
    """How values get from one type to the other; `kept` when they are stored alike, None where that cannot be told."""

    kept: bool | None
    needs_using: bool | None = False
    why: str = ""


def judge(old: PgType | Unknown | None, new: PgType | Unknown, version: int = 14) -> Verdict:
    """What changing a column from `old` to `new` does on Postgres `version`.

    No type can be reached from all others for free, so where the old type is not known, nothing is. A change between timestamp
    and timestamptz counts as a rewrite: that it is none while the session's time zone is UTC is not known here.
    """
    if isinstance(new, Unknown):
        return Verdict("unknown", None, f"the new type is not known{_because(new)}")
    if old is None or isinstance(old, Unknown):
        return Verdict("unknown", None, f"what {new} is changed from is not known{_because(old)}")
    same = _same_type(old, new)
    if same is None:
        return Verdict("unknown", None, f"{old} and {new} may be one type or two")
    if same and old.arguments == new.arguments and _collation(old) == _collation(new):
        return Verdict("same", False, f"the type is {new} already")
    path = _resized(old, new) if same else _path(old, new, version)
    if path.kept is None:
        return Verdict("unknown", path.needs_using, f"{old} to {new} cannot be judged: {path.why}")
    if not path.kept:
        return Verdict("rewrite", path.needs_using, _rewrite_reason(old, new, path))
    if _indexes_differ(old, new, same):
        return Verdict("index", False, f"{old} to {new} rebuilds the indexes on the column")
    return Verdict("free", False, f"{old} to {new} changes the catalog only")


def _path(old: PgType, new: PgType, version: int) -> _Path:
    """From one type to another. Postgres casts to the base type of a domain, fits the length, and then checks the domain."""
    source, target = _base(old), _base(new)
    if target is None or source is None:
        domain = new if target is None else old
        sure = target is None and new.checked
        return _Path(False if sure else None, None, f"it is not known what the domain {domain.name} is made from")
    if source is not old:  # a column of a domain does not tell the length of its values
        source = msgspec.structs.replace(source, arguments=())
    path = _between(source, target, version)
    if path.kept and (new_checks := _checks(new)) is not False:
        return _Path(None if new_checks is None else False, False, "it is not known whether the domain has a CHECK")
    return path


def _between(source: PgType, target: PgType, version: int) -> _Path:
    """From one type that is no domain to another."""
    same = _same_type(source, target)
    if same:
        return _resized(source, target)
    if source.dimensions and target.dimensions:  # each element is cast, even where it stays as it is
        needs_using = None if same is None else _element(source, target, version).needs_using
        return _Path(None if same is None else False, needs_using, "the two may be one type or two")
    if "named" in (source.kind, target.kind):
        unknown = source if source.kind == "named" else target
        return _Path(None, None, f"the kind of type {unknown.name} is not known")
    if source.dimensions or target.dimensions:
        return _Path(False, not _is_string(target))
    old, new = _key(source), _key(target)
    if same_bytes(old, new):
        return _Path(not target.arguments)
    if assigned(old, new, version):
        return _Path(False, False)
    return _Path(False, True if old in STRINGS or not {old, new} & UNLISTED else None)


def _element(source: PgType, target: PgType, version: int) -> _Path:
    """From the elements of one array to those of another."""
    old, new = (msgspec.structs.replace(array, dimensions=0) for array in (source, target))
    return _path(old, new, version)


def _resized(old: PgType, new: PgType) -> _Path:
    """From a type to itself with other modifiers."""
    if old.arguments == new.arguments or not new.arguments:
        return _Path(True)
    if old.kind == "named":
        return _Path(None, False, f"the kind of type {old.name} is not known")
    return _Path(not new.dimensions and keeps_values(_key(new), old.arguments, new.arguments))


def _same_type(old: PgType, new: PgType) -> bool | None:
    """Whether both are one type, whatever their modifiers; None where one of two equal names is qualified."""
    if bool(old.dimensions) != bool(new.dimensions) or ("builtin" in (old.kind, new.kind) and old.kind != new.kind):
        return False
    if _key(old) == _key(new):
        return True
    qualified = ("." in _key(old)) + ("." in _key(new))
    return None if qualified == 1 and old.name.rpartition(".")[2] == new.name.rpartition(".")[2] else False


def _key(type_: PgType) -> str:
    """The name to compare by: an extension's without its schema, any other without the default one."""
    if type_.kind == "builtin":
        return "bpchar" if type_.name == "char" else type_.name
    return type_.name.rpartition(".")[2] if type_.kind == "extension" else type_.name.removeprefix("public.")


def _base(type_: PgType) -> PgType | None:
    """What a domain is made from in the end, else the type itself."""
    while type_.kind == "domain" and not type_.dimensions:
        if type_.base is None:
            return None
        type_ = type_.base
    return type_


def _checks(type_: PgType) -> bool | None:
    """Whether assigning to the type checks a constraint of a domain."""
    found: list[bool | None] = []
    while type_.kind == "domain" and not type_.dimensions and type_.base is not None:
        found.append(type_.checked)
        type_ = type_.base
    return True if True in found else None if None in found else False


def _is_string(type_: PgType) -> bool:
    return not type_.dimensions and _key(type_) in STRINGS and type_.kind in ("builtin", "extension")


def _collation(type_: PgType) -> str | None:
    """The collation that a column of the type has, None for one that has none."""
    while type_.collation is None and type_.kind == "domain" and type_.base is not None:
        type_ = type_.base
    return type_.collation or COLLATABLE.get(_key(type_))


def _indexes_differ(old: PgType, new: PgType, same: bool) -> bool:
    """Whether an index on the column cannot be kept although the values are: another collation or operator class."""
    source, target = _base(old) or old, _base(new) or new
    if _key(source) == "xml":
        return False  # it has no operator class, so there is no index
    if _collation(old) != _collation(new):
        return True
    if not same and (target.dimensions or target.kind == "enum" or _key(target) in RANGES):
        return True  # their operator class is one for all types, so an index is kept only for the very same type
    return indexed_as(_key(source)) != indexed_as(_key(target))


def _rewrite_reason(old: PgType, new: PgType, path: _Path) -> str:
    names = {_key(old), _key(new)}
    if names == {"timestamp", "timestamptz"} and not old.dimensions:
        return f"{old} to {new} rewrites the table, unless the session's time zone is UTC"
    if path.needs_using:
        return f"{old} to {new} needs USING and rewrites the table"
    if _checks(new):
        return f"{old} to {new} checks every row and rewrites the table"
    if len(names) == 1 and not new.dimensions and len(old.arguments) == len(new.arguments) == 1:
        shorter = str(new.arguments[0]).isdigit() and str(old.arguments[0]).isdigit() and new.arguments < old.arguments
        return f"{'shortening' if shorter else 'changing'} {old} to {new} rewrites the table"
    if new.arguments and not old.arguments and (names == {_key(new)} or names <= STRINGS):
        return f"limiting {old} to {new} rewrites the table"
    return f"changing {old} to {new} rewrites the table"


def _because(unknown: Unknown | None) -> str:
    return f": {unknown.reason}" if unknown is not None and unknown.reason else ""
