"""Alembic's offline mode, fed with one call of a migration after the other: what it writes is the SQL of that call."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy.sql.visitors import cloned_traverse

from sqla_lsp.postgres.sql_text import masked
from sqla_lsp.preview import enum_plugin
from sqla_lsp.preview.objects import Builder, NotKnown
from sqla_lsp.preview.types import AsWritten
from sqla_lsp.readers.arguments import base_of
from sqla_lsp.readers.recorder import Recorded
from sqla_lsp.schema import operations as ops
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, DictValue, ListValue

_OF_BATCH = ("table_name", "schema", "recreate", "copy_from")
_REFUSALS = (sa.exc.SQLAlchemyError, TypeError, ValueError)
"""What is raised where arguments are refused; whatever else is raised says more of what was built here."""
_OFFLINE = (CommandError, sa.exc.NoInspectionAvailable)
_BROUGHT = re.compile(r"(?P<index>CREATE (?:UNIQUE )?INDEX\b)|(?P<constraint>ALTER TABLE .* ADD (?!COLUMN\b))")
_STATEMENTS = ("sqltext", "statement", "clause", "sql")


class Fails(NotKnown):
    """A call that Alembic or SQLAlchemy refuses: it sends nothing, and what follows it is not reached."""


class _Buffer:
    """Takes what Alembic writes, statement by statement."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text.strip())

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> list[str]:
        taken, self.written = self.written, []
        return taken


class Renderer:
    """Renders the calls of one function, in their order: Alembic remembers which enums it created. `convention` is the naming
    convention of the target metadata."""

    def __init__(self, machine: Machine, convention: Mapping[str, str]) -> None:
        self._buffer = _Buffer()
        self._context = MigrationContext.configure(
            dialect_name="postgresql",
            dialect_opts={"paramstyle": "named"},
            opts={
                "as_sql": True,
                "output_buffer": self._buffer,
                "literal_binds": True,
                "target_metadata": sa.MetaData(naming_convention=dict(convention) or None),
            },
        )
        self._operations = Operations(self._context)
        self._builder = Builder(machine, self._context.connection)

    def render(self, recorded: Recorded) -> list[str]:
        """The statements that a call emits, each as Alembic writes it. Raises `NotKnown` and `Fails`."""
        self._buffer.taken()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._send(recorded)
        except NotKnown as error:
            if recorded.sent.name != "bulk_insert" or isinstance(error, Fails):
                raise
            raise NotKnown(f"INSERT: {error}") from error
        except Exception as error:
            raise _failure(recorded, error) from error
        return _ordered([_ended(statement) for statement in self._buffer.taken()])

    def _send(self, recorded: Recorded) -> None:
        sent = recorded.sent
        match sent.kind:
            case "directive":
                self._directive(recorded)
            case "execute":
                self._execute(recorded)
            case "item":
                item = self._builder.build(sent.frame, base_of(sent.call))
                getattr(item, sent.name)(self._context.connection, checkfirst=False)
            case _:
                raise NotKnown(_reason(recorded))

    def _directive(self, recorded: Recorded) -> None:
        sent = recorded.sent
        if sent.name == enum_plugin.NAME:
            for statement in enum_plugin.statements(self._builder.machine, sent.call):
                self._context.impl.static_output(f"{statement};")
            return
        if not hasattr(Operations, sent.name):
            raise NotKnown(_reason(recorded))
        call = _without_needless(sent.call) if sent.name == "alter_column" else sent.call
        positional, keywords = self._builder.arguments(sent.frame, call)
        if sent.batch is None:
            made = getattr(self._operations, sent.name)(*positional, **keywords)
            if made is not None:
                self._builder.remember(recorded.result, made)
            return
        with self._operations.batch_alter_table(**self._batch(recorded, sent.batch)) as batch:
            getattr(batch, sent.name)(*positional, **keywords)

    def _batch(self, recorded: Recorded, batch: CallValue) -> dict[str, Any]:
        """The arguments of `batch_alter_table` that matter on Postgres. The operations of a batch are sent one by one there."""
        given = {**dict(zip(("table_name", "schema"), batch.positional, strict=False)), **batch.keywords}
        if batch.open:
            raise NotKnown("some arguments of the batch are not known")
        return {name: self._builder.build(recorded.sent.frame, given[name]) for name in _OF_BATCH if name in given}

    def _execute(self, recorded: Recorded) -> None:
        sent = recorded.sent
        call = sent.call
        value = (
            call.positional[0] if call.positional else next((call.keywords[n] for n in _STATEMENTS if n in call.keywords), None)
        )
        try:
            statement = self._builder.build(sent.frame, value)
        except NotKnown as error:
            kinds = [operation.kind for operation in sent.operations if isinstance(operation, ops.OtherStatement)]
            known = bool(kinds) and len(kinds) == len(sent.operations)
            raise NotKnown(f"{', '.join(kinds)}: {error}" if known else str(error)) from error
        if sent.name == "exec_driver_sql" and isinstance(statement, str):
            self._context.impl.static_output(statement.strip() + ";")
            return
        if isinstance(statement, sa.ClauseElement):
            statement = _bound(statement, self._parameters(recorded))
        self._context.impl.execute(statement)

    def _parameters(self, recorded: Recorded) -> dict[str, Any]:
        """The values of a statement's parameters, as far as they are known. Of many sets of them none is."""
        call = recorded.sent.call
        given = call.positional[1] if len(call.positional) > 1 else call.keywords.get("parameters")
        if isinstance(given, ListValue) and len(given.items) == 1 and not given.open:
            given = given.items[0]
        known: dict[str, Any] = {}
        for name, value in given.items.items() if isinstance(given, DictValue) and not given.open else ():
            with contextlib.suppress(NotKnown):
                known[str(name)] = self._builder.build(recorded.sent.frame, value)
        return known


