"""What of SQLAlchemy may be built from a migration's arguments, by import path. Everything else is not known, whatever it is."""

from __future__ import annotations

import importlib
from typing import Any

from sqlalchemy import func
from sqlalchemy.types import TypeEngine

_SCHEMA = (
    "CheckConstraint Column Computed DDL DefaultClause FetchedValue ForeignKey ForeignKeyConstraint Identity Index MetaData"
    " PrimaryKeyConstraint Sequence Table UniqueConstraint CreateSchema CreateSequence DropSchema DropSequence ExcludeConstraint"
    " CreateTable DropTable CreateIndex DropIndex BLANK_SCHEMA"
)
_EXPRESSIONS = (
    "all_ and_ any_ asc between bindparam case cast collate column conv delete desc distinct except_ exists extract false"
    " insert intersect join label lateral literal literal_column not_ null nulls_first nulls_last nullsfirst nullslast or_"
    " outerjoin over quoted_name select table text true tuple_ type_coerce union union_all update values within_group"
    " array aggregate_order_by array_agg Range"
)
_CONSTRUCTORS = frozenset(f"{_SCHEMA} {_EXPRESSIONS}".split())
"""Classes and functions of SQLAlchemy; its types come to them."""

_METHODS = (
    "alias all all_ any any_ as_boolean as_float as_integer as_json as_numeric as_scalar as_string asc between"
    " bindparams bool_op cast collate columns concat contained_by contains correlate cte delete desc distinct endswith"
    " except_ excluded execution_options exists filter filter_by from_select group_by has_key having icontains"
    " iendswith ilike in_ insert intersect is_ is_distinct_from is_not is_not_distinct_from isnot isnot_distinct_from"
    " istartswith join label like limit match not_ilike not_in not_like notilike notin_ notlike nulls_first nulls_last"
    " next_value nullsfirst nullslast offset on_conflict_do_nothing on_conflict_do_update op order_by outerjoin over overlaps"
    " params regexp_match regexp_replace returning scalar_subquery select select_from self_group startswith subquery"
    " union union_all update values where with_for_update with_only_columns with_variant within_group"
)
METHODS = frozenset(_METHODS.split())
"""Methods of what was built that build more of it."""

ATTRIBUTES = frozenset({"c", "columns", "astext", "excluded"})

_FUNCTIONS = ("sqlalchemy.func.", "sqlalchemy.sql.func.", "sqlalchemy.sql.functions.func.", "sqlalchemy.sql.expression.func.")
_MUTABLE = ("sqlalchemy.ext.mutable.",)
_OTHERS = {
    "sqlmodel.sql.sqltypes.AutoString": "sqlalchemy.String",
    "sqlmodel.AutoString": "sqlalchemy.String",
    "alembic.op.inline_literal": "sqlalchemy.literal",
    "builtins.str": "builtins.str",
}
_NEIGHBOURS = ("sqlmodel.",)
"""Packages that offer SQLAlchemy's names as their own."""


def found(path: str) -> Any:
    """The object of SQLAlchemy that a path names; None where it is none that may be built or called."""
    for prefix in _FUNCTIONS:
        if path.startswith(prefix):
            made: Any = func
            for name in path.removeprefix(prefix).split("."):
                made = getattr(made, name)
            return made
    path = _OTHERS.get(path, path)
    for neighbour in _NEIGHBOURS:
        if path.startswith(neighbour) and path.count(".") == 1:
            path = f"sqlalchemy.{path.removeprefix(neighbour)}"
    if not path.startswith("sqlalchemy."):
        return None
    made = _imported(path)
    is_type = isinstance(made, type) and issubclass(made, TypeEngine)
    return made if is_type or path.rpartition(".")[2] in _CONSTRUCTORS else None


def is_mutable(path: str) -> bool:
    """Whether a path is `MutableDict.as_mutable` or one of its like, which give the type that they are given."""
    return path.startswith(_MUTABLE) and path.endswith(".as_mutable")


def _imported(path: str) -> Any:
    """The attribute of a module of SQLAlchemy."""
    module, _, name = path.rpartition(".")
    while module:
        try:
            made: Any = importlib.import_module(module)
        except ImportError:
            module, _, last = module.rpartition(".")
            name = f"{last}.{name}"
            continue
        for part in name.split("."):
            made = getattr(made, part, None)
        return made
    return None
