"""What a change does to files, as a unified diff that `patch` and `git apply` take."""

from __future__ import annotations

import re
from difflib import unified_diff

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def text(name: str, before: str | None, after: str) -> str:
    """The diff of one file; `before` is None for a file that is created."""
    old, new = _LINE.findall(before or ""), _LINE.findall(after)
    return "".join(_ended(line) for line in unified_diff(old, new, "/dev/null" if before is None else name, name))


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
