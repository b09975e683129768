"""Static evaluation: a machine that walks through code without running it and tells a host what is called.

What is known (literals, constants, functions and classes of the project) is computed; everything else is `Unknown` or a call of
something outside. Where a condition is not known both ways are taken, one after the other, each from the same state. It never
raises, whatever the code, and gives up after a number of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import Frame, Imported, LoadedModule, Modules
from sqla_lsp.syntax.joining import DEPENDS, join
from sqla_lsp.syntax.joining import truth as plain_truth
from sqla_lsp.syntax.lower import Definition
from sqla_lsp.syntax.values import Arms, CallValue, ModuleValue, Symbol, Unknown, Value
from sqla_lsp.text.places import Place

Signal = str
"""How a statement ends: "" goes on with the next, "return" (also for raise), "break", "continue"."""

MAX_CALLS = 24
"""How deep calls of the project's functions may be nested."""


class OutOfSteps(Exception):
    """The code at hand takes too long."""


class Host(Protocol):
    """What knows the libraries that the code calls. All values that it sees belong to something outside of the project."""

    def call(self, machine: Machine, frame: Frame, call: CallValue) -> Value:
        """The result of a call; the call itself where nothing more is known of it."""
        ...

    def member(self, base: Value, name: str) -> Value:
        """The attribute of an outside value, `NotImplemented` where nothing is known of it."""
        ...

    def enter(self, machine: Machine, value: Value) -> Value:
        """`with value as target`: what the target is bound to."""
        ...

    def leave(self, machine: Machine, value: Value) -> None:
        """The end of that `with`."""
        ...

    def heard(self) -> int:
        """How many calls meant something."""
        ...

    def state(self) -> Any:
        """What the host remembers of the way that led here."""
        ...

    def restore(self, state: Any) -> None:
        """Goes back to a state."""
        ...

    def joined(self, one: Any, other: Any) -> Any:
        """The state after two ways came together."""
        ...


