"""How a project's formatter writes its code: what ruff and black are told in pyproject.toml, ruff.toml and .ruff.toml."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sqla_lsp.project.paths import ancestry

FILE_NAMES = (".ruff.toml", "ruff.toml", "pyproject.toml")
"""The first wins in a folder, as in ruff."""

LINE_LENGTH = 88
"""The default of ruff and black."""


class Formatting(msgspec.Struct, frozen=True):
    """`line_length` is None where no formatter is configured; `quote` is None there, and where it leaves quotes as they are."""

    line_length: int | None = None
    quote: str | None = None


class Formatters:
    """Answers for any path from what it has read; `forget` makes it read again. A file that cannot be read says nothing."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._known: dict[str, Formatting | None] = {}

    def formatting(self, path: str) -> Formatting:
        """How the file at an absolute path is formatted."""
        for folder in ancestry(os.path.dirname(path)):
            if folder not in self._known:
                self._known[folder] = self._told_in(folder)
            found = self._known[folder]
            if found is not None:
                return found
        return Formatting()

    def forget(self) -> None:
        self._known.clear()

    def _told_in(self, folder: str) -> Formatting | None:
        for name in FILE_NAMES:
            try:
                table = tomllib.loads(self._read(os.path.join(folder, name)).decode("utf-8"))
            except (OSError, ValueError):
                continue
            found = _of_tools(_table(table, "tool")) if name == "pyproject.toml" else _of_ruff(table)
            if found is not None:
                return found
        return None


def _of_tools(tools: Mapping[str, Any]) -> Formatting | None:
    if "ruff" in tools:
        return _of_ruff(_table(tools, "ruff"))
    if "black" in tools:
        black = _table(tools, "black")
        return Formatting(_length(black), None if black.get("skip-string-normalization") is True else '"')
    return None


def _of_ruff(ruff: Mapping[str, Any]) -> Formatting:
    style = _table(ruff, "format").get("quote-style", "double" if "format" in ruff else "preserve")
    return Formatting(_length(ruff), {"double": '"', "single": "'"}.get(style) if isinstance(style, str) else None)


def _length(table: Mapping[str, Any]) -> int:
    given = table.get("line-length", LINE_LENGTH)
    return given if isinstance(given, int) and 1 <= given <= 320 else LINE_LENGTH


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}
