"""Statements of a function: what its names are bound to, branch by branch, and what becomes of the queries in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    merged,
    not_told,
    settled_choice,
)
from sqla_lsp.schema.queries import Bound, Constant, ImportedName, NotTold, OfClass, Path
from sqla_lsp.syntax import code

Names = dict[str, Value]
_DEEPEST = 3
_MOST_STEPS = 20_000
_COMPOUND = (code.If, code.For, code.While, code.With, code.Try, code.Match, code.Function, code.Class)


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


class Walker(Expressions):
    """Runs over statements."""

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

    # -------------------------------------------------------------------------------------------------- statements

    def run(self, body: Iterable[code.Statement]) -> bool:
        """Runs statements; whether the block is left before its end (`return`, `raise`). What stands
        before `break` and `continue` counts as added."""
        for statement in body:
            handler = _STATEMENTS.get(type(statement))
            if handler is None:
                continue
            self.steps += 1
            if not self.depth and not isinstance(statement, _COMPOUND):
                self.statement = (statement.start, statement.end)
            elif not self.depth:
                self.statement = (statement.start, statement.start)
            if handler(self, statement):
                return True
        return False

    def _evaluate(self, node: code.Evaluate) -> bool:
        call = node.value
        if (
            isinstance(call, code.Call)
            and isinstance(call.function, code.Attribute)
            and isinstance(call.function.value, code.Name)
        ):
            held = self.lookup(call.function.value.id)
            if isinstance(held, Items | Mapping | Choice) and self._mutate(
                call.function.value.id, held, call.function.name, call
            ):
                return False
        self.use(self.evaluate(call))
        return False

    def _mutate(self, name: str, held: Value, method: str, call: code.Call) -> bool:
        """`conditions.append(...)` and the like."""
        if method not in ("append", "extend", "insert", "add", "update"):
            return False
        given = self.arguments(call)

        def changed(value: Value) -> Value:
            if isinstance(value, Items) and given.positional:
                if method in ("append", "add", "insert"):
                    return Items((*value.items, given.positional[-1]), value.open)
                more = self.force(given.positional[0])
                if isinstance(more, Items):
                    return Items((*value.items, *more.items), value.open or more.open)
                return Items(value.items, True)
            if isinstance(value, Mapping) and method == "update":
                first = given.positional[0] if given.positional else Mapping()
                if isinstance(first, Mapping):
                    return Mapping({**value.items, **first.items, **given.keywords}, value.open or first.open or given.open)
                return Mapping(value.items, True)
            return value

        if isinstance(held, Choice) and not any(isinstance(item, Items | Mapping) for item in held.items):
            return False
        self.bind(name, choice([changed(item) for item in held.items]) if isinstance(held, Choice) else changed(held))
        return True

    def _assign(self, node: code.Assign) -> bool:
        if node.value is None:
            if node.annotation is not None and node.targets and isinstance(node.targets[0], code.Name):
                name = node.targets[0].id
                if self.lookup(name) is None:
                    self.bind(name, annotated(node.annotation, f"the variable {name}"))
            return False
        value = self.evaluate(node.value)
        if node.annotation is not None and isinstance(value, Called):
            told = annotated(node.annotation, "the result of a call")
            if not isinstance(told, Path) or not isinstance(told.root, NotTold):
                value = told
        if isinstance(value, Path) and isinstance(value.root, NotTold) and not value.names and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, code.Name):
                value = not_told(f"the variable {target.id}")
        for target in node.targets:
            self.bind_target(target, value)
        return False

    def _augmented(self, node: code.AugmentedAssign) -> bool:
        value = self.evaluate(code.Binary(node.start, node.end, node.operator, node.target, node.value))
        self.bind_target(node.target, value)
        return False

    def _branches(self, before: Names, bodies: list[Callable[[], bool]], *, skippable: bool) -> bool:
        """Runs alternatives, each from the same beginning, and merges what they leave; whether none of them goes on."""
        ends: list[Names] = [before] if skippable else []
        for body in bodies:
            self.scope.names = dict(before)
            if not body():
                ends.append(self.scope.names)
        if not ends:
            self.scope.names = dict(before)
            return True
        merged_names = dict(ends[0])
        for other in ends[1:]:
            for name, value in other.items():
                merged_names[name] = merged(merged_names[name], value) if name in merged_names else value
        self.scope.names = merged_names
        return False

    def _if(self, node: code.If) -> bool:
        if not isinstance(node.test, code.Opaque):
            self.use(self.evaluate(node.test))
        before = self.scope.names
        if not node.otherwise:
            return self._branches(before, [lambda: self.run(node.then)], skippable=True)
        return self._branches(before, [lambda: self.run(node.then), lambda: self.run(node.otherwise)], skippable=False)

    def _for(self, node: code.For) -> bool:
        iterable = self.evaluate(node.iterable)
        self.use(iterable)

        rounds = [self.item_of(iterable)]
        if isinstance(iterable, Items) and isinstance(rounds[0], Choice) and len(rounds[0].items) == len(iterable.items):
            rounds = list(iterable.items)

        def body(item: Value) -> bool:
            self.bind_target(node.target, item)
            self.run(node.body)
            return False

        bodies: list[Callable[[], bool]] = [lambda item=item: body(item) for item in rounds]  # type: ignore[misc]
        self._branches(self.scope.names, bodies, skippable=True)
        return self.run(node.otherwise)

    def _while(self, node: code.While) -> bool:
        self.use(self.evaluate(node.test))

        def body() -> bool:
            self.run(node.body)
            return False

        self._branches(self.scope.names, [body], skippable=True)
        return self.run(node.otherwise)

    def _with(self, node: code.With) -> bool:
        for manager, target in node.items:
            value = self.evaluate(manager)
            if target is not None:
                held = value if isinstance(value, Building) else not_told("a context")
                if isinstance(target, code.Name) and held is not value:
                    held = not_told(f"the variable {target.id}")
                self.bind_target(target, held)
        return self.run(node.body)

    def _try(self, node: code.Try) -> bool:
        before = dict(self.scope.names)
        bodies: list[Callable[[], bool]] = [lambda: self.run((*node.body, *node.otherwise))]
        bodies += [lambda handler=handler: self.run(handler.body) for handler in node.handlers]  # type: ignore[misc]
        left = self._branches(before, bodies, skippable=False)
        return self.run(node.final) or left

    def _match(self, node: code.Match) -> bool:
        self.evaluate(node.subject)
        bodies: list[Callable[[], bool]] = [lambda case=case: self.run(case.body) for case in node.cases]  # type: ignore[misc]
        last = node.cases[-1] if node.cases else None
        total = last is not None and last.guard is None and isinstance(last.pattern, code.Name)
        return self._branches(self.scope.names, bodies, skippable=not total)

    def _function(self, node: code.Function) -> bool:
        made = Closure(node, self.scope, self.cls)
        self.bind(node.name, made)
        self.waiting.append(made)
        return False

    def _class(self, node: code.Class) -> bool:
        scope = self.inner_scope()
        self.run(node.body)
        self.leave_scope(scope)
        self.bind(node.name, not_told(f"the class {node.name}"))
        return False

    def _return(self, node: code.Return) -> bool:
        if node.value is not None:
            value = self.evaluate(node.value)
            if self.depth:
                self.returned.append(value)
            else:
                self.use(value, complete=False)
        return True

    def _raise(self, node: code.Raise) -> bool:
        if node.value is not None:
            self.use(self.evaluate(node.value))
        return True

    def _import(self, node: code.Import) -> bool:
        for name in node.names:
            module = name.name if name.bound != name.name.partition(".")[0] else name.bound
            self.bind(name.bound, Path(ImportedName(module, 0, None), (), node.start, node.end))
        return False

    def _import_from(self, node: code.ImportFrom) -> bool:
        for name in node.names:
            if name.name == "*":
                continue
            known = self.vocabulary.names.get(name.bound)
            if known == name.name and node.module.partition(".")[0] in ("sqlalchemy", "sqlmodel"):
                continue
            self.bind(name.bound, Path(ImportedName(node.module, node.level, name.name), (), node.start, node.end))
        return False

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
            self.use(self.evaluate(closure.function.body), complete=False)
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


_STATEMENTS: dict[type, Callable[[Any, Any], bool]] = {
    code.Evaluate: Walker._evaluate,
    code.Assign: Walker._assign,
    code.AugmentedAssign: Walker._augmented,
    code.If: Walker._if,
    code.For: Walker._for,
    code.While: Walker._while,
    code.With: Walker._with,
    code.Try: Walker._try,
    code.Match: Walker._match,
    code.Function: Walker._function,
    code.Class: Walker._class,
    code.Return: Walker._return,
    code.Raise: Walker._raise,
    code.Import: Walker._import,
    code.ImportFrom: Walker._import_from,
}
