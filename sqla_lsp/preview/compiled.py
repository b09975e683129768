"""SQL elements of a project that are written by a function under `sqlalchemy.ext.compiler.compiles`: the text that it gives for
Postgres, where that is a constant."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.syntax import code
from sqla_lsp.syntax.expressions import value_of
from sqla_lsp.syntax.frames import LoadedModule
from sqla_lsp.syntax.functions import call_function
from sqla_lsp.syntax.lower import Definition
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, FunctionValue, Instance, Unknown, path_of

_COMPILES = "sqlalchemy.ext.compiler.compiles()"
_DIALECT = "postgresql"


def compiled_text(machine: Machine, element: Instance) -> str | None:
    """The SQL of an element of a class of the project; None where its module has no function that tells it."""
    module = element.cls.closure.module
    frame = machine.module_frame(module)
    chosen: FunctionValue | None = None
    for function in _decorated(module):
        for decorator in function.decorators:
            told = value_of(machine, frame, decorator)
            if not isinstance(told, CallValue) or path_of(told) != _COMPILES or told.positional[:1] != (element.cls,):
                continue
            named = machine.lookup(frame, function.name)
            if isinstance(named, FunctionValue) and (
                _DIALECT in told.positional or (len(told.positional) == 1 and chosen is None)
            ):
                chosen = named
    if chosen is None:
        return None
    text = call_function(machine, frame, chosen, (element, Unknown("the compiler")), {}, True, None)
    return text if isinstance(text, str) else None


def _decorated(module: LoadedModule) -> Iterator[code.Function]:
    """The functions of a module's top level that have decorators, and a name of their own."""
    made: dict[str, list[code.Function]] = {}
    for item in module.top_level:
        if isinstance(item, Definition) and item.is_class:
            continue
        statement = item.block.statement if isinstance(item, Definition) else item.statement
        if isinstance(statement, code.Function):
            made.setdefault(statement.name, []).append(statement)
    for functions in made.values():
        if len(functions) == 1 and functions[0].decorators:
            yield functions[0]
