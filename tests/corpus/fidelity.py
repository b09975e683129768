"""`python -m tests.corpus.fidelity DIR`: the SQL that `sqla-lsp sql` says a revision emits, against what Alembic renders offline.

Each project below DIR is read statically; then each of its revisions is run by Alembic itself in a process of its own, in offline
mode, for Postgres. Both texts go through Postgres's own parser and are compared statement by statement: CREATE, ALTER, DROP,
COMMENT and TRUNCATE count, in their order, each with whether it runs in autocommit; data does not. What is not known is never
equal. This runs the migrations: it belongs to the tests, never to the product.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import inspect
import multiprocessing
import re
import signal
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO, cast
from unittest.mock import MagicMock

from sqla_lsp.postgres.sql_expressions import member
from sqla_lsp.postgres.sql_grammar import load_grammar
from sqla_lsp.postgres.sql_text import prepare
from sqla_lsp.preview.migration import Statement, preview
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.project import Project
from tests.corpus.ground_truth import ASKS, PATIENCE, late, load, revisions, short, without_database

_SCHEMA = ("create_", "alter_", "drop_", "comment_", "truncate_", "index_", "rename_", "view_", "rule_", "define_")
_DATA = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE"})
_SAYS_DATA = re.compile(rf"(?:(?:{'|'.join(sorted(_DATA))})(?:, )?)+: ")
_ORDER = ["no revision", "not rendered", "equal", "branches", "another order", "unknown", "differing"]
"""The states, from the one that says least against us."""
_ENDS, _BEGINS = ("TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK"), ("TRANS_STMT_BEGIN", "TRANS_STMT_START")


@dataclass
class Line:
    """One schema statement in Postgres's own spelling, whether it runs in autocommit, and whether it may be left out."""

    text: str
    autocommit: bool | None
    conditional: bool = False


@dataclass
class Outcome:
    """One function of one revision: "equal", "branches" (equal on one way through its branches), "another order" (the
    same statements), "unknown", "differing", or why Alembic does not render it."""

    path: str
    function: str
    state: str
    differences: list[str] = field(default_factory=list)
    detail: str = ""


# ----------------------------------------------------------------------------------------------------------- statements


class NoSql(Exception):
    """What was rendered is no SQL (a mock stood in it)."""


@lru_cache(maxsize=50_000)
def _parsed(sql: str) -> tuple[tuple[str, str, str], ...]:
    """The statements of a text: kind of message, normal spelling, and what a transaction statement does. Raises `NoSql`."""
    postgast = load_grammar()
    try:
        tree = postgast.parse(sql)
    except (postgast.PgQueryError, ValueError) as error:
        raise NoSql(str(error)) from error
    found = []
    for statement in tree.stmts:
        kind = statement.stmt.WhichOneof("node") or ""
        alone = postgast.ParseResult()
        alone.stmts.add().stmt.CopyFrom(statement.stmt)
        transaction = member(statement.stmt.transaction_stmt, "kind") if kind == "transaction_stmt" else ""
        found.append((kind, _spelled(alone, statement), transaction))
    return tuple(found)


def _spelled(tree: Any, statement: Any) -> str:
    postgast = load_grammar()
    try:
        return str(postgast.deparse(tree))
    except (postgast.PgQueryError, ValueError):
        return str(statement)


def truth_lines(written: Iterable[str]) -> list[Line]:
    """The schema statements that Alembic wrote."""
    lines: list[Line] = []
    autocommit = False
    for sql in written:
        for kind, text, transaction in _parsed(sql):
            if transaction in _ENDS or transaction in _BEGINS:
                autocommit = transaction in _ENDS
            elif kind.startswith(_SCHEMA):
                lines.append(Line(text, autocommit))
    return lines


def our_lines(statements: Iterable[Statement]) -> list[Line]:
    """The schema statements that we say are emitted."""
    lines = []
    for statement in statements:
        for kind, text, _ in _said(statement.sql) if statement.sql is not None else ():
            if kind.startswith(_SCHEMA):
                lines.append(Line(text, statement.transaction.autocommit, statement.conditional))
    return lines


def _said(sql: str) -> tuple[tuple[str, str, str], ...]:
    """The statements of a text of ours, in which parameters may stand by their names."""
    try:
        return _parsed(sql)
    except NoSql:
        return _parsed(prepare(sql, binds=True)[0])


def ordered(lines: list[Line]) -> list[Line]:
    """The lines, sorted where they stand side by side and come from one set of SQLAlchemy's, which has no order: the indexes and
    the constraints that a table or a column brings along."""
    made: list[Line] = []
    for line in lines:
        at = len(made)
        while at and _class(line) and _class(made[at - 1]) == _class(line) and made[at - 1].text > line.text:
            at -= 1
        made.insert(at, line)
    return made