def _bound(statement: sa.ClauseElement, known: Mapping[str, Any]) -> sa.ClauseElement:
    """A statement with the values of its parameters; what is not known stands there by its name, where SQLAlchemy would write
    NULL."""

    def bind(parameter: Any) -> None:
        if not parameter.required or parameter.value is not None:
            return
        parameter.required = False
        if parameter.key not in known:
            parameter.value, parameter.type = f":{parameter.key}", AsWritten()
        else:
            parameter.value = known[parameter.key]
            if isinstance(parameter.type, sa.types.NullType):
                parameter.type = sa.literal(parameter.value).type

    made: sa.ClauseElement = cloned_traverse(statement, {}, {"bindparam": bind})
    return made


def _without_needless(call: CallValue) -> CallValue:
    """A call of alter_column without what it says of the column as it is, where Postgres needs none of that."""
    needless = {"existing_nullable", "existing_comment", "existing_autoincrement"}
    needless |= {"existing_type"} if call.keywords.get("type_") is None else set()
    needless |= {"existing_server_default"} if "server_default" not in call.keywords else set()
    keywords = {name: value for name, value in call.keywords.items() if name not in needless}
    return CallValue(call.function, call.positional, keywords, call.place, call.open, call.open_keywords)


def _ended(statement: str) -> str:
    """A statement with one semicolon at its end that is no part of a comment, where Alembic puts one behind whatever is there."""
    text = statement.removesuffix(";").rstrip()
    if masked(text).rstrip().endswith(";"):
        return text
    is_comment = not masked(f"{text}x").endswith("x")
    return f"{text}\n;" if is_comment else f"{text};"


def _ordered(statements: list[str]) -> list[str]:
    """The statements of one call in an order that is the same every time: the constraints, and the indexes, that a column or a
    table brings along come from sets of SQLAlchemy's."""
    ordered: list[str] = []
    for statement in statements:
        at = len(ordered)
        kind = _BROUGHT.match(statement)
        while at and kind and (before := _BROUGHT.match(ordered[at - 1])) and before.lastgroup == kind.lastgroup:
            if ordered[at - 1] <= statement:
                break
            at -= 1
        ordered.insert(at, statement)
    return ordered


def _reason(recorded: Recorded) -> str:
    """Why the operation of a call is not known."""
    first = recorded.sent.operations[0] if recorded.sent.operations else None
    return first.reason if isinstance(first, ops.NotKnown) else "what it emits is not known"


def _failure(recorded: Recorded, error: Exception) -> NotKnown:
    """What an exception means. Data that has no literals, and batches that read the table, fail in offline mode alone."""
    text = _first_line(error)
    offline = recorded.sent.kind == "execute" or recorded.sent.name == "bulk_insert" or isinstance(error, _OFFLINE)
    if offline or not isinstance(error, _REFUSALS):
        kinds = [operation.kind for operation in recorded.sent.operations if isinstance(operation, ops.OtherStatement)]
        return NotKnown(f"{', '.join(kinds)}: {text}" if kinds and len(kinds) == len(recorded.sent.operations) else text)
    return Fails(f"the call fails: {text}")


def _first_line(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0]
    return text or type(error).__name__
