"""Alembic environments: what env.py configures, and the options that alembic.ini and pyproject.toml give to it."""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from sqla_lsp.readers.arguments import base_of, last_name
from sqla_lsp.syntax import code
from sqla_lsp.syntax.expressions import attribute
from sqla_lsp.syntax.frames import Frame, LoadedModule, Modules
from sqla_lsp.syntax.machine import Machine, OutOfSteps
from sqla_lsp.syntax.statements import execute
from sqla_lsp.syntax.values import (
    CallValue,
    ClassValue,
    DictValue,
    Instance,
    ListValue,
    Member,
    Symbol,
    Template,
    Unknown,
    Value,
    path_of,
)
from sqla_lsp.text.search import Search

POSTGRES = frozenset({"postgresql", "postgres", "postgis", "timescaledb", "pgsql"})
OTHERS = frozenset(
    [
        "mysql",
        "mariadb",
        "sqlite",
        "oracle",
        "mssql",
        "snowflake",
        "bigquery",
        "clickhouse",
        "databricks",
        "redshift",
        "duckdb",
        "cockroachdb",
        "firebird",
        "teradata",
        "db2",
        "ibm_db_sa",
        "hana",
        "trino",
        "presto",
        "awsathena",
        "access",
        "sybase",
        "spanner+spanner",
        "spanner",
        "singlestoredb",
        "tidb",
        "starrocks",
        "crate",
    ]
)

LONGEST_SLUG = 40
"""Alembic's default of `truncate_slug_length`."""
_SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}
_INTERPOLATION = re.compile(r"%\((?!here\))([^)]+)\)s")
_NESTED = 5

_SPEAKS_OF_POSTGRES = Search(rb"""["'][^"'\n]*postgres""", b"postgres")
"""An env.py that tests for Postgres runs on it too, whatever the URL of its developers is."""
_STEPS, _STEPS_ABROAD = 30_000, 500
"""How many steps env.py, and each of its calls of the application, may take: it is short, the application is not."""


class EnvironmentFacts(msgspec.Struct, frozen=True):
    """What an environment configures. `transaction_per_migration` is None where it cannot be told; `autocommit` says whether its
    connection is outside of transactions, None where whoever runs the migrations hands the connection in. `others` says that
    every database that it names is none that speaks Postgres. `naming_convention` is that of the target metadata.
    `lock_timeout` is what it sets, and `read` are the paths of the modules that it was read from."""

    folder: str = ""
    transaction_per_migration: bool | None = False
    autocommit: bool | None = False
    others: bool = False
    databases: tuple[str, ...] = ()
    naming_convention: dict[str, str] = {}
    lock_timeout: str | None = None
    read: tuple[str, ...] = ()


class Options(msgspec.Struct, frozen=True):
    """What alembic.ini or `[tool.alembic]` says of one environment. Folders are absolute. `file_template` is how it names the
    files of revisions, with single percent signs, and `longest_slug` how many characters of the message go into it."""

    folder: str
    versions: tuple[str, ...] = ()
    url: str | None = None
    file_template: str | None = None
    longest_slug: int = LONGEST_SLUG
    main: dict[str, str | None] | None = None
    """What `get_main_option()` gives, by the names in lower case; None where no alembic.ini tells."""


# -------------------------------------------------------------------------------------------------------------- options


