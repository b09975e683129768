"""The ids of new revisions: in the shape of those around them, and always the same for the same parent and purpose."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta

from sqla_lsp.fixes.slugs import slug_of

LONGEST = 32
"""What the column of Alembic's version table holds."""

_HEX = re.compile(r"[0-9a-f]{8,32}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"(?P<prefix>|[a-zA-Z][a-zA-Z_\-]*)(?P<number>\d{1,14})(?:(?P<joint>[_\-])(?P<slug>[^\W\d][\w\-]*))?")
_SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
_DATES = {14: ("%Y%m%d%H%M%S", timedelta(seconds=1)), 12: ("%Y%m%d%H%M", timedelta(minutes=1)), 8: ("%Y%m%d", timedelta(days=1))}
_HASHED = 12


def new_id(parent: str, purpose: str, message: str, taken: Collection[str]) -> str:
    """An id for a revision that follows `parent`. `taken` are the ids and labels that there are."""
    shape = _shape(parent, taken)
    for identifier in shape(parent, purpose, message, taken):
        if identifier not in taken:
            return identifier
    raise AssertionError("there are ids without end")


_Shape = Callable[[str, str, str, Collection[str]], Iterator[str]]


def _shape(parent: str, ids: Collection[str]) -> _Shape:
    """How ids are made: as that of the parent, unless it is the only one of its kind."""
    kinds = [(kind, shape) for kind, shape in _SHAPES if kind(parent, ids)]
    for kind, shape in kinds:
        others = [other for other in ids if other != parent]
        alike = sum(kind(other, ids) for other in others)
        if alike or len(others) < 2:
            return shape
    return _hashed


def _is_hex(identifier: str, ids: Collection[str]) -> bool:
    """Whether an id is a part of a random number. One of digits alone is where others of its length are."""
    if _HEX.fullmatch(identifier) is None:
        return False
    if not identifier.isdecimal():
        return True
    alike = [other for other in ids if len(other) == len(identifier) and _HEX.fullmatch(other)]
    return 2 * sum(not other.isdecimal() for other in alike) > len(alike)


def _is_uuid(identifier: str, ids: Collection[str]) -> bool:
    return _UUID.fullmatch(identifier) is not None


def _is_number(identifier: str, ids: Collection[str]) -> bool:
    return _NUMBER.fullmatch(identifier) is not None


def _is_slug(identifier: str, ids: Collection[str]) -> bool:
    return _SLUG.fullmatch(identifier) is not None


def _hashed(parent: str, purpose: str, message: str, taken: Collection[str]) -> Iterator[str]:
    length = len(parent) if _HEX.fullmatch(parent) else _HASHED
    for digest in _digests(parent, purpose):
        yield digest[:length]


def _uuids(parent: str, purpose: str, message: str, taken: Collection[str]) -> Iterator[str]:
    for digest in _digests(parent, purpose):
        yield "-".join([digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]])


def _digests(parent: str, purpose: str) -> Iterator[str]:
    attempt = 0
    while True:
        attempt += 1
        yield hashlib.sha256("\0".join([parent, purpose, *([str(attempt)] if attempt > 1 else [])]).encode()).hexdigest()


def _numbered(parent: str, purpose: str, message: str, taken: Collection[str]) -> Iterator[str]:
    """The numbers after that of the parent; those that are dates stay dates."""
    match = _NUMBER.fullmatch(parent)
    assert match is not None
    prefix, number, joint = match["prefix"], match["number"], match["joint"]
    numbers = {(other["prefix"], other["number"]) for each in taken if (other := _NUMBER.fullmatch(each)) is not None}
    for following in following_numbers(number):
        if (prefix, following) in numbers:
            continue
        slug = slug_of(message, LONGEST - len(prefix + following) - 1, joint) if joint else ""
        yield f"{prefix}{following}{joint}{slug}" if slug else f"{prefix}{following}"


def following_numbers(number: str, *, dates: bool = True) -> Iterator[str]:
    """The numbers after one, of as many digits; days, minutes or seconds after one that is a date."""
    form, step = _DATES.get(len(number) if dates else 0, ("", timedelta(0)))
    if form:
        try:
            date = datetime.strptime(number, form)
        except ValueError:
            form = ""
    value = int(number)
    while True:
        if form:
            date += step
            yield date.strftime(form)
        else:
            value += 1
            yield str(value).zfill(len(number))


def _slugs(parent: str, purpose: str, message: str, taken: Collection[str]) -> Iterator[str]:
    slug = slug_of(message, LONGEST)
    if slug:
        yield slug
    for digest in _digests(parent, purpose):
        yield "_".join(filter(None, [slug_of(message, LONGEST - 7), digest[:6]]))


_SHAPES: list[tuple[Callable[[str, Collection[str]], bool], _Shape]] = [
    (_is_hex, _hashed),
    (_is_uuid, _uuids),
    (_is_number, _numbered),
    (_is_slug, _slugs),
]
