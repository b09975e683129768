"""`sql`: which revisions it shows, in both formats."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ENVIRONMENT, Command
from tests.project.state import migration, write


@pytest.fixture
def project(here: Path) -> Path:
    column = "op.add_column('t', sa.Column(NAME, sa.Text()))"
    block = "with op.get_context().autocommit_block():\n    op.create_index('ix', 't', ['a'], postgresql_concurrently=True)"
    return write(
        here,
        {
            "migrations/env.py": ENVIRONMENT,
            "migrations/versions/b.py": migration("aa1", None, "op.create_table('t', sa.Column('a', sa.Integer))"),
            "migrations/versions/a.py": migration("aa2", "aa1", f"{block}\n{column}", "op.drop_index('ix')"),
        },
    )


def test_text(project: Path, run: Command) -> None:
    code, out, err = run("sql")
    assert (code, err) == (0, "")
    assert (
        out
        == """\
migrations/versions/b.py  upgrade aa1

  in the transaction of the whole run: locks live until its last revision is done, or an autocommit block begins
    10  CREATE TABLE t (
            a INTEGER
        );
        -- nobody waits

migrations/versions/a.py  upgrade aa2

  in autocommit: locks live as long as their statement
    11  CREATE INDEX CONCURRENTLY ix ON t (a);
        -- SHARE UPDATE EXCLUSIVE on t: other migrations wait
        -- reads all of t
        -- builds ix

  in the transaction of the whole run: locks live until its last revision is done, or an autocommit block begins
    12  -- op.add_column is not known: NAME is not defined in this file
"""
    )


def test_downgrade_of_a_revision(project: Path, run: Command) -> None:
    code, out, _ = run("sql", "aa2", "--downgrade")
    assert code == 0
    assert out.splitlines()[0] == "migrations/versions/a.py  downgrade aa2"
    assert "    16  DROP INDEX ix;" in out.splitlines()
    assert "aa1" not in out


def test_json(project: Path, run: Command) -> None:
    code, out, _ = run("sql", "migrations/versions/a.py", "--output-format", "json")
    assert code == 0
    (found,) = json.loads(out)
    assert (found["filename"], found["revision"]) == ("migrations/versions/a.py", "aa2")
    built, unknown = found["upgrade"]
    assert built == {
        "row": 11,
        "sql": "CREATE INDEX CONCURRENTLY ix ON t (a);",
        "locks": [{"relation": "t", "mode": "SHARE UPDATE EXCLUSIVE"}],
        "waits": ["migrations"],
        "rewrites": [],
        "scans": ["t"],
        "builds": ["ix"],
        "autocommit": True,
        "transaction": 1,
        "conditional": False,
        "not_known": [],
    }
    assert unknown == {"row": 12, "sql": None, "reason": "NAME is not defined in this file", "conditional": False}
    assert [statement["sql"] for statement in found["downgrade"]] == ["DROP INDEX ix;"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("aa", "sqla-lsp: aa: several revisions begin like that: aa1, aa2\n"),
        ("zz", "sqla-lsp: zz: there is no such file, folder or revision\n"),
        ("nowhere/a.py", "sqla-lsp: nowhere/a.py: No such file or directory\n"),
    ],
)
def test_what_is_not_there(project: Path, run: Command, name: str, said: str) -> None:
    assert run("sql", name) == (2, "", said)


def test_without_alembic(project: Path, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("sqla_lsp.preview", "sqla_lsp.cli.output.preview"))]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("sqlalchemy", "alembic"):
        monkeypatch.setitem(sys.modules, name, None)
    code, out, err = run("sql")
    assert (code, out) == (2, "")
    assert err.startswith("sqla-lsp: Alembic 1.13 and SQLAlchemy 2.0, or later ones, are needed to render SQL: ")
