"""Alembic environments: what env.py configures, and the options that alembic.ini and pyproject.toml give to it."""

from __future__ import annotations

import configparser
import os
import tomllib
from typing import Any

import msgspec

from sqla_lsp.readers.arguments import last_name
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
    Template,
    Unknown,
    Value,
    path_of,
)

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
    """What alembic.ini or `[tool.alembic]` says of one environment. Folders are absolute."""

    folder: str
    versions: tuple[str, ...] = ()
    url: str | None = None


# -------------------------------------------------------------------------------------------------------------- options


def read_ini(path: str, data: bytes) -> list[Options]:
    """The environments of an alembic.ini: one for each section that has a `script_location`."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(data.decode("utf-8-sig", "replace"))
    except configparser.Error:
        return []
    here = os.path.dirname(path)
    found = []
    for section in parser.sections():
        values = dict(parser.items(section))
        location = values.get("script_location")
        if location:
            found.append(_options(here, location, values.get("version_locations"), values.get("sqlalchemy.url")))
    return found


def read_pyproject(path: str, data: bytes) -> list[Options]:
    """The environment of `[tool.alembic]`."""
    try:
        table = tomllib.loads(data.decode("utf-8", "replace")).get("tool", {}).get("alembic")
    except (tomllib.TOMLDecodeError, AttributeError):
        return []
    if not isinstance(table, dict) or not isinstance(table.get("script_location"), str):
        return []
    versions = table.get("version_locations")
    listed = [item for item in versions if isinstance(item, str)] if isinstance(versions, list) else None
    return [_options(os.path.dirname(path), table["script_location"], listed, None)]


def _options(here: str, location: str, versions: str | list[str] | None, url: str | None) -> Options:
    locations = versions.replace(",", " ").replace(";", " ").split() if isinstance(versions, str) else versions or []
    return Options(_folder(here, location), tuple([_folder(here, item) for item in locations]), url or None)


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
            convention = convention or _convention(machine, frame, call.keywords.get("target_metadata"))
        except OutOfSteps:
            break
    named = host.databases - {""}
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


def _convention(machine: Machine, frame: Frame, metadata: Value) -> dict[str, str]:
    """The naming convention of a `MetaData`, or of what holds one."""
    for _ in range(6):
        if isinstance(metadata, ListValue | tuple):
            items = metadata.items if isinstance(metadata, ListValue) else metadata
            metadata = items[0] if items else None
        elif isinstance(metadata, Member) and metadata.name == "metadata":
            metadata = metadata.base
        elif isinstance(metadata, ClassValue | Instance):
            metadata = attribute(machine, frame, metadata, "metadata")
        elif isinstance(metadata, CallValue) and last_name(metadata) == "MetaData":
            return _texts(metadata.keywords.get("naming_convention"))
        elif isinstance(metadata, CallValue) and "metadata" in metadata.keywords:
            metadata = metadata.keywords["metadata"]
        else:
            break
    return {}


def _texts(value: Value) -> dict[str, str]:
    if not isinstance(value, DictValue):
        return {}
    return {key: item for key, item in value.items.items() if isinstance(key, str) and isinstance(item, str)}
