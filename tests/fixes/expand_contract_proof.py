"""Expand and contract against a real server: `python -m tests.fixes.expand_contract_proof SERVER [WORD...]`, SERVER a name
that `tests.postgres.server` knows or a folder of Postgres's binaries; with words, the cases alone whose names hold one.

Each case is a migration that changes a type. It is run as it is written, and as it is rewritten: afterwards the schema (as
pg_dump tells it, but for the order of columns) and the rows are the same, and so they are after the downgrade. Beside that every
revision is taken back and run again on its own, rows are written between any two of them, and the SQL of the offline mode is
run through psql."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config

from sqla_lsp.fixes.expand_contract.code import body_of
from sqla_lsp.fixes.expand_contract.expansion import Expansion, expansion
from sqla_lsp.fixes.free_type_change import apart
from sqla_lsp.fixes.style import Style
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.history import Step
from sqla_lsp.project.project import Project
from sqla_lsp.rules.registry import NAMES
from sqla_lsp.schema.operations import AlterType
from tests.fixes.expand_contract_cases import BIG, CASES, FREE, INT, ChangeCase, alter
from tests.postgres.server import Server, binaries_of, server

ENV = """from alembic import context
from sqlalchemy import create_engine

config = context.config
options = {"transaction_per_migration": config.get_main_option("together") is None}
if context.is_offline_mode():
    context.configure(url=config.get_main_option("url"), literal_binds=True, **options)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(config.get_main_option("url")).connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
"""
HEADER = '''"""{message}"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "{revision}"
down_revision = {down}


