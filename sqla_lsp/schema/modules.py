"""What the top level of a module binds, as far as queries need it: where a name comes from, and what classes hold."""

from __future__ import annotations

import msgspec

from sqla_lsp.schema.queries import Path


class ClassNames(msgspec.Struct, frozen=True, array_like=True):
    """A class of the top level. `bases` are what it inherits from; `arguments` the subscripts of its bases
    (`Repository[User]`), in order. `attributes` are those that are paths: of the body (`model = User`, `model: type[User]`) and
    those that `__init__` sets (`self.model = User`). `parameters` says which attributes `__init__` takes from its parameters
    (`self.model = model`), by the position of the parameter, `given` what it hands on: `super().__init__(User)`."""

    bases: tuple[Path, ...] = ()
    arguments: tuple[Path, ...] = ()
    attributes: dict[str, Path] = {}
    parameters: dict[str, int] = {}
    given: tuple[Path, ...] = ()


class ModuleNames(msgspec.Struct, frozen=True, array_like=True):
    """What a module binds. `imports` are module, number of leading dots and name (None for the module itself) by what they are
    bound as, also those under `if TYPE_CHECKING` and in `try`. `stars` are the modules of which everything is imported.
    `aliases` are variables that are paths of something else (`U = User`, `u = aliased(User)`, `users = User.__table__`)."""

    imports: dict[str, tuple[str, int, str | None]] = {}
    stars: tuple[tuple[str, int], ...] = ()
    classes: dict[str, ClassNames] = {}
    aliases: dict[str, Path] = {}
    functions: tuple[str, ...] = ()
