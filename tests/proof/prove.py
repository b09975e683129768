"""Proves on a server that a rewritten migration does what the naive one does: the same schema and rows after the upgrade, the
downgrade and the next upgrade, also as SQL through psql; nothing INVALID or NOT VALID left; no rows read under a lock for which
others wait; and, interrupted anywhere or stopped by wrong rows, it ends right when it is run again.

The model of all that is the naive migration on the same server, never what a fix says about itself."""

from __future__ import annotations

import difflib
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.fixes.pages import FixCase
from tests.postgres.server import Server
from tests.proof.databases import Database, Databases
from tests.proof.recorder import Interrupted, Recorder, Statement
from tests.proof.running import AlembicProject


@dataclass(frozen=True)
class Promises:
    """What is proven beyond the same schema, and what is not. The fields are those of a `FixCase`: `halfway` makes the rewritten
    migration fail, and after `repair` it succeeds; `other_schema` and `naive_fails` say why there is no model to compare with."""

    seed: str = ""
    halfway: str = ""
    repair: str = ""
    any_column_order: bool = False
    free_values: frozenset[str] = frozenset()
    holds: str | None = None
    not_repeated: str | None = None
    other_schema: str | None = None
    naive_fails: str | None = None

    @staticmethod
    def of(case: FixCase) -> Promises:
        return Promises(**{name: getattr(case, name) for name in Promises.__dataclass_fields__})


@dataclass
class Report:
    """What a proof found: `problems` are empty where everything holds. `naive` and `rewritten` are the statements of the two
    upgrades, `interruptions` how many runs were interrupted and repeated."""

    problems: list[str] = field(default_factory=list)
    naive: list[Statement] = field(default_factory=list)
    rewritten: list[Statement] = field(default_factory=list)
    interruptions: int = 0

    def __bool__(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class _State:
    """What is in a database at one point."""

    schema: list[str]
    rows: list[str]
    unfinished: list[str]


class _Failed(Exception):
    """A run that was to succeed did not."""


def prove(
    server: Server,
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    tested: str | None = None,
    promises: Promises = Promises(),
    *,
    name: str = "proof",
) -> Report:
    """Proves `after` against `before`, both whole projects by relative path. `tested` is the file of the migration that was
    rewritten, whose rows `promises.seed` stand there before it runs; None where the rewritten project adds revisions to the head
    of one that is otherwise the same. `name` begins the names of the databases."""
    report = Report()
    with tempfile.TemporaryDirectory() as folder, Databases(server, name) as databases:
        projects = []
        for part, files in (("naive", before), ("rewritten", after)):
            for path, data in files.items():
                (Path(folder, part, path)).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, part, path).write_bytes(data)
            projects.append(AlembicProject(Path(folder, part)))
        try:
            _Proof(databases, *projects, tested, promises, report).run()
        except _Failed as error:
            report.problems.append(str(error))
    return report


