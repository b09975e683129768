"""What is offered for the findings of each rule, one module each: which rewrites make sense, and what they are called. It is
imported when fixes are first asked for, because it needs libcst."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from sqla_lsp.fixes.fix import Fix
from sqla_lsp.rules.offers import change_column_type, indexes, models, not_valid, only_concurrent_indexes, unique_constraint
from sqla_lsp.rules.rule import Asked

OFFERS: Mapping[str, Callable[[Asked], Iterator[Fix]]] = MappingProxyType(
    {
        "only-concurrent-indexes": only_concurrent_indexes.fixes,
        "unique-constraint": unique_constraint.fixes,
        "split-foreign-key": not_valid.fixes,
        "split-check-constraint": not_valid.fixes,
        "change-column-type": change_column_type.fixes,
        "limit-non-unique-index": indexes.narrow,
        "ensure-index-not-covered": indexes.leave_out,
        "verify-query-patterns-are-indexed": models.index,
    }
)
"""By the name of the rule: its fixes, the best first."""