class Machine:
    """One evaluation. `arms` are the branches around the code at hand, `calls` the calls that led to it."""

    def __init__(self, modules: Modules, host: Host, home: LoadedModule, steps: int = 200_000, steps_abroad: int = 1_500) -> None:
        """`home` is the module that the evaluation is about. `steps_abroad` is how many steps a call into another module may
        take: helpers of migrations are short, applications are not."""
        self.steps_abroad = steps_abroad
        self.modules = modules
        self.host = host
        self.home = home
        self.steps = steps
        self.keeps_operators = False
        """Whether operators on values from outside are calls (of `operator.==` and so on) instead of unknown."""
        self.abroad = False
        """Whether a function of another module is being evaluated."""
        self.arms: Arms = ()
        self.calls: tuple[Place, ...] = ()
        self.active: list[code.Node] = []
        """The functions that are being evaluated."""
        self.round = 0
        self.attempts = 0
        """How many `try` statements are around the code at hand whose handlers go on after an exception."""
        self.branches = 0
        self._ended: dict[int, bool] = {}
        """Of branches of which one way ended: whether it left the function (and not only a loop)."""
        self._asked: set[tuple[str, str]] = set()
        self.declared: dict[tuple[Any, Any], Value] = {}
        """What `declared_attr` functions gave, by class and function."""

    # ------------------------------------------------------------------------------------------------------ modules

    def module_frame(self, module: LoadedModule) -> Frame:
        """The variables of a module. Its top level is evaluated name by name, as they are asked for: `has` and `lookup`."""
        if module.frame is None:
            module.frame = Frame(module, None, 0)
            module.statements = statements_by_name(module.top_level)
            module.frame.pending = dict(module.statements)
        return module.frame

    def find(self, importer: LoadedModule, name: str, level: int) -> LoadedModule | None:
        """A module of the project, as named in `importer`, which remembers it."""
        module = self.modules.find(importer, name, level)
        if module is not None:
            importer.needs.add(module)
        return module

    def has(self, frame: Frame, name: str) -> bool:
        """Whether a frame itself binds a name. What of a module's top level binds it is evaluated now."""
        if frame.pending:
            if name in frame.pending:
                self._evaluate_pending(frame, name)
            if name not in frame.variables and "*" in frame.pending:
                self._evaluate_pending(frame, "*")
        return name in frame.variables

    def _evaluate_pending(self, frame: Frame, name: str) -> None:
        """Evaluates the top-level statements that bind or change a name, in order."""
        from sqla_lsp.syntax.statements import execute

        saved = self.arms, self.calls, self.round, frame.base, frame.statement
        host_state = self.host.state()
        self.arms, self.calls = (), ()
        try:
            for item in frame.pending.pop(name):
                if id(item) not in frame.done:
                    frame.done.add(id(item))
                    block = item.block if isinstance(item, Definition) else item
                    frame.base = block.start
                    execute(self, frame, block.statement)
        finally:
            self.arms, self.calls, self.round, frame.base, frame.statement = saved
            self.host.restore(host_state)

    def lookup(self, frame: Frame, name: str) -> Value:
        """The value of a name as seen from a frame; Unknown when nothing binds it."""
        at: Frame | None = frame.outer_names.get(name, frame) if frame.outer_names else frame
        stars: list[str] = []
        while at is not None:
            if name in at.variables or (at.pending and self.has(at, name)):
                value = at.variables[name]
                if isinstance(value, Imported):
                    value = at.variables[name] = self.imported(at.module, value)
                return value
            for module in at.star_modules:
                member = self.module_member(module, name) if not name.startswith("_") else NotImplemented
                if member is not NotImplemented:
                    return member  # type: ignore[no-any-return]
            stars += at.stars
            at = at.parent
            while at is not None and at.owner is not None:
                at = at.parent
        from sqla_lsp.syntax.builtin import BUILTINS

        if name in BUILTINS:
            return Symbol(f"builtins.{name}")
        if len(stars) == 1:
            return Symbol(f"{stars[0]}.{name}")
        return Unknown(f"{name} is not defined in this file")

    def imported(self, importer: LoadedModule, what: Imported) -> Value:
        """What an import binds: a module or a name of the project, or a symbol of something outside."""
        module = self.find(importer, what.module, what.level)
        if module is not None and what.name is None:
            return ModuleValue(module)
        if module is not None and what.name is not None:
            member = self.module_member(module, what.name)
            if member is not NotImplemented:
                return member  # type: ignore[no-any-return]
        submodule = self._submodule(importer, what)
        if submodule is not None:
            return submodule
        importer.lacks.add((what.module, what.level))
        if what.level:
            return Unknown(f"{'.' * what.level}{what.module} is not part of the project")
        return Symbol(what.module if what.name is None else f"{what.module}.{what.name}")

    def _submodule(self, importer: LoadedModule, what: Imported) -> ModuleValue | None:
        """`from package import module`, where the package itself has no such name."""
        if what.name is None:
            return None
        name = f"{what.module}.{what.name}" if what.module else what.name
        module = self.find(importer, name, what.level)
        return None if module is None else ModuleValue(module)

    def module_member(self, module: LoadedModule, name: str) -> Any:
        """A top-level name of a module of the project, or a module in its package; `NotImplemented` when there is none."""
        if (module.name, name) in self._asked or not (module.is_package or module.may_bind(name)):
            return NotImplemented  # modules that import everything from each other
        self._asked.add((module.name, name))
        try:
            return self._module_member(module, name)
        finally:
            self._asked.discard((module.name, name))

    def _module_member(self, module: LoadedModule, name: str) -> Any:
        stars: list[str] = []
        if module.may_bind(name):
            frame = self.module_frame(module)
            if self.has(frame, name):
                return self.lookup(frame, name)
            for other in frame.star_modules:
                member = self.module_member(other, name)
                if member is not NotImplemented:
                    return member
            stars = frame.stars
        if module.is_package:
            inner = self.find(module, name, 1)
            if inner is not None:
                return ModuleValue(inner)
        return Symbol(f"{stars[0]}.{name}") if len(stars) == 1 else NotImplemented

    # ----------------------------------------------------------------------------------------------------- branches

    def truth(self, value: Value) -> bool | None:
        """Whether a value counts as true; None where that cannot be told."""
        return plain_truth(value)

    def either(self, frame: Frame, test: bool | None, then: Callable[[], Signal], otherwise: Callable[[], Signal]) -> Signal:
        """Takes the way that a test selects, or both. Where one of two ways ends, what follows belongs to the other one."""
        if test is not None:
            return then() if test else otherwise()
        self.branches += 1
        branch, outer = self.branches, self.arms
        variables, state = dict(frame.variables), self.host.state()

        self.arms = (*outer, (branch, 0))
        first = then()
        first_variables, first_state = frame.variables, self.host.state()

        frame.variables = variables
        self.host.restore(state)
        self.arms = (*outer, (branch, 1))
        second = otherwise()

        if first and second:
            self.arms = outer
            return first if first == second or second == "return" else second
        if first or second:
            self._ended[branch] = (first or second) == "return"
        if first:
            self.arms = (*outer, (branch, 1))
            return ""
        if second:
            self.arms = (*outer, (branch, 0))
            frame.variables = first_variables
            self.host.restore(first_state)
            return ""
        self.arms = outer
        frame.variables = joined_variables(first_variables, frame.variables)
        self.host.restore(self.host.joined(first_state, self.host.state()))
        return ""

    def lasting(self, arms: Arms) -> Arms:
        """The branches after a round of a loop that was entered in `arms`: those whose other way left the function as well."""
        kept = len(arms)
        while kept < len(self.arms) and self._ended.get(self.arms[kept][0], False):
            kept += 1
        return self.arms[:kept]

    def perhaps(self, frame: Frame, way: Callable[[], Signal]) -> Signal:
        """Takes a way that may be taken or not."""
        return self.either(frame, None, way, lambda: "")

    def step(self) -> None:
        """Counts one step. Raises `OutOfSteps`."""
        self.steps -= 1
        if self.steps < 0:
            raise OutOfSteps

    # ---------------------------------------------------------------------------------------------------- functions

    def run(self, module: LoadedModule, name: str, arguments: Callable[[str], Value]) -> bool:
        """Evaluates a function of a module's top level; `arguments` gives its parameters by name. False when there is none, True
        also when it took too long (then the host is told nothing more)."""
        from sqla_lsp.syntax.functions import call_function
        from sqla_lsp.syntax.values import FunctionValue

        frame = self.module_frame(module)
        function = self.lookup(frame, name) if self.has(frame, name) else None
        if not isinstance(function, FunctionValue):
            return False
        keywords: dict[str, Value] = {
            parameter.name: value
            for parameter in function.node.parameters
            if not isinstance(value := arguments(parameter.name), Unknown)
            and parameter.kind in ("normal", "keyword-only", "positional-only")
        }
        call_function(self, frame, function, (), keywords, True, None)
        return True


