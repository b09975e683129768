"""What is said of each statement's locks, rewrites and scans, against the tables that were measured on Postgres 15 and 18."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from sqla_lsp.postgres.locking.effects import effect
from sqla_lsp.postgres.locking.modes import Effect
from sqla_lsp.postgres.sql import read_sql
from sqla_lsp.project.replay import Schema, applied
from sqla_lsp.schema.operations import Site
from sqla_lsp.text.places import Place
from tests.postgres.lock_cases import BASE, CASES, REFUSED, Case

_SITE = Site(Place(0, 0), Place(0, 0), "op.execute")
_DATA = Path(__file__).parent / "data"


class Row(NamedTuple):
    """A line of a table. Relations that the statement dropped are not in it."""

    locks: dict[str, str]
    rewrites: set[str]
    scans: set[str]


def _lines(version: int) -> list[str]:
    return (_DATA / ("locks_pg18.tsv" if version == 18 else "locks.tsv")).read_text().splitlines()[2:]


def names(version: int) -> dict[str, str]:
    """The name of every line of the table of a version, with the error that Postgres gave."""
    return {name: error for name, *_, error, _ in (line.split("\t") for line in _lines(version))}


@cache
def rows(version: int) -> dict[str, Row]:
    """The lines of the table of a version, by their names; without those that failed there."""
    found = {}
    for line in _lines(version):
        name, _, locks, rewritten, scanned, *_ = [*line.split("\t"), "", "", "", ""]
        if rewritten:
            taken = dict(lock.split("=") for lock in locks.split("; ") if lock)
            tables = {part.partition("(")[0] for part in rewritten.split(",") if part != "no" and "(idx)" not in part}
            scans = {part.partition(":")[0].removeprefix("(conc") for part in scanned.split(",") if part != "no"}
            found[name] = Row(taken, tables, {"t"} if "conc" in scanned else scans)
    return found


def said(case: Case, version: int) -> Effect:
    """What is said of a statement."""
    schema = Schema()
    for operation in read_sql(f"{BASE};{case.before}", _SITE, binds=False):
        schema = applied(schema, operation, {})
    earlier = Schema(schema.tables, schema.types)  # nothing of it is new
    return effect(read_sql(case.sql, _SITE, binds=False), earlier, version)


# Of partitions nothing is known but what statements name; the effect says so.
_PARTITIONS = {"part_def", "part_def_id_idx"}
# Those that the statement drops are not in the tables.
_GONE = {
    "DROP INDEX": {"t_c"},
    "DROP TABLE (has FK to parent)": {"child", "child_pkey"},
    "DROP CONSTRAINT unique": {"uq"},
    "DROP PRIMARY KEY CASCADE": {"t_pkey"},
    "SET SCHEMA": {"t_id_seq"},
    "DROP TABLE CASCADE referenced": {"part_1"},
}

# Of those that commit in between, the tables tell only what was seen while they waited. `test_locks_measured` sees the rest.
_SEEN_WAITING = {"REINDEX INDEX CONCURRENTLY": {"t"}}


@pytest.mark.parametrize("version", [15, 18])
def test_every_row_is_a_case_or_refused(version: int) -> None:
    for name, error in names(version).items():
        if name in REFUSED and version <= REFUSED[name][0].until:
            assert REFUSED[name][1] in error
        elif name in rows(version):
            assert name in CASES
        else:
            assert CASES[name].since > version
            assert error


@pytest.mark.parametrize("version", [15, 18])
@pytest.mark.parametrize("name", CASES)
def test_a_row(name: str, version: int) -> None:
    case, row = CASES[name], rows(version).get(name)
    if row is None:
        pytest.skip(f"Postgres {version} refuses it")
    done = said(case, version)
    locks = {case.after.get(lock.relation, lock.relation): lock.mode for lock in done.locks}
    hidden = _GONE.get(name, set()) | _PARTITIONS
    assert {k: v for k, v in locks.items() if k not in hidden} == {k: v for k, v in row.locks.items() if k not in _PARTITIONS}
    if any(relation in _PARTITIONS for relation in row.locks):
        assert done.not_known or _PARTITIONS & {lock.relation for lock in done.locks}
    tables = {relation for relation in done.rewrites or () if relation not in ("t_c", "child_pkey")}
    assert tables == row.rewrites - {"child_pkey"}
    if not row.rewrites:  # what is written anew is read, whatever the statistics say
        assert set(done.scans or ()) == _SEEN_WAITING.get(name, row.scans - _PARTITIONS)
