"""What the preview says of the statements of a migration: locks with the history in mind, transactions, who waits."""

from __future__ import annotations

from pathlib import Path

from sqla_lsp.preview.words import sentences, waits
from tests.preview.told import previewed

_TABLES = """
    op.create_table("p", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("p_id", sa.Integer), sa.Column("c", sa.String))
    op.create_foreign_key("fk", "t", "p", ["p_id"], ["id"])
    op.create_index("t_c", "t", ["c"])
"""


def told(folder: Path, body: str) -> list[str]:
    return ["; ".join(sentences(statement)) for statement in previewed(folder, body, earlier=_TABLES).upgrade]


def test_the_history_tells_which_tables_are_meant(tmp_path: Path) -> None:
    body = 'op.drop_constraint("fk", "t", type_="foreignkey")\nop.drop_index("t_c")\nop.alter_column("t", "c", type_=sa.Text())'
    waiting = "reads, writes and other migrations wait"
    quick = "changes the catalog only: done in a moment, once it has its locks"
    assert told(tmp_path, body) == [
        f"ACCESS EXCLUSIVE on p and t: {waiting}; {quick}",
        f"ACCESS EXCLUSIVE on t and t_c: {waiting}; {quick}",
        f"ACCESS EXCLUSIVE on t: {waiting}; {quick}",
    ]


def test_what_a_column_brings_along(tmp_path: Path) -> None:
    body = 'op.add_column("t", sa.Column("q_id", sa.Integer, sa.ForeignKey("p.id"), index=True))'
    made = previewed(tmp_path, body, earlier=_TABLES).upgrade
    assert [{lock.relation: lock.mode for lock in statement.effect.locks} for statement in made] == [
        {"t": "ACCESS EXCLUSIVE"},
        {
            "t": "SHARE ROW EXCLUSIVE",
            "t_pkey": "ACCESS SHARE",
            "t_c": "ACCESS SHARE",
            "p": "SHARE ROW EXCLUSIVE",
            "p_pkey": "ACCESS SHARE",
        },
        {"t": "SHARE", "ix_t_q_id": "ACCESS EXCLUSIVE"},
    ]
    assert [statement.effect.scans for statement in made] == [(), ("t", "p"), ("t",)]
    assert [waits(statement) for statement in made] == [
        ("reads", "writes", "migrations"),
        ("writes", "migrations"),
        ("writes", "migrations"),
    ]


def test_a_new_table_makes_nobody_wait(tmp_path: Path) -> None:
    body = 'op.create_table("n", sa.Column("id", sa.Integer))\nop.create_index("n_id", "n", ["id"])'
    made = previewed(tmp_path, body).upgrade
    assert [waits(statement) for statement in made] == [(), ()]
    assert [sentences(statement) for statement in made] == [["nobody waits"], ["nobody waits"]]


def test_an_old_type_that_only_the_call_tells(tmp_path: Path) -> None:
    body = (
        'op.alter_column("u", "c", type_=sa.BigInteger(), existing_type=sa.Integer())\nop.alter_column("u", "d", type_=sa.Text())'
    )
    known, unknown = previewed(tmp_path, body).upgrade
    assert (known.effect.rewrites, known.effect.scans) == (("u",), ("u",))
    assert (unknown.effect.rewrites, unknown.effect.scans) == (None, None)
    assert unknown.effect.not_known == ("what text is changed from is not known",)


def test_transactions(tmp_path: Path) -> None:
    body = """
        op.drop_table("a")
        with op.get_context().autocommit_block():
            op.create_index("ix", "t", ["c"], postgresql_concurrently=True)
        op.drop_table("b")
    """
    made = previewed(tmp_path, body)
    assert [(s.transaction.number, s.transaction.autocommit) for s in made.upgrade] == [(0, False), (1, True), (2, False)]
    assert made.one_transaction


def test_places(tmp_path: Path) -> None:
    """A call in another file is shown where the migration calls it."""
    helpers = "from alembic import op\n\n\ndef drop(name):\n    op.drop_table(name)\n"
    made = previewed(
        tmp_path,
        'drop("a")',
        before="from helpers import drop\n",
        files={"helpers.py": helpers, "migrations/helpers.py": helpers},
    )
    source = (tmp_path / "migrations/versions/b.py").read_text()
    place = made.upgrade[0].place
    assert source[place.start : place.end] == 'drop("a")'
