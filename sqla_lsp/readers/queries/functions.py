"""Functions: their scopes, what their parameters hold, and helpers of the file, which are read in the place of their calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from sqla_lsp.readers.queries.annotations import annotated
from sqla_lsp.readers.queries.expressions import Expressions
from sqla_lsp.readers.queries.values import (
    PREDICATES,
    Building,
    Called,
    Choice,
    Closure,
    Items,
    Mapping,
    Value,
    choice,
    not_told,
    settled_choice,
)
from sqla_lsp.schema.queries import Bound, Constant, ImportedName, NotTold, OfClass, Path
from sqla_lsp.syntax import code

Names = dict[str, Value]
_DEEPEST = 3
_MOST_STEPS = 20_000


class Scope:
    """The names of a function, and those of the functions around it."""

    __slots__ = ("names", "parent")

    def __init__(self, parent: Scope | None = None, names: Names | None = None) -> None:
        self.parent = parent
        self.names: Names = {} if names is None else names


class Helpers:
    """The functions of the file, which may be helpers: see `files.FileHelpers`."""

    def has(self, name: str) -> bool:
        return False

    def find(self, name: str, cls: str) -> Closure | None:
        return None


class Functions(Expressions):
    """Knows names and calls helpers."""

    def __init__(self, vocabulary: Any, helpers: Helpers, cls: str = "", instance: bool = False) -> None:
        super().__init__(vocabulary, instance)
        self.helpers = helpers
        self.cls = cls
        self.scope = Scope()
        self.returned: list[Value] = []
        self.keyword_places = {}
        self.waiting: list[Closure] = []
        self.read: set[int] = set()
        self.steps = 0

    # ------------------------------------------------------------------------------------------------------ scopes

    def lookup(self, name: str) -> Value:
        scope: Scope | None = self.scope
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def bind(self, name: str, value: Value) -> None:
        self.scope.names[name] = settled_choice(value)

    def inner_scope(self) -> Scope:
        before = self.scope
        self.scope = Scope(before)
        return before

    def leave_scope(self, scope: Scope) -> None:
        self.scope = scope

    def closure(self, node: code.Lambda) -> Closure:
        return Closure(node, self.scope, self.cls)

    def helper(self, name: str) -> bool:
        return self.helpers.has(name)

    def bind_target(self, target: code.Expression, value: Value) -> None:
        if isinstance(target, code.Name):
            if isinstance(value, Path) and isinstance(value.root, NotTold) and value.root.reason in _UNNAMED:
                value = not_told(f"the variable {target.id}", value.names)
            self.bind(target.id, value)
        elif isinstance(target, code.Attribute) and isinstance(target.value, code.Name):
            self.bind(f"{target.value.id}.{target.name}", value)
        elif isinstance(target, code.Attribute):
            self.evaluate(target.value)
        elif isinstance(target, code.Sequence):
            self._unpack(target, value)
        elif isinstance(target, code.Starred):
            self.bind_target(target.value, not_told("a list"))
        elif isinstance(target, code.Subscript):
            self._set_item(target, value)

    def _unpack(self, target: code.Sequence, value: Value) -> None:
        if isinstance(value, Choice) and all(isinstance(v, Items) and len(v.items) == len(target.items) for v in value.items):
            for number, item in enumerate(target.items):
                self.bind_target(item, choice([v.items[number] for v in value.items]))
            return
        whole = isinstance(value, Items) and len(value.items) == len(target.items)
        for number, item in enumerate(target.items):
            self.bind_target(item, value.items[number] if whole else not_told("an item of a loop"))

    def _set_item(self, target: code.Subscript, value: Value) -> None:
        """`filters["name"] = value`."""
        if isinstance(target.value, code.Name):
            held = self.lookup(target.value.id)
            key = self.evaluate(target.index) if not isinstance(target.index, code.Slice) else None
            if isinstance(held, Mapping):
                known = isinstance(key, Constant)
                items = {**held.items, str(key.value): value} if isinstance(key, Constant) else held.items
                self.bind(target.value.id, Mapping(items, held.open or not known))

    def run(self, body: Iterable[code.Statement]) -> bool:
        """Runs statements; whether the block is left before its end (`return`, `raise`). What stands
        before `break` and `continue` counts as added."""
        raise NotImplementedError

    # ---------------------------------------------------------------------------------------------------- functions

    def bind_parameters(self, parameters: tuple[code.Parameter, ...], cls: str) -> None:
        """Binds parameters of which no arguments are known. The first one of a method is its object or class."""
        for number, parameter in enumerate(parameters):
            if number == 0 and cls and parameter.annotation is None and parameter.name in ("self", "cls", "mcs"):
                value: Value = Path(OfClass(cls), (), 0, 0)
            elif parameter.kind in ("args", "kwargs"):
                value = not_told(f"the parameter {parameter.name}")
            else:
                value = annotated(parameter.annotation, f"the parameter {parameter.name}")
                value = self._local_annotation(value)
            self.bind(parameter.name, value)

    def _local_annotation(self, value: Value) -> Value:
        """The path of an annotation whose name is one of the function around."""
        if isinstance(value, Path) and not isinstance(value.root, NotTold | OfClass):
            known = self.lookup(getattr(value.root, "name", "") or "")
            if isinstance(known, Path):
                return Path(known.root, (*known.names, *value.names), value.start, value.end)
        return value

    def run_function(self, node: code.Function, cls: str, assigned: frozenset[str] = frozenset()) -> None:
        """Reads a function or method of the top level, whose statements, the unknown ones too, assign these names."""
        first = node.parameters[0].name if node.parameters else ""
        decorators = {_decorator(item) for item in node.decorators}
        self.instance = first == "self" and not any("hybrid" in name or "expression" in name for name in decorators)
        self.cls = cls
        before = self.inner_scope()
        for name in assigned:
            if "." not in name:
                self.scope.names[name] = not_told(f"the variable {name}")
        self.bind_parameters(node.parameters, cls)
        self.run(node.body)
        self.leave_scope(before)

    def run_class_body(self, body: Iterable[code.Statement], cls: str, attributes: frozenset[str]) -> None:
        """Reads statements of a class, in which the names of its attributes are columns."""
        columns = {name: Path(OfClass(cls), (name,), 0, 0) for name in attributes}
        for statement in body:
            self.scope.names.update(columns)
            self.run((statement,))

    def read_waiting(self) -> None:
        """Reads functions in the function that nobody called."""
        while self.waiting:
            closure = self.waiting.pop(0)
            if id(closure) not in self.read:
                self.read_closure(closure)

    def read_closure(self, closure: Closure) -> None:
        if id(closure) in self.read or self.depth:
            return
        self.read.add(id(closure))
        before, self.scope = self.scope, Scope(closure.scope)
        self.bind_parameters(closure.function.parameters, "")
        if isinstance(closure.function, code.Lambda):
            self.use(self.evaluate(closure.function.body), handed=True)
        else:
            self.run(closure.function.body)
        self.scope = before

    # ------------------------------------------------------------------------------------------------------ helpers

    def is_helper(self, called: Called) -> bool:
        return self._function_of(called) is not None

    def _function_of(self, called: Called) -> Closure | None:
        if isinstance(called.function, Closure):
            return called.function
        path = called.path
        if path is None:
            return None
        root = path.root
        if isinstance(root, OfClass) and len(path.names) == 1:
            return self.helpers.find(path.names[0], root.name)
        name = getattr(root, "name", None)
        if isinstance(root, NotTold | ImportedName) or not isinstance(name, str):
            return None
        if not path.names:
            return self.helpers.find(name, "")
        return self.helpers.find(path.names[0], name) if len(path.names) == 1 else None

    def force(self, value: Value) -> Value:
        if isinstance(value, Choice):
            return choice([self.force(item) for item in value.items]) if any(
                isinstance(item, Called) for item in value.items
            ) else value  # fmt: skip
        if not isinstance(value, Called):
            return value
        if self.depth >= _DEEPEST or self.steps > _MOST_STEPS:
            return value
        closure = self._function_of(value)
        if closure is None or getattr(closure.function, "is_generator", False):
            return value
        return self._inline(closure, value)

    def _inline(self, closure: Closure, called: Called) -> Value:
        """What a helper returns, with the arguments in the place of its parameters."""
        state = (self.scope, self.returned, self.cls, self.instance, self.at, self.waiting)
        if not self.depth:
            self.at = (called.start, called.end)
        self.depth += 1
        self.read.add(id(closure))
        self.scope = Scope(closure.scope)
        self.returned, self.cls, self.waiting = [], closure.cls, []
        parameters = closure.function.parameters
        is_method = closure.cls and parameters and parameters[0].name in ("self", "cls")
        if is_method:
            self.instance = parameters[0].name == "self"
        self.bind_parameters(parameters, closure.cls)
        self._give(parameters[1:] if is_method and not isinstance(closure.function, code.Lambda) else parameters, called)
        if isinstance(closure.function, code.Lambda):
            found = [self.evaluate(closure.function.body)]
        else:
            self.run(closure.function.body)
            found = [value for value in self.returned if value != Constant(None)]
        self.depth -= 1
        self.scope, self.returned, self.cls, self.instance, self.at, self.waiting = state
        made = self._adopted(choice(found)) if found else Bound()
        if isinstance(made, Building | Choice):
            self.extended.add(getattr(closure.function, "name", ""))
        known = (*PREDICATES, Building, Path, Choice, Items, Closure)
        return made if isinstance(made, known) or not isinstance(made, Bound | Called) else called

    def _give(self, parameters: tuple[code.Parameter, ...], called: Called) -> None:
        """Binds the arguments of a call."""
        rest = list(called.positional)
        for parameter in parameters:
            if parameter.kind == "args":
                self.bind(parameter.name, Items(tuple(rest), not called.certain))
                rest = []
            elif parameter.kind == "kwargs":
                names = {item.name for item in parameters}
                more = {name: value for name, value in called.keywords.items() if name not in names}
                self.bind(parameter.name, Mapping(more, not called.certain))
            elif parameter.name in called.keywords:
                self.bind(parameter.name, called.keywords[parameter.name])
            elif rest and parameter.kind != "keyword-only":
                self.bind(parameter.name, rest.pop(0))
            elif called.certain and isinstance(parameter.default, code.Constant):
                self.bind(parameter.name, Constant(parameter.default.value))

    def _adopted(self, value: Value) -> Value:
        """A query that a helper began, as one of the function that calls it."""
        if isinstance(value, Choice):
            return choice([self._adopted(item) for item in value.items])
        if isinstance(value, Building) and value.inlined and not self.depth:
            start, end = value.start, value.end
            parent = value.parent
            while parent is not None and parent.inlined:
                parent = parent.parent
            return self.build(replace(value, inlined=False, parent=parent, start=start, end=end, statement=self.statement))
        return value


_UNNAMED = frozenset({"an item of a loop", "a row", "the result of a query"})


def _decorator(node: code.Expression) -> str:
    if isinstance(node, code.Call):
        return _decorator(node.function)
    if isinstance(node, code.Attribute):
        return node.name
    return node.id if isinstance(node, code.Name) else ""
