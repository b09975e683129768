"""What makes a class declarative, and what tells it from classes of other libraries that look alike."""

from __future__ import annotations

from collections.abc import Sequence

from sqla_lsp.readers.arguments import last_name
from sqla_lsp.readers.models.attributes import lineage
from sqla_lsp.readers.models.parts import COLUMNS
from sqla_lsp.readers.models.relationships import RELATIONSHIPS
from sqla_lsp.syntax import code
from sqla_lsp.syntax.expressions import value_of
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.functions import ancestors, class_frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, ClassValue, Member, Value, path_of

_BASES = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta"})
_PLAIN_BASES = ("sqlmodel.SQLModel", "flask_sqlalchemy.model.Model", "flask_sqlalchemy.Model")
_MADE_BASES = frozenset({"declarative_base", "automap_base", "generate_base", "as_declarative"})
_OTHERS = ("django", "peewee", "tortoise", "mongoengine", "pony", "odmantic", "beanie", "ormar", "gino")
_NO_BASES = ("builtins.", "typing.", "typing_extensions.", "abc.", "enum.", "dataclasses.", "pydantic.", "collections.")
_MAKES_BASES = frozenset({"as_declarative", "as_declarative_base"})
_MAPPED_BY = frozenset({"mapped", "mapped_as_dataclass"}) | _MAKES_BASES


def root_of(cls: ClassValue) -> str | None:
    """What makes a class declarative: "sqlmodel", "flask" or "sqlalchemy"; None where nothing does."""
    if _is_decorated(cls, _MAPPED_BY) or any(_is_decorated(owner, _MAKES_BASES) for owner in lineage(cls)):
        return "sqlalchemy"
    if any(last_name(owner.keywords.get("metaclass")) == "DeclarativeMeta" for owner in lineage(cls)):
        return "sqlalchemy"
    for base in ancestors(cls):
        path = path_of(base) or ""
        name = last_name(base)
        if path.startswith(_OTHERS):
            return None
        if path.startswith("sqlmodel") and name == "SQLModel":
            return "sqlmodel"
        if name in _BASES or (isinstance(base, CallValue) and name in _MADE_BASES):
            return "sqlalchemy"
        if name == "Model" and (isinstance(base, Member) or path.startswith("flask_sqlalchemy")):
            return "flask"
    return None


def declares_table(machine: Machine, owners: Sequence[ClassValue]) -> bool:
    """A class whose base is not known has a table all the same where it names one and has columns of SQLAlchemy's."""
    if not any(may_be_base(base) for base in ancestors(owners[0])):
        return False
    named = any("__tablename__" in class_frame(machine, owner).variables for owner in owners)
    return named and any(is_column(value) for owner in owners for value in class_frame(machine, owner).variables.values())


def is_abstract(cls: ClassValue, frame: Frame, root: str) -> bool:
    """Whether a declarative class has no table of its own making: a base of others."""
    if root == "sqlmodel":
        return cls.keywords.get("table") is not True
    own = frame.variables.get("__abstract__")
    is_base = any(last_name(base) in _BASES or path_of(base) in _PLAIN_BASES for base in cls.bases)
    return own is True or is_base or _is_decorated(cls, _MAKES_BASES)


def _is_decorated(cls: ClassValue, names: frozenset[str]) -> bool:
    return any(code.last_name(code.callee(decorator)) in names for decorator in cls.node.decorators)


def may_be_base(base: Value) -> bool:
    """Whether a base from outside of the project may be declarative."""
    return not isinstance(base, ClassValue) and not (path_of(base) or "").startswith(_NO_BASES)


def is_column(value: object) -> bool:
    if not isinstance(value, CallValue) or last_name(value) not in COLUMNS | RELATIONSHIPS:
        return False
    return not (path_of(value) or "").startswith(_OTHERS)


def decorators_of(machine: Machine, cls: ClassValue) -> list[Value]:
    """What the decorators of a class and of those above it are made of, that map them: `@registry.mapped`."""
    return [
        value_of(machine, owner.closure, decorator)
        for owner in lineage(cls)
        for decorator in owner.node.decorators
        if code.last_name(code.callee(decorator)) in _MAPPED_BY
    ]
