"""The lock modes of Postgres, what each makes others wait for, and what a statement does to relations."""

from __future__ import annotations

from typing import Literal

import msgspec

Mode = Literal[
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
]
MODES: tuple[Mode, ...] = Mode.__args__  # type: ignore[attr-defined]
"""From the weakest to the strongest."""

Waiting = Literal["reads", "writes", "migrations"]
_WAITING: dict[Mode, tuple[Waiting, ...]] = {
    "SHARE UPDATE EXCLUSIVE": ("migrations",),
    "SHARE": ("writes", "migrations"),
    "SHARE ROW EXCLUSIVE": ("writes", "migrations"),
    "EXCLUSIVE": ("writes", "migrations"),
    "ACCESS EXCLUSIVE": ("reads", "writes", "migrations"),
}


def waiting(mode: Mode) -> tuple[Waiting, ...]:
    """What waits for a lock of this mode: reads (SELECT), writes (INSERT, UPDATE, DELETE), other migrations of the relation."""
    return _WAITING.get(mode, ())


def is_weaker(mode: Mode, than: Mode) -> bool:
    """Whether a lock of one mode is weaker than one of another."""
    return MODES.index(mode) < MODES.index(than)


class Lock(msgspec.Struct, frozen=True):
    """The strongest lock that a statement takes on one relation. `of` is the table of an index or of a column's sequence."""

    relation: str
    mode: Mode
    of: str = ""


Lasting = Literal["catalog", "query", "others", "nothing"]
"""What a statement does beside rewrites, scans and builds: it changes the catalog, it looks for rows, however many these are, it
waits for the transactions of others, or it does nothing at all once it has its locks."""


class Effect(msgspec.Struct, frozen=True):
    """What one statement does. `rewrites` are the relations that are written anew, `scans` the tables that are read from end to
    end, `builds` the indexes that are built; each None where it cannot be told, with the reason in `not_known`. `changes` are the
    tables of which rows that are there are changed or locked, `makes` the views and sequences that are new."""

    locks: tuple[Lock, ...] = ()
    rewrites: tuple[str, ...] | None = ()
    scans: tuple[str, ...] | None = ()
    builds: tuple[str, ...] = ()
    not_known: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    lasting: Lasting = "catalog"

    @property
    def empties(self) -> bool:
        """Whether tables are written anew without being read: they are empty afterwards."""
        return bool(self.rewrites) and self.scans == () and self.lasting == "catalog"


class Taking:
    """Collects what a statement does."""

    def __init__(self) -> None:
        self._locks: dict[str, Lock] = {}
        self._rewrites: dict[str, None] = {}
        self._scans: dict[str, None] = {}
        self._builds: dict[str, None] = {}
        self._reasons: dict[str, None] = {}
        self._changes: dict[str, None] = {}
        self._makes: dict[str, None] = {}
        self._lasting: Lasting = "catalog"
        self._unknown = False

    def lock(self, relation: str, mode: Mode, of: str = "") -> None:
        """A lock, unless a stronger one is there."""
        held = self._locks.get(relation)
        if held is None or is_weaker(held.mode, mode):
            self._locks[relation] = Lock(relation, mode, of)

    def scan(self, relation: str) -> None:
        self._scans[relation] = None

    def rewrite(self, relation: str) -> None:
        self._rewrites[relation] = None

    def build(self, index: str) -> None:
        self._builds[index] = None

    def change(self, relation: str) -> None:
        """Rows of a table are changed, or locked as if they were: others cannot change the same ones."""
        self._changes[relation] = None

    def make(self, relation: str) -> None:
        self._makes[relation] = None

    def lasts(self, lasting: Lasting) -> None:
        """What takes the time; among the parts of one statement a query counts most."""
        if self._lasting != "query":
            self._lasting = lasting

    def not_known(self, reason: str, *, work: bool = True) -> None:
        """Something cannot be told: what is rewritten and scanned (`work`), or only other locks."""
        self._reasons[reason] = None
        self._unknown = self._unknown or work

    def effect(self) -> Effect:
        locks = tuple([lock for _, lock in sorted(self._locks.items())])
        rewrites = tuple(self._rewrites) or (None if self._unknown else ())
        scans = tuple(self._scans) or (None if self._unknown else ())
        named = tuple(self._builds), tuple(self._reasons), tuple(self._changes), tuple(self._makes)
        return Effect(locks, rewrites, scans, *named, self._lasting)
