"""Patterns written as in .gitignore files. Plain names are looked up, pathspec is loaded for the others alone: most of what a
.gitignore says about ten thousand files is decided without a regular expression."""

from __future__ import annotations

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
    slashes."""

    def __init__(self, lines: Iterable[str], *, strict: bool = False) -> None:
        """Where `strict`, a pattern that means nothing is a PatternError; else it is passed over, as git does."""
        self._files: dict[str, tuple[int, bool]] = {}
        self._folders: dict[str, tuple[int, bool]] = {}
        self._globs: list[tuple[str | None, _Glob]] = []
        self._ending: dict[str, list[_Glob]] = {}
        for rank, line in enumerate(lines):
            self._add(rank, line, strict)
        self._globs.reverse()

    def __bool__(self) -> bool:
        return bool(self._files or self._folders or self._globs)

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """Whether this very path is left out (True), kept by an exception (False), or not spoken of (None). It says nothing
        of a path in a folder that is left out: who asks has not gone there."""
        name = path[path.rfind("/") + 1 :]
        rank, decided = (self._folders if is_folder else self._files).get(name, (-1, None))
        candidates = self._ending.get(name[-1:])
        if candidates is None:
            candidates = self._ending[name[-1:]] = [glob for last, glob in self._globs if last is None or last == name[-1:]]
        for glob in candidates:
            if glob.rank < rank:
                break
            if glob.folders_only and not is_folder:
                continue
            text = path if glob.by_path else name
            if glob.everything_below:
                matches = glob.regex.match(text)
            else:
                matches = glob.regex.fullmatch(text + "/" if is_folder else text)
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