def _class(line: Line) -> str:
    found = re.match(r"CREATE (?:UNIQUE )?INDEX\b|ALTER TABLE \S+ ADD (?:CONSTRAINT|FOREIGN|UNIQUE|CHECK)\b", line.text)
    return "" if found is None else found[0].split()[0]


def compare(truth: list[Line], ours: list[Line], unknown: bool) -> tuple[str, list[str]]:
    """The state of a function, and its differences as a diff."""
    table = [[0] * (len(ours) + 1) for _ in range(len(truth) + 1)]
    for i in range(len(truth) - 1, -1, -1):
        for j in range(len(ours) - 1, -1, -1):
            both = table[i + 1][j + 1] + 1 if _same(truth[i], ours[j]) else 0
            table[i][j] = max(both, table[i + 1][j], table[i][j + 1])
    missing: list[str] = []
    surplus: list[str] = []
    left_out = False
    i = j = 0
    while i < len(truth) or j < len(ours):
        if i < len(truth) and j < len(ours) and _same(truth[i], ours[j]) and table[i][j] == table[i + 1][j + 1] + 1:
            i, j = i + 1, j + 1
        elif j < len(ours) and (i == len(truth) or table[i][j + 1] >= table[i + 1][j]):
            if ours[j].conditional:
                left_out = True
            else:
                surplus.append(f"+ {_shown(ours[j])}")
            j += 1
        else:
            missing.append(f"- {_shown(truth[i])}")
            i += 1
    if missing and sorted(line[2:] for line in missing) == sorted(line[2:] for line in surplus):
        return "another order", missing + surplus  # of a loop over a set
    if surplus or (missing and not unknown):
        return "differing", missing + surplus
    if unknown:
        return "unknown", missing
    return ("branches" if left_out else "equal"), []


def _same(one: Line, other: Line) -> bool:
    return one.text == other.text and (other.autocommit is None or one.autocommit == other.autocommit)


def _shown(line: Line) -> str:
    return f"[{'?' if line.autocommit is None else 'auto' if line.autocommit else 'tx'}] {line.text}"


def is_schema(statement: Statement) -> bool:
    """Whether a statement that is not known may be one about the schema."""
    return statement.sql is None and not statement.fails and _SAYS_DATA.match(statement.reason) is None


# ----------------------------------------------------------------------------------------------------------- what Alembic says


def rendered(module: Any, function: str, convention: Mapping[str, str], ini: Path | None) -> list[str]:
    """The statements that a function renders, in an environment as `alembic upgrade --sql` makes it: what migrations ask of their
    context, and of the configuration in `ini`, has its answer. Raises whatever it raises."""
    import sqlalchemy
    from alembic.config import Config
    from alembic.operations import Operations
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    written: list[str] = []

    class Buffer:
        def write(self, text: str) -> None:
            written.append(text)

        def flush(self) -> None:
            pass

    metadata = sqlalchemy.MetaData(naming_convention=dict(convention) or None)
    script = ScriptDirectory(str(Path(module.__file__).parent))
    with EnvironmentContext(Config(ini), script, as_sql=True) as environment:
        environment.configure(
            dialect_name="postgresql",
            dialect_opts={"paramstyle": "named"},
            output_buffer=cast("TextIO", Buffer()),
            literal_binds=True,
            target_metadata=metadata,
        )
        with Operations.context(environment.get_context()):
            operations = importlib.import_module("alembic.op")
            asked = inspect.signature(getattr(module, function)).parameters.values()
            given = {one.name: operations if one.name == "op" else MagicMock() for one in asked if one.default is one.empty}
            getattr(module, function)(**given)  # what env.py gives to `run_migrations()`
    return written


def ini_of(path: Path, folder: Path) -> Path | None:
    """The nearest alembic.ini above a revision, in its project."""
    above = [parent for parent in path.parents if parent.is_relative_to(folder)]
    return next((parent / "alembic.ini" for parent in above if (parent / "alembic.ini").is_file()), None)


PROJECT: Project | None = None
FOLDER = Path()
"""The project at hand and its folder, which the processes inherit."""


