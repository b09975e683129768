"""The project's own modules, found by the names that imports give them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import LoadedModule
from tests.project.state import findings, loaded, migration, rules, write

HELPER = "from alembic import op\n\n\ndef build(table):\n    op.create_index('i', table, ['a'])\n"


def modules() -> ProjectModules:
    return ProjectModules(lambda path: Path(path).read_bytes())


def found(folder: Path, importer: str, name: str, level: int = 0) -> str | None:
    """The module that an import names, as a path below the folder."""
    module = modules().find(LoadedModule(str(folder / importer), "", code.Module((), ())), name, level)
    return None if module is None else os.path.relpath(module.name, folder)


@pytest.mark.parametrize(
    ("files", "importer", "name", "level", "expected"),
    [
        (["helper.py"], "m/versions/a.py", "helper", 0, "helper.py"),
        (["m/helper.py", "helper.py"], "m/versions/a.py", "helper", 0, "m/helper.py"),
        (["app/__init__.py", "app/db.py"], "m/versions/a.py", "app.db", 0, "app/db.py"),
        (["app/__init__.py", "app/db/__init__.py"], "m/versions/a.py", "app.db", 0, "app/db/__init__.py"),
        (["src/app/__init__.py", "src/app/db.py"], "m/versions/a.py", "app.db", 0, "src/app/db.py"),
        (["app/db.py"], "m/versions/a.py", "app.db", 0, "app/db.py"),
        (["app/inner/db.py"], "m/versions/a.py", "app.inner.db", 0, "app/inner/db.py"),
        (["app/db.py"], "m/versions/a.py", "app", 0, "app/__init__.py"),
        (["app/__init__.py"], "m/versions/a.py", "app.missing", 0, None),
        (["app/__init__.py"], "m/versions/a.py", "other", 0, None),
        (["alembic/versions/helper.py", "alembic/__init__.py"], "alembic/versions/a.py", "alembic", 0, None),
        (["alembic/__init__.py", "alembic/op.py"], "alembic/versions/a.py", "alembic.op", 0, None),
        (["alembic/helper.py"], "alembic/versions/a.py", "helper", 0, "alembic/helper.py"),
        (["sqlalchemy/__init__.py"], "m/versions/a.py", "sqlalchemy", 0, None),
        (["json.py"], "m/versions/a.py", "json", 0, None),
        (["m/versions/helper.py"], "m/versions/a.py", "helper", 1, "m/versions/helper.py"),
        (["m/helper.py"], "m/versions/a.py", "helper", 2, "m/helper.py"),
        (["m/__init__.py"], "m/versions/a.py", "", 2, "m/__init__.py"),
        (["m/versions/b.py"], "m/versions/a.py", "", 1, "m/versions/__init__.py"),
        (["m/versions/b.py"], "m/versions/a.py", "c", 1, None),
        (["a.py"], "m/versions/a.py", "x", 40, None),
        (["app.py", "app/__init__.py"], "m/a.py", "app", 0, "app/__init__.py"),
        (["é/__init__.py"], "m/a.py", "é", 0, "é/__init__.py"),
    ],
)  # fmt: skip
def test_find(tmp_path: Path, files: list[str], importer: str, name: str, level: int, expected: str | None) -> None:
    write(tmp_path, dict.fromkeys(files, ""))
    assert found(tmp_path, importer, name, level) == expected


def test_modules_that_cannot_be_read(tmp_path: Path) -> None:
    """They are there, and have no names: when they change, who imports them is read again."""
    write(tmp_path, {"bad.py": b"# \xff\n", "long.py": b"#" * 2_000_001})
    for name in ("bad", "long"):
        module = modules().find(LoadedModule(str(tmp_path / "a.py"), "", None), name, 0)
        assert module is not None
        assert module.path == str(tmp_path / f"{name}.py")
        assert list(module.top_level) == []


def judged(folder: Path, head: str, files: dict[str, str], body: str = "build('t')") -> dict[str, list[str]]:
    write(folder, {"m/env.py": "", "m/versions/a.py": migration("a", None, body, head=head), **files})
    return rules(findings(loaded(folder)))


FINDING = {"a.py": ["only-concurrent-indexes"]}


@pytest.mark.parametrize(
    ("head", "files"),
    [
        ("from helper import build", {"helper.py": HELPER}),
        ("from helper import *", {"helper.py": HELPER}),
        ("from helper import build as build", {"m/helper.py": HELPER}),
        ("import helper\nbuild = helper.build", {"helper.py": HELPER}),
        ("import app.db.helper\nbuild = app.db.helper.build", {"app/db/helper.py": HELPER}),
        ("from app.db import helper\nbuild = helper.build", {"app/__init__.py": "", "app/db/helper.py": HELPER}),
        ("from ..helper import build", {"m/helper.py": HELPER}),
        ("from .. import helper\nbuild = helper.build", {"m/helper.py": HELPER}),
        ("from app import build", {"src/app/__init__.py": "from .helper import build", "src/app/helper.py": HELPER}),
        ("from app import build", {"app/__init__.py": "from app.helper import *", "app/helper.py": HELPER}),
        ("from one import build", {"one.py": "from two import build\nX = 1\n", "two.py": "from one import X\n" + HELPER}),
        ("from one import build", {"one.py": "from two import *\n", "two.py": "from one import *\n" + HELPER}),
        ("try:\n    from helper import build\nexcept ImportError:\n    build = None", {"helper.py": HELPER}),
    ],
)  # fmt: skip
def test_helpers_are_followed(tmp_path: Path, head: str, files: dict[str, str]) -> None:
    assert judged(tmp_path, head, files) == FINDING


@pytest.mark.parametrize(
    ("head", "files"),
    [
        ("from helper import build", {}),
        ("from helper import build", {"helper.py": ""}),
        ("from helper import build", {"helper.py": "from helper import build"}),
        ("from one import build", {"one.py": "from two import build", "two.py": "from one import build"}),
        ("from one import build", {"one.py": "from two import *", "two.py": "from one import *"}),
        ("import helper\nbuild = helper.build", {"helper.py": "def build(:"}),
        ("from .....helper import build", {"helper.py": HELPER}),
    ],
)
def test_what_leads_nowhere(tmp_path: Path, head: str, files: dict[str, str]) -> None:
    assert judged(tmp_path, head, files) == {}


def test_a_folder_of_migrations_named_alembic(tmp_path: Path) -> None:
    files = {
        "alembic/env.py": "",
        "alembic/__init__.py": "",
        "alembic/op.py": "def create_index(*a): pass",
        "alembic/versions/a.py": migration("a", None, "op.create_index('i', 't', ['a'])"),
    }
    assert rules(findings(loaded(write(tmp_path, dict(files))))) == FINDING


def test_everybody_who_reads_a_module_knows_what_it_was_read_with(tmp_path: Path) -> None:
    """Values are kept where they were computed first; each revision depends on them all the same."""
    names = [f"{letter}.py" for letter in "abc"]
    files: dict[str, str | bytes] = {
        "helper.py": HELPER.replace("['a']", "COLUMNS").replace(
            "from alembic import op", "from alembic import op\nfrom columns import *"
        ),
        "columns.py": "from more import COLUMNS\n",
        "more.py": "COLUMNS = ['a']\n",
    }
    for name in names:
        files[f"versions/{name}"] = migration(name[0], None, "build('t')", head="from helper import build")
    project = loaded(write(tmp_path, files))
    project_file = str(tmp_path / "more.py")
    write(tmp_path, {"more.py": "COLUMNS = ['a', 'b', 'c', 'd']\n"})
    assert project.refresh([project_file]) == {project_file, *(str(tmp_path / "versions" / name) for name in names)}
    assert rules(findings(project)) == {name: ["only-concurrent-indexes", "limit-non-unique-index"] for name in names}
