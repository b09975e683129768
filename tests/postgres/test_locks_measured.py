"""What is said of each statement's locks, rewrites and scans, against a server that runs it now."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.postgres.lock_cases import CASES, MORE, PARTLY, PLANNED, REFUSED
from tests.postgres.measured_locks import measure, prepare
from tests.postgres.server import NoServer, Server, binaries_of, debian, server
from tests.postgres.test_locks import said

pytestmark = pytest.mark.slow

_PARTITIONS = {"part_def", "part_def_id_idx"}
"""Of partitions nothing is known but what statements name; the effect says so."""


_SERVERS = {15: debian(15), 16: "embedded16", 18: "embedded18"}
"""That of 15 is skipped on a machine that has none."""


@pytest.fixture(scope="module", params=_SERVERS)
def running(request: pytest.FixtureRequest) -> Iterator[tuple[Server, int]]:
    try:
        binaries = binaries_of(_SERVERS[request.param])
        with server(binaries) as started:
            prepare(started)
            yield started, request.param
    except NoServer as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", {**CASES, **MORE})
def test_a_statement(name: str, running: tuple[Server, int]) -> None:
    started, version = running
    case = {**CASES, **MORE}[name]
    if not case.since <= version <= case.until:
        pytest.skip(f"Postgres {version} refuses it")
    done, measured = said(case, version), measure(started, case)
    locks = {lock.relation: lock.mode for lock in done.locks if lock.relation not in _PARTITIONS}
    held = {relation: mode for relation, mode in measured.locks.items() if relation not in _PARTITIONS}
    if name in PARTLY:
        assert done.not_known
        assert locks.items() < held.items()
    else:
        assert locks == held
    tables = set(done.rewrites or ()) - set(done.builds) - _indexes(done.rewrites)
    assert tables == measured.rewrites
    if not measured.rewrites and name not in PLANNED:
        assert set(done.scans or ()) == measured.scans - _PARTITIONS


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal(name: str, running: tuple[Server, int]) -> None:
    started, version = running
    case, words = REFUSED[name]
    if version > case.until:
        pytest.skip(f"Postgres {version} does it")
    with pytest.raises(psycopg.Error, match=words):
        measure(started, case)


def _indexes(names: tuple[str, ...] | None) -> set[str]:
    return {name for name in names or () if name in ("t_c", "t_a", "t_pkey", "parent_pkey")}
