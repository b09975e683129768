"""Neovim, driven by a script in Lua: with the configuration file for 0.11 and newer, and with the lines for older ones."""

from __future__ import annotations

from pathlib import Path

from tests.editors.driving import DRIVERS, PAGES, block, environment, run
from tests.editors.install import from_suite
from tests.editors.project import EVERYTHING, RULE, SAFE, Project

_RUNTIME = {"VIMRUNTIME": "@/usr/share/nvim/runtime"}


def newest(folder: Path) -> str:
    """With `lsp/sqla_lsp.lua` where the page says."""
    _configured(folder / "home")
    return _drive("sid", folder, block("nvim/README.md", "0.11 and newer", "lua"))


def older(folder: Path) -> str:
    """With the lines of the page."""
    return _drive("trixie", folder, block("nvim/README.md", "0.8 to 0.10", "lua"))


def on_save(folder: Path) -> str:
    """With the lines of the page that apply what is safe when the file is saved."""
    configuration = block("nvim/README.md", "0.8 to 0.10", "lua") + block("nvim/README.md", "Use", "lua")
    return _drive("trixie", folder, configuration, "save.lua", SAFE)


def previews(folder: Path) -> str:
    """Hover, lens, SQL and hint in the newest one, with the lines of the page."""
    _configured(folder / "home")
    return _look(
        "sid", folder, "\n".join(block("nvim/README.md", heading, "lua") for heading in ("0.11 and newer", "SQL and locks"))
    )


def older_previews(folder: Path) -> str:
    """The same in 0.10, which is told to ask for hints where it is told to start the server."""
    start = block("nvim/README.md", "0.8 to 0.10", "lua")
    asks = start.replace("name = 'sqla_lsp',", "name = 'sqla_lsp', init_options = { ['inlay-hints'] = true },")
    assert asks != start
    return _look("trixie", folder, asks + block("nvim/README.md", "SQL and locks", "lua", number=1))


def _configured(home: Path) -> None:
    """Puts `lsp/sqla_lsp.lua` where the page says."""
    lua = home / ".config" / "nvim" / "lsp" / "sqla_lsp.lua"
    lua.parent.mkdir(parents=True)
    lua.write_bytes((PAGES / "nvim" / "lsp" / "sqla_lsp.lua").read_bytes())


def _look(suite: str, folder: Path, configuration: str) -> str:
    return _run(suite, folder, configuration, "previews.lua", Project(folder))


def _drive(suite: str, folder: Path, configuration: str, script: str = "fix.lua", statement: str = EVERYTHING) -> str:
    project = Project(folder, statement)
    said = _run(suite, folder, configuration, script, project)
    project.is_fixed(said)
    return said


def _run(suite: str, folder: Path, configuration: str, script: str, project: Project) -> str:
    program = from_suite(suite, "neovim", "nvim", _RUNTIME)
    home = folder / "home"
    init = home / ".config" / "nvim" / "init.lua"
    init.parent.mkdir(parents=True, exist_ok=True)
    init.write_text(configuration, encoding="utf-8")
    variables = environment(home, {"SQLA_LSP_FIX": project.fix, "SQLA_LSP_RULE": RULE})
    driver = DRIVERS / script
    command = [str(program), "--headless", "-n", "-i", "NONE", "-S", str(driver), str(project.migration)]
    return run(command, project.folder, variables)
