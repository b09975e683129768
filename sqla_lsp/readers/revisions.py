"""Alembic revisions: their header, and the operations of `upgrade` and `downgrade`."""

from __future__ import annotations

import msgspec

from sqla_lsp.readers.arguments import NOT_KNOWN
from sqla_lsp.readers.operations import OperationsHost
from sqla_lsp.schema.operations import NotKnown, Script, Site
from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import LoadedModule, Modules
from sqla_lsp.syntax.machine import Machine, OutOfSteps
from sqla_lsp.syntax.values import FunctionValue, ListValue, Symbol, Unknown, Value
from sqla_lsp.text.places import Place

_ALEMBIC = frozenset({"op", "operations", "alembic_op"})
"""Names of parameters of `upgrade(op)` that stand for Alembic's operations."""


class Header(msgspec.Struct, frozen=True, array_like=True):
    """What a revision says of itself. `place` is that of the `revision = ...` statement. `not_known` says that a part of it is
    not known statically."""

    revision: str
    down: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    place: Place = Place(0, 0)
    not_known: bool = False


class Revision(msgspec.Struct, frozen=True, array_like=True):
    """The header and the operations of one revision file. `outside` are the imports that the operations depend on and that are
    none of the file's own (module and number of leading dots): where one of them names a module of the project, the file must be
    read together with it. `read` are the paths of the project's modules that it was read with."""

    header: Header
    upgrade: Script
    downgrade: Script
    outside: tuple[tuple[str, int], ...] = ()
    read: tuple[str, ...] = ()


def read_header(module: LoadedModule, machine: Machine) -> Header | None:
    """The header of a revision; None for a file that is none."""
    frame = machine.module_frame(module)
    if not machine.has(frame, "revision") or not machine.has(frame, "down_revision"):
        return None
    revision = machine.lookup(frame, "revision")
    down, down_known = _ids(machine.lookup(frame, "down_revision"))
    depends, depends_known = _ids(machine.lookup(frame, "depends_on") if machine.has(frame, "depends_on") else None)
    labels, labels_known = _ids(machine.lookup(frame, "branch_labels") if machine.has(frame, "branch_labels") else None)
    if not isinstance(revision, str):
        return None
    known = down_known and depends_known and labels_known
    return Header(revision, down, depends, labels, _place_of_revision(module), not known)


def _ids(value: Value) -> tuple[tuple[str, ...], bool]:
    """The ids that a value names, and whether they are all known."""
    if value is None:
        return (), True
    if isinstance(value, str):
        return (value,), True
    items = value if isinstance(value, tuple) else tuple(value.items) if isinstance(value, ListValue) else (NOT_KNOWN,)
    ids = tuple([item for item in items if isinstance(item, str)])
    return ids, len(ids) == len(items)


def _place_of_revision(module: LoadedModule) -> Place:
    for block in module.top_level:
        if not isinstance(block, code.Block):
            continue
        match block.statement:
            case code.Assign(targets=(code.Name(id="revision"),)):
                return Place(block.start, block.end, module.path)
            case _:
                pass
    return Place(0, 0, module.path)


def read_revision(module: LoadedModule, modules: Modules) -> Revision | None:
    """A revision read together with the modules of the project that it imports; None for a file that is no revision."""
    quiet = Machine(modules, OperationsHost(), module)
    try:
        header = read_header(module, quiet)
    except OutOfSteps:
        return None
    if header is None:
        return None
    upgrade, downgrade = _script(module, modules, "upgrade"), _script(module, modules, "downgrade")
    read, outside = module.around()
    return Revision(header, upgrade, downgrade, tuple(sorted(outside)), tuple(sorted(read)))


def _script(module: LoadedModule, modules: Modules, name: str) -> Script:
    """The operations of one function."""
    host = OperationsHost()
    machine = Machine(modules, host, module)
    span = Place(0, 0)
    try:
        frame = machine.module_frame(module)
        function = machine.lookup(frame, name) if machine.has(frame, name) else None
        if isinstance(function, FunctionValue):
            span = Place(function.base + function.node.start, function.base + function.node.end, function.closure.module.path)
        machine.run(module, name, argument)
    except OutOfSteps:
        place = Place(span.start, span.start + len("def "), module.path)
        host.operations.append(NotKnown(Site(place, place, name), "it takes too many steps to follow"))
    return Script(tuple(host.operations), span.start, span.end)


def argument(name: str) -> Value:
    """What Alembic, or the project's own env.py, passes to `upgrade` and `downgrade`."""
    return Symbol("alembic.op") if name in _ALEMBIC else Unknown("an argument")
