"""Files, folders and surroundings that no project should have: they cost their own findings, never the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sqla_lsp.project import index
from tests.cli.conftest import ENVIRONMENT, Command, process
from tests.cli.test_check import RULE, project
from tests.project.state import migration, write


def test_files_that_are_no_python(here: Path, run: Command) -> None:
    project(here, "one")
    header = b"revision = 'x'\ndown_revision = None\n"
    write(
        here,
        {
            "migrations/versions/binary.py": b"\0\1\2down_revision" * 1000,
            "migrations/versions/nul.py": header + b"#" * 64 + b"\0",
            "migrations/versions/not_utf8.py": header + b"# \xff\n",
            "migrations/versions/unknown.py": b"# coding: klingon\n" + header,
            "migrations/versions/empty.py": b"",
            "migrations/versions/utf16.py": header.decode().encode("utf-16"),
            "migrations/versions/notebook.py": b'{"cells": ["down_revision"]}',
        },
    )
    code, out, err = run("check", "--output-format", "concise")
    assert code == 1
    assert len(out.splitlines()) == 1
    assert "Traceback" not in err
    left_out = sorted(line.split()[1].rpartition("/")[2] for line in err.splitlines()[:-1])
    assert left_out == ["not_utf8.py", "nul.py", "unknown.py"]


@pytest.mark.parametrize(
    "body",
    [
        "x = 1\n" * 1_800_000,
        "[\n" * 1_000_000,
        "def upgrade():\n    x = " + "(" * 1_900_000,
        "def upgrade():\n    x = " + "(" * 5000 + "1" + ")" * 5000 + "\n",
        "def upgrade():\n" + "".join("    " * (depth + 1) + "if x:\n" for depth in range(600)) + "    " * 601 + "pass\n",
        "from alembic import op\nX = " + " + ".join(["'a'"] * 20_000) + "\ndef upgrade():\n    op.execute(X)\n",
        "from alembic import op\ndef upgrade():\n    op" + ".x" * 20_000 + "()\n",
        "from alembic import op\ndef upgrade():\n    op" + ".get_bind()" * 5_000 + "\n",
        "X = " + "not " * 20_000 + "1\ndef upgrade():\n    if X: pass\n",
        "from alembic import op\ndef upgrade():\n    op.execute('" + "(" * 100_000 + "')\n",
        "from alembic import op\ndef upgrade():\n    op.execute('SELECT " + "1 + " * 50_000 + "1')\n",
        "from alembic import op\nimport sqlalchemy as sa\n"
        "def upgrade():\n    op.alter_column('t', 'a', type_=sa.String(2 ** 62 * 2 ** 62))\n",
        "X = '\\ud800'\nfrom alembic import op\ndef upgrade():\n    op.create_index(X, X, [X, chr(0xd800), f'{X}'])\n",
        "from alembic import op\ndef upgrade():\n" + "    op.create_index('i', 't', ['a'])\n" * 5_000,
        "def f(x):\n    return f(f(x))\ndef upgrade():\n    f(1)\n",
        "def upgrade():\n    while True:\n        for x in range(10 ** 9):\n            y = [x] * 10 ** 9\n",
        "from alembic import op\nX = 'a' * 10 ** 9\ndef upgrade():\n    op.execute(X * 10 ** 9)\n",
    ],
    ids=lambda body: f"{len(body)} bytes",
)
def test_long_and_deep_files(here: Path, run: Command, body: str) -> None:
    project(here, "one")
    write(here, {"migrations/versions/bad.py": "revision = 'bad'\ndown_revision = 'a'\n" + body})
    code, out, err = run("check", "--output-format", "concise")
    assert code == 1
    assert out.startswith("migrations/versions/a.py:10:5: ")
    assert "Traceback" not in err
    assert run("check", "--output-format", "concise").out == out


def test_links_and_what_is_no_file(here: Path, run: Command) -> None:
    project(here, "one")
    versions = here / "migrations/versions"
    (versions / "loop").symlink_to(".")
    (versions / "up").symlink_to("..")
    (versions / "dangling.py").symlink_to("nowhere.py")
    (versions / "self.py").symlink_to("self.py")
    (versions / "folder.py").mkdir()
    os.mkfifo(versions / "fifo.py")
    code, out, err = run("check", "--output-format", "concise")
    assert code == 1
    assert len(out.splitlines()) == 1
    assert err.startswith("1 finding in 2 files")
    for name, reason in [
        ("dangling.py", "No such file"),
        ("self.py", "Too many levels"),
        ("fifo.py", "neither a file nor a folder"),
    ]:
        code, out, err = run("check", str(versions / name))
        assert (code, out) == (2, "")
        assert reason in err


def test_a_file_that_may_not_be_read(here: Path, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    project(here, "one")
    write(here, {"migrations/versions/b.py": migration("b", "a")})
    read = index.read_bytes

    def refused(path: str) -> bytes:
        if path.endswith("b.py"):
            raise PermissionError(13, "Permission denied", path)
        return read(path)

    monkeypatch.setattr(index, "read_bytes", refused)
    code, out, err = run("check", "--output-format", "concise", "--no-cache")
    assert code == 1
    assert len(out.splitlines()) == 1
    assert "sqla-lsp: migrations/versions/b.py is left out: Permission denied" in err
    code, out, err = run("check", "migrations/versions/b.py", "--no-cache")
    assert (code, out) == (2, "")
    assert "migrations/versions/b.py: Permission denied" in err


def test_a_folder_that_may_not_be_read(here: Path, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    project(here, "one")
    scan = os.scandir

    def refused(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    (here / "closed").mkdir()
    monkeypatch.setattr(os, "scandir", refused)
    for _ in range(2):
        code, _, err = run("check")
        assert code == 1
        assert "sqla-lsp: closed is left out: Permission denied" in err
    assert run("check", "closed").code == 2


def test_names_that_are_not_utf8(here: Path) -> None:
    project(here, "one")
    name = os.fsencode(here) + b"/migrations/versions/\xff.py"
    with open(name, "wb") as file:
        file.write(migration("b", "a").encode())
    os.mkdir(os.fsencode(here) + b"/\xfe")
    result = process("check", "--output-format", "json", cwd=here)
    assert result.code == 1
    assert RULE in result.out
    assert "migrations/versions/\\udcff.py is left out: its name is not UTF-8" in result.err
    assert "\\udcfe is left out" in result.err
    result = process("check", name, cwd=here)
    assert result.code == 2
    assert "its name is not UTF-8" in result.err


def test_a_narrow_terminal_encoding(here: Path) -> None:
    write(here, {"env.py": ENVIRONMENT, "versions/ä.py": migration("a", None, "op.create_index('ü', 'ö', ['a'])")})
    result = process("check", cwd=here, env={"PYTHONIOENCODING": "ascii"})
    assert result.code == 1
    assert result.out.startswith("versions/\\xe4.py:10:5: ")


def test_a_working_directory_that_was_deleted(here: Path) -> None:
    project(here, "one")
    script = "cd gone && rmdir ../gone && exec {} -m sqla_lsp.cli.main {}"
    for arguments, code in [("check", 2), ("check x.py", 2), (f"check {here}/migrations", 1), ("rule unused-ignore", 0)]:
        (here / "gone").mkdir()
        command = ["sh", "-c", script.format(sys.executable, arguments)]
        done = subprocess.run(command, cwd=here, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
    assert f"{here}/migrations" in done.stdout or "unused" in done.stdout


@pytest.mark.parametrize("arguments", [("check",), ("check", "--output-format", "json"), ("rule",)])
@pytest.mark.parametrize("number", [1, 500])
def test_a_reader_that_goes_away(here: Path, arguments: tuple[str, ...], number: int) -> None:
    project(here, *[f"table_{n}" for n in range(number)])
    command = [sys.executable, "-m", "sqla_lsp.cli.main", *arguments]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.close()
        errors = started.stderr.read().decode()
        assert started.wait() == 2
    assert "Traceback" not in errors
    assert "Exception" not in errors


def test_output_that_cannot_be_written(here: Path) -> None:
    project(here, "one")
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "sqla_lsp.cli.main", "check"]
        done = subprocess.run(command, cwd=here, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr


def test_without_a_home(here: Path) -> None:
    project(here, "one")
    for env in [{"XDG_CACHE_HOME": "/proc/nowhere", "HOME": "/proc/nowhere"}, {"XDG_CACHE_HOME": "relative"}]:
        result = process("check", cwd=here, env=env)
        assert result.code == 1
        assert "Traceback" not in result.err
    assert not (here / "relative").exists()