def joined_variables(one: dict[str, Value | Imported], other: dict[str, Value | Imported]) -> dict[str, Value | Imported]:
    """The variables after two ways came together. What only one way binds is what that way says: the other would fail."""
    joined = dict(one)
    for name, value in other.items():
        first = joined.get(name, value)
        if isinstance(first, Imported) or isinstance(value, Imported):
            same = isinstance(first, Imported) and isinstance(value, Imported)
            joined[name] = value if same and first is value else _joined_imports(first, value)
        else:
            joined[name] = join(first, value)
    return joined


def _joined_imports(one: Value | Imported, other: Value | Imported) -> Value | Imported:
    """An import that may fail, and what stands in for it: the import counts."""
    if isinstance(one, Imported):
        return one
    return other if isinstance(other, Imported) else DEPENDS


def assigned_names(statements: Sequence[code.Statement]) -> set[str]:
    """The names that statements bind; "*" for an import of everything. What functions and classes bind inside is theirs."""
    names: set[str] = set()
    pending: list[Any] = list(statements)
    while pending:
        node = pending.pop()
        match node:
            case code.Assign(targets=targets):
                for target in targets:
                    names |= target_names(target)
            case code.AugmentedAssign(target=target):
                names |= target_names(target)
            case code.Function(name=name) | code.Class(name=name):
                names.add(name)
            case code.Import(names=imported) | code.ImportFrom(names=imported):
                names |= {name.bound if name.name != "*" else "*" for name in imported}
            case code.If() | code.While():
                pending += [*(node.then if isinstance(node, code.If) else node.body), *node.otherwise]
            case code.For():
                names |= target_names(node.target)
                pending += [*node.body, *node.otherwise]
            case code.With():
                for _, with_target in node.items:
                    if with_target is not None:
                        names |= target_names(with_target)
                pending += node.body
            case code.Try():
                pending += [*node.body, *node.otherwise, *node.final, *(s for h in node.handlers for s in h.body)]
            case code.Match():
                pending += [s for c in node.cases for s in c.body]
            case _:
                pass
    return names


