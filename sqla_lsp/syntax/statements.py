"""What each kind of statement does when it is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqla_lsp.syntax import code
from sqla_lsp.syntax.binding import assign, augmented, bind, delete
from sqla_lsp.syntax.expressions import value_of
from sqla_lsp.syntax.frames import Frame, Imported
from sqla_lsp.syntax.functions import call_function, decorated, enter_managed, find_member
from sqla_lsp.syntax.items import items_of
from sqla_lsp.syntax.machine import Machine, Signal, assigned_names
from sqla_lsp.syntax.operators import compare_one
from sqla_lsp.syntax.values import (
    ClassValue,
    DictValue,
    FunctionValue,
    Instance,
    ListValue,
    Managed,
    Unknown,
    Value,
)

_IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError"}


def run_body(machine: Machine, frame: Frame, body: Sequence[code.Statement]) -> Signal:
    """Evaluates statements in order, up to the one that leaves."""
    for statement in body:
        signal = execute(machine, frame, statement)
        if signal:
            return signal
    return ""


def execute(machine: Machine, frame: Frame, statement: code.Statement) -> Signal:
    """Evaluates one statement."""
    machine.step()
    outer, frame.statement = frame.statement, statement
    signal = _HANDLERS[type(statement)](machine, frame, statement)
    frame.statement = outer
    return signal


def _evaluate(machine: Machine, frame: Frame, node: code.Evaluate) -> Signal:
    value_of(machine, frame, node.value)
    return ""


def _if(machine: Machine, frame: Frame, node: code.If) -> Signal:
    test = machine.truth(value_of(machine, frame, node.test))
    return machine.either(
        frame, test, lambda: run_body(machine, frame, node.then), lambda: run_body(machine, frame, node.otherwise)
    )


def _for(machine: Machine, frame: Frame, node: code.For) -> Signal:
    iterable = value_of(machine, frame, node.iterable)
    items, is_open = items_of(machine, iterable)
    arms = machine.arms
    for item in items:
        machine.step()
        machine.round += 1
        bind(machine, frame, node.target, item)
        signal = run_body(machine, frame, node.body)
        machine.arms = arms = machine.lasting(arms)
        if signal == "return":
            return signal
        if signal == "break":
            return ""
    if is_open and not (isinstance(iterable, ListValue) and iterable.covered):
        bind(machine, frame, node.target, Unknown("the loop's values are not known"))
        _unknown_rounds(machine, frame, node.body)
    machine.arms = arms
    return run_body(machine, frame, node.otherwise)


def _while(machine: Machine, frame: Frame, node: code.While) -> Signal:
    test = machine.truth(value_of(machine, frame, node.test))
    arms = machine.arms
    if test is True:
        _changing(machine, frame, node.body)
        signal = run_body(machine, frame, node.body)
        machine.arms = machine.lasting(arms)
        if signal:
            return signal if signal == "return" else ""
        if isinstance(node.test, code.Constant) and not _breaks(node.body):
            return "return"
    elif test is None:
        _unknown_rounds(machine, frame, node.body)
        machine.arms = arms
    return run_body(machine, frame, node.otherwise)


def _breaks(body: Sequence[code.Statement]) -> bool:
    """Whether a `break` of the loop itself stands in its body."""
    for statement in body:
        match statement:
            case code.Jump(kind="break"):
                return True
            case code.If(then=then, otherwise=otherwise) if _breaks(then) or _breaks(otherwise):
                return True
            case code.With(body=inside) if _breaks(inside):
                return True
            case code.Try():
                handled = [inside for handler in statement.handlers for inside in handler.body]
                if _breaks((*statement.body, *handled, *statement.otherwise, *statement.final)):
                    return True
            case code.Match():
                if _breaks([inside for case in statement.cases for inside in case.body]):
                    return True
            case _:
                pass
    return False


def _unknown_rounds(machine: Machine, frame: Frame, body: tuple[code.Statement, ...]) -> None:
    """A body that runs nobody knows how often: once, with what it changes from round to round unknown before and after."""
    _changing(machine, frame, body)
    machine.perhaps(frame, lambda: run_body(machine, frame, body) and "")


def _changing(machine: Machine, frame: Frame, body: tuple[code.Statement, ...]) -> None:
    """What a body changes from round to round is unknown from now on."""
    machine.round += 1
    changed = assigned_names(body) & frame.variables.keys()
    carried = {name: frame.variables[name] for name in changed}
    targets = {name for name, value in carried.items() if isinstance(value, Unknown)}
    for name in changed - targets:
        if not isinstance(carried[name], Imported | ListValue | DictValue):
            frame.variables[name] = Unknown("it changes in a loop")


def _with(machine: Machine, frame: Frame, node: code.With) -> Signal:
    return _enter(machine, frame, node, 0)


def _enter(machine: Machine, frame: Frame, node: code.With, at: int) -> Signal:
    """Enters one of the managers of a `with` and, after the last one, its body."""
    if at == len(node.items):
        return run_body(machine, frame, node.body)
    manager_node, target = node.items[at]
    manager = value_of(machine, frame, manager_node)

    def inside(entered: Value) -> Signal:
        if target is not None:
            bind(machine, frame, target, entered)
        return _enter(machine, frame, node, at + 1)

    if isinstance(manager, Managed):
        return enter_managed(machine, frame, manager, inside)
    if isinstance(manager, Instance):
        return _enter_instance(machine, frame, manager, node, inside)
    entered = machine.host.enter(machine, manager)
    try:
        return inside(entered)
    finally:
        machine.host.leave(machine, manager)


def _enter_instance(
    machine: Machine, frame: Frame, manager: Instance, node: code.With, inside: Callable[[Value], Signal]
) -> Signal:
    """A manager that is an instance of a class of the project."""
    place = frame.place(node)
    entered: Value = manager
    for name in ("__enter__", "__aenter__"):
        method = find_member(machine, manager.cls, name)
        if isinstance(method, FunctionValue):
            entered = call_function(machine, frame, method, (manager,), {}, False, place)
            break
    signal = inside(entered)
    for name in ("__exit__", "__aexit__"):
        method = find_member(machine, manager.cls, name)
        if isinstance(method, FunctionValue):
            call_function(machine, frame, method, (manager, None, None, None), {}, False, place)
            break
    return signal


def _try(machine: Machine, frame: Frame, node: code.Try) -> Signal:
    def body() -> Signal:
        machine.attempts += goes_on
        try:
            return run_body(machine, frame, node.body) or run_body(machine, frame, node.otherwise)
        finally:
            machine.attempts -= goes_on

    goes_on = any(not (handler.body and isinstance(handler.body[-1], code.Raise)) for handler in node.handlers)
    signal = _with_handlers(machine, frame, node, body())
    if node.final:
        signal = run_body(machine, frame, node.final) or signal
    return signal


def _with_handlers(machine: Machine, frame: Frame, node: code.Try, signal: Signal) -> Signal:
    """The handlers, each as a way that may be taken after the body."""
    for handler in node.handlers:
        if handler.type is not None and _names(handler.type) & _IMPORT_ERRORS:
            continue

        def way(handler: code.Handler = handler) -> Signal:
            if handler.name:
                frame.set(handler.name, Unknown("an exception"))
            return run_body(machine, frame, handler.body)

        def passed(ended: Signal = signal) -> Signal:
            return ended

        signal = machine.either(frame, None, way, passed)
    return signal


def _names(node: code.Expression) -> set[str]:
    """The names in the expression behind `except`."""
    match node:
        case code.Name(id=name) | code.Attribute(name=name):
            return {name}
        case code.Sequence(items=items):
            return {name for item in items for name in _names(item)}
        case _:
            return set()


def _match(machine: Machine, frame: Frame, node: code.Match) -> Signal:
    subject = value_of(machine, frame, node.subject)

    def case(at: int) -> Signal:
        if at == len(node.cases):
            return ""
        this = node.cases[at]
        test = _matches(machine, frame, subject, this.pattern)
        if isinstance(this.pattern, code.Name) and this.pattern.id != "_":
            frame.set(this.pattern.id, subject)
        if this.guard is not None and test is not False:
            guard = machine.truth(value_of(machine, frame, this.guard))
            test = guard if test and guard is not None else (False if guard is False else None)
        return machine.either(frame, test, lambda: run_body(machine, frame, this.body), lambda: case(at + 1))

    return case(0)


def _matches(machine: Machine, frame: Frame, subject: Value, pattern: code.Expression) -> bool | None:
    match pattern:
        case code.Name():
            return True
        case code.Opaque():
            return None
        case code.Sequence(kind="set", items=items):
            results = [_matches(machine, frame, subject, item) for item in items]
            return True if True in results else (None if None in results else False)
        case _:
            return machine.truth(compare_one("==", subject, value_of(machine, frame, pattern)))


def _function(machine: Machine, frame: Frame, node: code.Function) -> Signal:
    defaults = {p.name: value_of(machine, frame, p.default) for p in node.parameters if p.default is not None}
    function = FunctionValue(node.name, node, frame, frame.base, defaults)
    frame.set(node.name, decorated(machine, frame, function, node.decorators))
    return ""


def _class(machine: Machine, frame: Frame, node: code.Class) -> Signal:
    bases = tuple([_base(machine, frame, a.value) for a in node.arguments if a.keyword is None and not a.stars])
    keywords = {a.keyword: value_of(machine, frame, a.value) for a in node.arguments if a.keyword is not None}
    frame.set(node.name, ClassValue(node.name, node, frame, frame.base, bases, keywords))
    return ""


def _base(machine: Machine, frame: Frame, node: code.Expression) -> Value:
    """A base of a class; `Repository[User]` is `Repository`."""
    return value_of(machine, frame, node.value if isinstance(node, code.Subscript) else node)


def _return(machine: Machine, frame: Frame, node: code.Return) -> Signal:
    frame.returns.append(None if node.value is None else value_of(machine, frame, node.value))
    return "return"


def _raise(machine: Machine, frame: Frame, node: code.Raise) -> Signal:
    return "return"


def _jump(machine: Machine, frame: Frame, node: code.Jump) -> Signal:
    return node.kind


def _import(machine: Machine, frame: Frame, node: code.Import) -> Signal:
    for name in node.names:
        whole = name.name if name.bound != name.name.partition(".")[0] or "." not in name.name else name.bound
        frame.set(name.bound, Imported(whole, 0, None))
    return ""


def _import_from(machine: Machine, frame: Frame, node: code.ImportFrom) -> Signal:
    for name in node.names:
        if name.name == "*":
            _star(machine, frame, node)
        else:
            frame.set(name.bound, Imported(node.module, node.level, name.name))
    return ""


def _star(machine: Machine, frame: Frame, node: code.ImportFrom) -> None:
    module = machine.find(frame.module, node.module, node.level)
    if module is None:
        frame.module.lacks.add((node.module, node.level))
        if not node.level:
            frame.stars.append(node.module)
        return
    frame.star_modules.append(module)


def _scope(machine: Machine, frame: Frame, node: code.Scope) -> Signal:
    for name in node.names:
        at: Frame | None = frame.parent
        if node.kind == "global":
            at = frame.module.frame
        else:
            while at is not None and name not in at.variables:
                at = at.parent
        if at is not None and at is not frame:
            machine.has(at, name)
            frame.outer_names[name] = at
    return ""


def _inert(machine: Machine, frame: Frame, node: code.Inert) -> Signal:
    return ""


_HANDLERS: dict[type[Any], Callable[[Machine, Frame, Any], Signal]] = {
    code.Evaluate: _evaluate,
    code.Assign: assign,
    code.AugmentedAssign: augmented,
    code.If: _if,
    code.For: _for,
    code.While: _while,
    code.With: _with,
    code.Try: _try,
    code.Match: _match,
    code.Function: _function,
    code.Class: _class,
    code.Return: _return,
    code.Raise: _raise,
    code.Jump: _jump,
    code.Import: _import,
    code.ImportFrom: _import_from,
    code.Delete: delete,
    code.Scope: _scope,
    code.Inert: _inert,
}