def read_ini(path: str, data: bytes) -> list[Options]:
    """The environments of an alembic.ini: one for each section that has a `script_location`. Where none has (Flask-Migrate), the
    file lies in the folder of its environment."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(data.decode("utf-8-sig", "replace"))
    except configparser.Error:
        return []
    here = os.path.dirname(path)
    found = []
    for section in parser.sections():
        main = dict(parser.items(section))
        values = {key: value for key, value in main.items() if value}
        location = values.get("script_location")
        if location:
            separator = values.get("path_separator") or values.get("version_path_separator") or ""
            versions = _listed(_interpolated(values.get("version_locations", ""), values), separator)
            found.append(replace(_options(here, _interpolated(location, values), versions, values), main=main))
    if not found and parser.has_section("alembic") and not parser.has_option("alembic", "script_location"):
        main = dict(parser.items("alembic"))
        return [replace(_options(here, ".", (), {key: value for key, value in main.items() if value}), main=main)]
    return found


def _interpolated(text: str, values: Mapping[str, str]) -> str:
    """A value with the others that it names, `%(here)s` left as it is."""
    for _ in range(_NESTED):
        text = _INTERPOLATION.sub(lambda match: values.get(match[1], match[0]), text)
    return text


def _listed(text: str, separator: str) -> list[str]:
    """A list of folders, as Alembic splits it."""
    if separator not in _SEPARATORS:
        return text.replace(",", " ").split()
    return [item.strip() for item in text.split(_SEPARATORS[separator]) if item.strip()]


def read_pyproject(path: str, data: bytes) -> list[Options]:
    """The environment of `[tool.alembic]`."""
    try:
        table = tomllib.loads(data.decode("utf-8", "replace")).get("tool", {}).get("alembic")
    except (tomllib.TOMLDecodeError, AttributeError):
        return []
    if not isinstance(table, dict) or not isinstance(table.get("script_location"), str):
        return []
    versions = table.get("version_locations")
    listed = [item for item in versions if isinstance(item, str)] if isinstance(versions, list) else []
    texts = {key: str(value) for key, value in table.items() if key in _NAMING and isinstance(value, str | int)}
    return [_options(os.path.dirname(path), table["script_location"], listed, texts)]


_NAMING = ("file_template", "truncate_slug_length")


def _options(here: str, location: str, versions: Sequence[str], values: Mapping[str, str]) -> Options:
    longest = values.get("truncate_slug_length", "")
    return Options(
        _folder(here, location),
        tuple([_folder(here, item) for item in versions]),
        values.get("sqlalchemy.url") or None,
        values.get("file_template", "").replace("%%", "%") or None,
        (int(longest) if longest.isdecimal() else 0) or LONGEST_SLUG,
    )


def _folder(here: str, location: str) -> str:
    """A location of Alembic: a path, relative to the file that names it, with `%(here)s`, or `package:path`."""
    location = location.strip().replace("%(here)s", here)
    package, colon, inner = location.partition(":")
    if colon and not os.path.isabs(location):
        location = os.path.join(*package.split("."), *inner.split("/"))
    return os.path.normpath(os.path.join(here, location))


# -------------------------------------------------------------------------------------------------------------- env.py


def read_environment(module: LoadedModule, modules: Modules, folder: str, options: Options | None) -> EnvironmentFacts:
    """What an env.py configures, read together with the modules that it imports."""
    host = _EnvironmentHost(options)
    machine = Machine(modules, host, module, _STEPS, _STEPS_ABROAD)
    frame = machine.module_frame(module)
    try:
        for item in module.top_level:
            if not isinstance(item, code.Block) or isinstance(item.statement, code.Function | code.Class):
                continue
            if id(item) not in frame.done:
                frame.done.add(id(item))
                frame.base = item.start
                execute(machine, frame, item.statement)
    except OutOfSteps:
        pass
    convention: dict[str, str] = {}
    for call in host.configured:
        try:
            convention = convention or _convention(machine, frame, host, call.keywords.get("target_metadata"))
        except OutOfSteps:
            break
    named = host.databases - {""} | ({"postgresql"} if module.says(_SPEAKS_OF_POSTGRES) else set())
    others = bool(named) and not host.unsure and all(name in OTHERS for name in named)
    return EnvironmentFacts(
        folder,
        _transaction_per_migration(host.configured),
        _autocommit(host.configured),
        others,
        tuple(sorted(named)),
        convention,
        host.lock_timeout,
        tuple(sorted(module.around()[0])),
    )


def _transaction_per_migration(calls: list[CallValue]) -> bool | None:
    """What the online `configure(connection=...)` says; where there is none, any."""
    online = [call for call in calls if "connection" in call.keywords] or calls
    said = [call.keywords.get("transaction_per_migration", Unknown("") if call.open else False) for call in online]
    if any(value is True for value in said):
        return True
    return None if any(not isinstance(value, bool | None) for value in said) else False


def _autocommit(calls: list[CallValue]) -> bool | None:
    """Whether the connection that is configured is in autocommit mode. Where it comes from `config.attributes` alone, nobody
    can tell."""
    answers: set[bool | None] = set()
    for connection in [call.keywords["connection"] for call in calls if "connection" in call.keywords]:
        if "attributes" in (path_of(connection) or ""):
            answers.add(None)
        else:
            answers.add(_has_autocommit(connection))
    return None if None in answers else True in answers


def _has_autocommit(value: Value) -> bool:
    while isinstance(value, CallValue | Member):
        if isinstance(value, CallValue):
            level = value.keywords.get("isolation_level")
            if isinstance(level, str) and level.upper() == "AUTOCOMMIT":
                return True
            value = value.function
        else:
            value = value.base
    return False


class _EnvironmentHost:
    """Listens to env.py: calls of `context.configure`, URLs, and `SET lock_timeout`."""

    def __init__(self, options: Options | None) -> None:
        self.options = options
        self.configured: list[CallValue] = []
        self.databases: set[str] = set()
        self.unsure = False
        self.lock_timeout: str | None = None
        self.conventions: dict[object, Value] = {}
        """What was assigned to `naming_convention`, by the metadata."""
        self._url: Value = options.url if options is not None and options.url else Unknown("the URL is not known")

    def call(self, machine: Machine, frame: Frame, call: CallValue) -> Value:
        name = last_name(call)
        match name:
            case "configure":
                self.configured.append(call)
                if "dialect_name" in call.keywords:
                    self._dialect(call.keywords["dialect_name"])
                if "url" in call.keywords:
                    self._database(call.keywords["url"])
            case "create_engine" | "create_async_engine":
                self._database(call.positional[0] if call.positional else call.keywords.get("url"))
            case "engine_from_config" | "async_engine_from_config":
                self._database(call.keywords.get("url", self._url))
            case "set_main_option" | "set_section_option" if "sqlalchemy.url" in call.positional:
                self._url = call.positional[-1]
            case "get_main_option" if call.positional and call.positional[0] == "sqlalchemy.url":
                return self._url
            case "run_sync" | "run" | "run_until_complete":
                self._called_back(machine, frame, call)
            case "execute" | "exec_driver_sql" if call.positional:
                self._executed(call.positional[0])
            case "__setattr__" if call.positional[0] == "naming_convention":
                self.conventions[_identity(base_of(call))] = call.positional[1]
            case _:
                pass
        return call

    def _called_back(self, machine: Machine, frame: Frame, call: CallValue) -> None:
        from sqla_lsp.syntax.functions import call_function
        from sqla_lsp.syntax.values import FunctionValue

        for value in call.positional:
            if isinstance(value, FunctionValue):
                call_function(machine, frame, value, (), {}, True, None)

    def _executed(self, value: Value) -> None:
        while isinstance(value, CallValue) and value.positional:
            value = value.positional[0]
        words = value.lower().replace("=", " ").split() if isinstance(value, str) else []
        if words[:1] == ["set"] and "lock_timeout" in words and words.index("lock_timeout") + 1 < len(words):
            self.lock_timeout = words[-1].strip("';")

    def _dialect(self, value: Value) -> None:
        if isinstance(value, str):
            self.databases.add("postgresql" if value.lower() in POSTGRES else value.lower())
        else:
            self.unsure = True

    def _database(self, value: Value) -> None:
        """The database that a URL names by its scheme."""
        first = value.parts[0] if isinstance(value, Template) else value
        if not isinstance(first, str) or ":" not in first:
            self.unsure = True
            return
        scheme = first.partition(":")[0].partition("+")[0].lower()
        if scheme in POSTGRES or scheme in OTHERS:
            self._dialect(scheme)
        else:
            self.unsure = True

    def member(self, base: Value, name: str) -> Value:
        if isinstance(base, CallValue) and "metadata" in base.keywords:
            if name == "metadata":
                return base.keywords["metadata"]
            if name == "metadatas":  # of Flask-SQLAlchemy, by bind keys
                return DictValue({None: base.keywords["metadata"]})
        if isinstance(base, ClassValue) and name == "metadata":
            return Member(base, name)  # not that of its base class: it may have a registry of its own
        return NotImplemented  # type: ignore[no-any-return]

    def enter(self, machine: Machine, value: Value) -> Value:
        return value

    def leave(self, machine: Machine, value: Value) -> None:
        return None

    def heard(self) -> int:
        return len(self.configured)

    def state(self) -> None:
        return None

    def restore(self, state: Any) -> None:
        return None

    def joined(self, one: Any, other: Any) -> None:
        return None


def _convention(machine: Machine, frame: Frame, host: _EnvironmentHost, metadata: Value) -> dict[str, str]:
    """The naming convention of a `MetaData`, or of what holds one."""
    for _ in range(_HELD):
        assigned = host.conventions.get(_identity(metadata))
        if assigned is not None:
            return _texts(assigned)
        if isinstance(metadata, CallValue) and last_name(metadata) == "MetaData":
            return _texts(metadata.keywords.get("naming_convention"))
        metadata = _holder(machine, frame, metadata)
    return {}


def _holder(machine: Machine, frame: Frame, value: Value) -> Value:
    """One step from `db.Model.metadata`, a base class, `declarative_base(...)`, `registry(...)` to the `MetaData` inside."""
    match value:
        case ListValue(items=[first, *_]) | (first, *_):
            return first
        case Member(base=base):
            return base
        case ClassValue() | Instance():
            inside = attribute(machine, frame, value, "metadata")
            return attribute(machine, frame, value, "registry") if isinstance(inside, Member) else inside
        case CallValue(keywords=keywords):
            known = next((keywords[name] for name in _HOLDERS if name in keywords), None)
            return known if known is not None else base_of(value)
        case _:
            return None


_HELD = 8
_HOLDERS = ("metadata", "model_class", "cls", "registry")
"""Arguments that bring a `MetaData` along."""


def _identity(value: Value) -> object:
    """What tells a metadata from others: of one that is none of the project's, its dotted path."""
    return path_of(value) if isinstance(value, Symbol | Member) else id(value)


def _texts(value: Value) -> dict[str, str]:
    """A convention by its keys. What is not known gives names that are not known."""
    if value is None:
        return {}
    if not isinstance(value, DictValue):
        return dict.fromkeys(_KEYS, _NOT_KNOWN)
    known = {key: item if isinstance(item, str) else _NOT_KNOWN for key, item in value.items.items() if key in _KEYS}
    return {**dict.fromkeys(_KEYS, _NOT_KNOWN), **known} if value.open else known


_KEYS = ("ix", "uq", "ck", "fk", "pk")
_NOT_KNOWN = "%(not_known)s"
