"""What a migration does to the server, statement by statement, seen from its own connection: in which transaction, which locks
are held when it is done, and how many rows it read for that. Nothing is sampled: locks last until their transaction ends, and
they are looked at in it. A statement outside of a transaction is given one of its own, where Postgres allows it.

It can also stop a migration before any of its statements, or leave an index that is being built concurrently INVALID, which is
what a lost connection, a timeout or a duplicate value does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

MODES = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
"""Lock modes of Postgres, from the weakest to the strongest."""

_BLOCKS_WRITES = MODES.index("ShareLock")
_IDLE = 0
"""psycopg's TransactionStatus.IDLE."""

_TABLES = """SELECT c.oid, c.oid::regclass::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384
  AND c.relname <> 'alembic_version'"""
_LOCKS = """SELECT l.relation, l.mode FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.granted AND l.locktype = 'relation'
  AND l.relation >= 16384"""
_READ = "SELECT relid, seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
_INVALID = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = (SELECT max(indexrelid) FROM pg_index)"
_UNSEEN = re.compile(r"\s*(SELECT|SHOW|WITH)\b", re.IGNORECASE)
_ALONE = re.compile(r"\bCONCURRENTLY\b|\s*(DO|VACUUM|SET|RESET|CALL|BEGIN|COMMIT|ROLLBACK|START|END)\b", re.IGNORECASE)
_BUILDS = re.compile(r"\s*CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\b", re.IGNORECASE)


class Interrupted(Exception):
    """The migration was stopped on purpose."""


@dataclass(frozen=True)
class Statement:
    """A statement that ran. `transaction` counts the transactions of the run, None outside of one; `locks` are the strongest
    modes by the tables that were there before the run, `read` the rows that it read of them; both are empty for what Postgres
    runs only outside of a transaction."""

    sql: str
    transaction: int | None
    locks: Mapping[str, str]
    read: Mapping[str, int]

    @property
    def blocked(self) -> dict[str, str]:
        """Tables whose writers, or whose readers too, wait while this statement reads rows: their lock modes."""
        if not any(self.read.values()):
            return {}
        return {table: mode for table, mode in self.locks.items() if MODES.index(mode) >= _BLOCKS_WRITES}

    @property
    def builds_index(self) -> bool:
        return bool(_BUILDS.match(self.sql))


@dataclass
class Recorder:
    """Listens to the statements of a run: those that change something. `stop_before` is the number of the one before which the
    run is interrupted; `leave_invalid` of the CREATE INDEX CONCURRENTLY that is."""

    stop_before: int | None = None
    leave_invalid: int | None = None
    measures: bool = False
    statements: list[Statement] = field(default_factory=list)
    _seen: int = 0
    _transactions: int = 0
    _tables: dict[int, str] | None = None
    _before: dict[int, int] = field(default_factory=dict)
    _wrapped: bool = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """For as long as this lasts, to every engine."""
        event.listen(Engine, "before_cursor_execute", self._about_to_run)
        event.listen(Engine, "after_cursor_execute", self._has_run)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._about_to_run)
            event.remove(Engine, "after_cursor_execute", self._has_run)

    def _about_to_run(self, connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        raw = connection.connection.dbapi_connection
        if raw.info.transaction_status == _IDLE and not raw.autocommit:
            self._transactions += 1
        if _UNSEEN.match(sql):
            return
        if self._seen == self.stop_before:
            raise Interrupted(sql)
        self._seen += 1
        if not self.measures:
            return
        if self._tables is None:
            self._tables = dict(_rows(raw, _TABLES))
        self._wrapped = raw.autocommit and not _ALONE.search(sql)
        if self._wrapped:
            raw.execute("BEGIN")
        self._before = dict(_rows(raw, _READ))

    def _has_run(self, connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        if _UNSEEN.match(sql):
            return
        raw = connection.connection.dbapi_connection
        if self._seen - 1 == self.leave_invalid:
            raw.execute(_INVALID)
            raise Interrupted(sql)
        locks: dict[str, str] = {}
        read: dict[str, int] = {}
        if self.measures and (self._wrapped or not raw.autocommit):
            tables = self._tables or {}
            for oid, mode in _rows(raw, _LOCKS):
                if oid in tables:
                    locks[tables[oid]] = max(mode, locks.get(tables[oid], MODES[0]), key=MODES.index)
            now = dict(_rows(raw, _READ))
            read = {tables[oid]: n for oid in now if oid in tables and (n := now[oid] - self._before.get(oid, 0)) > 0}
        if self._wrapped:
            raw.execute("COMMIT")
            self._wrapped = False
        self.statements.append(Statement(sql, None if raw.autocommit else self._transactions, locks, read))


def _rows(raw: Any, sql: str) -> list[tuple[Any, Any]]:
    return list(raw.execute(sql).fetchall())
