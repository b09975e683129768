"""What is said of each statement's locks, rewrites and scans, against a server that runs it now."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres.lock_cases import CASES, MORE
from tests.postgres.measured_locks import measure, prepare
from tests.postgres.server import NoServer, Server, binaries_of, server
from tests.postgres.test_locks import said

pytestmark = pytest.mark.slow

_PARTITIONS = {"part_def", "part_def_id_idx"}
"""Of partitions nothing is known but what statements name; the effect says so."""


@pytest.fixture(scope="module", params=[16, 18])
def running(request: pytest.FixtureRequest) -> Iterator[tuple[Server, int]]:
    try:
        binaries = binaries_of(f"embedded{request.param}")
        with server(binaries) as started:
            prepare(started)
            yield started, request.param
    except NoServer as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", {**CASES, **MORE})
def test_a_statement(name: str, running: tuple[Server, int]) -> None:
    started, version = running
    case = {**CASES, **MORE}[name]
    if case.since > version:
        pytest.skip(f"Postgres {version} refuses it")
    done, measured = said(case, version), measure(started, case)
    locks = {lock.relation: lock.mode for lock in done.locks if lock.relation not in _PARTITIONS}
    assert locks == {relation: mode for relation, mode in measured.locks.items() if relation not in _PARTITIONS}
    tables = set(done.rewrites or ()) - set(done.builds) - _indexes(done.rewrites)
    assert tables == measured.rewrites
    if not measured.rewrites:
        assert set(done.scans or ()) == measured.scans - _PARTITIONS


def _indexes(names: tuple[str, ...] | None) -> set[str]:
    return {name for name in names or () if name in ("t_c", "t_a", "t_pkey")}