def examine(job: tuple[str, str, bool | None]) -> list[Outcome]:
    """Both functions of one revision; on a database that has nothing, or whatever is asked for, where the job says so (then
    migrations render that ask one)."""
    path, root, says = Path(job[0]), Path(job[1]), job[2]
    warnings.simplefilter("ignore")
    assert PROJECT is not None
    ours = preview(PROJECT, str(path))
    history = PROJECT.history(str(path))
    signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE)
    if says is not None:
        without_database(says)
    try:
        with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
            module = load(path, root)
    except BaseException as error:  # noqa: BLE001
        return [Outcome(job[0], function, "not rendered", detail=short(error)) for function in ("upgrade", "downgrade")]
    if ours is None or history is None:
        return [Outcome(job[0], "both", "no revision")]
    outcomes = []
    ini = ini_of(path, FOLDER)
    for function, statements in (("upgrade", ours.upgrade), ("downgrade", ours.downgrade)):
        if not hasattr(module, function):
            continue
        signal.alarm(PATIENCE)
        try:
            with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
                truth = truth_lines(rendered(module, function, history.environment.naming_convention, ini))
        except BaseException as error:  # noqa: BLE001
            outcomes.append(Outcome(job[0], function, "not rendered", detail=short(error)))
            continue
        unknown = [f"? {statement.source}: {statement.reason}" for statement in statements if is_schema(statement)]
        try:
            state, differences = compare(ordered(truth), ordered(our_lines(statements)), bool(unknown))
        except NoSql as error:
            state, differences = "differing", [f"+ no SQL: {error}"]
        outcomes.append(Outcome(job[0], function, state, differences + (unknown if state in ("unknown", "differing") else [])))
    signal.alarm(0)
    return outcomes


def project_outcomes(folder: Path, only: str, answers: bool) -> list[Outcome]:
    """The outcomes of all revisions of one project."""
    global PROJECT, FOLDER
    FOLDER = folder
    PROJECT = Project([str(folder)], Resolver({}, roots=[str(folder)]))
    PROJECT.load()
    jobs: list[tuple[str, str, bool | None]] = []
    for path, root in revisions(folder):
        if only in path:
            asks = answers and ASKS.search(Path(path).read_bytes())
            jobs += [(path, root, says) for says in ((False, True) if asks else (None,))]
    with multiprocessing.get_context("fork").Pool(maxtasksperchild=1) as pool:
        outcomes = [outcome for found in pool.imap(examine, jobs, chunksize=1) for outcome in found]
    worst: dict[tuple[str, str], Outcome] = {}
    for outcome in outcomes:
        old = worst.get((outcome.path, outcome.function))
        if old is None or _ORDER.index(outcome.state) > _ORDER.index(old.state):
            worst[outcome.path, outcome.function] = outcome
    return list(worst.values())


def by_migration(outcomes: list[Outcome]) -> Counter[str]:
    """Migrations of which both directions render, by the worse state of both."""
    states: dict[str, list[str]] = {}
    for outcome in outcomes:
        states.setdefault(outcome.path, []).append(outcome.state)
    counted: Counter[str] = Counter()
    for found in states.values():
        if "not rendered" in found:
            counted["not rendered"] += 1
            continue
        counted[max(found, key=_ORDER.index)] += 1
    return counted


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.corpus.fidelity", description=__doc__)
    arguments.add_argument("folder", type=lambda given: Path(given).resolve(), help="a folder of projects")
    arguments.add_argument("--project", default="", help="part of the name of the projects")
    arguments.add_argument("--only", default="", help="part of the path")
    arguments.add_argument("--show", default="differing", help="states whose differences are printed, by commas")
    arguments.add_argument(
        "--answers",
        action="store_true",
        help="also run migrations that ask the database, which is then said to have nothing or all",
    )
    options = arguments.parse_args()
    import alembic.operations  # noqa: F401
    import sqlalchemy.dialects.postgresql  # noqa: F401

    table: dict[str, Counter[str]] = {}
    for folder in sorted(path for path in options.folder.iterdir() if path.is_dir() and options.project in path.name):
        outcomes = project_outcomes(folder, options.only, options.answers)
        table[folder.name] = by_migration(outcomes)
        for outcome in outcomes:
            if outcome.state in options.show.split(","):
                print(f"{Path(outcome.path).relative_to(options.folder)} {outcome.function} {outcome.state} {outcome.detail}")
                print("".join(f"    {line[:400]}\n" for line in outcome.differences), end="")
    columns = ("equal", "branches", "another order", "unknown", "differing", "not rendered", "no revision")
    print(f"{'project':28}", *(f"{column:>13}" for column in columns))
    for name, counted in [*table.items(), ("all", sum(table.values(), Counter()))]:
        print(f"{name:28}", *(f"{counted[column]:13}" for column in columns))


if __name__ == "__main__":
    main()