@dataclass
class _Proof:
    databases: Databases
    naive: AlembicProject
    rewritten: AlembicProject
    tested: str | None
    promises: Promises
    report: Report

    def run(self) -> None:
        if self.tested is None:
            (parent,) = self.naive.heads()
        else:
            _, parents = self.naive.revision_of(self.tested)
            parent = parents[0] if parents else "base"
        start = self.databases.new()
        with _must("the upgrade to the parent of the migration"):
            self.naive.upgrade(start, parent)
        with _must("the seed"):
            start.run(self.promises.seed)
        self.start, self.parent = start, parent
        model = self._model()
        up, down = self._rewritten_there_and_back(model)
        self._locks()
        self._offline(up, down)
        self._halfway(up)
        self._interrupted(up)

    # -------------------------------------------------------------------------------------------------------- the model

    def _model(self) -> tuple[_State, _State | None, _State | None] | None:
        """The states after upgrade, downgrade and upgrade of the naive migration; None where it is no model."""
        if self.tested is None or self.promises.other_schema:
            return None
        database = self.databases.new(self.start)
        recorder = Recorder(measures=True)
        try:
            self.naive.upgrade(database, recorder=recorder)
        except Exception as error:
            if self.promises.naive_fails:
                return None
            raise _Failed(f"the naive upgrade fails: {_short(error)}") from error
        if self.promises.naive_fails:
            raise _Failed("the naive upgrade was to fail, and did not")
        self.report.naive = recorder.statements
        up = self._state(database)
        if not self.naive.has_downgrade(self.tested):
            return up, None, None
        with _must("the naive downgrade"):
            self.naive.downgrade(database, self.parent)
        down = self._state(database)
        try:
            self.naive.upgrade(database)
        except Exception:  # noqa: BLE001 - the naive downgrade leaves something behind
            return up, down, None
        return up, down, self._state(database)

    def _rewritten_there_and_back(
        self, model: tuple[_State, _State | None, _State | None] | None
    ) -> tuple[_State, tuple[_State, Database] | None]:
        """Compares the states of the rewritten migration with those of the model. Gives the state after its upgrade, and after
        its downgrade with a database that is upgraded, where it was downgraded."""
        database = self.databases.new(self.start)
        recorder = Recorder(measures=True)
        before = self._state(database)
        with _must("the rewritten upgrade"):
            self.rewritten.upgrade(database, recorder=recorder)
        self.report.rewritten = recorder.statements
        up = self._state(database)
        wanted, wanted_down, wanted_again = model or (up, before, up)
        self._compare(wanted, up, "the upgrade")
        if wanted_down is None:
            return up, None
        if self.tested is not None and not self.rewritten.has_downgrade(self.tested):
            self.report.problems.append("the rewritten migration has no downgrade")
            return up, None
        with _must("the rewritten downgrade"):
            self.rewritten.downgrade(database, self.parent)
        down = self._state(database)
        self._compare(wanted_down, down, "the downgrade")
        if wanted_again is None:
            return up, None
        with _must("the rewritten upgrade after its downgrade"):
            self.rewritten.upgrade(database)
        self._compare(wanted_again, self._state(database), "the upgrade after the downgrade")
        return up, (down, database)

    # ------------------------------------------------------------------------------------------------- what else is proven

    def _locks(self) -> None:
        """No rows are read while others wait."""
        if self.promises.holds:
            return
        for statement in self.report.rewritten:
            for table, mode in statement.blocked.items():
                read = ", ".join(f"{rows} rows of {name}" for name, rows in statement.read.items())
                self.report.problems.append(f"under {mode} on {table}, {read} are read by: {_line(statement.sql)}")

    def _offline(self, up: _State, down: tuple[_State, Database] | None) -> None:
        """The SQL that Alembic writes for the rewritten migration does the same, where it can write it for the naive one."""
        heads = self.rewritten.heads()
        if len(heads) != 1:
            return
        self._as_sql("the upgrade as SQL", self.parent, heads[0], self.start, up)
        if down is not None:
            state, upgraded = down
            self._as_sql("the downgrade as SQL", heads[0], self.parent, upgraded, state, down=True)

    def _as_sql(self, what: str, start: str, end: str, like: Database, wanted: _State, *, down: bool = False) -> None:
        if not self._renders(down):
            return
        with _must(what):
            script = self.rewritten.sql(self.start, start, end, down=down)
        database = self.databases.new(like)
        fine, said = database.server.psql(script, database.name)
        if fine:
            self._compare(wanted, self._state(database), what)
        else:
            self.report.problems.append(f"psql does not run {what}: {said.strip().splitlines()[0]}")

    def _renders(self, down: bool) -> bool:
        """Whether Alembic can write the naive migration as SQL."""
        heads = self.naive.heads()
        if self.tested is None or len(heads) != 1:
            return True
        start, end = (heads[0], self.parent) if down else (self.parent, heads[0])
        try:
            self.naive.sql(self.start, start, end, down=down)
        except Exception:  # noqa: BLE001 - whatever the migration raises
            return False
        return True

    def _halfway(self, up: _State) -> None:
        """Rows make the rewritten upgrade fail; repaired, it succeeds when it is run again."""
        if not self.promises.halfway:
            return
        database = self.databases.new(self.start)
        with _must("the SQL that makes it fail halfway"):
            database.run(self.promises.halfway)
        try:
            self.rewritten.upgrade(database)
        except Exception:  # noqa: BLE001 - as it should
            pass
        else:
            self.report.problems.append("the rewritten upgrade was to fail halfway, and did not")
            return
        with _must("the repair"):
            database.run(self.promises.repair)
        try:
            self.rewritten.upgrade(database)
        except Exception as error:  # noqa: BLE001
            self.report.problems.append(f"repeated after wrong rows were repaired, it fails: {_short(error)}")
            return
        self._compare(up, self._state(database), "the upgrade that was repeated after a repair", rows=False)

    def _interrupted(self, up: _State) -> None:
        """Interrupted before each statement, and with each index that it builds left INVALID, it succeeds when it is repeated."""
        if self.promises.not_repeated:
            return
        for recorder, where in _interruptions(self.report.rewritten):
            self.report.interruptions += 1
            database = self.databases.new(self.start)
            try:
                self.rewritten.upgrade(database, recorder=recorder)
            except Interrupted:
                pass
            except Exception as error:  # noqa: BLE001
                self.report.problems.append(f"interrupted {where}, it fails otherwise: {_short(error)}")
                continue
            else:
                self.report.problems.append(f"it is not interrupted {where}: it does something else each time")
                continue
            try:
                self.rewritten.upgrade(database)
            except Exception as error:  # noqa: BLE001
                self.report.problems.append(f"interrupted {where} and repeated, it fails: {_short(error)}")
                continue
            self._compare(up, self._state(database), f"the upgrade that was interrupted {where} and repeated")

    # ---------------------------------------------------------------------------------------------------------- comparison

    def _state(self, database: Database) -> _State:
        promises = self.promises
        return _State(database.schema(promises.any_column_order), database.rows(promises.free_values), database.unfinished())

    def _compare(self, wanted: _State, found: _State, what: str, *, rows: bool = True) -> None:
        problems = self.report.problems
        if wanted.schema != found.schema:
            problems.append(f"after {what} the schema is another:\n{_difference(wanted.schema, found.schema)}")
        if rows and wanted.rows != found.rows:
            problems.append(f"after {what} the rows are others:\n{_difference(wanted.rows, found.rows)}")
        if more := sorted({*found.unfinished} - {*wanted.unfinished}):
            problems.append(f"after {what} {'; '.join(more)}")


def _interruptions(statements: list[Statement]) -> Iterator[tuple[Recorder, str]]:
    """Recorders that interrupt a run, and where they do."""
    for number, statement in enumerate(statements):
        if number:  # before the first one nothing has been done
            yield Recorder(stop_before=number), f"before {_line(statement.sql)}"
        if statement.builds_index:
            yield Recorder(leave_invalid=number), f"in the middle of {_line(statement.sql)}"


class _must:
    """A step without which nothing else makes sense."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, _Failed):
            raise _Failed(f"{self.what} fails: {_short(error)}") from error


def _short(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0] or traceback.format_exception_only(error)[-1].strip()
    return f"{type(error).__name__}: {text[:200]}"


def _line(sql: str) -> str:
    text = " ".join(sql.split())
    return text if len(text) < 110 else f"{text[:107]}..."


def _difference(wanted: list[str], found: list[str]) -> str:
    lines = list(difflib.unified_diff(wanted, found, "wanted", "found", lineterm="", n=2))
    return "\n".join(lines[:60])
