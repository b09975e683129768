"""Helix in a terminal, with the lines of the page as its `languages.toml`."""

from __future__ import annotations

from pathlib import Path

from tests.editors.driving import Terminal, block, environment, until
from tests.editors.install import from_suite, with_apt
from tests.editors.project import Project


def helix(folder: Path) -> str:
    """Applies the fix from the menu of code actions."""
    with_apt("tmux")
    program = from_suite("trixie", "hx", "hx", {"HELIX_RUNTIME": "@/usr/lib/hx/runtime"})
    languages = folder / "home" / ".config" / "helix" / "languages.toml"
    languages.parent.mkdir(parents=True)
    languages.write_text(block("helix/README.md", "Helix", "toml"), encoding="utf-8")
    project = Project(folder)
    row, column = project.place
    variables = environment(folder / "home", {"COLORTERM": "truecolor"})
    with Terminal([str(program), f"{project.migration}:{row}:{column}"], project.folder, variables) as terminal:
        terminal.shows("takes a SHARE lock")
        terminal.press("Space", "a")
        terminal.shows(project.fix)
        menu = terminal.screen()
        terminal.press("Enter")  # the first of the menu is chosen already
        terminal.shows("postgresql_concurrently=True")
        terminal.types(":wq")
        terminal.press("Enter")
        until("Helix to save", lambda: project.difference() is None, lambda: f"{terminal.screen()}\n{project.difference()}")
    return menu
