"""Gets VS Code's workbench and extension host: code-server, which is VS Code for a browser, and Chromium to show it.

npm's own way of installing code-server downloads from elsewhere and builds what the tests do not need; here the packages come
without their install scripts, and the few native modules that are needed are built.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.editors.install import FOLDER, CannotInstall, with_apt

VERSION = "4.100.3"
_RIPGREP = "1.18.0"
_PACKAGES = ("chromium", "g++", "git", "libkrb5-dev", "make", "procps", "python3")
_NATIVE = ("kerberos", "native-watchdog", "node-pty", "@vscode/spdlog")


def installed() -> Path:
    """The folder of code-server."""
    if shutil.which("npm") is None:
        raise CannotInstall("Node.js 20 with npm is needed")
    with_apt(*_PACKAGES)
    folder = FOLDER / f"code-server-{VERSION}"
    done = folder / "complete"
    server = folder / "node_modules" / "code-server"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
        _npm(folder, "install", "--ignore-scripts", f"code-server@{VERSION}")
        _npm(folder, "rebuild", "--foreground-scripts", "argon2")
        code = server / "lib" / "vscode"
        _npm(code, "install", "--ignore-scripts", "--omit=dev")
        _npm(code, "rebuild", "--foreground-scripts", *_NATIVE)
        _ripgrep(code / "node_modules" / "@vscode" / "ripgrep" / "bin")
        (code / "node_modules.asar").symlink_to("node_modules")
        (code / "bin" / "remote-cli" / "code-server").symlink_to("code-linux.sh")
        (code / "bin" / "helpers" / "browser.sh").symlink_to("browser-linux.sh")
        _npm(code / "extensions", "install", "--ignore-scripts", "--omit=dev")
        done.touch()
    return server


def _ripgrep(folder: Path) -> None:
    """The search program, which old versions of its package download and new ones carry."""
    if (folder / "rg").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        there = Path(temporary)
        cpu = {"aarch64": "arm64"}.get(os.uname().machine, "x64")
        (there / "package.json").write_text('{"private": true}\n', encoding="utf-8")
        _npm(there, "install", "--ignore-scripts", f"@vscode/ripgrep-linux-{cpu}@{_RIPGREP}")
        found = next(path for path in there.glob("node_modules/@vscode/*/**/rg") if path.is_file())
        shutil.copy(found, folder / "rg")
        (folder / "rg").chmod(0o755)


def _npm(folder: Path, *arguments: str) -> None:
    command = ["npm", *arguments, "--no-audit", "--no-fund", "--loglevel=error"]
    environment = {**os.environ, "npm_config_yes": "true"}  # node-pty asks whether it may fetch its build tool
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotInstall(f"{' '.join(command)} failed in {folder} ({done.returncode})\n{(done.stdout + done.stderr)[-3000:]}")
