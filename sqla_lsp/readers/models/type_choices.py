"""`type_annotation_map`: the types of columns that a project chooses for types of Python."""

from __future__ import annotations

from sqla_lsp.readers.models.annotations import TypeChoice, spelled
from sqla_lsp.readers.models.attributes import lineage
from sqla_lsp.readers.models.bindings import assigned
from sqla_lsp.readers.models.columns import TypeMap
from sqla_lsp.readers.sqlalchemy_types import type_of
from sqla_lsp.syntax import code
from sqla_lsp.syntax.expressions import value_of
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.functions import class_frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, ClassValue, Member


class TypeChoices:
    """Reads each map once."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._known: dict[int, TypeMap] = {}

    def of_class(self, cls: ClassValue) -> TypeMap:
        """The project's own choices of types for Python's, nearest first."""
        found: TypeMap = []
        for owner in lineage(cls):
            frame = class_frame(self.machine, owner)
            for statement in owner.node.body:
                match statement:
                    case code.Assign(targets=(code.Name(id="type_annotation_map"),), value=value) if value is not None:
                        found += self._read(frame, value)
                    case _:
                        pass
            made = [frame.variables.get("registry"), *[base for base in owner.bases if isinstance(base, CallValue)]]
            for call in made:
                while isinstance(call, CallValue):
                    for argument in call.node.arguments if call.node is not None else ():
                        if argument.keyword == "type_annotation_map" and call.place.path == owner.closure.module.path:
                            found += self._read(owner.closure, argument.value)
                    call = call.function.base if isinstance(call.function, Member) else None
        return found

    def _read(self, frame: Frame, node: code.Expression) -> TypeMap:
        """What a `type_annotation_map` says."""
        if isinstance(node, code.Name) and (block := assigned(self.machine, frame.module, node.id)) is not None:
            frame, node = block
        if id(node) in self._known:
            return self._known[id(node)]
        found: TypeMap = []
        self._known[id(node)] = found
        for key, value in node.items if isinstance(node, code.Dictionary) else ():
            if key is not None:
                chosen = type_of(self.machine, frame, value_of(self.machine, frame, value))
                found.append(TypeChoice(value_of(self.machine, frame, key), spelled(self.machine, frame, key), chosen))
        return found
