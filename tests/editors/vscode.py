"""VS Code with the extension under `editors/vscode`: as its user sees it, and from inside of its extension host."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.editors import code_server
from tests.editors.driving import DRIVERS, PAGES, Failed, environment, run
from tests.editors.project import RULE, Project

EXTENSION = PAGES / "vscode"
_EXAMPLE = Path(__file__).parents[1] / "example"
_SERVER = Path(sys.executable).with_name("sqla-lsp")
_LARGEST = 500_000


def workbench(folder: Path) -> str:
    """The packed extension in the workbench: the quick fix from the menu."""
    vsix = _packed()
    assert vsix.stat().st_size < _LARGEST, f"{vsix.name} has {vsix.stat().st_size} bytes"
    project = Project(folder)
    said = _in_workbench(folder, vsix, project.folder, project.migration, project.fix, folder / "shots")
    project.is_fixed(said)
    return f"{vsix.name} has {vsix.stat().st_size} bytes\n{said}"


def pictures(folder: Path) -> str:
    """Takes the pictures of the pages anew, with the example project."""
    workspace = folder / "shop"
    shutil.copytree(_EXAMPLE, workspace)
    file = workspace / "migrations" / "versions" / "2025_04_02_state_of_orders.py"
    shots = folder / "shots"
    said = _in_workbench(folder, _packed(), workspace, file, "Create ix_orders_state concurrently", shots)
    for name in ("finding", "fixes", "fixed"):
        shutil.copy(shots / f"{name}.png", EXTENSION / "media" / f"{name}.png")
    return said


def installation(folder: Path) -> str:
    """A home with uv and without a server: the extension offers to install it. This uv brings the server that is tested."""
    project = Project(folder)
    home = folder / "home"
    uv, program = home / ".local" / "bin" / "uv", home / ".local" / "bin" / "sqla-lsp"
    uv.parent.mkdir(parents=True)
    uv.write_text(f'#!/bin/sh\n[ "$*" = "tool install sqla-lsp" ] && ln -s "{_SERVER}" "{program}"\n', encoding="utf-8")
    uv.chmod(0o755)
    arguments = [code_server.installed(), EXTENSION, _packed(), folder / "session", project.folder, project.migration, program]
    return run(["node", str(DRIVERS / "vscode-install.mjs"), *map(str, arguments)], project.folder, environment(home))


def extension_host(folder: Path) -> str:
    """The quick fix by the editor's own commands; on the example project times, settings and restarts; then several folders."""
    _packed()
    project = Project(folder)
    said = _in_host(folder / "fix", project.folder, project.migration, project.fix)
    project.is_fixed(said)
    workspace = folder / "shop"
    shutil.copytree(_EXAMPLE, workspace)
    file = workspace / "migrations" / "versions" / "2026_01_15_search_for_customers.py"
    said += _in_host(folder / "example", workspace, file, "")
    shutil.copytree(_EXAMPLE, folder / "other")
    (folder / "plain").mkdir()
    several = folder / "several.code-workspace"
    several.write_text(json.dumps({"folders": [{"path": name} for name in ("shop", "other", "plain")]}), encoding="utf-8")
    return said + _in_host(folder / "several", several, file, "")


def _in_workbench(folder: Path, vsix: Path, workspace: Path, file: Path, title: str, shots: Path) -> str:
    driver = DRIVERS / "vscode-workbench.mjs"
    arguments = [code_server.installed(), EXTENSION, vsix, folder / "session", workspace, file, title, shots]
    return run(["node", str(driver), *map(str, arguments)], workspace, _environment(folder / "home"))


def _in_host(folder: Path, workspace: Path, file: Path, title: str) -> str:
    more = {"SQLA_LSP_FILE": str(file), "SQLA_LSP_FIX": title, "SQLA_LSP_RULE": RULE}
    arguments = [code_server.installed(), EXTENSION, folder / "session", workspace, DRIVERS / "vscode-suite.cjs"]
    command = ["node", str(DRIVERS / "vscode-host.mjs"), *map(str, arguments)]
    return run(command, EXTENSION, _environment(folder / "home", more))


def _environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """With the server where `uv tool install` puts it: VS Code takes the PATH from a login shell, not from who starts it."""
    program = home / ".local" / "bin" / "sqla-lsp"
    program.parent.mkdir(parents=True)
    program.symlink_to(_SERVER)
    return environment(home, more)


def _packed() -> Path:
    """The extension as it is published, made anew; its unit tests and its checks have passed."""
    if not (EXTENSION / "node_modules").exists():
        _npm("ci", "--no-audit", "--no-fund")
    _npm("test")
    _npm("run", "package")
    return EXTENSION / "sqla-lsp.vsix"


def _npm(*arguments: str) -> None:
    done = subprocess.run(["npm", *arguments], cwd=EXTENSION, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"npm {' '.join(arguments)}\n{done.stdout}{done.stderr}")
