"""`python -m tests.corpus.ground_truth DIR`: what the reading says of each revision below DIR, against what Alembic renders.

Alembic runs each migration offline, for Postgres, and writes SQL instead of sending it. That SQL, read by Postgres's own parser,
is the truth. This runs the migrations: it belongs to the tests, never to the product.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import re
import signal
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

from sqla_lsp.postgres.sql import read_sql
from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.readers.revisions import read_revision
from sqla_lsp.schema.operations import AnyOperation, NotKnown, OtherStatement, Site
from sqla_lsp.syntax.frames import LoadedModule
from sqla_lsp.syntax.lower import lower
from sqla_lsp.text.places import Place
from tests.corpus.operation_lines import Line, agree, agree_in_part, line_of, shown

_REVISION = re.compile(rb"^down_revision\s*[:=]", re.MULTILINE)
ASKS = re.compile(rb"inspect|has_|exist")
_SITE = Site(Place(0, 0), Place(0, 0), "")
PATIENCE = 20


@dataclass
class Outcome:
    """One function of one revision. Its `state` is "equal", "branches" (equal on one way through its branches), "not known" (the
    reading says that it does not know), "different", or why it was not rendered."""

    path: str
    function: str
    state: str
    differences: list[str] = field(default_factory=list)
    detail: str = ""


# ------------------------------------------------------------------------------------------------------ what Alembic says


class _Nothing:
    """The answer of a database that is not there: whatever is asked of it is false, empty or absent."""

    def __init__(self, says: bool = False) -> None:
        self._says = says

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        says = self._says
        if name.startswith("has_"):
            return lambda *_, **__: says
        if name in ("scalar", "fetchone", "first", "one_or_none", "scalar_one_or_none"):
            return lambda *_, **__: None
        if name in ("rowcount", "lastrowid"):
            return 0
        if name in ("mappings", "scalars", "yield_per", "unique", "partitions"):
            return lambda *_, **__: self
        return lambda *_, **__: []

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class _Packages(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the packages of one folder; what their `__init__` cannot import is left out."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        folder = self.root.joinpath(*fullname.split("."))
        if folder.is_dir():
            spec = importlib.machinery.ModuleSpec(fullname, self, is_package=True)
            spec.submodule_search_locations = [str(folder)]
            return spec
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Any:
        return None

    def exec_module(self, module: Any) -> None:
        init = self.root.joinpath(*module.__name__.split("."), "__init__.py")
        if init.exists():
            with contextlib.suppress(Exception):
                exec(compile(init.read_bytes(), str(init), "exec"), module.__dict__)


class _Missing(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for modules that are not installed: whatever they are asked for is a mock. Those of the project, whose namespace
    package the root is, are missing: a mock of what sends statements would send none."""

    def __init__(self, root: Path) -> None:
        self.namespace = root.name

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] in (*sys.stdlib_module_names, self.namespace):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Any:
        return _MissingModule(spec.name)

    def exec_module(self, module: Any) -> None:
        module.__all__ = []


class _MissingClass(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock(name=name)


class _MissingModule(ModuleType):
    """A module that has everything: names that begin with a capital are classes, since somebody may derive from them."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made: Any = MagicMock(name=name)
        if name[0].isupper():
            made = _MissingClass(name, (), {"__init__": lambda *_, **__: None})
        setattr(self, name, made)
        return made


def without_database(says: bool) -> None:
    """Replaces what asks the database."""
    import alembic.context
    import sqlalchemy
    import sqlalchemy.engine.reflection
    from sqlalchemy.engine import mock

    def execute(self: Any, statement: Any, *_: Any, **__: Any) -> Any:
        if isinstance(statement, str):
            statement = sqlalchemy.text(statement)
        self._execute_impl(statement, None)
        return _Nothing()

    mock.MockConnection.execute = execute  # type: ignore[method-assign]
    mock.MockConnection.exec_driver_sql = execute
    mock.MockConnection.scalar = lambda self, *a, **k: self.execute(*a, **k).scalar()
    mock.MockConnection.execution_options = lambda self, **_: self
    mock.MockConnection.connection = _Nothing()
    mock.MockConnection.close = lambda self: None
    sqlalchemy.inspection._registrars[mock.MockConnection] = lambda _: _Nothing(says)
    alembic.context.config = MagicMock()
    alembic.context.config.get_main_option = lambda *_: ""
    sqlalchemy.inspect = lambda *_, **__: _Nothing(says)  # type: ignore[assignment]
    sqlalchemy.engine.reflection.Inspector.from_engine = lambda *_, **__: _Nothing(says)  # type: ignore[method-assign,assignment]
    alembic.context.is_offline_mode = lambda: False
    alembic.context.get_x_argument = lambda *_, **__: {}


def rendered(module: Any, function: str) -> list[str]:
    """The statements that a function renders. Raises whatever it raises."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    written: list[str] = []

    class Buffer:
        def write(self, text: str) -> None:
            written.append(text)

        def flush(self) -> None:
            pass

    options = {"as_sql": True, "output_buffer": Buffer(), "literal_binds": True}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context):
        getattr(module, function)()
    return written


