"""Emacs with eglot and with lsp-mode, in batch mode, with the lines of the page as its init file."""

from __future__ import annotations

from pathlib import Path

from tests.editors.driving import DRIVERS, block, environment, run
from tests.editors.install import exists, with_apt
from tests.editors.project import NO_SURROGATES, RULE, Project


def eglot(folder: Path) -> str:
    """eglot, which Emacs 29 brings along."""
    with_apt("emacs-nox", *(["elpa-eglot"] if exists("elpa-eglot") else []))
    return _drive("eglot", folder, Project(folder))


def lsp_mode(folder: Path) -> str:
    """lsp-mode. Version 8 counts characters, where the protocol counts those outside of the Basic Multilingual Plane twice."""
    with_apt("emacs-nox", "elpa-lsp-mode")
    return _drive("lsp-mode", folder, Project(folder, NO_SURROGATES))


def _drive(heading: str, folder: Path, project: Project) -> str:
    init = folder / "init.el"
    init.write_text(block("emacs/README.md", heading, "elisp"), encoding="utf-8")
    variables = environment(folder / "home", {"SQLA_LSP_FIX": project.fix, "SQLA_LSP_RULE": RULE})
    driver = DRIVERS / f"fix-{heading}.el"
    said = run(["emacs", "--batch", "-l", str(init), "-l", str(driver), str(project.migration)], project.folder, variables)
    project.is_fixed(said)
    return said
