"""Paths as the project keeps them: absolute strings, and how one stands to another."""

from __future__ import annotations

import errno
import os

PROJECT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
"""Names in a folder that say that a project begins there."""


def absolute(path: str) -> str:
    """The path made absolute and normal, its links left as they are. A relative path in a working directory that was deleted
    is a FileNotFoundError that says so."""
    try:
        return os.path.abspath(path)
    except FileNotFoundError:
        raise FileNotFoundError(errno.ENOENT, "a relative path, and the working directory was deleted", path) from None


def below(folder: str, path: str) -> str | None:
    """`path` relative to `folder`, with slashes; None where it is not below it, "" for the folder itself."""
    if path == folder:
        return ""
    stem = folder if folder.endswith(os.sep) else folder + os.sep
    if not path.startswith(stem):
        return None
    rest = path[len(stem) :]
    return rest if os.sep == "/" else rest.replace(os.sep, "/")


def ancestry(folder: str) -> list[str]:
    """The folder and all that it lies in, nearest first."""
    found = [folder]
    while (parent := os.path.dirname(folder)) != folder:
        found.append(parent)
        folder = parent
    return found
