"""`python -m tests.proof.corpus NAIVE FIXED`: two copies of real projects, as they are and after `sqla-lsp check --fix
--unsafe-fixes`: whether all of their migrations together leave the same schema.

Every file that was changed compiles. Alembic renders each revision as SQL on its own, as tests/corpus/ground_truth.py does, and
that SQL is run, revision by revision in the order of their graph, in a database for each copy. A revision that is not rendered,
or whose SQL does not run where nothing was fixed (it needs rows, extensions, or another revision that did not run), is left out
of both. In the end pg_dump tells the same of both databases, but for the order of columns.

This runs the migrations: it belongs to the tests, never to the product."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import multiprocessing
import signal
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import alembic.operations  # noqa: F401 - before processes are forked that need it
import psycopg
import sqlalchemy.dialects.postgresql  # noqa: F401

from tests.corpus import ground_truth
from tests.postgres.server import Server, binaries_of, server
from tests.proof.databases import Database, Databases

_PATIENCE = 20
"""Seconds for one revision to be rendered, and for one of its statements to run."""


class Rendered(NamedTuple):
    """A revision and the statements of its upgrade, None where it is not rendered, with the reason."""

    path: str
    revision: str
    parents: tuple[str, ...]
    statements: tuple[str, ...] | None
    reason: str = ""


@dataclass
class Told:
    """What came of one folder of revisions."""

    name: str
    changed: int = 0
    ran: int = 0
    left_out: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.proof.corpus", description=__doc__)
    arguments.add_argument("naive", type=Path, help="a folder of projects, as they are")
    arguments.add_argument("fixed", type=Path, help="a copy of it, after its findings were fixed")
    arguments.add_argument("--server", default="embedded16", help="embedded16, embedded18 or a folder of binaries")
    arguments.add_argument("--only", default="", help="a part of the paths of the revisions")
    arguments.add_argument("--verbose", action="store_true", help="also say what was left out, and why")
    options = arguments.parse_args()
    problems = _not_compiled(options.naive, options.fixed)
    print("".join(f"{problem}\n" for problem in problems), end="", flush=True)
    naive, fixed = rendered(options.naive, options.only), rendered(options.fixed, options.only)
    with server(binaries_of(options.server)) as made:
        print(f"PostgreSQL {made.version()}: {len(naive)} folders of revisions")
        for name in sorted(naive):
            told = compared(made, name, naive[name], fixed.get(name, []), options.naive, options.fixed)
            state = "DIFFERS" if told.problems else "same" if told.ran else "nothing ran"
            print(f"  {state}  {name}: {told.changed} changed, {told.ran} ran, {len(told.left_out)} left out", flush=True)
            print("".join(f"    {problem}\n" for problem in told.problems), end="")
            if options.verbose:
                print("".join(f"    left out: {line}\n" for line in told.left_out), end="")
            problems += told.problems
    print(f"{len(problems)} problems")
    return 1 if problems else 0


def _not_compiled(naive: Path, fixed: Path) -> list[str]:
    """Files that were changed, and do not compile though they did before, or are new and do not."""
    problems: list[str] = []
    for path in sorted(fixed.rglob("*.py")):
        old = naive / path.relative_to(fixed)
        data = path.read_bytes()
        if old.exists() and old.read_bytes() == data:
            continue
        if (error := _error(data, path)) and not (old.exists() and _error(old.read_bytes(), old)):
            problems.append(f"{path.relative_to(fixed)}: {error}")
    return problems


def _error(data: bytes, path: Path) -> str:
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(data, str(path), "exec")
    except (SyntaxError, ValueError) as error:
        return str(error)
    return ""


# ------------------------------------------------------------------------------------------------------------------ rendering


def rendered(folder: Path, only: str = "") -> dict[str, list[Rendered]]:
    """The revisions below a folder, by the folders in which those of one environment stand."""
    found = [job for job in ground_truth.revisions(folder) if only in job[0]]
    context = multiprocessing.get_context("fork")
    made: dict[str, list[Rendered]] = defaultdict(list)
    with context.Pool(maxtasksperchild=1) as pool:
        for revision in pool.imap(_render, found, chunksize=1):
            if revision is not None:
                made[_versions_of(Path(revision.path).relative_to(folder))].append(revision)
    return made


def _versions_of(path: Path) -> str:
    """The folder of all revisions of one environment: `versions`, whatever folders there are below it."""
    named = [parent for parent in path.parents if parent.name == "versions"]
    return str(named[-1] if named else path.parent)


def _render(job: tuple[str, str]) -> Rendered | None:
    """One revision, in a process that does nothing else after; None where the file is none."""
    path, root = Path(job[0]), Path(job[1])
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, ground_truth.late)
    signal.alarm(_PATIENCE)
    ground_truth.without_database(False)
    with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
        try:
            module = ground_truth.load(path, root)
            parents = (*_ids(module.down_revision), *_ids(getattr(module, "depends_on", None)))
            revision = str(module.revision)
        except BaseException:  # noqa: BLE001 - code of others
            return None
        try:
            statements = tuple(ground_truth.rendered(module, "upgrade"))
        except BaseException as error:  # noqa: BLE001 - code of others
            return Rendered(str(path), revision, parents, None, ground_truth.short(error))
        finally:
            signal.alarm(0)
    return Rendered(str(path), revision, parents, statements)


def _ids(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(one) for one in value) if isinstance(value, (tuple, list, set)) else ()


# --------------------------------------------------------------------------------------------------------------------- running


def compared(
    made: Server, name: str, naive: Sequence[Rendered], fixed: Sequence[Rendered], naive_root: Path, fixed_root: Path
) -> Told:
    """Runs both copies of one folder of revisions."""
    told = Told(name)
    before = {revision.revision: revision for revision in naive}
    after = {revision.revision: revision for revision in fixed}
    if missing := before.keys() - after.keys():
        told.problems.append(f"revisions are gone: {', '.join(sorted(missing))}")
        return told
    told.changed = sum(_changed(revision, before, naive_root, fixed_root) for revision in fixed)
    if not told.changed:
        return told
    order = list(_ordered(before, sorted(before)))
    with Databases(made, "corpus") as databases:
        one, other = databases.new(), databases.new()
        left_out: set[str] = set()
        with _session(one) as connection:
            for revision in order:
                if error := _run(connection, before[revision].statements, before[revision].reason):
                    left_out.add(revision)
                    told.left_out.append(f"{Path(before[revision].path).name}: {error}")
        told.ran = len(before) - len(left_out)
        with _session(other) as connection:
            for revision in _ordered(after, [*order, *sorted(after.keys() - before.keys())]):
                if revision not in before and any(parent in left_out for parent in after[revision].parents):
                    left_out.add(revision)
                if revision in left_out:
                    continue
                if error := _run(connection, after[revision].statements, after[revision].reason):
                    told.problems.append(f"{Path(after[revision].path).relative_to(fixed_root)}: {error}")
        wanted, found = one.schema(any_column_order=True), other.schema(any_column_order=True)
        if wanted != found:
            difference = list(difflib.unified_diff(wanted, found, "naive", "fixed", lineterm="", n=2))
            told.problems.append("the schemas differ:\n      " + "\n      ".join(difference[:80]))
        if more := sorted({*other.unfinished()} - {*one.unfinished()}):
            told.problems.append("; ".join(more))
    return told


def _changed(revision: Rendered, before: Mapping[str, Rendered], naive_root: Path, fixed_root: Path) -> bool:
    old = naive_root / Path(revision.path).relative_to(fixed_root)
    return revision.revision not in before or not old.exists() or old.read_bytes() != Path(revision.path).read_bytes()


def _ordered(revisions: Mapping[str, Rendered], wanted: Sequence[str]) -> Iterator[str]:
    """All revisions in the wanted order, but each behind its parents."""
    known, done = set(wanted), set()
    for name in wanted:
        stack = [name]
        while stack:
            top = stack[-1]
            waiting = [parent for parent in revisions[top].parents if parent in known and parent not in done]
            if top in done or not waiting:
                stack.pop()
                if top not in done:
                    done.add(top)
                    yield top
            elif set(waiting) & set(stack):
                return  # a cycle
            else:
                stack += waiting


@contextlib.contextmanager
def _session(database: Database) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with database.connected() as connection:
        connection.execute(f"SET statement_timeout = '{_PATIENCE}s'".encode())
        yield connection


def _run(connection: psycopg.Connection[tuple[object, ...]], statements: Sequence[str] | None, reason: str) -> str:
    """Runs the statements of a revision in a transaction, which those that leave it end themselves. Gives the error, if any."""
    if statements is None:
        return f"not rendered: {reason}"
    try:
        for statement in ("BEGIN", *statements, "COMMIT"):
            if statement.strip(" ;\n"):
                connection.execute(statement.encode())
    except psycopg.Error as error:
        connection.execute(b"ROLLBACK")
        connection.execute(b"RESET ALL")
        connection.execute(f"SET statement_timeout = '{_PATIENCE}s'".encode())
        return str(error).strip().partition("\n")[0]
    return ""


if __name__ == "__main__":
    sys.exit(main())
