"""All rules by their names, in the order of their priority."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqla_lsp.rules import (
    change_column_type,
    ensure_index_not_covered,
    limit_non_unique_index,
    only_concurrent_indexes,
    split_check_constraint,
    split_foreign_key,
    unique_constraint,
    unused_ignore,
    verify_query_patterns_are_indexed,
)
from sqla_lsp.rules.names import JUDGED
from sqla_lsp.rules.names import NAMES as NAMES
from sqla_lsp.rules.names import url as url
from sqla_lsp.rules.rule import Rule, declared

_CHECKS = {
    module.NAME: declared(module)
    for module in (
        only_concurrent_indexes,
        verify_query_patterns_are_indexed,
        unique_constraint,
        split_foreign_key,
        change_column_type,
        split_check_constraint,
        limit_non_unique_index,
        ensure_index_not_covered,
    )
}
_ALL = {**_CHECKS, unused_ignore.NAME: declared(unused_ignore)}

RULES: Mapping[str, Rule] = MappingProxyType({name: _ALL[name] for name in JUDGED})


def canonical(name: str) -> str | None:
    """The name that a rule has today; None where no rule has or had that name."""
    found = NAMES.get(name.strip().lower())
    return found if found in RULES else None
