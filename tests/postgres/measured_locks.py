"""What a server says of a statement: the locks that it holds, the tables that it wrote anew, and those that it read."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.postgres.lock_cases import BASE, ROWS, Case
from tests.postgres.server import Server

_MANY = 900
"""Rows that make a scan; nothing else in the cases reads as many."""
_RELATIONS = """
SELECT c.oid, CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname, c.relkind,
  pg_relation_filenode(c.oid), coalesce(pg_stat_get_xact_tuples_returned(c.oid), 0)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""
_LOCKS = "SELECT relation, mode FROM pg_locks WHERE locktype = 'relation' AND granted AND pid = %s"
_MODES = {
    "AccessShareLock": "ACCESS SHARE",
    "RowShareLock": "ROW SHARE",
    "RowExclusiveLock": "ROW EXCLUSIVE",
    "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE",
    "ShareLock": "SHARE",
    "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE",
    "ExclusiveLock": "EXCLUSIVE",
    "AccessExclusiveLock": "ACCESS EXCLUSIVE",
}
_ORDER = list(_MODES.values())
Relations = dict[int, tuple[str, str, int | None, int]]
"""By oid: name, kind, file, and how many rows were read in this transaction."""


@dataclass(frozen=True)
class Measured:
    """Relations go by the names that they had before the statement."""

    locks: dict[str, str]
    rewrites: set[str]
    scans: set[str]


def prepare(server: Server) -> None:
    """Makes the database that every case starts from."""
    for sql in ("CREATE DATABASE base", f"{BASE}{ROWS}"):
        done, said = server.psql(sql, "postgres" if sql.startswith("CREATE DATABASE") else "base")
        assert done, said


def measure(server: Server, case: Case) -> Measured:
    """Runs one case in a database of its own. Raises what the statement raises."""
    done, said = server.psql("DROP DATABASE IF EXISTS work (FORCE); CREATE DATABASE work TEMPLATE base")
    assert done, said
    with psycopg.connect(f"host={server.folder} user=postgres dbname=work", autocommit=True) as connection:
        if case.before:
            connection.execute(case.before)
        before = _relations(connection)
        if "CONCURRENTLY" in case.sql and "MATERIALIZED" not in case.sql:
            locks, waiting = _while_waiting(server, connection, case.sql)
            return _named(before, waiting, locks, scans=_read_since(connection, before))
        connection.execute("BEGIN")
        start = _relations(connection)
        pid = connection.info.backend_pid
        connection.execute(case.sql)
        locks = connection.execute(_LOCKS, (pid,)).fetchall()
        end = _relations(connection)
        connection.execute("ROLLBACK")
    written = {oid for oid in start if oid in end and start[oid][2] != end[oid][2]}
    read = {end[oid][0] for oid in end if oid in start and end[oid][3] - start[oid][3] >= _MANY and end[oid][1] in ("r", "m")}
    rewrites = {start[oid][0] for oid in written if start[oid][1] in ("r", "m")}
    return _named(start, end, locks, rewrites, read)


def _read_since(connection: psycopg.Connection[Any], start: Relations) -> set[str]:
    """The tables that were read by statements which are done: what the database counted of them."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    counted = connection.execute("SELECT relid, seq_tup_read FROM pg_stat_user_tables").fetchall()
    return {start[oid][0] for oid, read in counted if oid in start and read >= _MANY}


def _relations(connection: psycopg.Connection[Any]) -> Relations:
    return {oid: (name, kind, node, read) for oid, name, kind, node, read in connection.execute(_RELATIONS).fetchall()}


def _named(
    start: Relations,
    end: Relations,
    locks: list[tuple[int, str]],
    rewrites: set[str] | None = None,
    scans: set[str] | None = None,
) -> Measured:
    found: dict[str, str] = {}
    for oid, mode in locks:
        known = start.get(oid) or end.get(oid)
        if known is not None:
            name, words = known[0], _MODES[mode]
            if name not in found or _ORDER.index(found[name]) < _ORDER.index(words):
                found[name] = words
    return Measured(found, rewrites or set(), scans or set())


def _while_waiting(server: Server, connection: psycopg.Connection[Any], sql: str) -> tuple[list[tuple[int, str]], Relations]:
    """The locks of a concurrent statement while it waits for a transaction that wrote to the table, and what there is then."""
    where = f"host={server.folder} user=postgres dbname=work"
    with psycopg.connect(where) as writer, psycopg.connect(where, autocommit=True) as watcher:
        writer.execute("UPDATE t SET e = 2 WHERE id = 1")
        failed: list[psycopg.Error] = []

        def run() -> None:
            try:
                connection.execute(sql)
            except psycopg.Error as error:
                failed.append(error)

        running = threading.Thread(target=run)
        running.start()
        locks: list[tuple[int, str]] = []
        relations: Relations = {}
        until = time.monotonic() + 20
        waiting = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
        pid = connection.info.backend_pid
        while time.monotonic() < until and running.is_alive():
            row = watcher.execute(waiting, (pid,)).fetchone()
            if row is not None and row[0]:
                locks, relations = watcher.execute(_LOCKS, (pid,)).fetchall(), _relations(watcher)
                break
            time.sleep(0.02)
        writer.rollback()
        running.join()
    if failed:
        raise failed[0]
    return locks, relations