def load(path: Path, root: Path) -> Any:
    sys.meta_path.insert(0, _Packages(root))
    sys.meta_path.append(_Missing(root))
    sys.path.insert(0, str(root))
    name = ".".join(path.relative_to(root).with_suffix("").parts)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Unreadable(Exception):
    """What was rendered is no SQL (a mock stood in it)."""


def _truth(statements: list[str]) -> list[Line]:
    """The rendered statements as lines, with whether each runs in autocommit."""
    lines: list[Line] = []
    autocommit = False
    for text in statements:
        for operation in read_sql(text, _SITE, binds=False):
            if isinstance(operation, NotKnown):
                raise Unreadable(operation.reason)
            if isinstance(operation, OtherStatement) and operation.kind in ("COMMIT", "ROLLBACK"):
                autocommit = True
            elif isinstance(operation, OtherStatement) and operation.kind == "BEGIN":
                autocommit = False
            else:
                lines += line_of(operation, autocommit)
    return lines


# --------------------------------------------------------------------------------------------------------- what we say


def _read(path: Path) -> dict[str, tuple[AnyOperation, ...]]:
    modules = ProjectModules(lambda name: Path(name).read_bytes())
    revision = read_revision(LoadedModule(str(path), "", lower(path.read_bytes())), modules)
    if revision is None:
        return {}
    return {"upgrade": revision.upgrade.operations, "downgrade": revision.downgrade.operations}


# ---------------------------------------------------------------------------------------------------------- comparison


def _sorted(lines: list[Any]) -> list[Any]:
    """The lines with the indexes of one table, which a CREATE TABLE brings in any order, by their keys."""
    made: list[Any] = []
    for line in lines:
        at = len(made)
        while (
            at
            and _index_of(made[at - 1])
            and _index_of(made[at - 1])[:1] == _index_of(line)[:1]
            and _index_of(made[at - 1]) > _index_of(line)
        ):
            at -= 1
        made.insert(at, line)
    return made


def _index_of(line: Any) -> tuple[str, ...]:
    """Table and keys of a line about a new index."""
    plain: Line = line if isinstance(line[0], str) else line[0]
    return (plain[2], plain[3].partition("|")[2]) if plain[0] == "CreateIndex" else ()


def compare(truth: list[Line], ours: list[tuple[Line, bool]], not_known: bool) -> tuple[str, list[str]]:
    """The state of a function, and its differences as lines of a diff. `ours` says of each line whether it stands in a branch."""
    table = [[0] * (len(ours) + 1) for _ in range(len(truth) + 1)]
    for i in range(len(truth) - 1, -1, -1):
        for j in range(len(ours) - 1, -1, -1):
            both = table[i + 1][j + 1] + 1 if agree(truth[i], ours[j][0]) else 0
            table[i][j] = max(both, table[i + 1][j], table[i][j + 1])
    i = j = 0
    surplus: list[Line] = []
    missing: list[Line] = []
    branched = False
    while i < len(truth) or j < len(ours):
        if i < len(truth) and j < len(ours) and agree(truth[i], ours[j][0]) and table[i][j] == table[i + 1][j + 1] + 1:
            i, j = i + 1, j + 1
        elif j < len(ours) and (i == len(truth) or table[i][j + 1] >= table[i + 1][j]):
            if ours[j][1]:
                branched = True
            else:
                surplus.append(ours[j][0])
            j += 1
        else:
            if truth[i][0] not in ("CreateType", "DropType"):  # those that columns bring along
                missing.append(truth[i])
            i += 1
    if not missing and not surplus:
        return "branches" if branched else "equal", []
    state = "not known" if not_known and not surplus else "different"
    return state, _diff(missing, surplus)


def _diff(missing: list[Line], surplus: list[Line]) -> list[str]:
    """What is missing (-), too much (+) and said otherwise (~: first the truth, then what we say)."""
    diff: list[str] = []
    surplus = list(surplus)
    for line in missing:
        twin = next((other for other in surplus if other[0] == line[0] and other[2] == line[2] and len(other) == len(line)), None)
        if twin is None:
            diff.append(f"- {shown(line)}")
        else:
            surplus.remove(twin)
            parts = [f"{a} / {b}" for a, b in zip(line, twin, strict=True) if not agree_in_part(a, b)]
            diff.append(f"~ {line[0]} {line[2]}: {' ; '.join(parts) or 'at another place'}")
    return diff + [f"+ {shown(line)}" for line in surplus]


