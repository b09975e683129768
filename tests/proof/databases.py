"""Databases of a proof: copies of one another, and what is in them: their schema as pg_dump writes it, their rows, and what is
not as it should be after a migration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests.postgres.server import Server

_NOISE = re.compile(r"^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog\.set_config\(.*|)$")
_TABLE = re.compile(r"^CREATE (?:UNLOGGED )?TABLE \S.* \($")

_UNFINISHED = """
SELECT 'index ' || indexrelid::regclass || ' of ' || indrelid::regclass || ' is INVALID'
  FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE NOT indisvalid AND c.relkind <> 'p'
UNION ALL
SELECT 'constraint ' || conname || ' of ' || conrelid::regclass || ' is NOT VALID' FROM pg_constraint
  WHERE NOT convalidated AND conrelid <> 0 ORDER BY 1
"""
_ROWS_OF = """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND c.relname <> 'alembic_version'
  ORDER BY 1"""
_SEQUENCES = "SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences ORDER BY 1"


class Database:
    """A database of a server."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        """A connection in autocommit."""
        with psycopg.connect(host=self.server.folder, user="postgres", dbname=self.name, autocommit=True) as connection:
            yield connection

    def run(self, script: str) -> None:
        """Runs a script of several statements. Raises `psycopg.Error`."""
        if script.strip():
            with self.connected() as connection:
                connection.execute(script.encode())

    def schema(self, any_column_order: bool = False) -> list[str]:
        """The schema, one line of pg_dump after the other; with `any_column_order` the lines of a table in alphabetical order."""
        lines = [line.rstrip() for line in self.server.dump(self.name).splitlines() if not _NOISE.match(line)]
        return _sorted_tables(lines) if any_column_order else lines

    def rows(self, without: frozenset[str] = frozenset()) -> list[str]:
        """The rows of all tables and the state of all sequences, without the columns (`table.column`) of free values."""
        lines: list[str] = []
        with self.connected() as connection:
            for (table,) in connection.execute(_ROWS_OF).fetchall():
                left_out = [name.rpartition(".")[2] for name in without if name.rpartition(".")[0] == table]
                query = sql.SQL("SELECT (to_jsonb(x) - %s::text[])::text FROM {} x ORDER BY 1").format(_as_written(str(table)))
                lines += [f"{table}: {row}" for (row,) in connection.execute(query, (left_out,)).fetchall()]
            lines += [f"{sequence}: {value}" for sequence, value in connection.execute(_SEQUENCES).fetchall()]
        return lines

    def unfinished(self) -> list[str]:
        """Indexes that are INVALID and constraints that are NOT VALID."""
        with self.connected() as connection:
            return [str(line) for (line,) in connection.execute(_UNFINISHED).fetchall()]


class Databases:
    """The databases that a proof makes, by names with a common prefix; all are dropped in the end."""

    def __init__(self, server: Server, prefix: str) -> None:
        self.server, self.prefix = server, prefix
        self._made: list[str] = []

    def __enter__(self) -> Databases:
        return self

    def __exit__(self, *_: object) -> None:
        with Database(self.server, "postgres").connected() as connection:
            for name in self._made:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def new(self, like: Database | None = None) -> Database:
        """A database with what another one has, to which nobody is connected; else an empty one."""
        name = f"{self.prefix}_{len(self._made)}"
        template = sql.Identifier(like.name if like else "template1")
        with Database(self.server, "postgres").connected() as connection:
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            connection.execute(create.format(sql.Identifier(name), template))
        self._made.append(name)
        return Database(self.server, name)


def _as_written(name: str) -> sql.SQL:
    """A name that Postgres itself has quoted already."""
    return sql.SQL(name)  # type: ignore[arg-type]


def _sorted_tables(lines: list[str]) -> list[str]:
    made: list[str] = []
    inside: list[str] | None = None
    for line in lines:
        if inside is not None and line.startswith(")"):
            made += [*sorted(inside), line]
            inside = None
        elif inside is not None:
            inside.append(line.rstrip(","))
        else:
            made.append(line)
            inside = [] if _TABLE.match(line) else None
    return made
