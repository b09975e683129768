"""Vim in a terminal: with ALE, with the linter where the page says; with vim-lsp and with coc.nvim, and the lines of the page.
Debian has neither of the latter: variables name the folders where they are."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from tests.editors.driving import DRIVERS, PAGES, Terminal, block, environment, until
from tests.editors.install import CannotInstall, with_apt
from tests.editors.project import ASCII, NO_SURROGATES, RULE, Project

_VIMRC = """\
set nocompatible nomodeline viminfo= noswapfile hidden encoding=utf-8
set runtimepath^={plugin}
{more}
filetype plugin on
"""


def ale(folder: Path) -> str:
    """Applies the fix from the list that ALE asks with. ALE 3.3 counts bytes where the protocol counts UTF-16 units, and cannot
    read back the name of a file that is not ASCII: here, what is not ASCII stands in other lines."""
    with_apt("tmux", "vim", "vim-ale")
    home = folder / "home"
    linter = home / ".vim" / "ale_linters" / "python" / "sqla_lsp.vim"
    linter.parent.mkdir(parents=True)
    linter.write_bytes((PAGES / "vim" / "ale_linters" / "python" / "sqla_lsp.vim").read_bytes())
    (home / ".vimrc").write_text(
        _VIMRC.format(plugin="/usr/share/vim-ale", more="let g:ale_linters_explicit = 1") + block("vim/README.md", "ALE", "vim"),
        encoding="utf-8",
    )
    project = Project(folder, ASCII, "0002_by_size.py")
    said = folder / "said"
    said.touch()
    variables = environment(home, {"SQLA_LSP_SAID": str(said), "SQLA_LSP_RULE": RULE})
    driver = DRIVERS / "fix.vim"
    with Terminal(["vim", "-S", str(driver), str(project.migration)], project.folder, variables) as terminal:

        def read() -> str:
            return said.read_text(encoding="utf-8")

        until("a list of actions", lambda: "Type number and <Enter>" in terminal.screen() or "FAILED" in read(), terminal.screen)
        offered = re.search(rf"^\s*(\d+)\W+{re.escape(project.fix)}$", terminal.screen(), re.MULTILINE)
        assert offered is not None, f"the fix is not offered:\n{terminal.screen()}\n{read()}"
        terminal.press(offered[1], "Enter")
        until("Vim to save", lambda: "SAVED" in read() or "FAILED" in read(), lambda: terminal.screen() + read())
    project.is_fixed(read())
    return read()


def vim_lsp(folder: Path) -> str:
    """vim-lsp, of which `SQLA_LSP_VIM_LSP` names a clone. It counts characters, where the protocol counts those outside of the
    Basic Multilingual Plane twice."""
    configuration = block("vim/README.md", "vim-lsp", "vim")
    plugin = _plugin("SQLA_LSP_VIM_LSP", "vim-lsp")
    project = Project(folder, NO_SURROGATES)
    return _in_terminal(folder, plugin, configuration, project, "LspDocumentDiagnostics", "takes a SHARE lock", "LspCodeAction")


def coc(folder: Path) -> str:
    """coc.nvim, of which `SQLA_LSP_COC` names a clone of its release."""
    plugin = _plugin("SQLA_LSP_COC", "the branch release of coc.nvim")
    settings = folder / "home" / ".vim" / "coc-settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(block("vim/README.md", "coc.nvim", "json"), encoding="utf-8")
    counts = "echo get(b:, 'coc_diagnostic_info', {})"
    return _in_terminal(
        folder, plugin, "", Project(folder), counts, "'warning': 1", "call CocActionAsync('codeAction', 'cursor')"
    )


def _plugin(variable: str, what: str) -> Path:
    named = os.environ.get(variable)
    if named is None:
        raise CannotInstall(f"clone {what}, and name the folder in {variable}")
    return Path(named).resolve()


def _in_terminal(folder: Path, plugin: Path, configuration: str, project: Project, lists: str, finding: str, offers: str) -> str:
    """Lists the findings until there is one, and applies the first fix of the menu. Both commands are typed."""
    with_apt("tmux", "vim")
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / ".vimrc").write_text(_VIMRC.format(plugin=plugin, more="") + configuration, encoding="utf-8")
    row, column = project.place
    with Terminal(
        ["vim", f"+call cursor({row}, {column})", str(project.migration)], project.folder, environment(home)
    ) as terminal:

        def listed() -> bool:
            terminal.types(f":{lists}")
            terminal.press("Enter")
            time.sleep(0.3)  # it draws after it has heard
            return finding in terminal.screen()

        until("a finding", listed, terminal.screen)
        found = terminal.screen()
        terminal.types(f":lclose | {offers}")
        terminal.press("Enter")
        terminal.shows(project.fix)
        menu = terminal.screen()
        time.sleep(0.5)  # it takes keys after it has drawn
        terminal.press("Enter")  # the first of the menu is chosen already
        terminal.shows("postgresql_concurrently=True")
        terminal.types(":w")
        terminal.press("Enter")
        until("Vim to save", lambda: project.difference() is None, lambda: f"{terminal.screen()}\n{project.difference()}")
    return f"{found}\n{menu}"
