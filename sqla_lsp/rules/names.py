"""Every name that a rule has or had, without the rules themselves: what reads a configuration needs no more."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

JUDGED = (
    "only-concurrent-indexes",
    "verify-query-patterns-are-indexed",
    "unique-constraint",
    "split-foreign-key",
    "change-column-type",
    "split-check-constraint",
    "limit-non-unique-index",
    "ensure-index-not-covered",
    "unused-ignore",
)
"""The rules of this version, in the order of their priority."""

ALIASES: Mapping[str, str] = MappingProxyType({})
"""Old spellings of names, kept for ever."""

NAMES: Mapping[str, str] = MappingProxyType({**{name: name for name in JUDGED}, **ALIASES})
"""Every name that may be written in a configuration or a comment, with the name that it means today."""


def url(name: str) -> str:
    """The page of a rule."""
    return f"https://github.com/sqla-lsp/sqla-lsp/blob/main/sqla_lsp/rules/{name.replace('-', '_')}.py"
