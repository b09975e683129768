"""Statements of a function: what its names are bound to, branch by branch, and what becomes of the queries in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqla_lsp.readers.queries.annotations import annotated
from sqla_lsp.readers.queries.functions import Functions, Names
from sqla_lsp.readers.queries.values import (
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
)
from sqla_lsp.schema.queries import ImportedName, NotTold, Path
from sqla_lsp.syntax import code

_COMPOUND = (code.If, code.For, code.While, code.With, code.Try, code.Match, code.Function, code.Class)


class Walker(Functions):
    """Runs over statements."""

    def run(self, body: Iterable[code.Statement]) -> bool:
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
        self.rebinds = _rebinds(node)
        value = self.evaluate(node.value)
        self.rebinds = False
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
                self.use(value, handed=True)
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


def _rebinds(node: code.Assign) -> bool:
    """`query = call(query)`."""
    call = node.value
    if isinstance(call, code.Await):
        call = call.value
    if not isinstance(call, code.Call) or not isinstance(node.targets[0], code.Name):
        return False
    given = [argument.value for argument in call.arguments]
    return any(isinstance(value, code.Name) and value.id == node.targets[0].id for value in given)


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
