"""Patterns written as in .gitignore files. Plain names are looked up, pathspec is loaded for the others alone: most of what a
.gitignore says about ten thousand files is decided without a regular expression."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

_PLAIN = re.compile(r"[\w.+@=,~-]+")
_TRAILING = re.compile(r"(?<!\\) +$")
_EVERYTHING = re.compile(r".+", re.DOTALL)


class PatternError(ValueError):
    """A pattern that means nothing."""


class _Glob(NamedTuple):
    rank: int
    leaves_out: bool
    folders_only: bool
    by_path: bool  # looks at the whole path, else at the last name
    everything_below: bool  # "a/**"
    regex: re.Pattern[str]


class Patterns:
    """A list of patterns, the last that matches decides. Paths are relative to the folder that the patterns belong to, with
    slashes. `silent_on_python` says that no Python file is ever spoken of."""

    def __init__(self, lines: Iterable[str], *, strict: bool = False) -> None:
        """Where `strict`, a pattern that means nothing is a PatternError; else it is passed over, as git does."""
        self._files: dict[str, tuple[int, bool]] = {}
        self._folders: dict[str, tuple[int, bool]] = {}
        self._globs: list[tuple[str | None, _Glob]] = []
        self._ending: dict[str, list[_Glob]] = {}
        for rank, line in enumerate(lines):
            self._add(rank, line, strict)
        self._globs.reverse()
        self.silent_on_python = not self._candidates("y") and not any(name.endswith(".py") for name in self._files)

    def __bool__(self) -> bool:
        return bool(self._files or self._folders or self._globs)

    def verdict(self, path: str, is_folder: bool, name: str = "", start: int = 0) -> bool | None:
        """Whether this very path is left out (True), kept by an exception (False), or not spoken of (None). It says nothing
        of a path in a folder that is left out: who asks has not gone there. `name` is the path's last, where the caller has it
        at hand; `start` is where the relative part of a longer path begins, with the separators of the system."""
        name = name or path[path.rfind("/") + 1 :]
        rank, decided = (self._folders if is_folder else self._files).get(name, (-1, None))
        for glob in self._candidates(name[-1:]):
            if glob.rank < rank:
                break
            if glob.folders_only and not is_folder:
                continue
            text = (path[start:] if os.sep == "/" else path[start:].replace(os.sep, "/")) if glob.by_path else name
            matches = glob.regex.match(text) if glob.everything_below else glob.regex.fullmatch(text + "/" if is_folder else text)
            if matches:
                return glob.leaves_out
        return decided

    def covers(self, path: str) -> bool:
        """Whether a file is left out, by its own path or because a folder is that it lies in."""
        at = path.find("/")
        while at >= 0:
            if self.verdict(path[:at], True):
                return True
            at = path.find("/", at + 1)
        return self.verdict(path, False) is True

    def _candidates(self, last: str) -> list[_Glob]:
        known = self._ending.get(last)
        if known is None:
            known = self._ending[last] = [glob for end, glob in self._globs if end is None or end == last]
        return known

    def _add(self, rank: int, line: str, strict: bool) -> None:
        leaves_out = not line.startswith("!")
        text = _TRAILING.sub("", line).removeprefix("!")
        folders_only = text.endswith("/")
        body = text.removesuffix("/")
        if body.startswith("**/") and "/" not in body[3:]:
            body = body[3:]
        if _PLAIN.fullmatch(body):
            self._folders[body] = (rank, leaves_out)
            if not folders_only:
                self._files[body] = (rank, leaves_out)
            return
        regex = None if line.startswith("#") or not body else _EVERYTHING if body in ("*", "**") else _regex(body)
        if regex is not None:
            last = body[-1] if body[-1].isalnum() or body[-1] in "_." else None
            glob = _Glob(rank, leaves_out, folders_only, "/" in body, body.endswith("/**"), regex)
            self._globs.append((last, glob))
        elif strict:
            raise PatternError(line)


def _regex(body: str) -> re.Pattern[str] | None:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        pattern: Any = GitIgnoreSpecPattern(f"\\{body}" if body.startswith(("!", "#")) else body)
    except ValueError:
        return None
    regex: re.Pattern[str] | None = pattern.regex
    return regex
