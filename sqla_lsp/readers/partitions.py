"""Tables that models declare as partitioned: `postgresql_partition_by` in `__table_args__` or in `Table(...)`."""

from __future__ import annotations

from sqla_lsp.readers.arguments import last_name, text_of
from sqla_lsp.readers.operations import OperationsHost
from sqla_lsp.schema.names import TableName
from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import LoadedModule, Modules
from sqla_lsp.syntax.functions import find_member
from sqla_lsp.syntax.machine import Machine, OutOfSteps
from sqla_lsp.syntax.values import CallValue, ClassValue, DictValue, Value

OPTION = "postgresql_partition_by"


def partitioned_tables(module: LoadedModule, modules: Modules) -> tuple[TableName, ...]:
    """The partitioned tables that the top level of a module declares."""
    machine = Machine(modules, OperationsHost(), module)
    frame = machine.module_frame(module)
    found: list[TableName] = []
    for block in module.top_level:
        if not isinstance(block, code.Block):
            continue
        name = _declared_name(block.statement)
        try:
            value = machine.lookup(frame, name) if name and machine.has(frame, name) else None
            table = _table(machine, value)
        except OutOfSteps:
            break
        if table is not None and table.known:
            found.append(table)
    return tuple(found)


def _declared_name(statement: code.Statement) -> str:
    match statement:
        case code.Class(name=name) | code.Assign(targets=(code.Name(id=name),)):
            return name
        case _:
            return ""


def _table(machine: Machine, value: Value) -> TableName | None:
    if isinstance(value, CallValue) and last_name(value) == "Table" and OPTION in value.keywords and value.positional:
        name, schema = text_of(value.positional[0]), text_of(value.keywords.get("schema"))
        return TableName(name, schema) if name is not None else None
    if not isinstance(value, ClassValue):
        return None
    arguments = find_member(machine, value, "__table_args__")
    options = arguments[-1] if isinstance(arguments, tuple) and arguments else arguments
    if not isinstance(options, DictValue) or OPTION not in options.items:
        return None
    name = text_of(find_member(machine, value, "__tablename__"))
    return TableName(name, text_of(options.items.get("schema"))) if isinstance(name, str) else None