'''


class Wrong(Exception):
    """What came out otherwise than it has to."""


def revision(number: int, message: str, up: str, down: str) -> str:
    """The text of a revision."""
    parent = f'"{number - 1:04}"' if number > 1 else "None"
    text = HEADER.format(message=message, revision=f"{number:04}", down=parent)
    return text + f"def upgrade():\n{textwrap.indent(up, '    ')}\n\n\ndef downgrade():\n{textwrap.indent(down, '    ')}\n"


def write(folder: Path, revisions: list[str]) -> None:
    """An environment with revisions."""
    versions = folder / "migrations/versions"
    versions.mkdir(parents=True)
    (folder / "migrations/env.py").write_text(ENV)
    for number, text in enumerate(revisions, 1):
        (versions / f"{number:04}.py").write_text(text)


def rewritten(case: ChangeCase, folder: Path, version: int) -> list[str] | None:
    """The revisions of a case after the fix; None where it is not offered."""
    first = revision(1, "first", f'op.execute("""{case.create}""")', "pass")
    naive = revision(2, "change", case.up, case.down)
    write(folder, [first, naive])
    made = planned(folder, version)
    if made is None:
        return None
    again = revision(
        2, "change", replaced(case.up, made.upgrade, case.up_statement), replaced(case.down, made.downgrade, case.down_statement)
    )
    drafts = [revision(n, draft.message, draft.upgrade, draft.downgrade) for n, draft in enumerate(made.drafts, 3)]
    return [first, again, *drafts]


def planned(folder: Path, version: int = 14) -> Expansion | None:
    """What is offered for the last change of type in the second revision's upgrade."""
    made = None
    for step, source in changes(folder):
        if step.history.direction == "upgrade":
            made = expansion(step, source, Style(), version=version)
    return made


def changes(folder: Path) -> Iterator[tuple[Step, str]]:
    """The changes of type in the second revision, each with the text of its expression."""
    project = Project([str(folder)], Resolver(NAMES), jobs=1)
    project.load()
    assert not project.failures, project.failures
    path = str(folder / "migrations/versions/0002.py")
    history = project.history(path)
    assert history is not None
    for script in history.scripts:
        for step in script:
            if isinstance(step.operation, AlterType):
                place = step.operation.site.place
                yield step, project.data(path)[place.start : place.end].decode()


def replaced(body: str, pieces: tuple[object, ...], statement: str) -> str:
    """A body with pieces in place of its statement, or of all of it."""
    text = body_of(pieces, Style())  # type: ignore[arg-type]
    if not statement:
        return text
    assert body.count(statement) == 1, statement
    return body.replace(statement, text)


# ----------------------------------------------------------------------------------------------------------- databases


class Database:
    """A database with the revisions of a folder."""

    def __init__(self, made: Server, name: str, folder: Path) -> None:
        self.made, self.name = made, name
        self.url = f"postgresql+psycopg://postgres@/{name}?host={made.folder}"
        self.dsn = f"postgresql://postgres@/{name}?host={made.folder}"
        fine, output = made.psql(f"CREATE DATABASE {name} TEMPLATE template0;")
        assert fine, output
        self.config = Config()
        self.config.set_main_option("script_location", str(folder / "migrations"))
        self.config.set_main_option("url", self.url.replace("%", "%%"))

    def upgrade(self, target: str) -> None:
        command.upgrade(self.config, target)

    def downgrade(self, target: str) -> None:
        command.downgrade(self.config, target)

    def sql(self, text: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(text)
            return list(cursor.fetchall()) if cursor.description is not None else []

    def offline(self, target: str, *, down: bool = False) -> None:
        """The SQL of the offline mode through psql."""
        buffer = io.StringIO()
        self.config.output_buffer = buffer
        self.config.stdout = buffer
        with contextlib.redirect_stdout(buffer):
            (command.downgrade if down else command.upgrade)(self.config, target, sql=True)
        psql = [str(self.made.binaries / "psql"), "-h", self.made.folder, "-U", "postgres", "-d", self.name, "-qAtX"]
        done = subprocess.run(
            [*psql, "-v", "ON_ERROR_STOP=1"], input=buffer.getvalue(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Wrong(f"offline: {done.stderr}")

    def schema(self) -> list[str]:
        """What pg_dump says of the schema, line by line in one order, without what differs in its spelling alone."""
        dump = [str(self.made.binaries / "pg_dump"), "-h", self.made.folder, "-U", "postgres", "-d", self.name, "-s", "-O", "-x"]
        text = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
        lines = [line.strip().rstrip(",") for line in text.splitlines()]
        kept = [line for line in lines if line and not line.startswith(("--", "SET ", "SELECT ", "\\"))]
        return sorted(re.sub(r"^(ALTER TABLE) ONLY ", r"\1 ", line) for line in kept)

    def rows(self, tables: str) -> list[object]:
        """The rows of tables, by the names of their columns."""
        return [self.sql(f"SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1") for table in tables.split("|")]


def same(what: str, wanted: object, found: object) -> None:
    if wanted != found:
        if isinstance(wanted, list) and isinstance(found, list) and all(isinstance(line, str) for line in wanted + found):
            less, more = [x for x in wanted if x not in found], [x for x in found if x not in wanted]
            raise Wrong(f"{what}:\n  wanted " + "\n         ".join(less) + "\n  found  " + "\n         ".join(more))
        raise Wrong(f"{what}:\n  wanted {str(wanted)[:1500]}\n  found  {str(found)[:1500]}")


def check(case: ChangeCase, made: Server, version: int, number: int) -> None:
    """One case."""
    with tempfile.TemporaryDirectory() as folder:
        plain, other = Path(folder, "naive"), Path(folder, "rewritten")
        revisions = rewritten(case, plain, version)
        if revisions is None:
            raise Wrong("not offered")
        write(other, revisions)
        naive, safe = Database(made, f"n{number}", plain), Database(made, f"s{number}", other)
        for database in (naive, safe):
            database.upgrade("0001")
            database.sql(case.rows)
        naive.upgrade("0002")
        after = (naive.schema(), naive.rows(case.tables))
        naive.downgrade("0001")
        again = (naive.schema(), naive.rows(case.tables))
        # There and back, all at once.
        for _ in range(2):
            safe.upgrade("head")
            same("schema after the upgrade", after[0], safe.schema())
            same("rows after the upgrade", after[1], safe.rows(case.tables))
            safe.downgrade("0001")
            same("schema after the downgrade", again[0], safe.schema())
            same("rows after the downgrade", again[1], safe.rows(case.tables))
        # Every revision back and again.
        states = [safe.schema()]
        for step in range(2, len(revisions) + 1):
            safe.upgrade(f"{step:04}")
            states.append(safe.schema())
            safe.downgrade(f"{step - 1:04}")
            same(f"schema after revision {step} was taken back", states[-2], safe.schema())
            safe.upgrade(f"{step:04}")
            same(f"schema after revision {step} ran again", states[-1], safe.schema())
        for step in range(len(revisions), 1, -1):
            safe.downgrade(f"{step - 1:04}")
            same(f"schema after the downgrade from revision {step}", states[step - 2], safe.schema())
        # Rows are written between any two revisions.
        if case.writes:
            naive.sql(case.writes)
            naive.upgrade("0002")
            safe.upgrade("0002")
            safe.sql(case.writes)
            safe.upgrade("head")
            same("rows that were written before the backfill", naive.rows(case.tables), safe.rows(case.tables))
            safe.downgrade(f"{len(revisions) - 1:04}")
            for database in (naive, safe):
                database.sql(case.later)
            naive.downgrade("0001")
            safe.downgrade("0001")
            same("rows that were written before the downgrade", naive.rows(case.tables), safe.rows(case.tables))
        if case.unfit:
            safe.upgrade("head")
            safe.downgrade(f"{len(revisions) - 1:04}")
            safe.sql(case.unfit)
            with contextlib.suppress(Exception):
                safe.downgrade("0001")
                raise Wrong("a value that does not fit was lost")
            safe.upgrade("head")
        together = Database(made, f"t{number}", other)
        together.upgrade("0001")
        together.sql(case.rows)
        together.config.set_main_option("together", "yes")
        together.upgrade("head")
        same("schema after the upgrade in one transaction", after[0], together.schema())
        same("rows after the upgrade in one transaction", after[1], together.rows(case.tables))
        together.downgrade("0001")
        same("schema after the downgrade in one transaction", again[0], together.schema())
        same("rows after the downgrade in one transaction", again[1], together.rows(case.tables))
        offline = Database(made, f"o{number}", other)
        offline.upgrade("0001")
        offline.sql(case.rows)
        offline.offline("0001:head")
        same("schema after the offline upgrade", after[0], offline.schema())
        same("rows after the offline upgrade", after[1], offline.rows(case.tables))
        offline.offline("head:0001", down=True)
        same("schema after the offline downgrade", again[0], offline.schema())
        same("rows after the offline downgrade", again[1], offline.rows(case.tables))


def check_free(case: ChangeCase, made: Server, number: int) -> None:
    """A free change with the rest done apart."""
    with tempfile.TemporaryDirectory() as folder:
        plain, other = Path(folder, "naive"), Path(folder, "rewritten")
        first = revision(1, "first", f'op.execute("""{case.create}""")', "pass")
        write(plain, [first, revision(2, "change", case.up, case.down)])
        steps = {step.history.direction: (step, source) for step, source in changes(plain)}
        bodies = []
        for step, source in (steps["upgrade"], steps["downgrade"]):
            found = apart(step, source, Style())
            if found is None:
                raise Wrong("not offered")
            bodies.append(body_of(found.pieces, Style()))
        write(other, [first, revision(2, "change", *bodies)])
        naive, safe = Database(made, f"fn{number}", plain), Database(made, f"fs{number}", other)
        for database in (naive, safe):
            database.upgrade("0001")
            database.sql(case.rows)
        for _ in range(2):
            for target, move in (("0002", Database.upgrade), ("0001", Database.downgrade)):
                move(naive, target)
                move(safe, target)
                same(f"schema after {target}", naive.schema(), safe.schema())
                same(f"rows after {target}", naive.rows(case.tables), safe.rows(case.tables))


# -------------------------------------------------------------------------------------------------------------- writers


def check_writers(made: Server, version: int) -> str:
    """Writers go on during all five revisions, there and back: no write is lost, none fails, and none waits for long."""
    case = ChangeCase(
        "writers",
        "CREATE TABLE t (id bigserial PRIMARY KEY, amt integer NOT NULL DEFAULT 0, log integer, CONSTRAINT ck CHECK (amt >= 0));"
        "CREATE INDEX ix_amt ON t (amt);",
        'op.alter_column("t", "amt", existing_type=sa.Integer(), type_=sa.BigInteger())',
        'op.alter_column("t", "amt", existing_type=sa.BigInteger(), type_=sa.Integer())',
        "INSERT INTO t (amt, log) SELECT n, n FROM generate_series(1, 300000) n;",
    )
    with tempfile.TemporaryDirectory() as folder:
        revisions = rewritten(case, Path(folder, "naive"), version)
        assert revisions is not None
        write(Path(folder, "safe"), revisions)
        database = Database(made, "writers", Path(folder, "safe"))
        database.upgrade("0001")
        database.sql(case.rows)
        stop, failures, writes, longest = threading.Event(), list[str](), [0], [0.0]

        def work(seed: int) -> None:
            with psycopg.connect(database.dsn, autocommit=True) as connection:
                number = seed
                while not stop.is_set():
                    number = (number * 1103515245 + 12345) % 2147483648
                    start = time.monotonic()
                    try:
                        connection.execute("UPDATE t SET amt = %s, log = %s WHERE id = %s", (number, number, number % 300000 + 1))
                        connection.execute("INSERT INTO t (amt, log) VALUES (%s, %s)", (number, number))
                    except psycopg.Error as error:
                        failures.append(str(error))
                    longest[0] = max(longest[0], time.monotonic() - start)
                    writes[0] += 1

        threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 2, 3)]
        for thread in threads:
            thread.start()
        try:
            for move in (lambda: database.upgrade("head"), lambda: database.downgrade("0001")):
                move()
                lost = database.sql("SELECT count(*) FROM t WHERE amt <> log")
                if lost != [(0,)]:
                    failures.append(f"lost: {lost}")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        lost = database.sql("SELECT count(*) FROM t WHERE amt <> log")
        if failures or lost != [(0,)]:
            raise Wrong(f"{lost} {failures[:3]}")
        return f"{writes[0]} pairs of writes, the longest {longest[0] * 1000:.0f} ms"


# ------------------------------------------------------------------------------------------------------------ interruptions


def check_interrupted(made: Server, version: int) -> str:
    """A run may break off before any statement: run again, it comes to the same, there and back."""
    case = ChangeCase(
        "interrupted",
        "CREATE TABLE p (id bigint PRIMARY KEY); CREATE TABLE t (id serial PRIMARY KEY, c integer NOT NULL DEFAULT 1,"
        " CONSTRAINT ck CHECK (c > 0), CONSTRAINT uq UNIQUE (c), CONSTRAINT fk FOREIGN KEY (c) REFERENCES p);"
        "CREATE INDEX ix ON t (c) WHERE c > 5; CREATE INDEX ix_c ON t (c);",
        *alter(INT, BIG),
        "INSERT INTO p SELECT generate_series(1, 3000); INSERT INTO t (c) SELECT n FROM generate_series(1, 3000) n;",
        "p|t",
    )
    with tempfile.TemporaryDirectory() as folder:
        revisions = rewritten(case, Path(folder, "naive"), version)
        assert revisions is not None
        write(Path(folder, "safe"), revisions)
        database = Database(made, "interrupted", Path(folder, "safe"))
        database.upgrade("0001")
        database.sql(case.rows)
        runs = 0
        states = [(database.schema(), database.rows(case.tables))]
        for number in range(2, len(revisions) + 1):
            database.upgrade(f"{number:04}")
            states.append((database.schema(), database.rows(case.tables)))
        for number in range(len(revisions), 1, -1):
            path = Path(folder, f"safe/migrations/versions/{number:04}.py")
            text = path.read_text()
            for down in (True, False):
                for broken in broken_off(text, "downgrade" if down else "upgrade"):
                    move, target = (database.downgrade, number - 1) if down else (database.upgrade, number)
                    start, end = (number, number - 1) if down else (number - 1, number)
                    if database.sql("SELECT version_num FROM alembic_version") != [(f"{start:04}",)]:
                        path.write_text(text)
                        (database.upgrade if down else database.downgrade)(f"{start:04}")
                    path.write_text(broken)
                    try:
                        move(f"{target:04}")
                        raise Wrong("it was to break off")
                    except ZeroDivisionError:
                        pass
                    path.write_text(text)
                    move(f"{target:04}")
                    same(f"schema after a broken run to {target}", states[end - 1][0], database.schema())
                    if end != 2:  # what was filled stays filled
                        same(f"rows after a broken run to {target}", states[end - 1][1], database.rows(case.tables))
                    runs += 1
            database.downgrade(f"{number - 1:04}")
        return f"{runs} broken runs"


def broken_off(text: str, function: str) -> Iterator[str]:
    """The text of a revision that breaks off before each of a function's statements, and behind the last one."""
    body = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == function)
    statements = [node for node in ast.walk(body) if isinstance(node, ast.stmt) and node is not body]
    lines = text.splitlines()
    for statement in statements:
        at = statement.lineno - 1
        yield "\n".join([*lines[:at], " " * statement.col_offset + "1 / 0", *lines[at:], ""])
    yield "\n".join([*lines[: body.end_lineno], "    1 / 0", *lines[body.end_lineno :], ""])


def main(binaries: str, words: list[str]) -> int:
    chosen = [case for case in CASES if not words or any(word in case.name for word in words)]
    wrong = 0
    with server(binaries_of(binaries), "C.UTF-8") as made:
        version = int(made.version().split(".")[0])
        print("PostgreSQL", made.version())
        for number, case in enumerate(chosen):
            if case.since > version:
                continue
            wrong += _tried(case.name, lambda case=case, number=number: check(case, made, version, number))  # type: ignore[misc]
        for number, case in enumerate(FREE):
            if not words or any(word in case.name for word in words):
                wrong += _tried(case.name, lambda case=case, number=number: check_free(case, made, number))  # type: ignore[misc]
        if not words or "interrupted" in words:
            wrong += _tried("interrupted", lambda: check_interrupted(made, version))
        if not words or "writers" in words:
            wrong += _tried("writers", lambda: check_writers(made, version))
    return 1 if wrong else 0


def _tried(name: str, run: Callable[[], str | None]) -> int:
    try:
        said = run()
    except Exception as error:  # noqa: BLE001
        print(f"WRONG {name}: {type(error).__name__} {error}", flush=True)
        return 1
    print(f"fine  {name}" + (f": {said}" if said else ""), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
