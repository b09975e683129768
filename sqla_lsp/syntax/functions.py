"""Calls of what the project defines: functions, methods, classes and context managers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqla_lsp.syntax import code
from sqla_lsp.syntax.expressions import value_of
from sqla_lsp.syntax.frames import Frame, Imported
from sqla_lsp.syntax.joining import NOT_KNOWN, join
from sqla_lsp.syntax.machine import MAX_CALLS, Machine, OutOfSteps, Signal
from sqla_lsp.syntax.values import (
    BoundMethod,
    CallValue,
    ClassValue,
    DictValue,
    FunctionValue,
    Instance,
    ListValue,
    Managed,
    Symbol,
    Unknown,
    Value,
    path_of,
)
from sqla_lsp.text.places import Place

_MANAGERS = {"contextlib.contextmanager", "contextlib.asynccontextmanager"}
_KINDS = {
    "builtins.staticmethod": "static",
    "builtins.classmethod": "class",
    "builtins.property": "property",
    "functools.cached_property": "property",
    **{
        f"sqlalchemy.{module}.declared_attr{way}": "declared"
        for module in ("orm", "ext.declarative")
        for way in ("", ".directive", ".cascading")
    },
}
_ENUMS = {"enum.Enum", "enum.StrEnum", "enum.IntEnum", "enum.Flag", "enum.IntFlag"}


def decorated(machine: Machine, frame: Frame, function: FunctionValue, decorators: tuple[code.Expression, ...]) -> Value:
    """A function after its decorators. Those from outside are taken to leave it as it is."""
    value: Value = function
    for decorator in reversed(decorators):
        with_it = value_of(machine, frame, decorator)
        if isinstance(with_it, Symbol):
            if isinstance(value, FunctionValue):
                value.manages = value.manages or with_it.path in _MANAGERS
                kind = _KINDS.get(with_it.path, "")
                value.kind = kind if kind == "declared" else value.kind or kind
        elif isinstance(with_it, FunctionValue):
            result = call_function(machine, frame, with_it, (value,), {}, False, None)
            value = result if isinstance(result, FunctionValue | ClassValue | BoundMethod) else value
    return value


def call_function(
    machine: Machine,
    frame: Frame,
    function: FunctionValue,
    positional: tuple[Value, ...],
    keywords: dict[str, Value],
    is_open: bool,
    place: Place | None,
) -> Value:
    """The result of a call, after its body was evaluated. `is_open` says that there may be more arguments; `place` is the call,
    None where nobody needs to know of it."""
    node = function.node
    if len(machine.active) >= MAX_CALLS or machine.active.count(node) >= 2:
        return Unknown(f"{function.name} calls itself")
    inner = Frame(function.closure.module, function.closure, function.base)
    _bind_arguments(machine, inner, function, positional, keywords, is_open)
    if machine.abroad or function.closure.module is machine.home:
        return _run(machine, inner, function, place)
    return _run_abroad(machine, inner, function, place)


def _run_abroad(machine: Machine, inner: Frame, function: FunctionValue, place: Place | None) -> Value:
    """A call from the module at hand into another one. What takes too long there is unknown, and is not followed again if it had
    nothing to tell."""
    if id(function.node) in machine.modules.exhausting:
        return Unknown(f"{function.name} takes too long to follow")
    heard, state, before = machine.host.heard(), machine.host.state(), machine.steps
    machine.steps = allowed = min(before, machine.steps_abroad)
    machine.abroad = True
    try:
        return _run(machine, inner, function, place)
    except OutOfSteps:
        machine.host.restore(state)
        if machine.host.heard() == heard:
            machine.modules.exhausting.add(id(function.node))
        return Unknown(f"{function.name} takes too long to follow")
    finally:
        machine.abroad = False
        machine.steps = before - (allowed - max(machine.steps, 0))


def _run(machine: Machine, inner: Frame, function: FunctionValue, place: Place | None) -> Value:
    from sqla_lsp.syntax.statements import run_body

    node = function.node
    calls, arms = machine.calls, machine.arms
    if place is not None:
        machine.calls = (*calls, place)
    machine.active.append(node)
    try:
        if isinstance(node, code.Lambda):
            return value_of(machine, inner, node.body)
        signal = run_body(machine, inner, node.body)
    finally:
        machine.active.pop()
        machine.calls, machine.arms = calls, arms
    if node.is_generator:
        return ListValue(inner.yields, inner.yields_more, arms=machine.arms)
    if not inner.returns:
        return None
    result = inner.returns[0]
    for other in inner.returns[1:]:
        result = join(result, other)
    return result if signal else join(result, None)


def _bind_arguments(
    machine: Machine,
    inner: Frame,
    function: FunctionValue,
    positional: tuple[Value, ...],
    keywords: dict[str, Value],
    is_open: bool,
) -> None:
    """Binds arguments to parameters as Python does; what is missing is its default, or unknown."""
    rest, named = list(positional), dict(keywords)
    for parameter in function.node.parameters:
        name = parameter.name
        value: Value
        if parameter.kind == "args":
            value = ListValue(rest, open=True, arms=machine.arms) if is_open else tuple(rest)
            rest = []
        elif parameter.kind == "kwargs":
            value = DictValue(open=is_open, arms=machine.arms)
            value.items.update(named)
            named = {}
        elif rest and parameter.kind != "keyword-only":
            value = rest.pop(0)
        elif name in named:
            value = named.pop(name)
        elif is_open:
            value = Unknown(f"the argument {name} is not known")
        else:
            value = function.defaults.get(name, Unknown(f"the argument {name} is not given"))
        inner.variables[name] = value


def enter_managed(machine: Machine, frame: Frame, managed: Managed, inside: Callable[[Value], Signal]) -> Signal:
    """`with` over a function under contextmanager: its body runs, and where it yields the body of the `with`."""
    function = managed.function
    if len(machine.active) >= MAX_CALLS or function.node in machine.active:
        return inside(NOT_KNOWN)
    inner = Frame(function.closure.module, function.closure, function.base)
    _bind_arguments(machine, inner, function, managed.positional, managed.keywords, managed.open)
    signals: list[Signal] = []
    outer_calls, outer_active = machine.calls, machine.active

    def at_yield(value: Value) -> Value:
        inner_calls, inner_active = machine.calls, machine.active
        machine.calls, machine.active = outer_calls, outer_active
        try:
            signals.append(inside(value))
        finally:
            machine.calls, machine.active = inner_calls, inner_active
        return NOT_KNOWN

    inner.on_yield = at_yield
    machine.active = [*outer_active]
    try:
        _run(machine, inner, function, managed.place)
    finally:
        machine.active = outer_active
    if not signals:
        return inside(NOT_KNOWN)
    return signals[0] if len(set(signals)) == 1 else ""


# -------------------------------------------------------------------------------------------------------------- classes


def class_frame(machine: Machine, cls: ClassValue) -> Frame:
    """The members of a class: its body is evaluated when one of them is first asked for."""
    if cls.frame is None:
        from sqla_lsp.syntax.statements import run_body

        cls.frame = Frame(cls.closure.module, cls.closure, cls.base)
        cls.frame.owner = cls
        run_body(machine, cls.frame, cls.node.body)
        if is_enum(machine, cls):
            _make_members(cls, cls.frame)
    return cls.frame


def _make_members(cls: ClassValue, frame: Frame) -> None:
    """Turns the assignments of an enum into its members, in their order."""
    counter = 0
    for name, value in list(frame.variables.items()):
        if name.startswith("_") or isinstance(value, FunctionValue | ClassValue | Imported):
            continue
        counter += 1
        if _is_auto(value):
            value = name.lower() if any(_path(base) == "enum.StrEnum" for base in cls.bases) else counter
        frame.variables[name] = Instance(cls, enum_name=name, enum_value=value)


def _is_auto(value: Value) -> bool:
    return path_of(value) in ("enum.auto()", "auto()")


def _path(value: Value) -> str | None:
    return value.path if isinstance(value, Symbol) else None


def ancestors(cls: ClassValue, depth: int = 0) -> list[Value]:
    """The bases of a class and theirs, nearest first, values from outside included."""
    found: list[Value] = []
    if depth < MAX_CALLS:
        for base in cls.bases:
            found.append(base)
            if isinstance(base, ClassValue):
                found += ancestors(base, depth + 1)
    return found


def is_enum(machine: Machine, cls: ClassValue) -> bool:
    """Whether a class of the project is an enum."""
    return any(_path(base) in _ENUMS for base in ancestors(cls))


def members(machine: Machine, cls: ClassValue) -> list[Instance]:
    """The members of an enum, in order."""
    frame = class_frame(machine, cls)
    return [value for value in frame.variables.values() if isinstance(value, Instance) and value.enum_name is not None]


def find_member(machine: Machine, cls: ClassValue, name: str) -> Any:
    """A member of a class or of its bases in the project; `NotImplemented` when none has it."""
    for owner in (cls, *ancestors(cls)):
        if isinstance(owner, ClassValue):
            frame = class_frame(machine, owner)
            if name in frame.variables:
                return machine.lookup(frame, name)
    return NotImplemented


def instantiate(
    machine: Machine,
    frame: Frame,
    cls: ClassValue,
    positional: tuple[Value, ...],
    keywords: dict[str, Value],
    is_open: bool,
    place: Place | None,
) -> Value:
    """A call of a class: an instance after `__init__`, or the member of an enum that has the value."""
    if is_enum(machine, cls):
        return next((m for m in members(machine, cls) if positional and m.enum_value == positional[0]), NOT_KNOWN)
    instance = Instance(cls, positional=positional, keywords=keywords, arms=machine.arms)
    initializer = find_member(machine, cls, "__init__")
    if isinstance(initializer, FunctionValue):
        call_function(machine, frame, initializer, (instance, *positional), keywords, is_open, place)
    else:
        rest = list(positional)
        for name, default in _fields(machine, cls).items():
            missing = NOT_KNOWN if is_open else default
            instance.attributes[name] = rest.pop(0) if rest else keywords.get(name, missing)
        instance.attributes.update({name: value for name, value in keywords.items() if name not in instance.attributes})
    return instance


def _fields(machine: Machine, cls: ClassValue) -> dict[str, Value]:
    """The annotated names of a class in order, with their defaults: fields of a dataclass or a NamedTuple."""
    fields: dict[str, Value] = {}
    for owner in reversed([cls, *ancestors(cls)]):
        if isinstance(owner, ClassValue):
            frame = class_frame(machine, owner)
            for statement in owner.node.body:
                match statement:
                    case code.Assign(targets=(code.Name(id=name),), annotation=annotation) if annotation is not None:
                        value = frame.variables.get(name, NOT_KNOWN)
                        fields[name] = NOT_KNOWN if isinstance(value, Imported) else _default(machine, value)
                    case _:
                        pass
    return fields


def _default(machine: Machine, value: Value) -> Value:
    """The default of a field, also where `field(...)` gives it."""
    if not isinstance(value, CallValue) or not (path_of(value) or "").endswith(
        ("dataclasses.field()", "attr.ib()", "attrs.field()")
    ):
        return value
    factory = _path(value.keywords.get("default_factory", value.keywords.get("factory")))
    if factory == "builtins.list":
        return ListValue(arms=machine.arms)
    if factory == "builtins.dict":
        return DictValue(arms=machine.arms)
    return value.keywords.get("default", NOT_KNOWN) if factory is None else NOT_KNOWN


def call_declared(machine: Machine, frame: Frame, function: FunctionValue, cls: ClassValue) -> Value:
    """What a function under `declared_attr` gives for a class: always the same object."""
    key = (cls, function)
    if key not in machine.declared:
        machine.declared[key] = call_function(machine, frame, function, (cls,), {}, False, None)
    return machine.declared[key]


def call_class_or_function(
    machine: Machine,
    frame: Frame,
    function: FunctionValue | ClassValue | BoundMethod,
    positional: tuple[Value, ...],
    keywords: dict[str, Value],
    is_open: bool,
    place: Place | None,
) -> Value:
    """A call of something that the project defines."""
    if isinstance(function, ClassValue):
        return instantiate(machine, frame, function, positional, keywords, is_open, place)
    if isinstance(function, BoundMethod):
        receiver = () if function.receiver is NotImplemented else (function.receiver,)
        positional = (*receiver, *function.positional, *positional)
        keywords = {**function.keywords, **keywords}
        function = function.function
    if function.manages:
        return Managed(function, positional, keywords, is_open, place or Place(0, 0))
    return call_function(machine, frame, function, positional, keywords, is_open, place)
