"""Vim with ALE in a terminal, with the linter where the page says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.editors.driving import DRIVERS, PAGES, Terminal, block, environment, until
from tests.editors.install import with_apt
from tests.editors.project import ASCII, RULE, Project

_VIMRC = """\
set nocompatible nomodeline viminfo= noswapfile hidden encoding=utf-8
set runtimepath^=/usr/share/vim-ale
let g:ale_linters_explicit = 1
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
    (home / ".vimrc").write_text(_VIMRC + block("vim/README.md", "ALE", "vim"), encoding="utf-8")
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
