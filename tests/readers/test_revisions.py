"""Headers of revisions, and revisions that use other modules of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.readers.revisions import Revision, read_revision
from sqla_lsp.syntax.frames import LoadedModule, NoModules
from sqla_lsp.syntax.lower import lower
from tests.readers.test_operations import lines


def revision(text: str) -> Revision | None:
    return read_revision(LoadedModule("m", "", lower(text.encode())), NoModules())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('revision = "b"\ndown_revision = "a"', ("b", ("a",), (), (), False)),
        ('revision: str = "b"\ndown_revision: str | None = None', ("b", (), (), (), False)),
        ('revision = "c"\ndown_revision = ("a", "b")', ("c", ("a", "b"), (), (), False)),
        (
            'revision = "c"\ndown_revision = ["a"]\nbranch_labels = "x"\ndepends_on = ("d", "e")',
            ("c", ("a",), ("d", "e"), ("x",), False),
        ),
        ('A = "a"\nrevision = "b"\ndown_revision = A', ("b", ("a",), (), (), False)),
        ('revision = "b"\ndown_revision = parent()', ("b", (), (), (), True)),
        ('revision = "b"\ndown_revision = "a"\nbranch_labels = (label,)', ("b", ("a",), (), (), True)),
    ],
)
def test_header(text: str, expected: tuple[object, ...]) -> None:
    found = revision(text)
    assert found is not None
    header = found.header
    assert (header.revision, header.down, header.depends_on, header.labels, header.not_known) == expected


@pytest.mark.parametrize(
    "text", ["", "revision = 'a'", "down_revision = 'a'", "revision = x\ndown_revision = 'a'", "def f(): pass"]
)
def test_no_revision(text: str) -> None:
    assert revision(text) is None


def test_both_functions_and_their_spans() -> None:
    head = "from alembic import op\nrevision, down_revision = 'b', 'a'\n"
    text = head + "def upgrade():\n    op.drop_index('a')\n\n\ndef downgrade(): op.drop_index('b')\n"
    found = revision(text)
    assert found is not None
    assert lines(found.upgrade.operations) == ["DropIndex(name=a)"]
    assert lines(found.downgrade.operations) == ["DropIndex(name=b)"]
    assert text[found.upgrade.start : found.upgrade.end] == "def upgrade():\n    op.drop_index('a')"
    assert text[found.downgrade.start : found.downgrade.end] == "def downgrade(): op.drop_index('b')"


def test_a_function_that_takes_too_long_says_so() -> None:
    rounds = "for i in range(900):\n" + "        for j in range(900):\n            k = i\n    "
    found = revision(
        f"from alembic import op\nrevision, down_revision = 'b', 'a'\ndef upgrade():\n    op.drop_index('a')\n    {rounds}"
    )
    assert found is not None
    assert lines(found.upgrade.operations) == ["DropIndex(name=a)", "NotKnown(reason=it takes too many steps to follow)"]


def in_project(folder: Path, **files: str) -> Revision:
    """The revision `migration` among the other modules."""
    (folder / "pyproject.toml").touch()
    for name, text in files.items():
        path = folder / "app" / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "app" / "__init__.py").touch()
    path = folder / "app" / "migration.py"
    text = f"from alembic import op\nimport sqlalchemy as sa\nrevision, down_revision = 'b', 'a'\n{files['migration']}"
    modules = ProjectModules(lambda name: Path(name).read_bytes())
    found = read_revision(LoadedModule(str(path), "", lower(text.encode())), modules)
    assert found is not None
    return found


HELPERS = "from alembic import op\n\ndef index(table, *columns):\n    op.create_index(f'ix_{table}', table, columns)\n"


@pytest.mark.parametrize(
    "imports",
    [
        "from app.helpers import index",
        "from .helpers import index",
        "from app import helpers\nindex = helpers.index",
        "from app.helpers import *",
    ],
)
def test_a_helper_of_another_module(tmp_path: Path, imports: str) -> None:
    found = in_project(tmp_path, helpers=HELPERS, migration=f"{imports}\ndef upgrade():\n    index('t', 'a')\n")
    assert lines(found.upgrade.operations) == ["CreateIndex(table=t, index=Index(name=ix_t, keys=[Key(column=a)])) ~1"]
    site = found.upgrade.operations[0].site
    assert Path(site.place.path) == tmp_path / "app" / "helpers.py"
    assert [place.path for place in site.calls] == [""]
    assert str(tmp_path / "app" / "helpers.py") in found.read


def test_dialect_tests_and_types_of_another_module(tmp_path: Path) -> None:
    found = in_project(
        tmp_path,
        types="import sqlalchemy as sa\nclass Id(sa.TypeDecorator):\n    impl = sa.CHAR(36)\n",
        db="from alembic import op\ndef is_sqlite():\n    return op.get_context().dialect.name == 'sqlite'\n",
        migration="from app.types import Id\nfrom app.db import is_sqlite\ndef upgrade():\n"
        "    if is_sqlite():\n        return\n    op.alter_column('t', 'a', type_=Id())\n",
    )
    assert lines(found.upgrade.operations) == ["AlterType(table=t, column=a, to=char(36))"]


def test_what_is_not_there(tmp_path: Path) -> None:
    found = in_project(
        tmp_path, migration="from app.gone import index\nfrom .x import y\ndef upgrade():\n    index('t')\n    y()\n"
    )
    assert found.upgrade.operations == ()
    assert set(found.outside) >= {("app.gone", 0), ("x", 1)}
