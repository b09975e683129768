"""`python -m tests.benchmarks.waits [FILTER]`: how long readers and writers wait for migrations, as they are written and as they
are fixed.

The cases are those of `python -m tests.proof` (FILTER is a part of their titles), each in the last of its environments, on a
table of a million rows: where a seed says generate_series(1, 20), it goes to ROWS. While Alembic runs in this process, a reader
and a writer at every table run from another one, a statement each 5 ms; what counts is the longest that one of them took. Noise
is the same without any migration: on a machine that does something else at the same time, it is most of what is measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.probes import Waits, probing
from tests.fixes.applying import write
from tests.postgres.server import Server, binaries_of, server
from tests.proof.databases import Database, Databases
from tests.proof.jobs import Job, jobs, result
from tests.proof.running import AlembicProject

_FEW = "generate_series(1, 20)"
_ROW = "{:44}{:5}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>8}"


class Run(NamedTuple):
    """A migration under load: how long it took in seconds, and how long others waited."""

    seconds: float
    waits: Waits

    @property
    def worst(self) -> float:
        return max(self.waits.read, self.waits.write)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.benchmarks.waits", description=__doc__)
    arguments.add_argument("filter", nargs="?", default="", help="a part of a page's name or of a case's title")
    arguments.add_argument("--rows", type=int, default=1_000_000, help="rows of the large table (default: 1,000,000)")
    arguments.add_argument("--server", default="embedded16", help="embedded16, embedded18 or a folder of binaries")
    arguments.add_argument("--page", type=Path, help="a page in another place")
    arguments.add_argument(
        "--fixed", action="store_true", help="what fixes make, also of the cases whose result is written by hand"
    )
    options = arguments.parse_args()
    wanted = [
        job
        for job in jobs(options.filter, options.page, fixed_alone=options.fixed)
        if job.environment == job.case.environments[-1]
    ]
    with server(binaries_of(options.server), options=("max_wal_size=4GB", "maintenance_work_mem=64MB")) as made:
        print(f"PostgreSQL {made.version()}, {options.rows:,} rows; longest waits in ms\n")
        print(_ROW.format("", "", "naive s", "read", "write", "fixed s", "read", "write", "ratio"))
        for job in wanted:
            if job.case.tested and _FEW in job.case.seed and job.case.no_proof is None:
                _measure(job, made, options.rows)
    return 0


def _measure(job: Job, made: Server, rows: int) -> None:
    """Prints the lines of one case: up and down."""
    case = job.case
    after = result(job)
    assert case.tested is not None
    if after is None:
        return
    with tempfile.TemporaryDirectory() as folder, Databases(made, "waits") as databases:
        naive, fixed = Path(folder, "naive"), Path(folder, "fixed")
        write(case.before, naive)
        write(after, fixed)
        _, parents = AlembicProject(naive).revision_of(case.tested)
        parent = parents[0] if parents else "base"
        start = databases.new()
        AlembicProject(naive).upgrade(start, parent)
        start.run(case.seed.replace(_FEW, f"generate_series(1, {rows})"))
        start.run("VACUUM ANALYZE")
        noise = _noise(databases.new(start))
        runs = [_runs(AlembicProject(project), databases.new(start), parent) for project in (naive, fixed)]
        for direction, one, other in zip(("up", "down"), *runs, strict=True):
            numbers = [f"{value:.1f}" for run in (one, other) for value in (run.seconds, run.waits.read, run.waits.write)]
            print(_ROW.format(case.title[:43], direction, *numbers, f"{one.worst / other.worst:.1f}"), flush=True)
        print(_ROW.format("", "noise", "", f"{noise.read:.1f}", f"{noise.write:.1f}", "", "", "", ""), flush=True)


def _runs(project: AlembicProject, database: Database, parent: str) -> Iterator[Run]:
    for down in (False, True):
        with probing(database.server.folder, database.name) as waits:
            time.sleep(0.3)
            started = time.perf_counter()
            if down:
                project.downgrade(database, parent)
            else:
                project.upgrade(database)
            seconds = time.perf_counter() - started
            time.sleep(0.1)
        yield Run(seconds, waits)


def _noise(database: Database) -> Waits:
    with probing(database.server.folder, database.name) as waits:
        time.sleep(3)
    return waits


if __name__ == "__main__":
    sys.exit(main())
