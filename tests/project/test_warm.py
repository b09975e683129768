"""What the cache knows is what a first look would find: of a project, and of a whole run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sqla_lsp.cli.run import judge
from sqla_lsp.project import index
from sqla_lsp.project.cache import FORMAT, Cache
from sqla_lsp.project.discovery import Found
from sqla_lsp.project.modules import ProjectModules
from tests.project.state import findings, loaded, migration, write

ENV = "from alembic import context\nfrom app.models import metadata\ncontext.configure(connection=c, target_metadata=metadata)\n"
MODELS = (
    "from sqlalchemy import MetaData\nmetadata = MetaData(naming_convention={'ck': 'c_%(table_name)s_%(constraint_name)s'})\n"
)
HELPER = "from alembic import op\nfrom names import COLUMN\n\n\ndef build(table):\n    op.create_index('i', table, [COLUMN])\n"
CHECK = (
    "op.create_check_constraint('positive', 'one', 'a > 0', postgresql_not_valid=True)\n"
    "op.execute('ALTER TABLE one VALIDATE CONSTRAINT c_one_positive')"
)
FILES: dict[str, str | bytes] = {
    "m/env.py": ENV,
    "app/__init__.py": "",
    "app/models.py": MODELS,
    "helper.py": HELPER,
    "names.py": "COLUMN = 'a'\n",
    "m/versions/a.py": migration("a", None, "op.create_table('one', sa.Column('a', sa.String(20)))"),
    "m/versions/b.py": migration("b", "a", "op.alter_column('one', 'a', type_=sa.String(40))\n" + CHECK),
    "m/versions/c.py": migration("c", "b", "build('one')", "pass  # sqla-lsp: ignore", head="from helper import build"),
    "plain.py": "x = 1\n",
}
Change = Callable[[Path], object]


def changed(name: str, old: str, new: str) -> Change:
    def change(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        write(root, {name: text.replace(old, new)})

    return change


CHANGES: dict[str, Change] = {
    "nothing": lambda root: None,
    "a file is touched": lambda root: write(root, {"m/versions/b.py": FILES["m/versions/b.py"]}),
    "a helper is touched": lambda root: write(root, {"helper.py": FILES["helper.py"]}),
    "a revision changes": changed("m/versions/a.py", "String(20)", "Integer()"),
    "a revision changes and keeps its size": changed("m/versions/a.py", "String(20)", "String(60)"),
    "a revision is added": lambda root: write(root, {"m/versions/d.py": migration("d", "c", "op.drop_index('i', 'one')")}),
    "a revision goes": lambda root: (root / "m/versions/a.py").unlink(),
    "a revision is renamed": lambda root: (root / "m/versions/a.py").rename(root / "m/versions/z.py"),
    "a helper changes": changed("helper.py", "create_index('i', table, [COLUMN])", "drop_index('i', table)"),
    "a helper of the helper changes": changed("names.py", "'a'", "unknown()"),
    "a helper goes": lambda root: (root / "helper.py").unlink(),
    "a nearer helper comes": lambda root: write(root, {"m/helper.py": "def build(table):\n    pass\n"}),
    "a helper becomes a package": lambda root: write(root, {"helper/__init__.py": "def build(table):\n    pass\n"}),
    "a broken helper": lambda root: write(root, {"helper.py": b"# \xff"}),
    "env.py changes": changed("m/env.py", "target_metadata=metadata", "dialect_name='mysql'"),
    "env.py goes": lambda root: (root / "m/env.py").unlink(),
    "models change": changed("app/models.py", "c_%(table_name)s", "d_%(table_name)s"),
    "the configuration comes": lambda root: write(root, {"pyproject.toml": "[tool.sqla-lsp]\nsmall-tables = ['one']\n"}),
    "a configuration below comes": lambda root: write(root, {"m/.sqla-lsp.toml": "ignore = ['only-concurrent-indexes']\n"}),
    "an ini comes": lambda root: write(root, {"alembic.ini": "[alembic]\nscript_location = m\nsqlalchemy.url = mysql://x\n"}),
    "files are left out": lambda root: write(root, {".gitignore": "a.py\n", ".git/HEAD": ""}),
    "a model is partitioned": lambda root: write(
        root, {"plain.py": "from x import Table\nT = Table('one', m, postgresql_partition_by='LIST (a)')\n"}
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_warm_equals_cold(tmp_path: Path, name: str) -> None:
    root, cache = write(tmp_path / "root", FILES), Cache(tmp_path / "cache", FORMAT)
    first = findings(loaded(root, cache))
    assert len([finding for each in first.values() for finding in each]) == 3
    CHANGES[name](root)
    assert findings(loaded(root, cache)) == findings(loaded(root))
    assert findings(loaded(root, cache)) == findings(loaded(root))


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("given", [".", "m/versions/b.py", "m/versions"])
def test_a_warm_run_equals_a_cold_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, given: str) -> None:
    """Also of a part of a project, which is read with modules that lie elsewhere."""
    root = write(tmp_path / "root", FILES)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(root)
    judge([given])
    CHANGES[name](root)
    for _ in range(2):
        warm, cold = judge([given]), judge([given], cached=False)
        assert (warm.findings, warm.statistics, warm.failures) == (cold.findings, cold.statistics, cold.failures)


def test_what_is_known_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, cache = write(tmp_path / "root", FILES), Cache(tmp_path / "cache", FORMAT)
    loaded(root, cache)
    read: list[str] = []
    read_record = index.read_record

    def noted(file: Found, modules: ProjectModules, queries: bool) -> index.Record:
        read.append(Path(file.path).name)
        return read_record(file, modules, queries)

    monkeypatch.setattr(index, "read_record", noted)
    loaded(root, cache)
    assert read == []
    write(root, {"m/versions/a.py": FILES["m/versions/a.py"], "names.py": "COLUMN = 'b'\n"})
    loaded(root, cache)
    assert sorted(read) == ["a.py", "c.py", "names.py"]


def test_settings_are_part_of_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "root", FILES)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    all_rules = len(judge([str(root)]).findings)
    assert len(judge([str(root)], select=["split-check-constraint"]).findings) == 1
    assert len(judge([str(root)], ignore=["unused-ignore"]).findings) == all_rules - 1
    assert len(judge([str(root)]).findings) == all_rules
    write(root, {"other.toml": "ignore = ['unused-ignore']\n"})
    assert len(judge([str(root)], config=str(root / "other.toml")).findings) == all_rules - 1
    write(root, {"other.toml": "ignore = []\n"})
    assert len(judge([str(root)], config=str(root / "other.toml")).findings) == all_rules


@pytest.mark.parametrize("damage", [b"", b"sqla-lsp cache\n", b"\xff" * 1000, None])
def test_a_damaged_cache_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None) -> None:
    root = write(tmp_path / "root", FILES)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cold = judge([str(root)])
    entries = list((tmp_path / "cache").rglob("*.cache"))
    assert len(entries) == 2
    for entry in entries:
        entry.write_bytes(entry.read_bytes()[:-7] if damage is None else damage)
    assert judge([str(root)]).findings == cold.findings
    assert judge([str(root)]).findings == cold.findings


def test_entries_that_mean_something_else(tmp_path: Path) -> None:
    """Whole, and of another version in all but name."""
    root, cache = write(tmp_path / "root", FILES), Cache(tmp_path / "cache", FORMAT)
    cold = findings(loaded(root))
    for data in (b"", b"\xc0", b"\x81\xa1a\xa1b", b"\x81\xa1a\x93\x01\x02\xa1x"):
        cache.store("\n".join(["files", str(root)]), data)
        assert findings(loaded(root, cache)) == cold


def test_a_cache_of_another_version(tmp_path: Path) -> None:
    root = write(tmp_path / "root", FILES)
    loaded(root, Cache(tmp_path / "cache", "0.0.1/1"))
    project = loaded(root, Cache(tmp_path / "cache", FORMAT))
    assert findings(project) == findings(loaded(root))


def test_two_processes(tmp_path: Path) -> None:
    root = write(tmp_path / "root", FILES)
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "sqla_lsp.cli.main", "check", str(root), "--output-format", "concise"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) for _ in range(4)]
    ended = [process.communicate() for process in started]
    assert {process.returncode for process in started} == {1}
    assert len(set(ended)) == 1


def test_workers_say_what_one_process_says(tmp_path: Path) -> None:
    files = dict(FILES)
    for number in range(450):
        body = "build('one')" if number % 3 else f"op.create_index('i{number}', 'one', ['a'])"
        head = "from helper import build" if number % 3 else ""
        files[f"m/versions/r{number}.py"] = migration(f"r{number}", "c", body, head=head)
    root = write(tmp_path / "root", files)
    assert findings(loaded(root, jobs=3)) == findings(loaded(root, jobs=1))
    write(root, {"names.py": "COLUMN = unknown()\n", "helper.py": HELPER.replace("create_index('i'", "create_index('changed'")})
    assert findings(loaded(root, jobs=3)) == findings(loaded(root, jobs=1))
