"""Commands run in this process where that shows the same, in a process of their own where it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from sqla_lsp.cli.main import main

ENVIRONMENT = 'from alembic import context\n\ncontext.configure(url="postgresql://localhost/x")\n'


class Result(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own, and nothing that changes how output looks."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, empty; a repository, so that nothing above it counts."""
    folder = tmp_path / "here"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process."""

    def command(*arguments: str) -> Result:
        capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return command


def process(*arguments: str | bytes, cwd: Path | None = None, env: dict[str, str] | None = None) -> Result:
    """Runs a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "sqla_lsp.cli.main", *arguments], cwd=cwd, capture_output=True, env={**os.environ, **(env or {})}
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())
