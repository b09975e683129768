"""Where names are looked up while code is evaluated: modules, and the frames of their functions and classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol

from sqla_lsp.syntax import code
from sqla_lsp.syntax.lower import Definition, outline
from sqla_lsp.syntax.values import ClassValue, Value
from sqla_lsp.text.places import Place
from sqla_lsp.text.search import Search


class Imported:
    """A name that an import binds. It is resolved when it is first looked up, so that what nobody uses costs nothing."""

    __slots__ = ("level", "module", "name")

    def __init__(self, module: str, level: int, name: str | None) -> None:
        """`name` is what is taken from the module, None for the module itself."""
        self.module = module
        self.level = level
        self.name = name


class LoadedModule:
    """The code of one file. `name` tells modules apart; `path` is "" for the file that facts are made of."""

    statements: dict[str, list[code.Block | Definition]]
    """The statements of the top level by the names that they bind or change, once something was asked of them."""

    def __init__(self, name: str, path: str, code: code.Module | None, is_package: bool = False, data: bytes = b"") -> None:
        """`code` None means that `data` is parsed when something is first asked of it."""
        self.name = name
        self.path = path
        self.is_package = is_package
        self.frame: Frame | None = None
        """The module's own variables, once something was asked of them."""
        self.statements = {}
        self.needs: set[LoadedModule] = set()
        """The modules of the project that were looked up from here."""
        self.lacks: set[tuple[str, int]] = set()
        """Names and levels of the imports that were looked up from here and are none of the project."""
        self._code = code
        self._data = data

    @cached_property
    def top_level(self) -> Sequence[code.Block | Definition]:
        """The statements of the module's top level. Of a module that others import, definitions are lowered when they are
        needed."""
        return outline(self._data) if self._code is None else self._code.blocks

    def says(self, search: Search) -> bool:
        """Whether something stands somewhere in the text."""
        return search.finds(self._data)

    def unevaluated(self) -> LoadedModule:
        """The same code, of which nothing was asked yet."""
        return LoadedModule(self.name, self.path, self._code, self.is_package, self._data)

    def around(self) -> tuple[set[str], set[tuple[str, int]]]:
        """The paths of all modules that what was told of this one depends on, and what they and it lack. Values are kept where
        they were computed first: that another evaluation asked for them makes no difference."""
        seen = {self}
        pending = [self]
        while pending:
            new = pending.pop().needs - seen
            seen |= new
            pending += new
        return {module.path for module in seen if module.path}, {lack for module in seen for lack in module.lacks}

    def may_bind(self, name: str) -> bool:
        """Whether the text of the module allows that a name is bound in it; told without parsing."""
        return self._code is not None or name.encode() in self._data or b"import *" in self._data


class Modules(Protocol):
    """Finds modules of the project. `exhausting` are the functions (by the identity of their nodes) that took too long to follow
    and had nothing to tell."""

    exhausting: set[int]

    def find(self, importer: LoadedModule, module: str, level: int) -> LoadedModule | None:
        """The module that `from <level dots><module> import ...` names in `importer`. None when it is none of the project."""
        ...


class NoModules:
    """Finds nothing: each file is evaluated by itself."""

    def __init__(self) -> None:
        self.exhausting: set[int] = set()

    def find(self, importer: LoadedModule, module: str, level: int) -> LoadedModule | None:
        return None


class Frame:
    """The variables of a module, a class body, one call of a function, or a comprehension."""

    __slots__ = (
        "base",
        "done",
        "module",
        "on_yield",
        "outer_names",
        "owner",
        "parent",
        "pending",
        "returns",
        "star_modules",
        "stars",
        "statement",
        "variables",
        "yields",
        "yields_more",
    )

    def __init__(self, module: LoadedModule, parent: Frame | None, base: int) -> None:
        self.module = module
        self.parent = parent
        self.base = base
        """The offset of the block that is evaluated: places of its nodes are relative to it."""
        self.variables: dict[str, Value | Imported] = {}
        self.outer_names: dict[str, Frame] = {}
        """The frames of names that are declared global or nonlocal."""
        self.stars: list[str] = []
        """Modules outside of the project of which everything was imported."""
        self.star_modules: list[LoadedModule] = []
        """Modules of the project of which everything was imported."""
        self.pending: dict[str, list[code.Block | Definition]] = {}
        """Of a module: the blocks that were not asked for yet, by the names that they bind or change."""
        self.done: set[int] = set()
        """Of a module: the blocks (by identity) that were evaluated."""
        self.owner: ClassValue | None = None
        """The class whose body this is: its names are not seen from inside of its functions."""
        self.statement: code.Node | None = None
        """The statement that is evaluated."""
        self.returns: list[Value] = []
        self.yields: list[Value] = []
        self.yields_more = False
        """Whether there may be other yields than those, or fewer."""
        self.on_yield: Callable[[Value], Value] | None = None
        """What runs at a `yield`: the body of the `with` that this frame's function manages."""

    def place(self, node: code.Node | code.Argument) -> Place:
        """Where a piece of the code at hand stands in its file."""
        return Place(self.base + node.start, self.base + node.end, self.module.path)

    def statement_place(self) -> Place:
        """Where the statement at hand stands."""
        return self.place(self.statement) if self.statement is not None else Place(self.base, self.base, self.module.path)

    def set(self, name: str, value: Value | Imported) -> None:
        """Binds a name, in the frame that it belongs to."""
        self.outer_names.get(name, self).variables[name] = value
