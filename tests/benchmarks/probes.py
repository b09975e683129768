"""A reader and a writer at every table, once in so many milliseconds, and the longest that each of them waited."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Literal

import psycopg

PAUSE = 0.005
"""Seconds between two statements of a probe."""

Kind = Literal["read", "write"]

_TABLES = """SELECT c.relname, (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
  ORDER BY attnum LIMIT 1) FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
  AND c.relname <> 'alembic_version'"""


@dataclass
class Waits:
    """The longest waits in milliseconds, over all tables."""

    read: float = 0.0
    write: float = 0.0
    probes: int = 0


@contextmanager
def probing(folder: str, database: str) -> Iterator[Waits]:
    """Probes every table of a database from a process of its own. The waits are known when the context ends."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_probe, args=(there, folder, database))
    process.start()
    waits = Waits()
    assert here.recv() == "ready"
    try:
        yield waits
    finally:
        here.send("stop")
        waits.read, waits.write, waits.probes = here.recv()
        process.join()


def _probe(pipe: Connection, folder: str, database: str) -> None:
    def connect() -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=folder, user="postgres", dbname=database, autocommit=True)

    with connect() as connection:
        tables = connection.execute(_TABLES).fetchall()
    stop = threading.Event()
    worst: dict[Kind, float] = {"read": 0.0, "write": 0.0}
    counts: list[int] = []
    lock = threading.Lock()

    def run(kind: Kind, sql: str) -> None:
        longest, count = 0.0, 0
        with connect() as connection:
            while not stop.is_set():
                started = time.perf_counter()
                connection.execute(sql.encode())
                longest = max(longest, time.perf_counter() - started)
                count += 1
                time.sleep(PAUSE)
        with lock:
            worst[kind] = max(worst[kind], longest)
            counts.append(count)

    threads: list[threading.Thread] = []
    for table, column in tables:
        read = f"SELECT {column} FROM {table} WHERE ctid = '(0,1)'"
        write = f"UPDATE {table} SET {column} = {column} WHERE ctid = '(0,1)'"
        threads += [threading.Thread(target=run, args=("read", read)), threading.Thread(target=run, args=("write", write))]
    for thread in threads:
        thread.start()
    pipe.send("ready")
    pipe.recv()
    stop.set()
    for thread in threads:
        thread.join()
    pipe.send((1000 * worst["read"], 1000 * worst["write"], sum(counts)))
