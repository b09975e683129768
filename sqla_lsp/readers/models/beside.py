"""What stands beside classes and tables: `Index("i", User.email)`, `users.append_constraint(...)`, `User.name = Column(...)`."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from sqla_lsp.postgres.naming import index_name
from sqla_lsp.readers.arguments import base_of, last_name, text_of
from sqla_lsp.readers.models.bindings import variable_of
from sqla_lsp.readers.models.classes import ClassReader
from sqla_lsp.readers.models.columns import ColumnReader
from sqla_lsp.readers.models.finished import add_names, finished
from sqla_lsp.readers.models.parts import COLLECTIONS, COLUMNS, MetaOptions, Parts
from sqla_lsp.readers.models.table_args import declared_index, names_of_columns, table_items, values_in
from sqla_lsp.readers.models.tables import TableReader, options_of_table
from sqla_lsp.schema.models import ClassName, Model, ModelIndex
from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, ClassValue, Member, Value
from sqla_lsp.text.places import Place


class Beside:
    """Adds to the models of a module what is declared after them. `values` are the classes and tables of the models by the same
    names."""

    def __init__(self, machine: Machine, frame: Frame, tables: TableReader, classes: ClassReader) -> None:
        self.machine = machine
        self.frame = frame
        self.tables = tables
        self.classes = classes
        self.models: dict[str, Model] = {}
        self.values: dict[str, Value] = {}
        self.added: list[tuple[ClassName, ModelIndex]] = []
        """Indexes on models of other files."""

    def declare(self, call: CallValue, statement: Place) -> None:
        """What a call declares."""
        match last_name(call):
            case "Index" | "UniqueConstraint":
                self._index(call, statement)
            case "append_constraint" | "append_column":
                self._appended(call, statement)
            case _:
                pass

    def attribute(self, name: str, attribute: str, call: Value, statement: Place) -> None:
        """`User.name = Column(...)`"""
        if isinstance(call, CallValue) and isinstance(self.values.get(name), ClassValue):
            self._add_column(name, attribute, call, statement)

    def _add_column(self, name: str, attribute: str, call: CallValue, statement: Place) -> None:
        model, holder = self.models[name], self.values[name]
        if last_name(call) in COLUMNS and model.table is not None:
            parts = Parts()
            ColumnReader(self.machine, self.frame, parts, [], self.classes.refer(self.frame)).column(
                attribute, call, None, statement
            )
            finished(parts, model.table, self._options(holder))
            self._extend(name, parts)

    def _options(self, holder: Value) -> MetaOptions:
        """What the metadata of a class or a table says."""
        if isinstance(holder, ClassValue):
            return self.classes.options(holder)
        return options_of_table(holder) if isinstance(holder, CallValue) else MetaOptions()

    def _extend(self, name: str, parts: Parts) -> None:
        model = self.models[name]
        self.models[name] = replace(
            model,
            columns=(*model.columns, *parts.columns),
            indexes=(*model.indexes, *parts.indexes),
            constraints=(*model.constraints, *parts.constraints),
            complete=model.complete and parts.complete,
        )

    def _owner(self, value: Value) -> tuple[ClassName, Model] | None:
        """The model whose columns stand in a value."""
        for found in values_in(value):
            for name, holder in self.values.items():
                if isinstance(holder, ClassValue):
                    if id(found) in self.classes.names.get(id(holder), {}) or (
                        isinstance(found, Member) and found.base is holder
                    ):
                        return ClassName("", name), self.models[name]
                elif isinstance(holder, CallValue):
                    of_table = isinstance(found, Member) and found.name in COLLECTIONS and found.base is holder
                    if of_table or id(found) in self.tables.names.get(id(holder), {}):
                        return ClassName("", name), self.models[name]
        return None

    def _index(self, call: CallValue, statement: Place) -> None:
        """`Index("name", User.email)` beside the class."""
        owner = self._owner(call)
        if owner is None:
            self._index_elsewhere(call, statement)
            return
        name, model = owner
        self._add_items(name, model, [call], statement)

    def _index_elsewhere(self, call: CallValue, statement: Place) -> None:
        """An index on a class or table of another file."""
        for owner, holder, model, names in self._elsewhere(call):
            made = declared_index(call, names_of_columns(model.columns, names, {})) if model.table is not None else None
            if made is None or model.table is None:
                continue
            index, place = made
            if index.name is None:
                index = replace(index, name=index_name(model.table, index, self._options(holder).convention))
            self.added.append((owner, ModelIndex(index, place, statement)))
            return

    def _elsewhere(self, call: CallValue) -> Iterator[tuple[ClassName, Value, Model, dict[int, str]]]:
        """The models of other files whose columns may stand in a call: each with its name, what holds it, and the names of its
        columns."""
        for found in values_in(call):
            base = found.base if isinstance(found, Member) else None
            if (
                isinstance(base, CallValue)
                and last_name(base) == "Table"
                and isinstance(found, Member)
                and found.name in COLLECTIONS
            ):
                table, variable = self.tables.read(base, ""), self._variable(call.node)
                if table is not None and variable is not None:
                    yield variable, base, table, self.tables.names[id(base)]
            for candidate in [base] if isinstance(base, ClassValue) else self._imported_classes():
                model = self.classes.model(candidate)
                names = self.classes.names.get(id(candidate), {})
                if model is not None and (candidate is base or id(found) in names):
                    yield ClassName(candidate.closure.module.path, candidate.name), candidate, model, names

    def _variable(self, node: object) -> ClassName | None:
        """The variable of the table in `users.c.email`, somewhere in an expression."""
        if isinstance(node, code.Attribute) and node.name in COLLECTIONS:
            return variable_of(self.machine, self.frame, node.value)
        if isinstance(node, tuple):
            return next((found for item in node if (found := self._variable(item)) is not None), None)
        if not isinstance(node, msgspec.Struct):
            return None
        parts = (self._variable(getattr(node, field)) for field in node.__struct_fields__)
        return next((found for found in parts if found is not None), None)

    def _imported_classes(self) -> list[ClassValue]:
        values = [self.machine.lookup(self.frame, name) for name in list(self.frame.variables)]
        return [value for value in values if isinstance(value, ClassValue)]

    def _add_items(self, name: ClassName, model: Model, items: list[Value], statement: Place) -> None:
        holder = self.values[name.name]
        own = self.classes.names if isinstance(holder, ClassValue) else self.tables.names
        parts = Parts(names=dict(own.get(id(holder), {})))
        columns = names_of_columns(model.columns, parts.names, {})
        table_items(items, parts, statement, columns, self.classes.refer(self.frame))
        if model.table is not None:
            add_names(parts, model.table, self._options(holder))
        self._extend(name.name, parts)

    def _appended(self, call: CallValue, statement: Place) -> None:
        """`users.append_constraint(...)`, `User.__table__.append_constraint(...)`."""
        base = base_of(call)
        while isinstance(base, Member) and base.name == "__table__":
            base = base.base
        for name, holder in self.values.items():
            if holder is base and last_name(call) == "append_column":
                first = call.positional[0] if call.positional else None
                key = text_of(first.keywords.get("key")) if isinstance(first, CallValue) else None
                if isinstance(first, CallValue):
                    self._add_column(name, key if isinstance(key, str) else "", first, statement)
                return
            if holder is base:
                self._add_items(ClassName("", name), self.models[name], list(call.positional), statement)
                return
