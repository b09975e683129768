"""Gets the editors that the tests drive, on a Debian machine, or one like it.

An editor that is newer than the machine's own is unpacked from another Debian suite into a folder of its own, with everything
that it needs down to the C library: nothing on the machine is replaced. What the machine has in the right version is installed
with apt.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path

FOLDER = Path(os.environ.get("SQLA_LSP_EDITORS") or user_cache_path("sqla-lsp-editors"))
"""Where editors are kept between two runs."""

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d")


class CannotInstall(Exception):
    """An editor could not be installed; the message says why."""


def with_apt(*packages: str) -> None:
    """Installs packages that the machine does not have yet."""
    missing = [name for name in packages if not _is_installed(name)]
    if not missing:
        return
    if os.geteuid() != 0:
        raise CannotInstall(f"install them first: apt-get install {' '.join(missing)}")
    _run("apt-get", "-q", "update")
    _run("apt-get", "-q", "install", "-y", "--no-install-recommends", *missing, env={"DEBIAN_FRONTEND": "noninteractive"})


def exists(package: str) -> bool:
    """Whether the machine's suite has a package."""
    found = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True, check=False).stdout
    return "Candidate:" in found and "Candidate: (none)" not in found


def from_suite(suite: str, package: str, program: str, environment: Mapping[str, str]) -> Path:
    """The path of a program of another Debian suite, unpacked where it is not there yet. `@` in the values of `environment`
    stands for the folder of the editor."""
    folder = FOLDER / f"{package}-{suite}"
    start = folder / "start"
    if not start.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _unpack(suite, package, folder)
        loader = _one(folder, "usr/lib*/**/ld-linux-*.so.*", "lib*/**/ld-linux-*.so.*")
        below = f"{platform.machine()}-linux-gnu"
        libraries = f"{folder}/usr/lib/{below}:{folder}/lib/{below}:{folder}/usr/lib"
        exports = "".join(f"export {name}={value.replace('@', str(folder))}\n" for name, value in environment.items())
        start.write_text(
            f'#!/bin/sh\n{exports}exec {loader} --library-path {libraries} {_program(folder, program)} "$@"\n', encoding="utf-8"
        )
        start.chmod(0o755)
    _run(str(start), "--version", quiet=True)
    return start


def _unpack(suite: str, package: str, folder: Path) -> None:
    """Unpacks a package with all that it depends on. apt works on state of its own, in which nothing is installed."""
    if not Path(_KEYRING).exists():
        with_apt("debian-archive-keyring")
    with tempfile.TemporaryDirectory() as temporary:
        state = Path(temporary)
        state.chmod(0o755)
        for name in ("lists/partial", "archives/partial", "empty"):
            (state / name).mkdir(parents=True)
        (state / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {_mirror()} {suite} main\n", encoding="utf-8")
        (state / "status").touch()
        options = {
            "Dir::State": state, "Dir::State::lists": state / "lists", "Dir::State::status": state / "status",
            "Dir::Cache": state, "Dir::Cache::archives": state / "archives",
            "Dir::Etc::sourcelist": state / "sources.list", "Dir::Etc::sourceparts": state / "empty",
            "Dir::Etc::preferencesparts": state / "empty",
            "Acquire::Languages": "none", "Dpkg::Use-Pty": "0",
        }  # fmt: skip
        if os.geteuid() == 0:
            options["APT::Sandbox::User"] = "root"
        given = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        _run("apt-get", "-q", *given, "update", quiet=True)
        _run("apt-get", "-q", *given, "install", "-y", "--no-install-recommends", "--download-only", package, quiet=True)
        for archive in sorted((state / "archives").glob("*.deb")):
            _run("dpkg", "-x", str(archive), str(folder), quiet=True)


def _mirror() -> str:
    """The Debian mirror that the machine is configured for; on another system, the one that is named for it."""
    if named := os.environ.get("SQLA_LSP_DEBIAN_MIRROR"):
        return named
    files = [path for name in _SOURCES for path in ([Path(name)] if Path(name).is_file() else sorted(Path(name).glob("*")))]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files if path.suffix in (".list", ".sources"))
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = re.search(r"https?://\S+/debian/?(?=\s|$)", "\n".join(lines))
    if found is None:
        raise CannotInstall("apt knows no Debian mirror here: name one in SQLA_LSP_DEBIAN_MIRROR")
    return found[0]


def _program(folder: Path, name: str) -> Path:
    """A program inside of an unpacked package. Links through `/etc/alternatives` lead nowhere there."""
    path = folder / "usr/bin" / name
    return path.resolve() if path.exists() else _one(folder, f"usr/bin/{name}.*", f"usr/lib*/**/{name}")


def _one(folder: Path, *patterns: str) -> Path:
    for pattern in patterns:
        found = next((path for path in sorted(folder.glob(pattern)) if path.is_file()), None)
        if found is not None:
            return found
    raise CannotInstall(f"{folder} has no {patterns[0]}")


def _is_installed(package: str) -> bool:
    status = subprocess.run(["dpkg-query", "-W", "-f=${Status}", package], capture_output=True, text=True, check=False)
    return status.stdout == "install ok installed"


def _run(*command: str, env: Mapping[str, str] | None = None, quiet: bool = False) -> None:
    done = subprocess.run(command, env={**os.environ, **(env or {})}, capture_output=quiet, text=True, check=False)
    if done.returncode != 0:
        raise CannotInstall(f"{' '.join(command)} failed ({done.returncode})\n{done.stdout or ''}{done.stderr or ''}")