def examine(job: tuple[str, str, bool]) -> list[Outcome]:
    """Both functions of one revision, on a database that has nothing or on one that has whatever is asked for."""
    path, root, says = Path(job[0]), Path(job[1]), job[2]
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE)
    functions = ("upgrade", "downgrade")
    without_database(says)
    try:
        with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
            module = load(path, root)
    except BaseException as error:  # noqa: BLE001
        return [Outcome(job[0], function, "not rendered", detail=short(error)) for function in functions]
    ours = _read(path)
    outcomes: list[Outcome] = []
    for function in functions:
        if function not in ours or not hasattr(module, function):
            outcomes.append(Outcome(job[0], function, "no function"))
            continue
        signal.alarm(PATIENCE)
        try:
            with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
                written = rendered(module, function)
        except BaseException as error:  # noqa: BLE001
            outcomes.append(Outcome(job[0], function, "not rendered", detail=short(error)))
        else:
            outcomes.append(_outcome(job[0], function, written, ours[function]))
    signal.alarm(0)
    return outcomes


def _outcome(path: str, function: str, written: list[str], ours: tuple[AnyOperation, ...]) -> Outcome:
    lines: list[tuple[Line, bool]] = [
        (line, bool(operation.site.arms) or operation.site.body)
        for operation in ours
        for line in line_of(operation, operation.site.transaction.autocommit)
    ]
    not_known = any(isinstance(operation, NotKnown) for operation in ours)
    try:
        truth = _truth(written)
    except Unreadable as error:
        return Outcome(path, function, "not rendered", detail=f"not SQL: {error}")
    state, differences = compare(_sorted(truth), _sorted(lines), not_known)
    return Outcome(path, function, state, differences)


def _worst(outcomes: list[Outcome]) -> list[Outcome]:
    """One outcome for each function: of two renderings the one that says more against us."""
    order = ["no function", "not rendered", "equal", "branches", "not known", "different"]
    found: dict[tuple[str, str], Outcome] = {}
    for outcome in outcomes:
        old = found.get((outcome.path, outcome.function))
        if old is None or order.index(outcome.state) > order.index(old.state):
            found[outcome.path, outcome.function] = outcome
    return list(found.values())


def late(*_: object) -> None:
    raise TimeoutError


def short(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    where = f" ({Path(last.filename).name}:{last.lineno})" if last else ""
    return f"{type(error).__name__}: {str(error).splitlines()[0][:100] if str(error) else ''}{where}"


def revisions(folder: Path) -> Iterator[tuple[str, str]]:
    """The revision files below a folder, each with the folder that its imports start from."""
    for path in sorted(folder.rglob("*.py")):
        if path.is_file() and _REVISION.search(path.read_bytes()):
            root = path.parent
            while (root / "__init__.py").exists() or (root.parent != folder and root != folder):
                root = root.parent
            yield str(path), str(root)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.corpus.ground_truth", description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--only", default="", help="part of the path")
    arguments.add_argument("--show", default="different", help="states whose differences are printed, by commas")
    options = arguments.parse_args()
    jobs: list[tuple[str, str, bool]] = []
    for path, root in revisions(options.folder):
        if options.only in path:
            asks = ASKS.search(Path(path).read_bytes())
            jobs += [(path, root, says) for says in ((False, True) if asks else (False,))]
    states: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    context = multiprocessing.get_context("fork")
    import alembic.operations  # noqa: F401
    import sqlalchemy.dialects.postgresql  # noqa: F401

    with context.Pool(maxtasksperchild=1) as pool:
        outcomes = _worst([outcome for found in pool.imap(examine, jobs, chunksize=1) for outcome in found])
    for outcome in outcomes:
        states[outcome.state] += 1
        if outcome.state == "not rendered":
            reasons[re.sub(r"'[^']*'|\d+", "_", outcome.detail)[:90]] += 1
        if outcome.state == "different":
            kinds.update(" ".join(line.split()[:2]) for line in outcome.differences)
        if outcome.state in options.show.split(","):
            print(f"{Path(outcome.path).relative_to(options.folder)} {outcome.function} {outcome.state} {outcome.detail}")
            print("".join(f"    {line}\n" for line in outcome.differences), end="")
    print("\n".join(f"{count:6} {state}" for state, count in states.most_common()))
    print("differences:", dict(kinds.most_common()))
    print("not rendered:", dict(reasons.most_common(12)))


if __name__ == "__main__":
    main()