def statements_by_name(top_level: Sequence[code.Block | Definition]) -> dict[str, list[code.Block | Definition]]:
    """The statements of a module's top level by the names that they bind or change, each in order."""
    found: dict[str, list[code.Block | Definition]] = {}
    for item in top_level:
        for name in {item.name} if isinstance(item, Definition) else _names_of(item.statement):
            found.setdefault(name, []).append(item)
    return found


def _names_of(statement: code.Statement) -> set[str]:
    """The names that a statement binds or changes. The usual statements of a top level are told by their type, which is quick."""
    kind = type(statement)
    if kind is code.Function or kind is code.Class:
        return {statement.name}  # type: ignore[union-attr]
    if kind is code.ImportFrom or kind is code.Import:
        return {name.bound if name.name != "*" else "*" for name in statement.names}  # type: ignore[union-attr]
    if kind is code.Assign and len(statement.targets) == 1 and type(statement.targets[0]) is code.Name:  # type: ignore[union-attr]
        return {statement.targets[0].id}  # type: ignore[union-attr]
    if kind is code.Evaluate and type(statement.value) is code.Constant:  # type: ignore[union-attr]
        return set()
    return assigned_names((statement,)) | changed_names((statement,))


def changed_names(statements: Sequence[code.Statement]) -> set[str]:
    """The names whose values statements change in place: `x.append(...)`, `x[...] = ...`, `x.y = ...`."""
    names: set[str] = set()
    for statement in statements:
        match statement:
            case code.Evaluate(value=code.Call(function=code.Attribute(value=code.Name(id=name)))):
                names.add(name)
            case code.Assign(targets=targets):
                names |= {root for target in targets if (root := _root(target))}
            case code.AugmentedAssign(target=target) | code.Delete(targets=(target,)):
                names |= {root for root in [_root(target)] if root}
            case code.If(then=body, otherwise=otherwise) | code.For(body=body, otherwise=otherwise):
                names |= changed_names(body) | changed_names(otherwise)
            case code.With(body=body) | code.While(body=body):
                names |= changed_names(body)
            case code.Try():
                names |= changed_names(statement.body) | changed_names(statement.otherwise)
            case _:
                pass
    return names


def _root(target: code.Expression) -> str:
    """`x` of a target `x.y` or `x[...]`, "" for a plain name."""
    inside = False
    while isinstance(target, code.Attribute | code.Subscript):
        target, inside = target.value, True
    return target.id if inside and isinstance(target, code.Name) else ""


def target_names(target: code.Expression) -> set[str]:
    """The names that a target of an assignment binds."""
    match target:
        case code.Name(id=name):
            return {name}
        case code.Sequence(items=items):
            return {name for item in items for name in target_names(item)}
        case code.Starred(value=value):
            return target_names(value)
        case _:
            return set()
