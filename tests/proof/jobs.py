"""Which cases are proven, and how: the pages of fixes with what the fixes make of them, and the pages of this folder, whose
rewrites are written by hand, as they stand."""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fixes.applying import NotOffered, NotPossible, fixed
from tests.fixes.pages import FixCase, read_page
from tests.postgres.server import Server
from tests.proof.environments import DEFAULT
from tests.proof.prove import Promises, prove
from tests.proof.recorder import Statement

OWN = Path(__file__).parent / "cases"
OF_FIXES = Path(__file__).parents[1] / "fixes" / "cases"


@dataclass(frozen=True)
class Job:
    """A case under an environment. `by_hand` says that its result is the page's, and not what the fix makes."""

    case: FixCase
    environment: str
    by_hand: bool
    number: int

    @property
    def title(self) -> str:
        return f"{self.case.id} ({self.environment})"


@dataclass(frozen=True)
class Outcome:
    """What came of a job: its problems, or why it was not done, and what the naive and the rewritten migration read under locks
    for which others wait."""

    title: str
    problems: tuple[str, ...] = ()
    skipped: str = ""
    seconds: float = 0.0
    interruptions: int = 0
    naive: str = ""
    rewritten: str = ""


def jobs(only: str = "", page: Path | None = None, *, fixed_alone: bool = False) -> Iterator[Job]:
    """The jobs whose title has a text in it, of one page or of all of them. With `fixed_alone` what fixes make of the pages of
    this folder is taken, too, and not what they show."""
    number = 0
    pages = [page] if page is not None else [*sorted(OWN.glob("*.md")), *sorted(OF_FIXES.glob("*.md"))]
    for path in pages:
        for case in read_page(path):
            environments = (DEFAULT,) if case.own_environment else case.environments
            for environment in environments:
                number += 1
                job = Job(case.under(environment), environment, path.parent == OWN and not fixed_alone, number)
                if only.lower() in f"{path.name} {job.title}".lower():
                    yield job


def done(job: Job, server: Server) -> Outcome:
    """Does a job. Whatever goes wrong is a problem of its outcome."""
    started = time.perf_counter()
    case = job.case
    if case.no_proof is not None:
        return Outcome(job.title, skipped=case.no_proof)
    try:
        after = result(job)
        if after is None:
            return Outcome(job.title, skipped="no fix")
        report = prove(server, data(case.before), data(after), case.tested, Promises.of(case), name=f"job{job.number}")
    except Exception:  # noqa: BLE001 - the other jobs go on
        return Outcome(job.title, (traceback.format_exc(),), seconds=time.perf_counter() - started)
    read = [", ".join(_blocked(statements)) for statements in (report.naive, report.rewritten)]
    seconds = time.perf_counter() - started
    return Outcome(job.title, tuple(report.problems), "", seconds, report.interruptions, *read)


def result(job: Job) -> Mapping[str, str] | None:
    """The files that the rewritten project has; None where there is no fix."""
    case = job.case
    if case.after is None or job.by_hand:
        return case.after
    with tempfile.TemporaryDirectory() as folder:
        try:
            applied = fixed(case, Path(folder))
            return applied.files if applied.titles else None
        except (NotOffered, NotPossible) as error:
            raise AssertionError(f"the page shows a result, but: {error}") from error


def data(files: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in files.items()}


def _blocked(statements: list[Statement]) -> Iterator[str]:
    for statement in statements:
        for table, mode in statement.blocked.items():
            yield f"{mode} on {table}"
