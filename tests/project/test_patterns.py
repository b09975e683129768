"""Patterns decide as `git check-ignore` does."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from sqla_lsp.project.patterns import PatternError, Patterns

LINES = [
    "a", "a/", "/a", "/a/", "a/b", "/a/*", "*.py", "!x.py", "**/b", "**/b/", "a/**", "!a/b", "!/a/b/", "**", "*", "/*", "!*/",
    "!/a", "f?o.py", "[a-f]*", "\\[q\\].py", "é.py", "a b", "foo.py  ", "#x", "\\#x", "", "!", "/", "a/**/", "build/",
    "!build", "a/**/x.py", "**/a/b", "*.p[yz]", "b/**/", "!a/**/x.py", "/**/x.py", "***", "a/***", "\\!x.py", "a\\ b",
]  # fmt: skip
FOLDERS = ["a", "b", "build", ".venv", "a b"]
FILES = ["x.py", "foo.py", "é.py", "[q].py", "!x.py"]


@pytest.mark.parametrize(
    ("lines", "path", "left_out"),
    [
        (["build/"], "pkg/build/x.py", True),
        (["build/"], "pkg/build", False),
        (["/build"], "pkg/build/x.py", False),
        (["legacy/**"], "legacy/deep/er/x.py", True),
        (["versions/2019*"], "versions/2019_a.py", True),
        (["*.py", "!keep.py"], "a/keep.py", False),
        (["a/", "!a/keep.py"], "a/keep.py", True),
        (["# x.py"], "x.py", False),
    ],
)
def test_examples(lines: list[str], path: str, left_out: bool) -> None:
    assert Patterns(lines).covers(path) is left_out


def test_what_means_nothing_is_passed_over_or_named() -> None:
    assert not Patterns(["", "!", "/"])
    with pytest.raises(PatternError, match=r"\\$"):
        Patterns(["ok", "bad\\"], strict=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_as_git_decides(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    chance = random.Random(7)
    for _ in range(60):
        lines = chance.choices(LINES, k=chance.randint(1, 5))
        (tmp_path / ".gitignore").write_text("\n".join(lines) + "\n", encoding="utf-8")
        paths = {"/".join([*chance.choices(FOLDERS, k=chance.randint(0, 3)), chance.choice(FILES)]) for _ in range(30)}
        command = ["git", "check-ignore", "--no-index", "-z", "--stdin"]
        answer = subprocess.run(command, cwd=tmp_path, input="\0".join(paths).encode(), capture_output=True, check=False)
        left_out = set(answer.stdout.decode().split("\0")) & paths
        patterns = Patterns(lines)
        assert {path for path in paths if patterns.covers(path)} == left_out, lines
