"""What a name means in the project: followed over imports, packages that export it again, aliases and attributes of classes, down
to a model, a class, a function or a module. It evaluates nothing and remembers every answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Literal

import msgspec

from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.schema.models import Models
from sqla_lsp.schema.modules import ClassNames, ModuleNames
from sqla_lsp.schema.queries import Alias, GlobalName, ImportedName, NotTold, OfClass, Path, Rows
from sqla_lsp.syntax.frames import LoadedModule

_DEPTH = 16
"""How many imports and aliases are followed after each other."""

Kind = Literal["model", "class", "function", "module"]


class Target(msgspec.Struct, frozen=True):
    """What a name stands for: something of the top level of the file `path`, or the file itself. `alias` is the alias that the
    way led through, "" for none."""

    kind: Kind
    path: str
    name: str = ""
    alias: str = ""


class Found(msgspec.Struct, frozen=True):
    """A target and the attributes behind it that were not followed. `read` are the files that the way led through."""

    target: Target | None
    rest: tuple[str, ...] = ()
    read: frozenset[str] = frozenset()


_Answer = tuple[Target | None, frozenset[str]]


class Names:
    """Answers for a whole project. `models_of` and `names_of` give what is known of a file."""

    def __init__(
        self,
        modules: ProjectModules,
        models_of: Callable[[str], Models | None],
        names_of: Callable[[str], ModuleNames],
    ) -> None:
        self._modules = modules
        self._models_of = models_of
        self._names_of = names_of
        self._known: dict[tuple[str, str], _Answer] = {}
        self._followed: dict[tuple[str, object, tuple[str, ...]], Found] = {}

    def follow(self, path: str, what: Path) -> Found:
        """What a path of names means in a file."""
        key = (path, what.root, what.names)
        known = self._followed.get(key)
        if known is None:
            known = self._followed[key] = self._follow(path, what, _DEPTH)
        return known

    def imported_from(self, path: str, name: str) -> str | None:
        """The module that a file imports a name from, or as; None for a name that it does not import, or by a relative import."""
        module, level, _ = self._names_of(path).imports.get(name, ("", 1, None))
        return None if level else module

    def _follow(self, path: str, what: Path, depth: int) -> Found:
        target, read = self._root(path, what.root, depth)
        names = what.names
        read |= {path}
        while target is not None and names and target.kind in ("module", "class"):
            if target.kind == "module":
                target, more = self._member(target.path, names[0], depth)
                names, read = names[1:], read | more
                continue
            attribute = self._attribute(target, names[0], depth)
            if attribute is None:
                base, more = self._model_above(target, depth)
                return Found(base or target, names, read | more)
            target, names, read = attribute.target, (*attribute.rest, *names[1:]), read | attribute.read
        return Found(target, names, read)

    def _root(self, path: str, root: object, depth: int) -> _Answer:
        match root:
            case GlobalName(name):
                return self._top_level(path, name, depth)
            case ImportedName(module, level, name):
                return self._imported(path, module, level, name, depth)
            case OfClass(name):
                return self._top_level(path, name, depth)
            case Alias(name, of):
                found = self._follow(path, of, depth - 1) if depth else Found(None)
                target = found.target if not found.rest else None
                return target and Target(target.kind, target.path, target.name, name), found.read
            case Rows() | NotTold():
                return None, frozenset()
            case _:
                raise TypeError(root)

    def _top_level(self, path: str, name: str, depth: int) -> _Answer:
        """A name of the top level of a file."""
        key = (path, name)
        known = self._known.get(key)
        if known is None:
            self._known[key] = None, frozenset()  # modules that import from each other
            known = self._known[key] = self._bound(path, name, depth)
        return known

    def _bound(self, path: str, name: str, depth: int) -> _Answer:
        read = frozenset({path})
        models = self._models_of(path)
        if models is not None and models.model(name) is not None:
            return Target("model", path, name), read
        if not depth:
            return None, read
        names = self._names_of(path)
        if name in names.imports:
            target, more = self._imported(path, *names.imports[name], depth - 1)
            return target, read | more
        if name in names.classes:
            return Target("class", path, name), read
        if name in names.aliases:
            found = self._follow(path, names.aliases[name], depth - 1)
            return found.target if not found.rest else None, read | found.read
        if name in names.functions:
            return Target("function", path, name), read
        for module, level in names.stars:
            found_module = self._module(path, module, level)
            if found_module is not None:
                target, more = self._top_level(found_module.name, name, depth - 1)
                read |= more
                if target is not None:
                    return target, read
        return None, read

    def _imported(self, path: str, module: str, level: int, name: str | None, depth: int) -> _Answer:
        found = self._module(path, module, level)
        if found is None or not depth:
            return None, frozenset()
        if name is None:
            return Target("module", found.name), frozenset({found.name})
        return self._member(found.name, name, depth)

    def _member(self, path: str, name: str, depth: int) -> _Answer:
        """A name of a module, or a module of the package that it is."""
        target, read = self._top_level(path, name, depth - 1) if depth else (None, frozenset())
        if target is None and os.path.basename(path) == "__init__.py":
            inner = self._module(path, name, 1)
            if inner is not None:
                return Target("module", inner.name), read | {inner.name}
        return target, read

    def _module(self, path: str, module: str, level: int) -> LoadedModule | None:
        return self._modules.find(LoadedModule(path, "", None), module, level)

    # ----------------------------------------------------------------------------------------------- attributes of classes

    def _class(self, target: Target) -> ClassNames | None:
        return self._names_of(target.path).classes.get(target.name)

    def _attribute(self, cls: Target, name: str, depth: int) -> Found | None:
        """An attribute of a class that is no model, from its body, its `__init__`, or what it inherits: `model` of a class that
        inherits from `Repository[User]` is User where the base takes it from there."""
        known = self._class(cls)
        if known is None or not depth:
            return None
        if name in known.attributes:
            found = self._follow(cls.path, known.attributes[name], depth - 1)
            if found.target is not None and found.target.kind != "class":
                return found
        for base in known.bases:
            above = self._follow(cls.path, base, depth - 1)
            if above.target is None or above.target.kind != "class" or above.rest:
                continue
            position = self._position(above.target, name, depth - 1)
            if position is not None and position < len(known.given):
                return self._follow(cls.path, known.given[position], depth - 1)
            inherited = self._attribute(above.target, name, depth - 1)
            if inherited is not None:
                return inherited
        models = [self._follow(cls.path, argument, depth - 1) for argument in known.arguments]
        of_models = [found for found in models if found.target is not None and found.target.kind == "model" and not found.rest]
        return of_models[0] if of_models and name.strip("_").startswith("model") else None

    def _position(self, cls: Target, name: str, depth: int) -> int | None:
        """Which parameter of a class's `__init__` an attribute is set from."""
        known = self._class(cls)
        if known is None or not depth:
            return None
        if name in known.parameters:
            return known.parameters[name]
        for base in known.bases:
            above = self._follow(cls.path, base, depth - 1).target
            position = self._position(above, name, depth - 1) if above is not None and above.kind == "class" else None
            if position is not None:
                return position
        return None

    def _model_above(self, cls: Target, depth: int) -> _Answer:
        """The model that a class inherits from whose own body declares nothing."""
        known = self._class(cls)
        for base in known.bases if known is not None and depth else ():
            found = self._follow(cls.path, base, depth - 1)
            if found.target is None or found.rest:
                continue
            if found.target.kind == "model":
                return found.target, found.read
            if found.target.kind == "class":
                above, read = self._model_above(found.target, depth - 1)
                if above is not None:
                    return above, read | found.read
        return None, frozenset()
