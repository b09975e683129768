"""What the preview says of the statements of a migration: locks with the history in mind, transactions, who waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqla_lsp.preview.words import sentences, summary, waits
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
        f"ACCESS EXCLUSIVE on t: {waiting}; {quick}",
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


# ------------------------------------------------------------------------------------------------------ what is not known


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT f(1)", "what f() does is not known"),
        ("SELECT audit.enable('t')", "what audit.enable() does is not known"),
        ("DO $$ BEGIN PERFORM f(); END $$", "what f() does is not known"),
        ("DO $$ BEGIN EXECUTE format('DROP TABLE %I', x); END $$", "what EXECUTE runs is not known"),
        ("DO LANGUAGE plpython3u $$ x $$", "what the DO block runs is not known"),
        ("CALL f()", "what CALL runs is not known"),
        ("DROP SCHEMA s CASCADE", "what depends on it is dropped, and locked, too"),
        ("DROP TYPE e CASCADE", "what depends on it is dropped, and locked, too"),
        ("DROP OWNED BY somebody", "what DROP OWNED locks is not known"),
        ("ALTER DOMAIN d SET NOT NULL", "the tables with columns of the domain are locked, and all of them read, too"),
        ("ALTER EXTENSION x UPDATE", "what the script of the extension runs is not known"),
        ("VACUUM", "every table of the database is locked in its turn"),
        ("SELECT pg_advisory_xact_lock(1)", "others who ask for the same advisory lock wait"),
    ],
)
def test_what_is_not_known_is_not_said_to_make_nobody_wait(tmp_path: Path, sql: str, reason: str) -> None:
    made = previewed(tmp_path, f"op.execute({sql!r})", earlier=_TABLES)
    assert [sentences(statement) for statement in made.upgrade] == [[reason]]
    assert summary(made.upgrade) == "who waits is not known · 1 transaction"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT set_config('a', 'b', true)",
        "SELECT pg_catalog.like_escape('a', 'b')",
        "SELECT count(*) FROM t WHERE id = 5",
        "DROP TYPE e",
        "DROP FUNCTION f()",
        "SET lock_timeout = '5s'",
        "ALTER TYPE e ADD VALUE 'x'",
        "DO $$ BEGIN RAISE NOTICE 'x'; END $$",
    ],
)
def test_what_makes_nobody_wait(tmp_path: Path, sql: str) -> None:
    assert told(tmp_path, f"op.execute({sql!r})") == ["nobody waits"]


# ------------------------------------------------------------------------------------------------------------------ rows


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE t SET c = '' WHERE id = 5", ["ROW EXCLUSIVE on t: writes of the same rows wait"]),
        ("DELETE FROM t WHERE id = 5", ["ROW EXCLUSIVE on t: writes of the same rows wait"]),
        ("INSERT INTO p VALUES (1)", ["ROW EXCLUSIVE on p"]),
        ("INSERT INTO p VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2", ["ROW EXCLUSIVE on p: writes of the same rows wait"]),
        ("SELECT * FROM t WHERE id = 5 FOR UPDATE", ["ROW SHARE on t: writes of the same rows wait"]),
        (
            "WITH gone AS (DELETE FROM t WHERE id = 5 RETURNING id) INSERT INTO p SELECT id FROM gone",
            ["ROW EXCLUSIVE on p", "ROW EXCLUSIVE on t: writes of the same rows wait"],
        ),
    ],
)
def test_writes_of_rows(tmp_path: Path, sql: str, said: list[str]) -> None:
    made = previewed(tmp_path, f"op.execute({sql!r})", earlier=_TABLES).upgrade
    assert [sentences(statement) for statement in made] == [said]


@pytest.mark.parametrize(
    ("sql", "held"),
    [
        ("UPDATE t SET c = '' WHERE c IS NULL", True),
        ("INSERT INTO t (id) SELECT id FROM p WHERE id > 5", True),
        ("SELECT id FROM p WHERE id > :x", True),
        ("ANALYZE p", True),
        ("SELECT f()", True),
        ("INSERT INTO p VALUES (1)", False),
        ("LOCK TABLE p IN SHARE MODE", False),
        ("TRUNCATE p", False),
        ("COMMENT ON TABLE p IS 'x'", False),
    ],
)
def test_locks_are_held_while_a_query_runs(tmp_path: Path, sql: str, held: bool) -> None:
    words = told(tmp_path, f"op.drop_index('t_c', 't')\nop.execute(sa.text({sql!r}))")[1]
    assert ("meanwhile its transaction holds ACCESS EXCLUSIVE on t: " in words) is held


@pytest.mark.parametrize(
    "sql", ["LOCK TABLE t IN SHARE MODE", "ANALYZE t", "CREATE TABLE x PARTITION OF t DEFAULT", "TRUNCATE t"]
)
def test_what_does_not_only_change_the_catalog(tmp_path: Path, sql: str) -> None:
    (words,) = told(tmp_path, f"op.execute({sql!r})")
    assert "on t: " in words
    assert "catalog" not in words


def test_a_table_is_emptied_not_copied(tmp_path: Path) -> None:
    waiting = "reads, writes and other migrations wait"
    assert told(tmp_path, "op.execute('TRUNCATE t')") == [f"ACCESS EXCLUSIVE on t: {waiting}; empties t"]


# ----------------------------------------------------------------------------------------------- what the function made


def test_what_the_function_made_itself_makes_nobody_wait(tmp_path: Path) -> None:
    body = """
        op.create_table("n", sa.Column("id", sa.Integer, primary_key=True))
        op.rename_table("n", "m")
        op.drop_table("m")
        op.execute("CREATE VIEW v AS SELECT 1")
        op.execute("DROP VIEW v")
        op.execute("CREATE SEQUENCE s")
        op.execute("ALTER SEQUENCE s OWNED BY t.id")
        op.execute("DROP SEQUENCE s")
        op.execute("CREATE MATERIALIZED VIEW w AS SELECT 1 AS a WITH NO DATA")
        op.execute("CREATE UNIQUE INDEX w_a ON w (a)")
        op.create_table("r", sa.Column("id", sa.Integer), postgresql_partition_by="RANGE (id)")
        op.create_index("r_id", "r", ["id"])
    """
    made = previewed(tmp_path, body, earlier=_TABLES).upgrade
    assert {sentence for statement in made for sentence in sentences(statement)} == {"nobody waits"}
    assert summary(made) == "nobody waits · 1 transaction"


def test_of_what_was_dropped_before_somebody_waits(tmp_path: Path) -> None:
    """Others wait for the old table until the transaction ends."""
    body = 'op.drop_table("t")\nop.create_table("t", sa.Column("id", sa.Integer))'
    assert told(tmp_path, body)[1] == "takes no lock that others wait for"


def test_a_new_table_takes_time_when_it_was_filled(tmp_path: Path) -> None:
    body = """
        op.create_table("n", sa.Column("id", sa.Integer, sa.ForeignKey("p.id"), primary_key=True))
        op.create_index("one", "n", ["id"])
        op.execute("INSERT INTO n SELECT id FROM p")
        op.create_index("two", "n", ["id"])
    """
    held = "meanwhile its transaction holds SHARE ROW EXCLUSIVE on p: writes and other migrations wait"
    words = told(tmp_path, body)
    assert [held in said for said in words] == [False, False, True, True]
    assert words[0].endswith("changes the catalog only: done in a moment, once it has its locks")


def test_a_call_that_is_not_known_may_make_anybody_wait(tmp_path: Path) -> None:
    made = previewed(tmp_path, "op.create_table('n', sa.Column('id', sa.Integer))\nop.execute(unknown)").upgrade
    assert summary(made) == "1 transaction · 1 call not known"


@pytest.mark.parametrize("sql", ["DROP TABLE t CASCADE", "ALTER TABLE t DROP COLUMN c CASCADE"])
def test_what_goes_along_with_cascade_is_not_known(tmp_path: Path, sql: str) -> None:
    (words,) = told(tmp_path, f"op.execute({sql!r})")
    assert words.endswith("what depends on it is dropped, and locked, too")


def test_merge_reads_its_source(tmp_path: Path) -> None:
    sql = "MERGE INTO t USING p ON t.id = p.id WHEN MATCHED THEN DELETE"
    (statement,) = previewed(tmp_path, f"op.execute({sql!r})", earlier=_TABLES).upgrade
    assert {lock.relation: lock.mode for lock in statement.effect.locks if not lock.of} == {
        "t": "ROW EXCLUSIVE",
        "p": "ACCESS SHARE",
    }


def test_an_index_on_a_partitioned_table_alone_is_new(tmp_path: Path) -> None:
    before = 'op.create_table("r", sa.Column("id", sa.Integer), postgresql_partition_by="RANGE (id)")'
    (statement,) = previewed(tmp_path, 'op.execute("CREATE INDEX i ON ONLY r (id)")', earlier=before).upgrade
    assert sentences(statement)[0] == "SHARE on r: writes and other migrations wait"


def test_dropping_an_index_concurrently_takes_as_long_as_others_do(tmp_path: Path) -> None:
    body = 'with op.get_context().autocommit_block():\n    op.drop_index("t_c", "t", postgresql_concurrently=True)'
    assert told(tmp_path, body) == [
        "SHARE UPDATE EXCLUSIVE on t: other migrations wait; waits until the transactions that use the table have ended"
    ]
