"""`check --fix`, `--unsafe-fixes` and `--diff`: what is written, what is refused, and what the exit codes say."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sqla_lsp.cli import writing
from sqla_lsp.cli.writing import NotWritten, write
from sqla_lsp.fixes.fix import Change, NewFile
from sqla_lsp.text.edits import Edit
from tests.cli.conftest import ENVIRONMENT, Command
from tests.project.state import migration
from tests.project.state import write as files

RULE = "only-concurrent-indexes"
UNUSED = "x = 1  # sqla-lsp: ignore[unique-constraint]"
INDEX = "op.create_index('ix', 't', ['a'])"
CONCURRENT = "with op.get_context().autocommit_block():\n    op.create_index('ix', 't', ['a'], postgresql_concurrently=True)"


def project(folder: Path, **texts: str | bytes) -> Callable[[str], Path]:
    """Revisions by name; gives their paths."""
    files(folder, {"migrations/env.py": ENVIRONMENT, **{f"migrations/versions/{name}.py": text for name, text in texts.items()}})
    return lambda name: folder / "migrations" / "versions" / f"{name}.py"


def test_safe_fixes(here: Path, run: Command) -> None:
    at = project(here, a=migration("a", None, UNUSED), b=migration("b", "a", UNUSED), c=migration("c", "b", INDEX))
    code, out, err = run("check", "--fix", "--output-format", "concise")
    assert code == 1
    assert [line.split(":")[0] for line in out.splitlines()] == ["migrations/versions/c.py"]
    assert err.splitlines()[-1] == "Fixed 2 findings (2 files); 1 remains (1 fixable with --unsafe-fixes)"
    assert at("a").read_text() == migration("a", None, "x = 1")
    assert at("c").read_text() == migration("c", "b", INDEX)


def test_unsafe_fixes(here: Path, run: Command) -> None:
    at = project(here, a=migration("a", None, UNUSED), c=migration("c", "a", INDEX))
    code, out, err = run("check", "--fix", "--unsafe-fixes")
    assert (code, out) == (0, "")
    assert err.splitlines()[-1] == "Fixed 2 findings (2 files); 0 remain"
    assert at("c").read_text() == migration("c", "a", CONCURRENT)
    before = at("c").stat()
    code, out, err = run("check", "--fix", "--unsafe-fixes")
    assert (code, out) == (0, "")
    assert err.splitlines()[-1] == "Fixed 0 findings; 0 remain"
    assert at("c").stat() == before


def test_only_what_is_selected(here: Path, run: Command) -> None:
    at = project(here, a=migration("a", None, UNUSED + "\n" + INDEX))
    assert run("check", "--fix", "--unsafe-fixes", "--select", RULE).code == 0
    assert UNUSED in at("a").read_text()
    assert "autocommit_block" in at("a").read_text()


def test_only_the_paths_that_are_given(here: Path, run: Command) -> None:
    at = project(here, a=migration("a", None, UNUSED), b=migration("b", "a", UNUSED))
    assert run("check", "--fix", str(at("b"))).code == 0
    assert at("a").read_text() == migration("a", None, UNUSED)
    assert at("b").read_text() == migration("b", "a", "x = 1")


def test_unsafe_fixes_alone_mean_nothing(here: Path, run: Command) -> None:
    project(here, a=migration("a", None, INDEX))
    code, out, err = run("check", "--unsafe-fixes")
    assert (code, out) == (2, "")
    assert "--unsafe-fixes" in err


@pytest.mark.parametrize("cached", [True, False])
def test_the_cache_does_not_tell_of_before(here: Path, run: Command, cached: bool) -> None:
    project(here, a=migration("a", None, UNUSED + "\n" + INDEX))
    options = () if cached else ("--no-cache",)
    assert run("check", *options).code == 1
    assert run("check", "--fix", "--unsafe-fixes", *options).code == 0
    assert run("check", *options).code == 0
    assert run("check", "--output-format", "json", *options).out == "[]\n"


# ---------------------------------------------------------------------------------------------------------------- diff


def test_diff(here: Path, run: Command) -> None:
    at = project(here, a=migration("a", None, UNUSED), b=migration("b", "a", INDEX), c=migration("c", "b"))
    before = {name: at(name).read_bytes() for name in "abc"}
    code, out, err = run("check", "--diff")
    assert code == 1
    assert err.splitlines()[-1] == "Would fix 1 finding (1 file); 1 remains (1 fixable with --unsafe-fixes)"
    assert out == (
        "--- migrations/versions/a.py\n+++ migrations/versions/a.py\n@@ -7,7 +7,7 @@\n \n \n def upgrade():\n"
        f"-    {UNUSED}\n+    x = 1\n \n \n def downgrade():\n"
    )
    assert {name: at(name).read_bytes() for name in "abc"} == before
    assert run("check", "--diff", "--exit-zero").code == 0
    assert run("check", "--diff", "--fix").out == out
    assert {name: at(name).read_bytes() for name in "abc"} == before
    wide = run("check", "--diff", "--unsafe-fixes").out
    subprocess.run(["patch", "-p0"], input=wide.encode(), cwd=here, check=True, stdout=subprocess.DEVNULL)
    assert at("b").read_text() == migration("b", "a", CONCURRENT)
    assert run("check", "--diff", "--unsafe-fixes") == (0, "", "Would fix 0 findings; 0 remain\n")


# ------------------------------------------------------------------------------------------------------------- bytes


@pytest.mark.parametrize(
    ("prefix", "encoding", "newline"),
    [("", "utf-8", "\n"), ("", "utf-8", "\r\n"), ("\ufeff", "utf-8", "\n"), ("# coding: latin-1\n", "latin-1", "\r\n")],
)
def test_encodings_and_line_ends(here: Path, run: Command, prefix: str, encoding: str, newline: str) -> None:
    def text(body: str) -> bytes:
        return (prefix + migration("a", None, "x = 'é'  # ü\n" + body)).replace("\n", newline).encode(encoding)

    at = project(here, a=text(INDEX))
    assert run("check", "--fix", "--unsafe-fixes").code == 0
    assert at("a").read_bytes() == text(CONCURRENT)


def test_modes_and_links_stay(here: Path, run: Command) -> None:
    at = project(here, a=migration("a", None, UNUSED))
    real = here / "elsewhere.txt"
    at("a").rename(real)
    at("a").symlink_to(real)
    real.chmod(0o754)
    assert run("check", "--fix").code == 0
    assert at("a").is_symlink()
    assert real.read_text() == migration("a", None, "x = 1")
    assert stat.S_IMODE(real.stat().st_mode) == 0o754
    assert not list(here.rglob(".sqla-lsp-*"))


def test_a_file_that_is_read_only(here: Path, run: Command) -> None:
    """The others are fixed all the same."""
    at = project(here, a=migration("a", None, UNUSED), b=migration("b", "a", UNUSED))
    at("a").chmod(0o444)
    code, _, err = run("check", "--fix")
    assert code == 2
    assert "sqla-lsp: migrations/versions/a.py is not written: it is read-only\n" in err
    assert err.splitlines()[-1] == "Fixed 1 finding (1 file); 1 remains"
    assert at("a").read_text() == migration("a", None, UNUSED)
    assert at("b").read_text() == migration("b", "a", "x = 1")


def test_a_file_that_changed_meanwhile(here: Path, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    at = project(here, a=migration("a", None, UNUSED))
    own = writing.write

    def late(change: Change, text_of: Callable[[str], bytes | None]) -> list[str]:
        at("a").write_text("# mine\n" + migration("a", None, UNUSED))
        return own(change, text_of)

    monkeypatch.setattr("sqla_lsp.cli.fix.write", late)
    code, _, err = run("check", "--fix")
    assert code == 2
    assert "sqla-lsp: migrations/versions/a.py is not written: it changed on disk since it was read\n" in err
    assert at("a").read_text().startswith("# mine\n")


# ------------------------------------------------------------------------------------------------------- all or nothing


def change(folder: Path) -> Change:
    """An edit of two files and a new one."""
    files(folder, {"a.py": "a\n", "b.py": "b\n"})
    edits = {str(folder / name): (Edit(0, 1, "é"),) for name in ("a.py", "b.py")}
    return Change(edits, (NewFile(str(folder / "c.py"), b"c\n"),))


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def written(made: Change) -> list[str]:
    return write(made, lambda path: f"{os.path.basename(path)[0]}\n".encode())


def test_a_change_of_several_files(here: Path) -> None:
    assert [os.path.basename(path) for path in written(change(here))] == ["a.py", "b.py", "c.py"]
    assert contents(here) == {"a.py": "é\n", "b.py": "é\n", "c.py": "c\n"}
    assert stat.S_IMODE((here / "c.py").stat().st_mode) & 0o600 == 0o600


def test_nothing_is_written_where_something_cannot_be(here: Path) -> None:
    made = change(here)
    (here / "b.py").chmod(0o444)
    with pytest.raises(NotWritten, match=r"b\.py: it is read-only"):
        written(made)
    (here / "b.py").chmod(0o644)
    (here / "c.py").write_text("there\n")
    with pytest.raises(NotWritten, match=r"c\.py: there is a file of that name already"):
        written(made)
    (here / "b.py").write_text("# coding: ascii\nb")
    with pytest.raises(NotWritten, match=r"b\.py: it changed on disk since it was read"):
        written(made)
    assert contents(here) == {"a.py": "a\n", "b.py": "# coding: ascii\nb", "c.py": "there\n"}


def test_what_the_encoding_does_not_have(here: Path) -> None:
    files(here, {"a.py": "# coding: ascii\n"})
    with pytest.raises(NotWritten, match="'é' cannot be written in ascii"):
        write(Change({str(here / "a.py"): (Edit(0, 0, "é"),)}), lambda path: b"# coding: ascii\n")


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_failure_in_the_middle_is_taken_back(here: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    made = change(here)
    own, number = os.replace, iter(range(99))

    def replace(old: str, new: str) -> None:
        if next(number) == failing:
            raise OSError(28, "No space left on device")
        own(old, new)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(NotWritten, match="no space left on device") as caught:
        written(made)
    assert caught.value.left == ()
    assert contents(here) == {"a.py": "a\n", "b.py": "b\n"}


def test_what_cannot_be_taken_back_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = change(here)
    own, number = os.replace, iter(range(99))

    def replace(old: str, new: str) -> None:
        if next(number) > 0:
            raise OSError(28, "No space left on device")
        own(old, new)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(NotWritten) as caught:
        written(made)
    assert [os.path.basename(path) for path in caught.value.left] == ["a.py"]
