"""`Table(...)` objects, the `MetaData` that they belong to, and what is added to them later."""

from __future__ import annotations

from sqla_lsp.readers.arguments import NOT_KNOWN, last_name, text_of
from sqla_lsp.readers.models.attributes import lineage
from sqla_lsp.readers.models.columns import ColumnReader
from sqla_lsp.readers.models.finished import finished
from sqla_lsp.readers.models.parts import COLUMNS, MetaOptions, Parts, Refer
from sqla_lsp.readers.models.table_args import names_of_columns, table_items
from sqla_lsp.schema.models import Model
from sqla_lsp.schema.names import TableName
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.functions import ancestors
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, ClassValue, DictValue, Member, Symbol, Value, path_of
from sqla_lsp.text.places import Place

_DEEPEST = 8
"""How far a `MetaData` is looked for."""


def metadata_options(value: Value) -> MetaOptions | None:
    """The options of a `MetaData(...)`, also where it is an attribute of something that was made with it: a base, a registry,
    Flask's `db`. None where there is none."""
    call: Value = value
    for _ in range(_DEEPEST):
        if isinstance(call, Member):
            call = call.base
        elif isinstance(call, ClassValue):
            found = [owner.frame.variables.get("metadata") for owner in lineage(call) if owner.frame is not None]
            given = next((item for item in found if isinstance(item, CallValue | Member)), None)
            call = given if given is not None else next((b for b in ancestors(call) if isinstance(b, CallValue | Member)), None)
        elif isinstance(call, CallValue) and last_name(call) != "MetaData":
            inner = call.keywords.get("metadata", call.keywords.get("registry"))
            if inner is None and last_name(call) == "registry" and call.positional:
                inner = call.positional[0]
            call = inner if inner is not None else call.function.base if isinstance(call.function, Member) else None
        else:
            break
    if not isinstance(call, CallValue) or last_name(call) != "MetaData":
        return None
    named = call.keywords.get("naming_convention")
    items = named.items.items() if isinstance(named, DictValue) else ()
    convention = {key: value for key, value in items if isinstance(key, str) and isinstance(value, str)}
    schema = call.keywords.get("schema", call.positional[0] if call.positional else None)
    return MetaOptions(convention, schema if isinstance(schema, str) else None)  # one from the environment is the default there


def options_of_table(call: CallValue) -> MetaOptions:
    """What the metadata of a `Table(...)` says."""
    of_flask = _is_of_flask(call)
    return metadata_options(call.keywords.get("metadata", call.function) if of_flask else call.positional[1]) or MetaOptions()


def _is_of_flask(call: CallValue) -> bool:
    """`db.Table("name", db.Column(...))`: the metadata is left out."""
    return len(call.positional) < 2 or _is_item(call.positional[1])


class TableReader:
    """Reads tables, each once. `statements` are where the variables stand that hold them."""

    def __init__(self, machine: Machine, frame: Frame) -> None:
        self.machine = machine
        self.frame = frame
        self._known: dict[int, Model | None] = {}
        self._statements: dict[int, Place] = {}
        self.names: dict[int, dict[int, str]] = {}
        self.refer: Refer | None = None
        self._calls: list[CallValue] = []
        """The calls that others are told by, by their identity."""

    def bind(self, call: CallValue, statement: Place) -> None:
        """Notes the statement that a table stands in."""
        self._statements.setdefault(id(call), statement)

    def read(self, call: CallValue, name: str) -> Model | None:
        """The model of a `Table(...)`; None where it has no name."""
        if id(call) not in self._known:
            self._known[id(call)] = self._read(call, name)
        return self._known[id(call)]

    def _read(self, call: CallValue, name: str) -> Model | None:
        if not call.positional or not _is_sqlalchemy(call):
            return None
        title = text_of(call.positional[0])
        of_flask = _is_of_flask(call)
        options = options_of_table(call)
        schema = text_of(call.keywords["schema"]) if call.keywords.get("schema") is not None else options.schema
        table = TableName(title if title is not None else NOT_KNOWN, schema)
        statement = self._statements.get(id(call), call.place)
        parts = Parts(complete=not call.open)
        refer = self.refer or (lambda value, node, names: None)
        reader = ColumnReader(self.machine, self.frame, parts, [], refer)
        items = call.positional[1 if of_flask else 2 :]
        for item in items:
            if isinstance(item, CallValue) and last_name(item) in COLUMNS:
                key = text_of(item.keywords.get("key"))
                reader.column(key if isinstance(key, str) else "", item, None, _around(item.place, statement))
        columns = names_of_columns(parts.columns, parts.names, parts.reads)
        table_items([item for item in items if not _is_column(item)], parts, statement, columns, refer)
        finished(parts, table, options)
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
            index_template=options.convention.get("ix"),
        )


def _is_sqlalchemy(call: CallValue) -> bool:
    """Whether a `Table(...)` is SQLAlchemy's: others have tables, too."""
    if not isinstance(call.function, Symbol) or call.function.path.startswith(("sqlalchemy.", "sqlmodel.")):
        return True
    return any(_is_column(item) and (path_of(item) or "").startswith("sqlalchemy.") for item in call.positional)


def _is_item(value: Value) -> bool:
    """Whether an argument stands among the elements of a table."""
    return _is_column(value) or (isinstance(value, CallValue) and last_name(value).endswith(("Index", "Constraint")))


def _is_column(value: Value) -> bool:
    return isinstance(value, CallValue) and last_name(value) in COLUMNS


def _around(place: Place, statement: Place) -> Place:
    """A column of a `Table` is a declaration of its own where it stands in the same file."""
    return place if place.path == statement.path else statement
