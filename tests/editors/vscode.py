"""VS Code with the extension under `editors/vscode`: as its user sees it, and from inside of its extension host."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.editors import code_server
from tests.editors.driving import DRIVERS, PAGES, Failed, block, environment, run
from tests.editors.install import CannotInstall
from tests.editors.project import RULE, SAFE, Project

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


def new_revision(folder: Path) -> str:
    """The same with the fix that adds a revision."""
    project = Project(folder, adds_revision=True)
    said = _in_workbench(
        folder, _packed(), project.folder, project.migration, project.fix, folder / "shots", str(project.revision)
    )
    project.is_fixed(said)
    return said


def pictures(folder: Path) -> str:
    """Takes the pictures of the pages anew, with the example project."""
    workspace = folder / "shop"
    shutil.copytree(_EXAMPLE, workspace)
    file = workspace / "migrations" / "versions" / "2025_04_02_state_of_orders.py"
    shots = folder / "shots"
    said = _in_workbench(folder, _packed(), workspace, file, "Create ix_orders_state concurrently", shots)
    for name in ("finding", "fixes", "fixed", "sql"):
        _shrink(shots / f"{name}.png", EXTENSION / "media" / f"{name}.png")
    return said


def _shrink(picture: Path, to: Path) -> None:
    """Writes a picture with a palette: a third of the size, which counts in the packed extension."""
    try:
        image = importlib.import_module("PIL.Image")
    except ImportError:
        raise CannotInstall("install Pillow first: pip install pillow") from None
    image.open(picture).convert("RGB").quantize(128, dither=image.Dither.NONE).save(to, optimize=True)


def installation(folder: Path) -> str:
    """A home with uv and without a server: the extension offers to install it. This uv brings the server that is tested."""
    project = Project(folder)
    home = folder / "home"
    uv, program = home / ".local" / "bin" / "uv", home / ".local" / "bin" / "sqla-lsp"
    _write_program(uv, f'[ "$*" = "tool install sqla-lsp" ] && ln -s "{_SERVER}" "{program}"')
    arguments = [code_server.installed(), EXTENSION, _packed(), folder / "session", project.folder, project.migration, program]
    return run(["node", str(DRIVERS / "vscode-install.mjs"), *map(str, arguments)], project.folder, environment(home))


def extension_host(folder: Path) -> str:
    """The quick fix by the editor's own commands; on the example project times, settings, hovers, lenses and hints; then several
    folders."""
    _packed()
    project = Project(folder)
    said = _in_host(folder / "fix", project.folder, project.migration, "fix", project.fix)
    project.is_fixed(said)
    workspace, file = _example(folder / "shop")
    said += _in_host(folder / "example", workspace, file, "use")
    _example(folder / "other")
    (folder / "plain").mkdir()
    several = folder / "several.code-workspace"
    several.write_text(json.dumps({"folders": [{"path": name} for name in ("shop", "other", "plain")]}), encoding="utf-8")
    return said + _in_host(folder / "several", several, file, "folders")


def on_save(folder: Path) -> str:
    """With the settings of the page that apply what is safe when the file is saved."""
    _packed()
    project = Project(folder, SAFE)
    settings = project.folder / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(f"{{{block('vscode/README.md', 'Use', 'json')}}}", encoding="utf-8")
    said = _in_host(folder, project.folder, project.migration, "save")
    project.is_fixed(said)
    return said


def failures(folder: Path) -> str:
    """Servers that die, babble, are silent or are no programs, and a folder that goes away: the next server works."""
    _packed()
    workspace, file = _example(folder / "shop")
    return _in_host(folder, workspace, file, "failures")


_WORKSPACES: dict[str, tuple[str, dict[str, str]]] = {
    "ini": ("runs", {"backend/deep/alembic.ini": "[alembic]\nscript_location = migrations\n"}),
    "env": ("runs", {"db/env.py": "from alembic import context\n"}),
    "models": ("runs", {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["SQLAlchemy>=2"]\n', "models.py": ""}),
    "requirements": ("runs", {"service/requirements/base.txt": "flask-sqlalchemy==3.1\n"}),
    "installed": ("runs", {".venv/pyvenv.cfg": "", ".venv/lib/python3.99/site-packages/sqlalchemy/__init__.py": ""}),
    "django": (
        "waits",
        {
            "pyproject.toml": '[project]\nname = "x"\ndependencies = ["django>=5"]\n',
            "game/env.py": "class Env: ...\n",
            ".venv/pyvenv.cfg": "",
            "tool.py": "import sqlalchemy as sa\n",
        },
    ),
    "plain": ("sleeps", {"README.md": "# plain\n", "tool.py": "import sqlalchemy as sa\n"}),
}
"""What each has, and what the extension does there before anything of it is opened."""


def activation(folder: Path) -> str:
    """Where SQLAlchemy or Alembic is used the extension runs; in other Python projects it starts nothing, elsewhere it sleeps."""
    _packed()
    for workspace, (_, files) in _WORKSPACES.items():
        for name, text in files.items():
            path = folder / workspace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    expected = {workspace: expectation for workspace, (expectation, _) in _WORKSPACES.items()}
    variables = _environment(folder / "home", {"SQLA_LSP_EXPECTED": json.dumps(expected)})
    arguments = [code_server.installed(), EXTENSION, folder / "session", DRIVERS / "vscode-activation.cjs"]
    workspaces = [folder / name for name in _WORKSPACES]
    return run(["node", str(DRIVERS / "vscode-activation.mjs"), *map(str, [*arguments, *workspaces])], folder, variables)


def trust(folder: Path) -> str:
    """A workspace with a server of its own, in the workbench: it is not run until the workspace is trusted."""
    vsix = _packed()
    project = Project(folder)
    ran = folder / "ran"
    program = project.folder / ".venv" / "bin" / "sqla-lsp"
    _write_program(program, f'touch "{ran}"', f'exec "{_SERVER}" "$@"')
    settings = project.folder / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"sqla-lsp.path": str(program)}), encoding="utf-8")
    arguments = [code_server.installed(), EXTENSION, vsix, folder / "session", project.folder, project.migration, ran]
    command = ["node", str(DRIVERS / "vscode-trust.mjs"), *map(str, arguments)]
    return run(command, project.folder, _environment(folder / "home"))


def python_extension(folder: Path) -> str:
    """The environment that is chosen in the Python extension, of which a stand-in is installed."""
    _packed()
    project = Project(folder)
    environments = [folder / "first", folder / "second"]
    for chosen in environments:
        _write_program(chosen / "bin" / "sqla-lsp", f'exec "{_SERVER}" "$@"')
    manifest = {"publisher": "ms-python", "name": "python", "version": "2026.0.0", "main": "main.cjs"}
    manifest |= {"engines": {"vscode": "^1.100.0"}, "activationEvents": ["*"]}
    stand_in = folder / "python.vsix"
    with zipfile.ZipFile(stand_in, "w") as archive:
        archive.writestr("extension/package.json", json.dumps(manifest))
        archive.write(DRIVERS / "python-extension.cjs", "extension/main.cjs")
    more = {
        "SQLA_LSP_CHOSEN": str(environments[0] / "bin" / "python"),
        "SQLA_LSP_ENVIRONMENTS": json.dumps([*map(str, environments), str(project.migration)]),
    }
    suite = DRIVERS / "vscode-python.cjs"
    arguments = [code_server.installed(), EXTENSION, folder / "session", project.folder, suite, stand_in]
    command = ["node", str(DRIVERS / "vscode-host.mjs"), *map(str, arguments)]
    return run(command, EXTENSION, _environment(folder / "home", more))


def _write_program(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)


def _example(folder: Path) -> tuple[Path, Path]:
    """A copy of the example project, and a migration of it."""
    shutil.copytree(_EXAMPLE, folder)
    return folder, folder / "migrations" / "versions" / "2026_01_15_search_for_customers.py"


def _in_workbench(folder: Path, vsix: Path, workspace: Path, file: Path, title: str, shots: Path, *more: str) -> str:
    driver = DRIVERS / "vscode-workbench.mjs"
    arguments = [code_server.installed(), EXTENSION, vsix, folder / "session", workspace, file, title, shots, *more]
    return run(["node", str(driver), *map(str, arguments)], workspace, _environment(folder / "home"))


def _in_host(folder: Path, workspace: Path, file: Path, steps: str, title: str = "") -> str:
    more = {"SQLA_LSP_FILE": str(file), "SQLA_LSP_STEPS": steps, "SQLA_LSP_FIX": title, "SQLA_LSP_RULE": RULE}
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
