"""What a project has configured, and how a table of keys from a file or an editor becomes it. Nothing here reads a file."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from functools import cached_property
from types import MappingProxyType
from typing import Any

from sqla_lsp.project.paths import below
from sqla_lsp.project.patterns import PatternError, Patterns

LEFT_OUT = (
    ".git", ".hg", ".svn", ".jj", ".venv", "venv", ".tox", ".nox", ".eggs", "node_modules", "site-packages", "__pycache__",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".pytype", ".direnv",
)  # fmt: skip
"""Folders that hold no code of the project: the default of `exclude`."""

TESTS = ("tests/", "test/", "test_*.py", "*_test.py", "conftest.py")
"""Files whose queries do not count: the default of `query-exclude`."""

SEVERITIES = ("error", "warning", "information", "hint")
DIALECTS = ("auto", "postgresql", "mysql", "mariadb", "sqlite", "oracle", "mssql")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be configured, with its defaults. Rules stand under their canonical names. Patterns are relative to
    `folder`; `file` is where the settings were read, None where nothing is configured."""

    folder: str
    file: str | None = None
    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    per_file_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    severity: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    exclude: tuple[str, ...] = LEFT_OUT
    extend_exclude: tuple[str, ...] = ()
    postgres_version: int = 14
    dialect: str = "auto"
    start_after: tuple[str, ...] = ()
    small_tables: frozenset[str] = frozenset()
    max_index_columns: int = 3
    query_exclude: tuple[str, ...] = TESTS
    respect_gitignore: bool = True

    def judges(self, rule: str, path: str) -> bool:
        """Whether a rule is asked about a file."""
        if rule in self.ignore or (self.select is not None and rule not in self.select):
            return False
        return not any(rule in rules and self._covers(patterns, path) for patterns, rules in self._per_file)

    def reads_queries(self, path: str) -> bool:
        """Whether the queries of a file count."""
        return not self._covers(self._query_patterns, path)

    def is_small(self, table: str, schema: str | None) -> bool:
        """Whether nobody waits for a table. A name without a schema means the default one, which is taken to be `public`."""
        qualified = f"{schema or 'public'}.{table}"
        return any(fnmatchcase(qualified, name if "." in name else f"public.{name}") for name in self.small_tables)

    def fingerprint(self) -> str:
        """Equal for equal settings, in every process."""
        known = ((f.name, _stable(getattr(self, f.name))) for f in fields(self))
        return hashlib.blake2b(repr(tuple(known)).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    @cached_property
    def _per_file(self) -> tuple[tuple[Patterns, frozenset[str]], ...]:
        return tuple((Patterns([pattern]), rules) for pattern, rules in self.per_file_ignores)

    @cached_property
    def _query_patterns(self) -> Patterns:
        return Patterns(self.query_exclude)

    def _covers(self, patterns: Patterns, path: str) -> bool:
        relative = below(self.folder, path) if patterns else None
        return bool(relative) and patterns.covers(relative or "")


class BadValue(ValueError):
    """What is wrong with one value: what was found, and what is allowed."""


Problem = tuple[str, str]
"""A key ("" for the table itself) and what is wrong with it."""


def read_table(table: Mapping[str, object], rules: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """The values of a table by the names of the fields of `Settings`, and what is wrong with the others. `rules` are all
    names and aliases of rules with the canonical name of each."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, found in table.items():
        reader = _READERS.get(key)
        if reader is None:
            problems.append(("", f'unknown key "{key}"{_meant(key, _READERS)}; keys are {", ".join(_READERS)}'))
            continue
        try:
            values[key.replace("-", "_")] = reader(found, rules)
        except BadValue as error:
            problems.append((key, str(error)))
    return values, problems


def rule_names(names: Iterable[str], rules: Mapping[str, str]) -> frozenset[str]:
    """The canonical names of rules; a name that no rule has is a BadValue."""
    return frozenset(_rule(name, rules) for name in names)


def _rule(name: str, rules: Mapping[str, str]) -> str:
    known = rules.get(name) or rules.get(name.lower())
    if known is None:
        canonical = ", ".join(dict.fromkeys(rules.values()))
        raise BadValue(f'unknown rule "{name}"{_meant(name, rules)}; rules are {canonical}')
    return known


def _meant(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower().replace("_", "-"), list(known), 1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _strings(found: object, rules: Mapping[str, str]) -> tuple[str, ...]:
    if not isinstance(found, list | tuple):
        raise _bad(found, 'a list of strings, such as ["…"]')
    for item in found:
        if not isinstance(item, str) or not item.strip():
            raise _bad(item, "a string that is not empty in each place of the list")
    return tuple(found)


def _rules(found: object, rules: Mapping[str, str]) -> frozenset[str]:
    return rule_names(_strings(found, rules), rules)


def _patterns(found: object, rules: Mapping[str, str]) -> tuple[str, ...]:
    patterns = _strings(found, rules)
    try:
        Patterns(patterns, strict=True)
    except PatternError as error:
        raise _bad(str(error), "patterns as in a .gitignore file") from None
    return patterns


def _names(found: object, rules: Mapping[str, str]) -> frozenset[str]:
    return frozenset(_strings(found, rules))


def _per_file_ignores(found: object, rules: Mapping[str, str]) -> tuple[tuple[str, frozenset[str]], ...]:
    if not isinstance(found, Mapping):
        raise _bad(found, 'a table of patterns with lists of rules, such as { "versions/2019*" = ["…"] }')
    _patterns(list(found), rules)
    return tuple((pattern, _rules(names, rules)) for pattern, names in found.items())


def _severity(found: object, rules: Mapping[str, str]) -> Mapping[str, str]:
    if not isinstance(found, Mapping):
        raise _bad(found, 'a table of rules with severities, such as { some-rule = "error" }')
    return MappingProxyType({_rule(str(name), rules): _one_of(SEVERITIES)(value, rules) for name, value in found.items()})


def _one_of(allowed: tuple[str, ...]) -> Callable[[object, Mapping[str, str]], str]:
    def read(found: object, rules: Mapping[str, str]) -> str:
        if not isinstance(found, str) or found not in allowed:
            raise _bad(found, " or ".join(f'"{choice}"' for choice in allowed))
        return found

    return read


def _number(least: int, most: int, meaning: str) -> Callable[[object, Mapping[str, str]], int]:
    def read(found: object, rules: Mapping[str, str]) -> int:
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
            raise _bad(found, f"{meaning}, a whole number from {least} to {most}")
        return found

    return read


def _truth(found: object, rules: Mapping[str, str]) -> bool:
    if not isinstance(found, bool):
        raise _bad(found, "true or false")
    return found


def _bad(found: object, allowed: str) -> BadValue:
    shown = f'"{found}"' if isinstance(found, str) else str(found).lower() if isinstance(found, bool) else repr(found)
    return BadValue(f"found {shown if len(shown) <= 60 else shown[:59] + '…'}, expected {allowed}")


_READERS: dict[str, Callable[[object, Mapping[str, str]], Any]] = {
    "select": _rules,
    "ignore": _rules,
    "per-file-ignores": _per_file_ignores,
    "severity": _severity,
    "exclude": _patterns,
    "extend-exclude": _patterns,
    "postgres-version": _number(9, 99, "a major version of Postgres"),
    "dialect": _one_of(DIALECTS),
    "start-after": _strings,
    "small-tables": _names,
    "max-index-columns": _number(1, 32, "how many key columns an index may have"),
    "query-exclude": _patterns,
    "respect-gitignore": _truth,
}


def _stable(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return sorted(value.items())
    if isinstance(value, tuple):
        return tuple(_stable(item) for item in value)
    return value
