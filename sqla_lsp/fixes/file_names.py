"""The names of the files of new revisions: by the environment's `file_template`, else in the pattern of their neighbour's."""

from __future__ import annotations

import os
import re
from datetime import datetime

from sqla_lsp.fixes.docstrings import Moment
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.identifiers import following_numbers
from sqla_lsp.fixes.slugs import slug_of
from sqla_lsp.project.environment import Environment
from sqla_lsp.project.project import Project

_TOKEN = re.compile(r"%\((\w+)\)[-#0 +]*[\d.]*[a-z]")
_LEADING = re.compile(r"\d+(?:[_\-T.]\d+)*")
_SEPARATED = re.compile(r"(?P<joint>[_\-.]*)(?P<slug>.*)", re.DOTALL)
_FIELDS = (("year", 4), ("month", 2), ("day", 2), ("hour", 2), ("minute", 2), ("second", 2))
_NEVER = Moment(datetime(2000, 1, 1))
"""The date of names where no revision around tells one."""


class Naming:
    """Names for the revisions that follow one. `options` of the environment come first."""

    def __init__(self, project: Project, environment: Environment, path: str) -> None:
        self._exists = project.exists
        self._folder, name = os.path.split(path)
        self._stem = os.path.splitext(name)[0]
        self._beside = {os.path.basename(other) for other in environment.revisions if os.path.dirname(other) == self._folder}
        self._given: set[str] = set()
        options = project.environments.options(environment)
        self._longest = options.longest_slug
        self._rev = environment.graph.headers[path].revision
        self._joint = "_"
        self._template = options.file_template or self._pattern()
        depth = self._template.count("/")
        if depth:
            self._folder = self._base(path, depth, {os.path.join(environment.folder, "versions"), *options.versions})

    def path(self, revision: str, message: str, date: Moment | None) -> str:
        """The absolute path for a new revision, which no other file has. Raises `NotPossible`."""
        stem = self._filled(revision, message, date or _NEVER)
        name, number = stem, 1
        while (path := os.path.normpath(os.path.join(self._folder, f"{name}.py"))) in self._given or self._exists(path):
            number += 1
            name = f"{stem}_{number}"
        self._given.add(path)
        return path

    def _filled(self, revision: str, message: str, date: Moment) -> str:
        time = date.time
        values: dict[str, object] = {field: getattr(time, field) for field, _ in _FIELDS}
        values |= {"rev": revision, "slug": self._slug(message), "epoch": date.epoch}
        if "%(number)s" in self._template:
            values["number"] = self._number()
        if "%(padded)s" in self._template:
            values["padded"] = revision.zfill(len(self._stem) - len(self._stem.lstrip("0123456789")))
        try:
            return self._template % values
        except (KeyError, ValueError, TypeError):
            raise NotPossible(f"the file_template {self._template} is none of Alembic's") from None

    def _slug(self, message: str) -> str:
        """The slug as Alembic makes it: one that was cut ends with "_"."""
        whole = slug_of(message, len(message), self._joint)
        cut = slug_of(message, self._longest, self._joint)
        return cut if cut == whole else cut + self._joint

    # ----------------------------------------------------------------------------------------------------------- pattern

    def _pattern(self) -> str:
        """The template that the neighbour's name follows."""
        at = self._stem.find(self._rev)
        digits = re.match(r"\d+", self._stem)
        if self._rev.isdecimal() and digits is not None and int(digits[0]) == int(self._rev):
            rev = "%(rev)s" if digits[0] == self._rev else "%(padded)s"
            return rev + self._rest(self._stem[digits.end() :])
        if at >= 0:
            return self._prefix(self._stem[:at]) + "%(rev)s" + self._rest(self._stem[at + len(self._rev) :])
        leading = _LEADING.match(self._stem)
        if leading is not None and _date_template(leading[0]) is not None:
            return self._prefix(leading[0]) + (self._rest(self._stem[leading.end() :]) or "_%(slug)s")
        numbered = re.match(r"\D{0,3}\d+", self._stem)
        if numbered is not None:
            return self._prefix(numbered[0]) + (self._rest(self._stem[numbered.end() :]) or "_%(slug)s")
        return self._rest(f"_{self._stem}")[1:]

    def _rest(self, rest: str) -> str:
        """The template of what follows an id or a number."""
        match = _SEPARATED.fullmatch(rest)
        assert match is not None
        if "-" in match["slug"] and "_" not in match["slug"]:
            self._joint = "-"
        return _literal(match["joint"]) + "%(slug)s" if rest else ""

    def _prefix(self, prefix: str) -> str:
        """The template of what stands before an id: a date, or a number."""
        date = _date_template(prefix)
        if date is not None:
            return date
        number = re.search(r"\d+", prefix)
        if number is None:
            return _literal(prefix)
        return f"{_literal(prefix[: number.start()])}%(number)s{_literal(prefix[number.end() :])}"

    def _number(self) -> str:
        """The next number that no file of the folder has."""
        own = re.search(r"\d+", self._stem)
        assert own is not None
        before = self._stem[: own.start()]
        names = {*self._beside, *(os.path.basename(path) for path in self._given)}
        pattern = re.compile(re.escape(before) + r"(\d+)")
        taken = {int(match[1]) for name in names if (match := pattern.match(name)) is not None}
        return next(number for number in following_numbers(own[0], dates=False) if int(number) not in taken)

    def _base(self, path: str, depth: int, versions: set[str]) -> str:
        """The folder that a template with folders counts from. A neighbour deeper down that does not follow it has its revisions
        beside it."""
        parts = path.split(os.sep)
        told = "/".join(parts[-depth - 1 :]).removesuffix(".py")
        pieces = _TOKEN.split(self._template)
        pattern = "".join(r".+?" if number % 2 else re.escape(piece) for number, piece in enumerate(pieces))
        if re.fullmatch(pattern, told) is not None:
            return os.sep.join(parts[: -depth - 1]) or os.sep
        if self._folder not in versions:
            self._template = self._template.rpartition("/")[2]
        return self._folder


def _literal(text: str) -> str:
    return text.replace("%", "%%")


def _date_template(text: str) -> str | None:
    """The template of a date that is written in digits, from the year on; None for other numbers."""
    digits = "".join(re.findall(r"\d", text))
    if len(digits) not in (6, 8, 10, 12, 14) or _read(digits) is None:
        return None
    template, fields, wanted = "", list(_FIELDS), 0
    for character in text:
        if not character.isdecimal():
            if wanted:
                return None
            template += _literal(character)
            continue
        if not wanted:
            name, wanted = fields.pop(0)
            template += f"%({name}){wanted:02}d"
        wanted -= 1
    return template


def _read(digits: str) -> datetime | None:
    if digits[:2] not in ("19", "20"):
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S"[: len(digits) - 2])
    except ValueError:
        return None


def date_in_name(path: str) -> Moment | None:
    """The date that the name of a file begins with."""
    leading = _LEADING.match(os.path.basename(path))
    template = _date_template(leading[0]) if leading is not None else None
    date = _read("".join(re.findall(r"\d", leading[0]))) if template is not None and leading is not None else None
    return Moment(date) if date is not None else None
