"""Two copies of a project are compared by what all of their migrations leave."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

if any(find_spec(name) is None for name in ("alembic", "psycopg")):
    pytest.skip("alembic or psycopg, which run the migrations, is not installed", allow_module_level=True)

from tests.fixes.applying import write
from tests.postgres.server import Server
from tests.proof.corpus import Told, compared, rendered

HEAD = 'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "{}"\ndown_revision = {}\n\n\ndef upgrade():\n    {}\n'
VERSIONS = "project/versions"
NAIVE = {
    f"{VERSIONS}/1.py": HEAD.format("1", None, 'op.create_table("t", sa.Column("id", sa.Integer()))'),
    f"{VERSIONS}/2.py": HEAD.format("2", '"1"', 'op.create_index("ix", "t", ["id"])'),
    f"{VERSIONS}/3.py": HEAD.format("3", '"2"', 'op.drop_table("nowhere")'),
    f"{VERSIONS}/4.py": HEAD.format("4", '"3"', "op.get_bind().execute(sa.text('SELECT 1')).fetchone()[0]"),
}
BLOCK = 'with op.get_context().autocommit_block():\n        op.create_index("ix", "t", ["{}"], postgresql_concurrently=True)'


def told(postgres: Server, folder: Path, changed: dict[str, str]) -> Told:
    write(NAIVE, folder / "naive")
    write(NAIVE | changed, folder / "fixed")
    naive, fixed = rendered(folder / "naive"), rendered(folder / "fixed")
    return compared(postgres, VERSIONS, naive[VERSIONS], fixed[VERSIONS], folder / "naive", folder / "fixed")


def test_the_same_schema_by_another_way(postgres: Server, tmp_path: Path) -> None:
    changed = {
        f"{VERSIONS}/2.py": HEAD.format("2", '"1"', "pass"),
        f"{VERSIONS}/2b.py": HEAD.format("2b", '"2"', BLOCK.format("id")),
        f"{VERSIONS}/3.py": NAIVE[f"{VERSIONS}/3.py"].replace('"2"', '"2b"'),
    }
    found = told(postgres, tmp_path, changed)
    assert found.problems == []
    assert (found.changed, found.ran) == (3, 2)
    assert [line.partition(": ")[0] for line in found.left_out] == ["3.py", "4.py"]


def test_another_schema(postgres: Server, tmp_path: Path) -> None:
    found = told(postgres, tmp_path, {f"{VERSIONS}/2.py": HEAD.format("2", '"1"', "pass")})
    assert len(found.problems) == 1
    assert "-CREATE INDEX ix ON public.t USING btree (id);" in found.problems[0]


def test_what_runs_no_more(postgres: Server, tmp_path: Path) -> None:
    found = told(postgres, tmp_path, {f"{VERSIONS}/2.py": HEAD.format("2", '"1"', BLOCK.format("key"))})
    assert found.problems[0] == f'{VERSIONS}/2.py: column "key" does not exist'


def test_revisions_that_are_gone(postgres: Server, tmp_path: Path) -> None:
    found = told(postgres, tmp_path, {f"{VERSIONS}/3.py": ""})
    assert found.problems == ["revisions are gone: 3"]
