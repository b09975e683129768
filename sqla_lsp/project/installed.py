"""Which release of a package a project has: installed in its virtual environment, locked, or installed beside this program, as
it is where the program is one of the project's own tools."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from glob import escape, glob

from sqla_lsp.project.paths import ancestry

Release = tuple[int, ...]
_ENVIRONMENTS = (".venv", "venv")
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
_LEVELS = 8
_PINNED = re.compile(r"^\s*([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*===?\s*v?([0-9][0-9.]*)", re.MULTILINE)


def installed(read: Callable[[str], bytes], path: str, package: str) -> Release | None:
    """The release of a package that the nearest folder above a file names, else that beside this program; None where there is
    none."""
    for folder in ancestry(os.path.dirname(path))[:_LEVELS]:
        for found in _named(read, folder, package):
            return found
    return _beside(package)


@cache
def _beside(package: str) -> Release | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return _release(version(package))
    except PackageNotFoundError:
        return None


def _named(read: Callable[[str], bytes], folder: str, package: str) -> Iterator[Release]:
    for environment in _ENVIRONMENTS:
        for libraries in ("lib/python*/site-packages", "Lib/site-packages"):
            for found in sorted(glob(os.path.join(escape(folder), environment, libraries, f"{package}-*.dist-info"))):
                yield _release(os.path.basename(found).removeprefix(f"{package}-").removesuffix(".dist-info"))
    for name in _LOCKS:
        yield from _locked(_text(read, os.path.join(folder, name)), package)
    yield from _in_pipfile(_text(read, os.path.join(folder, "Pipfile.lock")), package)
    for name in sorted(glob(os.path.join(escape(folder), "*requirements*.txt"))):
        for pinned in _PINNED.finditer(_text(read, name)):
            if pinned[1].lower().replace("_", "-") == package:
                yield _release(pinned[2])


def _locked(text: str, package: str) -> Iterator[Release]:
    if f'"{package}"' not in text:
        return
    try:
        packages = tomllib.loads(text).get("package", [])
    except tomllib.TOMLDecodeError:
        return
    for entry in packages:
        if entry.get("name") == package and isinstance(entry.get("version"), str):
            yield _release(entry["version"])


def _in_pipfile(text: str, package: str) -> Iterator[Release]:
    try:
        version = json.loads(text or "{}").get("default", {}).get(package, {}).get("version", "")
    except (ValueError, AttributeError):
        return
    if isinstance(version, str) and version.startswith("=="):
        yield _release(version[2:])


def _text(read: Callable[[str], bytes], path: str) -> str:
    try:
        return read(path).decode("utf-8", "replace")
    except OSError:
        return ""


def _release(version: str) -> Release:
    """The numbers of a version, up to what is none."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple([int(number) for number in found[0].split(".")]) if found else ()
