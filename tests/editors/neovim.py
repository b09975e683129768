"""Neovim, driven by a script in Lua: with the configuration file for 0.11 and newer, and with the lines for older ones."""

from __future__ import annotations

from pathlib import Path

from tests.editors.driving import DRIVERS, PAGES, block, environment, run
from tests.editors.install import from_suite
from tests.editors.project import EVERYTHING, RULE, SAFE, Project

_RUNTIME = {"VIMRUNTIME": "@/usr/share/nvim/runtime"}


def newest(folder: Path) -> str:
    """With `lsp/sqla_lsp.lua` where the page says."""
    lua = folder / "home" / ".config" / "nvim" / "lsp" / "sqla_lsp.lua"
    lua.parent.mkdir(parents=True)
    lua.write_bytes((PAGES / "nvim" / "lsp" / "sqla_lsp.lua").read_bytes())
    return _drive("sid", folder, block("nvim/README.md", "0.11 and newer", "lua"))


def older(folder: Path) -> str:
    """With the lines of the page."""
    return _drive("trixie", folder, block("nvim/README.md", "0.8 to 0.10", "lua"))


def on_save(folder: Path) -> str:
    """With the lines of the page that apply what is safe when the file is saved."""
    configuration = block("nvim/README.md", "0.8 to 0.10", "lua") + block("nvim/README.md", "Use", "lua")
    return _drive("trixie", folder, configuration, "save.lua", SAFE)


def _drive(suite: str, folder: Path, configuration: str, script: str = "fix.lua", statement: str = EVERYTHING) -> str:
    program = from_suite(suite, "neovim", "nvim", _RUNTIME)
    home = folder / "home"
    init = home / ".config" / "nvim" / "init.lua"
    init.parent.mkdir(parents=True, exist_ok=True)
    init.write_text(configuration, encoding="utf-8")
    project = Project(folder, statement)
    variables = environment(home, {"SQLA_LSP_FIX": project.fix, "SQLA_LSP_RULE": RULE})
    driver = DRIVERS / script
    command = [str(program), "--headless", "-n", "-i", "NONE", "-S", str(driver), str(project.migration)]
    said = run(command, project.folder, variables)
    project.is_fixed(said)
    return said
