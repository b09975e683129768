"""The docstring of a new revision, laid out as that of another one, and the date in it, which follows from the other's: nothing
that a fix writes depends on the clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

_FIELD = re.compile(r"^(?P<label>[ \t]*(?P<name>Revision ID|Revises|Create Date)[ \t]*:[ \t]*)(?P<value>.*)$", re.MULTILINE)
_LABELLED = re.compile(r"[ \t]*[A-Z][\w \-]*: *\S")
_DATE = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[ T](?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?P<rest>\S*[^\n]*)"
)
_ZONE = re.compile(r"([+-])(\d\d):?(\d\d)\s*$")
_LITERAL = re.compile(r"""(?s)\A[a-zA-Z]*(?P<quotes>\"\"\"|'''|"|')(?P<inner>.*)(?P=quotes)\Z""")


class Moment(msgspec.Struct, frozen=True):
    """A date as Alembic writes it. `rest` are its fractions of a second and its zone."""

    time: datetime
    rest: str = ""

    def later(self, seconds: int) -> Moment:
        return Moment(self.time + timedelta(seconds=seconds), self.rest)

    @property
    def epoch(self) -> int:
        """Seconds since 1970; a date without a zone counts as UTC."""
        zone = _ZONE.search(self.rest)
        offset = timedelta(0)
        if zone is not None:
            offset = timedelta(hours=int(zone[2]), minutes=int(zone[3])) * (-1 if zone[1] == "-" else 1)
        return int((self.time.replace(tzinfo=UTC) - offset).timestamp())

    def __str__(self) -> str:
        return f"{self.time:%Y-%m-%d %H:%M:%S}{self.rest}"


def moment(date: str) -> Moment | None:
    """The date that stands at the beginning of a text."""
    match = _DATE.match(date.strip())
    if match is None:
        return None
    try:
        fields = [int(match[name]) for name in ("year", "month", "day", "hour", "minute", "second")]
        return Moment(datetime(*fields), match["rest"])  # type: ignore[arg-type]
    except ValueError:
        return None


def date_of(literal: str) -> str:
    """What a docstring says of its date, "" where it says nothing."""
    return next((match["value"].strip() for match in _FIELD.finditer(literal) if match["name"] == "Create Date"), "")


def docstring(literal: str, message: str, fields: dict[str, str], old: str, others: Iterable[str] = ()) -> str:
    """A docstring laid out as another one, a literal, that of the revision `old`; one line where there is no other. `fields` are
    the values of "Revision ID", "Revises" and "Create Date". Of what else the other one says only lines like "Phase: expand" are
    kept that the docstrings `others` have too."""
    match = _LITERAL.match(literal)
    if match is None or (len(match["quotes"]) == 1 and "\n" not in match["inner"]):
        return _quoted((match["quotes"] if match is not None else '"') * 3, "", message, "")
    inner = match["inner"]
    lead = inner[: len(inner) - len(inner.lstrip())]
    tail = inner[len(inner.rstrip()) :].lstrip(" \t")
    message = _finished(message, inner.strip().partition("\n")[0], old, fields["Revision ID"])
    found = list(_FIELD.finditer(inner))
    if not found:
        return _quoted(match["quotes"], lead, message, tail)
    above = inner[: found[0].start()]
    gap = above[len(above.rstrip()) :] if above.strip() else "\n\n"
    shared = {line.strip() for other in others for line in other.split("\n")}
    labelled = [line for line in above.split("\n")[1:] if _LABELLED.match(line) and line.strip() in shared]
    message = "\n".join([message, *([""] if labelled else []), *labelled])
    written = _fields(inner, found, fields)
    return _quoted(match["quotes"], lead, f"{message}{gap}{written}", tail)


def _fields(inner: str, found: list[re.Match[str]], fields: dict[str, str]) -> str:
    """The lines of fields, and the empty ones between them."""
    lines: list[str] = []
    done = found[0].start()
    for match in found:
        between = inner[done : match.start()]
        lines += [""] * sum(not line.strip() for line in between.split("\n")[1:-1])
        value = fields.get(match["name"], match["value"])
        label = match["label"] + " " * match["label"].endswith(":")
        lines.append((label + value).rstrip())
        done = match.end()
    return "\n".join(lines)


def _finished(message: str, first: str, old: str, new: str) -> str:
    """A message that ends as the first line of another docstring does: with the id of the revision, or a full stop."""
    told = re.search(rf"\s*[\[(]{re.escape(old)}[\])]", first)
    if told is not None:
        message += told[0].replace(old, new)
    return message + "." if first.endswith(".") and not first.endswith("..") and not message.endswith(".") else message


def _quoted(quotes: str, lead: str, text: str, tail: str) -> str:
    text = text.replace("\\", "\\\\").replace(quotes, "".join("\\" + quote for quote in quotes))
    if not tail and text.endswith(quotes[0]) and not text.endswith("\\" + quotes[0]):
        text = f"{text[:-1]}\\{quotes[0]}"
    return f"{quotes}{lead}{text}{tail}{quotes}"
