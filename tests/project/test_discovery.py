"""Which files belong to a project: what is left out, what cannot be read, and what leads round in circles."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.discovery import discover, is_included


def lay(folder: Path, files: Iterable[str] | dict[str, str]) -> Path:
    """Files below a folder, with their texts where they matter; a name that ends in / is a folder."""
    texts = files if isinstance(files, dict) else dict.fromkeys(files, "")
    for name, text in texts.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder


def found(*roots: Path, base: Path | None = None) -> list[str]:
    """Paths relative to the first root; every one of them, and no other, is also included when asked for alone."""
    resolver = Resolver({})
    names = [str(root) for root in roots]
    files = [file.path for file in discover(names, resolver.settings).files]
    top = base or roots[0]
    listed = {
        str(path) for path in top.rglob("*.py") if path.is_file() and not any(p.is_symlink() for p in (path, *path.parents))
    }
    assert {path for path in listed if is_included(path, names, resolver.settings)} == set(files) & listed
    return [os.path.relpath(path, top).replace(os.sep, "/") for path in files]


def test_python_files_and_the_files_that_name_environments(tmp_path: Path) -> None:
    lay(tmp_path, ["b.py", "a/x.py", "a/x.pyi", "README.md", "alembic.ini", "a/pyproject.toml", "svc/alembic.ini"])
    discovery = discover([str(tmp_path)], Resolver({}).settings)
    assert [os.path.relpath(file.path, tmp_path) for file in discovery.files] == [os.path.join("a", "x.py"), "b.py"]
    known = (tmp_path / "b.py").stat()
    assert discovery.files[1][1:] == (known.st_size, known.st_mtime_ns, known.st_ino)
    assert [os.path.relpath(path, tmp_path) for path in discovery.inis] == ["alembic.ini", os.path.join("svc", "alembic.ini")]
    assert [os.path.relpath(path, tmp_path) for path in discovery.pyprojects] == [os.path.join("a", "pyproject.toml")]


def test_folders_that_hold_no_code_of_the_project(tmp_path: Path) -> None:
    lay(tmp_path, [f"{name}/x.py" for name in (".git", ".venv", "node_modules", "lib/site-packages", "a/__pycache__", ".tox")])
    lay(tmp_path, ["env/pyvenv.cfg", "env/lib/x.py", "build/x.py", "dist/x.py", "venv.py"])
    assert found(tmp_path) == ["build/x.py", "dist/x.py", "venv.py"]
    assert found(tmp_path / "env") == ["lib/x.py"]
    assert found(tmp_path / ".venv") == ["x.py"]


def test_gitignore_files_from_the_repository_down(tmp_path: Path) -> None:
    lay(tmp_path, [".git/", "app/keep.py", "app/gen/a.py", "app/gen/b.py", "out/x.py", "app/out.py", "sub/.git/", "sub/out/x.py"])
    lay(tmp_path, {".gitignore": "out/\r\n**/gen/*.py\n", "app/.gitignore": "!b.py\nout.py\n"})
    assert found(tmp_path) == ["app/gen/b.py", "app/keep.py", "sub/out/x.py"]
    assert found(tmp_path / "app") == ["gen/b.py", "keep.py"]
    assert found(tmp_path / "app" / "gen") == ["b.py"]
    assert found(tmp_path / "out") == ["x.py"]
    lay(tmp_path, {"pyproject.toml": "[tool.sqla-lsp]\nrespect-gitignore = false\n"})
    assert "out/x.py" in found(tmp_path)


def test_exclude_is_relative_to_the_configuration(tmp_path: Path) -> None:
    lay(tmp_path, ["legacy/a.py", "app/legacy/b.py", "app/c.py", "app/old/d.py", ".venv/e.py", "svc/app/legacy/f.py", "svc/g.py"])
    lay(tmp_path, {"pyproject.toml": "[tool.sqla-lsp]\nextend-exclude = ['/legacy/', 'app/old/**']\n"})
    assert found(tmp_path) == ["app/c.py", "app/legacy/b.py", "svc/app/legacy/f.py", "svc/g.py"]
    assert found(tmp_path / "app", base=tmp_path) == ["app/c.py", "app/legacy/b.py"]
    assert found(tmp_path / "app" / "old") == ["d.py"]
    lay(tmp_path, {"svc/.sqla-lsp.toml": "exclude = ['app/legacy']\n"})
    assert found(tmp_path) == ["app/c.py", "app/legacy/b.py", "svc/g.py"]


def test_files_that_are_named_are_taken_once(tmp_path: Path) -> None:
    lay(tmp_path, [".venv/x.py", "a.py", "script"])
    assert found(tmp_path, tmp_path / ".venv" / "x.py", tmp_path / "a.py", tmp_path / "script") == [
        ".venv/x.py",
        "a.py",
        "script",
    ]


def test_roots_that_are_not_there(tmp_path: Path) -> None:
    errors: list[tuple[str, OSError]] = []
    lay(tmp_path, ["a.py"])
    names = [str(tmp_path / "nowhere"), str(tmp_path)]
    discovery = discover(names, Resolver({}).settings, lambda path, error: errors.append((path, error)))
    assert len(discovery.files) == 1
    assert [(path, type(error)) for path, error in errors] == [(names[0], FileNotFoundError)]


def test_a_deleted_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    errors: list[str] = []
    assert not discover(["."], Resolver({}).settings, lambda path, error: errors.append(str(error))).files
    assert len(errors) == 1
    assert "working directory was deleted" in errors[0]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links(tmp_path: Path) -> None:
    project = lay(tmp_path / "project", ["real/a.py", "b.py"])
    lay(tmp_path, ["beside/c.py", "elsewhere.py"])
    (project / "real" / "loop").symlink_to(project)
    (project / "up").symlink_to(tmp_path)
    (project / "again").symlink_to(project / "real")
    (project / "alias.py").symlink_to(project / "b.py")
    (project / "broken.py").symlink_to(tmp_path / "nowhere.py")
    (project / "self.py").symlink_to(project / "self.py")
    assert found(project) == ["b.py", "real/a.py"]
    (project / "linked").symlink_to(tmp_path / "beside")
    (project / "linked.py").symlink_to(tmp_path / "elsewhere.py")
    assert found(project) == ["b.py", "linked.py", "linked/c.py", "real/a.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files there")
def test_what_is_no_regular_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, ["a.py", "folder.py/b.py", ".gitignore/"])
    os.mkfifo(tmp_path / "pipe.py")
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.py")
        assert found(tmp_path) == ["a.py", "folder.py/b.py"]
    errors: list[str] = []
    discover([str(tmp_path / "pipe.py")], Resolver({}).settings, lambda path, error: errors.append(str(error)))
    assert "neither a file nor a folder" in errors[0]


def test_folders_without_permission(tmp_path: Path) -> None:
    lay(tmp_path, ["a.py", "closed/b.py"])
    closed = tmp_path / "closed"
    closed.chmod(0)
    try:
        if os.access(closed, os.R_OK):
            pytest.skip("this user may read everything")
        errors: list[str] = []
        discovery = discover([str(tmp_path)], Resolver({}).settings, lambda path, error: errors.append(path))
        assert [file.path for file in discovery.files] == [str(tmp_path / "a.py")]
        assert errors == [str(closed)]
    finally:
        closed.chmod(0o700)


def test_errors_of_a_listing_are_told_and_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, ["a.py", "closed/b.py"])
    listing = os.scandir

    def refusing(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", refusing)
    errors: list[str] = []
    discovery = discover([str(tmp_path)], Resolver({}).settings, lambda path, error: errors.append(path))
    assert [file.path for file in discovery.files] == [str(tmp_path / "a.py")]
    assert errors == [str(tmp_path / "closed")]


def test_a_path_outside_the_roots_is_not_included(tmp_path: Path) -> None:
    settings = Resolver({}).settings
    assert is_included(str(tmp_path / "new" / "x.py"), [str(tmp_path)], settings)
    assert not is_included(str(tmp_path / "x.txt"), [str(tmp_path)], settings)
    assert not is_included(str(tmp_path / "x.py"), [str(tmp_path / "a")], settings)


def test_pathspec_is_loaded_for_patterns_alone(tmp_path: Path) -> None:
    lay(tmp_path, {".git/": "", "a.py": "", ".gitignore": "build/\n.env\n"})
    program = (
        "import sys; from sqla_lsp.project.configuration import Resolver; from sqla_lsp.project.discovery import discover;"
        f"assert len(discover([{str(tmp_path)!r}], Resolver({{}}).settings).files) == 1; assert 'pathspec' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.slow
def test_ten_thousand_files(tmp_path: Path) -> None:
    lay(tmp_path, {".git/": "", ".gitignore": "*.py[cod]\n*.log\nbuild/\n**/generated/*.py\n"})
    lay(tmp_path, (f"pkg{a}/sub{b}/mod{c}.py" for a in range(25) for b in range(20) for c in range(20)))
    best = 9.0
    for _ in range(5):
        start = time.process_time()
        assert len(discover([str(tmp_path)], Resolver({}).settings).files) == 10_000
        best = min(best, time.process_time() - start)
    assert best < 0.5  # 0.1 s on the machine where it was written
