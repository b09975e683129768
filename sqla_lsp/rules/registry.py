"""All rules by their names, in the order of their priority."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqla_lsp.rules import (
    change_column_type,
    limit_non_unique_index,
    only_concurrent_indexes,
    split_check_constraint,
    split_foreign_key,
    unique_constraint,
    unused_ignore,
)
from sqla_lsp.rules.rule import Rule, declared

_MODULES = (
    only_concurrent_indexes,
    unique_constraint,
    split_foreign_key,
    change_column_type,
    split_check_constraint,
    limit_non_unique_index,
)

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **{module.NAME: declared(module, module.check) for module in _MODULES},
        unused_ignore.NAME: declared(unused_ignore),
    }
)

ANNOUNCED = ("verify-query-patterns-are-indexed", "ensure-index-not-covered")
"""Published names of rules that judge models and queries. They may be configured and silenced, and are not judged by this version."""

ALIASES: Mapping[str, str] = MappingProxyType({})
"""Old spellings of names, kept for ever."""

NAMES: Mapping[str, str] = MappingProxyType({**{name: name for name in (*RULES, *ANNOUNCED)}, **ALIASES})
"""Every name that may be written in a configuration or a comment, with the name that it means today."""


def canonical(name: str) -> str | None:
    """The name that a rule has today; None where no rule has or had that name."""
    found = NAMES.get(name.strip().lower())
    return found if found in RULES else None


def url(name: str) -> str:
    """The page of a rule."""
    return f"https://github.com/sqla-lsp/sqla-lsp/blob/main/sqla_lsp/rules/{name.replace('-', '_')}.py"
