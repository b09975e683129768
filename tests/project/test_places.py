"""Which environment a revision belongs to, and which project an environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sqla_lsp.project.places import EnvironmentFinder
from sqla_lsp.rules.check import check_file
from tests.project.state import loaded, migration, write

ENV = "from alembic import context\ncontext.run_migrations()\n"
MYSQL = "from alembic import context\ncontext.configure(url='mysql://x/y')\n"
INDEX = migration("a", None, "op.create_index('i', 't', ['a'])")


def finder(folder: Path, files: dict[str, str]) -> EnvironmentFinder:
    write(folder, dict(files))
    known = [str(folder / name) for name in files if name.endswith((".ini", ".toml"))]
    return EnvironmentFinder(known, lambda path: Path(path).read_bytes())


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        ({"m/env.py": ENV}, "m/versions/a.py", "m"),
        ({"m/env.py": ENV}, "m/versions/2024/01/a.py", "m"),
        ({"m/env.py": ENV}, "m/a.py", "m"),
        ({"m/env.py": ENV, "m/versions/old/env.py": ENV}, "m/versions/old/a.py", "m/versions/old"),
        ({"m/env.py": ENV, "m/versions/env.py": "print('none')"}, "m/versions/a.py", "m"),
        ({"env.py": "DEBUG = True"}, "m/versions/a.py", "m"),
        ({}, "m/versions/a.py", "m"),
        ({}, "m/versions/one/a.py", "m"),
        ({}, "elsewhere/a.py", "elsewhere"),
        ({"one/env.py": ENV, "two/env.py": ENV}, "two/versions/a.py", "two"),
        (
            {"m/env.py": ENV, "alembic.ini": "[alembic]\nscript_location = m\nversion_locations = x/versions y/versions\n"},
            "y/versions/sub/a.py",
            "m",
        ),
        (
            {"m/env.py": ENV, "alembic.ini": "[alembic]\nscript_location = m\nversion_locations = x/versions\n"},
            "x/versions_of_others/a.py",
            "x/versions_of_others",
        ),
        (
            {"m/env.py": ENV, "pyproject.toml": "[tool.alembic]\nscript_location = 'm'\nversion_locations = ['%(here)s/y']\n"},
            "y/a.py",
            "m",
        ),
        (
            {
                "alembic.ini": "[one]\nscript_location = m\nversion_locations = x\n"
                "[two]\nscript_location = n\nversion_locations = y\n"
            },
            "y/a.py",
            "n",
        ),
    ],
)
def test_the_environment_of_a_revision(tmp_path: Path, files: dict[str, str], path: str, expected: str) -> None:
    assert finder(tmp_path, files).environment_of(str(tmp_path / path)) == str(tmp_path / expected)


def test_options(tmp_path: Path) -> None:
    found = finder(tmp_path, {"alembic.ini": "[alembic]\nscript_location = m\nsqlalchemy.url = mysql://x\n", "m/env.py": ENV})
    options = found.options_of(str(tmp_path / "m"))
    assert options is not None
    assert options.url == "mysql://x"
    assert found.options_of(str(tmp_path / "n")) is None


def test_options_above_the_roots(tmp_path: Path) -> None:
    write(tmp_path, {"alembic.ini": "[alembic]\nscript_location = a/m\nsqlalchemy.url = mysql://x\n"})
    found = finder(tmp_path / "a", {"m/env.py": ENV})
    options = found.options_of(str(tmp_path / "a/m"))
    assert options is not None
    assert options.url == "mysql://x"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    files = [str(tmp_path / "alembic.ini"), str(tmp_path / "pyproject.toml")]
    assert EnvironmentFinder(files, lambda path: Path(path).read_bytes()).environment_of("/nowhere/versions/a.py") == "/nowhere"


def test_the_project_of_an_environment(tmp_path: Path) -> None:
    found = finder(
        tmp_path, {"one/pyproject.toml": "", "one/src/m/env.py": ENV, "two/setup.py": "", "two/m/env.py": ENV, "m/env.py": ""}
    )
    for path, project in [("one/src/m", "one"), ("two/m", "two"), ("m", ""), ("one", "one")]:
        assert os.path.normpath(found.project_of(str(tmp_path / path), [str(tmp_path)])) == str(tmp_path / project)


# ---------------------------------------------------------------------------------------------- what comes of it in a project


def judged(folder: Path, files: dict[str, str]) -> list[str]:
    """The revisions that have findings."""
    project = loaded(write(folder, dict(files)))
    return [os.path.relpath(path, folder) for path in project.revisions() if check_file(project, path)]


def test_environments_have_histories_of_their_own(tmp_path: Path) -> None:
    create = migration("a", None, "op.create_table('t', sa.Column('a', sa.String(20)))")
    alter = migration("b", "a", "op.alter_column('t', 'a', type_=sa.String(40))")
    files = {
        "one/env.py": ENV,
        "one/versions/a.py": create,
        "one/versions/sub/b.py": alter,
        "two/env.py": ENV,
        "two/versions/b.py": alter,
    }
    assert judged(tmp_path, files) == ["two/versions/b.py"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"one/env.py": MYSQL, "one/versions/a.py": INDEX}, []),
        ({"one/env.py": ENV, "one/versions/a.py": INDEX}, ["one/versions/a.py"]),
        (
            {"one/env.py": MYSQL, "one/versions/a.py": INDEX, "two/env.py": ENV, "two/versions/a.py": INDEX},
            ["one/versions/a.py", "two/versions/a.py"],
        ),
        (
            {
                "p/pyproject.toml": "",
                "p/one/env.py": MYSQL,
                "p/one/versions/a.py": INDEX,
                "q/pyproject.toml": "",
                "q/two/env.py": ENV,
                "q/two/versions/a.py": INDEX,
            },
            ["q/two/versions/a.py"],
        ),
        (
            {"one/env.py": MYSQL, "one/versions/a.py": INDEX, "pyproject.toml": "[tool.sqla-lsp]\ndialect = 'postgresql'\n"},
            ["one/versions/a.py"],
        ),
        ({"one/env.py": ENV, "one/versions/a.py": INDEX, "pyproject.toml": "[tool.sqla-lsp]\ndialect = 'mysql'\n"}, []),
        ({"versions/a.py": INDEX}, ["versions/a.py"]),
    ],
)
def test_other_databases(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert judged(tmp_path, files) == expected


def test_start_after(tmp_path: Path) -> None:
    files = {
        f"versions/{name}.py": migration(name, parent, "op.create_index('i', 't', ['a'])")
        for name, parent in [("a", None), ("b", "a"), ("c", "b")]
    }
    assert judged(tmp_path, {**files, "pyproject.toml": "[tool.sqla-lsp]\nstart-after = ['b']\n"}) == ["versions/c.py"]
    assert judged(tmp_path, {**files, "pyproject.toml": "[tool.sqla-lsp]\nstart-after = ['nowhere']\n"}) == sorted(files)
