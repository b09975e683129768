"""What the drivers share: the environment that an editor is started in, blocks of configuration from the pages under `editors/`,
and a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

PAGES = Path(__file__).parents[2] / "editors"
DRIVERS = Path(__file__).parent / "drivers"

_PATIENCE = 60.0
"""Seconds that anything may take on a busy machine."""


class Failed(Exception):
    """An editor did not do what it was asked for."""


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that an editor is started with: an empty home, and the server of this interpreter first on the PATH."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "NVIM", "VIM", "HELIX", "EMACS"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    ours = {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
    return {**kept, **ours, **(more or {})}


def block(page: str, heading: str, language: str, number: int = 0) -> str:
    """A block of code of a language below a heading of a page under `editors/`, the first one has the number 0: what readers copy
    is what is tested."""
    text = (PAGES / page).read_text(encoding="utf-8")
    section = text.split(f"# {heading}\n", 1)[1]
    found = re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert len(found) > number, f"{page} has too few {language} blocks below {heading}"
    return str(found[number])


def run(command: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> str:
    """Runs an editor that ends by itself; gives what it said."""
    try:
        done = subprocess.run(command, cwd=cwd, env=variables, capture_output=True, timeout=3 * _PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        said = b"\n".join([error.stdout or b"", error.stderr or b""]).decode(errors="replace")
        raise Failed(f"{command[0]} did not come to an end\n{said}") from None
    said = (done.stdout + done.stderr).decode(errors="replace")
    if done.returncode != 0:
        raise Failed(f"{command[0]} ended with {done.returncode}\n{said}")
    return said


def until(what: str, happened: Callable[[], bool], explain: Callable[[], str] = str) -> None:
    """Waits for something."""
    end = time.monotonic() + _PATIENCE
    while not happened():
        if time.monotonic() > end:
            raise Failed(f"gave up waiting for {what}\n{explain()}")
        time.sleep(0.1)


class Terminal:
    """A program in a terminal of its own, of which no other tmux knows."""

    def __init__(self, command: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> None:
        self._socket = f"sqla-lsp-{uuid.uuid4().hex[:8]}"
        self._variables = dict(variables)
        start = ["-f", "/dev/null", "new-session", "-d", "-s", "editor", "-x", "140", "-y", "40", "-c", str(cwd)]
        self._tmux(*start, *command)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._tmux("kill-server", check=False)

    def screen(self) -> str:
        """What is on the screen; nothing where the program has ended."""
        return self._tmux("capture-pane", "-p", "-t", "editor", check=False)

    def shows(self, text: str) -> None:
        """Waits for a text to come on the screen."""
        until(f"{text!r} on the screen", lambda: text in self.screen(), self.screen)

    def press(self, *keys: str) -> None:
        """Presses keys, by their names in tmux."""
        self._tmux("send-keys", "-t", "editor", *keys)

    def types(self, text: str) -> None:
        """Types a text as it is."""
        self._tmux("send-keys", "-t", "editor", "-l", text)

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        command = ["tmux", "-u", "-L", self._socket, *arguments]
        done = subprocess.run(command, env=self._variables, capture_output=True, text=True, encoding="utf-8", check=False)
        if check and done.returncode != 0:
            raise Failed(f"{' '.join(command)}: {done.stderr}")
        return done.stdout
