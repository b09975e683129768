"""What names of a module's top level are bound to, followed over imports."""

from __future__ import annotations

from sqla_lsp.schema.models import ClassName
from sqla_lsp.syntax import code
from sqla_lsp.syntax.expressions import value_of
from sqla_lsp.syntax.frames import Frame, LoadedModule
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import ModuleValue

_IMPORTS = 6
"""How many imports a name is followed through."""


def assigned(machine: Machine, module: LoadedModule, name: str) -> tuple[Frame, code.Expression] | None:
    """The expression that a variable of a module is bound to, here or in the module that it is imported from, and a frame to
    evaluate it in."""
    for _ in range(_IMPORTS):
        found = _bound_to(machine, module, name)
        if isinstance(found, code.Block):
            assert isinstance(found.statement, code.Assign)
            assert found.statement.value is not None
            around = machine.module_frame(module)
            at = Frame(module, around, found.start)
            return at, found.statement.value
        if found is None:
            return None
        module, name = found
    return None


def _bound_to(machine: Machine, module: LoadedModule, name: str) -> code.Block | tuple[LoadedModule, str] | None:
    """The assignment of a name in a module, or the module and the name that it is imported as."""
    machine.module_frame(module)
    for block in (*module.statements.get(name, ()), *module.statements.get("*", ())):
        if not isinstance(block, code.Block):
            continue
        statement = block.statement
        if isinstance(statement, code.Assign) and statement.value is not None:
            if any(isinstance(target, code.Name) and target.id == name for target in statement.targets):
                return block
        elif isinstance(statement, code.ImportFrom):
            for imported in statement.names:
                if imported.bound == name or imported.name == "*":
                    other = machine.find(module, statement.module, statement.level)
                    if other is not None and (imported.name != "*" or other.may_bind(name)):
                        return other, name if imported.name == "*" else imported.name
    return None


def variable_of(machine: Machine, frame: Frame, node: code.Expression) -> ClassName | None:
    """The variable of a module's top level that `users` or `tables.users` names; None for an expression of another kind."""
    if isinstance(node, code.Attribute):
        holder = value_of(machine, frame, node.value)
        module, name = (holder.module, node.name) if isinstance(holder, ModuleValue) else (None, "")
    else:
        module, name = (frame.module, node.id) if isinstance(node, code.Name) else (None, "")
    for _ in range(_IMPORTS):
        found = _bound_to(machine, module, name) if module is not None else None
        if found is None:
            return None
        if isinstance(found, code.Block):
            return ClassName(module.path, name) if module is not None else None
        module, name = found
    return None
