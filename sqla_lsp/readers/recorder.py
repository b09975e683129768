"""Evaluates a migration's function once more and keeps the calls behind its operations, with their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqla_lsp.postgres.identifiers import shortened
from sqla_lsp.readers.arguments import NOT_KNOWN, Arguments, last_name
from sqla_lsp.readers.calls import SentCall
from sqla_lsp.readers.operations import OperationsHost
from sqla_lsp.readers.revisions import argument
from sqla_lsp.schema.operations import AnyOperation
from sqla_lsp.syntax.frames import Frame, LoadedModule, Modules
from sqla_lsp.syntax.machine import Machine, OutOfSteps
from sqla_lsp.syntax.values import CallValue, DictValue, FunctionValue, ListValue, Value, path_of
from sqla_lsp.text.places import Place

_MAIN_OPTION = ("alembic.context.config.get_main_option", "alembic.op.get_context().config.get_main_option")


class Conventional(str):
    """A name that `op.f()` marks as final: no naming convention is applied to it. It is `given`, cut as Alembic cuts it."""

    given: str

    def __new__(cls, given: str) -> Conventional:
        name = super().__new__(cls, shortened(given))
        name.given = given
        return name


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call, the number of its first operation in the script, and the value that its result is."""

    sent: SentCall
    number: int
    result: CallValue


@dataclass(frozen=True, slots=True)
class Recording:
    """The calls of one function in the order in which Postgres sees what they send, and all their operations. `machine` can
    evaluate more of what the arguments lead to; `missing` says why there may be more calls than these, else it is empty. `place`
    is the function's own, None where the file at hand does not define it."""

    calls: tuple[Recorded, ...]
    operations: tuple[AnyOperation, ...]
    machine: Machine
    missing: str
    place: Place | None


class RecordingHost(OperationsHost):
    """Writes down the calls beside the operations. Lists and dicts are kept as they are at the time of the call. `proceed` is
    called at calls in the file at hand, and may raise: at calls in others, what these modules are could be left half-known."""

    def __init__(self, main_options: Mapping[str, str | None] | None, proceed: Callable[[], None]) -> None:
        super().__init__()
        self._main_options = main_options
        self.recorded: list[Recorded] = []
        self._proceed = proceed

    def call(self, machine: Machine, frame: Frame, call: CallValue) -> Value:
        if path_of(call.function) in _MAIN_OPTION and self._main_options is not None:
            return self._main_option(self._main_options, call)
        result = super().call(machine, frame, call)
        if isinstance(result, str) and last_name(call) == "f" and call.positional and isinstance(call.positional[0], str):
            return Conventional(call.positional[0])
        return result

    @staticmethod
    def _main_option(options: Mapping[str, str | None], call: CallValue) -> Value:
        """What alembic.ini says; the default where it says nothing. Other options than that may be set by who runs Alembic."""
        given = Arguments(call, ["name", "default"])
        name = given.get("name")
        if not isinstance(name, str) or call.open:
            return NOT_KNOWN
        if name.lower() not in options:
            return given.get("default")
        value = options[name.lower()]
        return NOT_KNOWN if value is not None and "%" in value else value

    def sent(self, call: SentCall) -> None:
        if not call.site.place.path:
            self._proceed()
        if call.kind != "execute" or call.call.positional or call.call.keywords:  # `execute(...).scalar()` asks a result
            self._record(call)
        super().sent(call)

    def _record(self, call: SentCall) -> None:
        self.recorded.append(Recorded(replace(call, call=_kept(call.call)), len(self.operations), call.call))


def _kept(call: CallValue) -> CallValue:
    """The call with copies of its lists and dicts, which the code that follows may change."""
    positional = tuple([_copied(value) for value in call.positional])
    keywords = {name: _copied(value) for name, value in call.keywords.items()}
    return CallValue(call.function, positional, keywords, call.place, call.open, call.open_keywords, call.node)


def _copied(value: Value) -> Value:
    if isinstance(value, ListValue):
        items = [_copied(item) for item in value.items]
        return ListValue(items, value.open, value.is_set, value.arms, value.covered)
    if isinstance(value, DictValue):
        return DictValue({key: _copied(item) for key, item in value.items.items()}, value.open, value.arms)
    return tuple([_copied(item) for item in value]) if isinstance(value, tuple) else value


def read_calls(
    module: LoadedModule,
    modules: Modules,
    name: str,
    main_options: Mapping[str, str | None] | None = None,
    proceed: Callable[[], None] = lambda: None,
) -> Recording:
    """The calls of a module's function `name`, none where there is no such function. `main_options` are those of alembic.ini;
    `proceed` may raise in the midst of it."""
    proceed()
    host = RecordingHost(main_options, proceed)
    machine = Machine(modules, host, module)
    machine.keeps_operators = True
    missing = ""
    try:
        if not machine.run(module, name, argument) and machine.has(machine.module_frame(module), name):
            missing = f"which function {name} is is not known"
    except OutOfSteps:
        missing = "the function takes too many steps to follow"
    return Recording(tuple(host.recorded), tuple(host.operations), machine, missing, _place_of(machine, module, name))


def _place_of(machine: Machine, module: LoadedModule, name: str) -> Place | None:
    """Where a module defines a function."""
    frame = machine.module_frame(module)
    function = machine.lookup(frame, name) if machine.has(frame, name) else None
    if not isinstance(function, FunctionValue) or function.closure.module is not module:
        return None
    return Place(function.base + function.node.start, function.base + function.node.end)
