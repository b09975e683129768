"""`Table(...)` objects, the `MetaData` that they belong to, and what is added to them later."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqla_lsp.postgres.naming import Convention
from sqla_lsp.readers.arguments import NOT_KNOWN, last_name, text_of
from sqla_lsp.readers.models.declared import COLUMNS, ColumnReader, Parts, finished, table_items
from sqla_lsp.schema.models import ClassName, Model
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, DictValue, Member, Value
from sqla_lsp.text.places import Place


@dataclass(frozen=True)
class MetaOptions:
    """What a `MetaData` says of its tables."""

    convention: Convention = field(default_factory=dict)
    schema: str | Unknown | None = None


def metadata_options(value: Value) -> MetaOptions:
    """The options of a `MetaData(...)`, also where it is an attribute of something that was made with it."""
    call: Value = value
    while isinstance(call, Member):
        call = call.base
    if not isinstance(call, CallValue):
        return MetaOptions()
    given = call.keywords.get("metadata")
    if last_name(call) != "MetaData" and isinstance(given, CallValue):
        call = given
    if last_name(call) != "MetaData":
        return MetaOptions()
    named = call.keywords.get("naming_convention")
    items = named.items.items() if isinstance(named, DictValue) else ()
    convention = {key: value for key, value in items if isinstance(key, str) and isinstance(value, str)}
    schema = call.keywords.get("schema", call.positional[0] if call.positional else None)
    return MetaOptions(convention, text_of(schema) if schema is not None else None)


class TableReader:
    """Reads tables, each once. `statements` are where the variables stand that hold them."""

    def __init__(self, machine: Machine, frame: Frame) -> None:
        self.machine = machine
        self.frame = frame
        self._known: dict[int, Model | None] = {}
        self._variables: dict[int, ClassName] = {}
        self._statements: dict[int, Place] = {}
        self.names: dict[int, dict[int, str]] = {}
        self._calls: list[CallValue] = []
        """The calls that others are told by, by their identity."""

    def bind(self, call: CallValue, name: ClassName, statement: Place) -> None:
        """Notes the variable that holds a table."""
        self._variables.setdefault(id(call), name)
        self._statements.setdefault(id(call), statement)

    def variable_of(self, call: CallValue) -> ClassName | None:
        """The variable that holds a table."""
        return self._variables.get(id(call))

    def read(self, call: CallValue, name: str) -> Model | None:
        """The model of a `Table(...)`; None where it has no name."""
        if id(call) not in self._known:
            self._known[id(call)] = self._read(call, name)
        return self._known[id(call)]

    def _read(self, call: CallValue, name: str) -> Model | None:
        if not call.positional:
            return None
        title = text_of(call.positional[0])
        options = metadata_options(call.positional[1] if len(call.positional) > 1 else call.keywords.get("metadata"))
        schema = text_of(call.keywords["schema"]) if call.keywords.get("schema") is not None else options.schema
        table = TableName(title if title is not None else NOT_KNOWN, schema)
        statement = self._statements.get(id(call), call.place)
        parts = Parts(complete=not call.open)
        reader = ColumnReader(self.machine, self.frame, parts, [])
        items = call.positional[2:] if len(call.positional) > 1 else ()
        for item in items:
            if isinstance(item, CallValue) and last_name(item) in COLUMNS:
                key = text_of(item.keywords.get("key"))
                reader.column(key if isinstance(key, str) else "", item, None, _around(item.place, statement))
        aliases = {column.attribute: str(column.column.name) for column in parts.columns}
        table_items([item for item in items if not _is_column(item)], parts, statement, aliases)
        finished(parts, table, options.convention)
        self.names[id(call)] = parts.names
        self._calls += [call, *parts.calls]
        return Model(
            name,
            table,
            call.place,
            tuple(parts.columns),
            tuple(parts.indexes),
            tuple(parts.constraints),
            kind="table",
            partitioned="postgresql_partition_by" in call.keywords,
            complete=parts.complete,
        )


def _is_column(value: Value) -> bool:
    return isinstance(value, CallValue) and last_name(value) in COLUMNS


def _around(place: Place, statement: Place) -> Place:
    """A column of a `Table` is a declaration of its own where it stands in the same file."""
    return place if place.path == statement.path else statement
