"""The cache loses what it must, and never gives what was not stored."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sqla_lsp.project import cache as module
from sqla_lsp.project.cache import Cache, default_folder


def entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_what_is_stored_is_loaded(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "new" / "folder", "1")
    assert cache.load("a") is None
    cache.store("a", b"one")
    cache.store("b", b"")
    cache.store("a", b"two")
    assert (cache.load("a"), cache.load("b"), cache.load("c")) == (b"two", b"", None)
    assert Cache(tmp_path / "new" / "folder", "2").load("a") is None


def test_without_a_folder_nothing_is_kept() -> None:
    cache = Cache(None, "1")
    cache.store("a", b"one")
    assert cache.load("a") is None


@pytest.mark.parametrize("keep", [0, 5, 20, 45, -1])
def test_a_damaged_entry_is_none(tmp_path: Path, keep: int) -> None:
    cache = Cache(tmp_path, "1")
    cache.store("a", b"x" * 100)
    [path] = entries(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])
    assert cache.load("a") is None
    path.write_bytes(whole[:-1] + b"y")
    assert cache.load("a") is None
    cache.store("a", b"z")
    assert cache.load("a") == b"z"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "cache", "1")
    cache.store("a", b"one")
    assert cache.load("a") is None


def test_an_entry_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "1")
    cache.store("a", b"one")
    [path] = entries(tmp_path)
    path.unlink()
    path.mkdir()
    cache.store("a", b"two")
    assert cache.load("a") is None
    assert entries(tmp_path) == [path]


def test_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 3)
    cache = Cache(tmp_path, "1")
    for age, key in enumerate("abc"):
        cache.store(key, key.encode())
        newest = max(entries(tmp_path), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (time.time() - 1000 + age, time.time() - 1000 + age))
    cache.store("d", b"d")
    assert [cache.load(key) for key in "abcd"] == [None, b"b", b"c", b"d"]
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    cache.store("e", b"e" * 100)
    assert [cache.load(key) for key in "bcde"] == [None, None, None, b"e" * 100]


def test_what_a_dead_process_left_is_removed(tmp_path: Path) -> None:
    old, fresh, foreign = (tmp_path / name for name in ("old.part", "fresh.part", "notes.txt"))
    for path in (old, fresh, foreign):
        path.write_text("")
    for path in (old, foreign):
        os.utime(path, (1, 1))
    Cache(tmp_path, "1").store("a", b"one")
    assert (old.exists(), fresh.exists(), foreign.exists()) == (False, True, True)


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from sqla_lsp.project.cache import Cache\n"
        "cache, mine = Cache(Path(sys.argv[1]), '1'), sys.argv[2].encode() * 200_000\n"
        "for _ in range(60):\n"
        "    cache.store('key', mine)\n"
        "    got = cache.load('key')\n"
        "    assert got is not None and len(set(got)) == 1 and len(got) == 200_000, got and len(got)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), letter]) for letter in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert len(entries(tmp_path)) == 1


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "sqla-lsp"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    folder = default_folder()
    assert folder is None or folder.is_absolute()
