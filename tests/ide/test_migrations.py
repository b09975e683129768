"""What an editor shows over a migration: hovers, lenses, hints, and the script behind a lens."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqla_lsp.ide.hints import hints
from sqla_lsp.ide.hover import Hover, hover, markdown, plain
from sqla_lsp.ide.lenses import lenses
from sqla_lsp.ide.script import script
from sqla_lsp.preview.migration import Preview
from tests.preview.told import migration, previewed

_TABLES = """
    op.create_table("p", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("p_id", sa.Integer))
    op.create_table("_odd_", sa.Column("id", sa.Integer))
"""
_EVERYBODY = "reads, writes and other migrations wait"
_RUN = "in the transaction of the whole run: locks live until its last revision is done, or an autocommit block begins"


class Shown:
    """A migration that follows one which made `t`, `p` and `_odd_`, and what is shown of it."""

    def __init__(self, folder: Path, body: str, before: str = "", files: dict[str, str] | None = None) -> None:
        self.made: Preview = previewed(folder, body, earlier=_TABLES, before=before, files=files)
        self.data = Path(self.made.path).read_bytes()

    def over(self, text: str, *, further: int = 0) -> Hover | None:
        """The hover at the first occurrence of a text, or so many bytes further."""
        return hover(self.made, self.data, self.data.index(text.encode()) + further)

    def titles(self) -> list[str]:
        return [lens.title for lens in lenses(self.made, self.data) if lens.direction == "upgrade"]


# --------------------------------------------------------------------------------------------------------------- hover


def test_sql_locks_and_who_waits(tmp_path: Path) -> None:
    shown = Shown(tmp_path, 'op.create_foreign_key("fk", "t", "p", ["p_id"], ["id"])')
    found = shown.over("create_foreign_key")
    assert found is not None
    assert shown.data[found.place.start : found.place.end].startswith(b'op.create_foreign_key("fk"')
    assert markdown(found) == (
        "```sql\nALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY(p_id) REFERENCES p (id);\n```\n"
        "- SHARE ROW EXCLUSIVE on p and t: writes and other migrations wait.\n"
        "- Reads all of t and p.\n"
        f"- {_RUN.capitalize()}."
    )
    assert plain(found) == (
        "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY(p_id) REFERENCES p (id);\n"
        "SHARE ROW EXCLUSIVE on p and t: writes and other migrations wait.\n"
        "Reads all of t and p.\n"
        f"{_RUN.capitalize()}."
    )


def test_everything_that_a_call_sends(tmp_path: Path) -> None:
    shown = Shown(tmp_path, 'op.add_column("t", sa.Column("c", sa.Integer, sa.ForeignKey("p.id"), index=True))')
    found = shown.over("sa.Integer, sa.ForeignKey")
    assert found is not None
    sent = [(section.sql or "").partition(" ")[0] for section in found.sections]
    assert sent == ["ALTER", "ALTER", "CREATE"]


def test_beside_a_call_there_is_nothing(tmp_path: Path) -> None:
    shown = Shown(tmp_path, 'name = "c"\nop.drop_column("t", name)')
    assert shown.over('name = "c"', further=3) is None
    assert shown.over("import sqlalchemy") is None
    assert shown.over('op.drop_column("t", name)', further=-1) is None
    assert shown.over('op.drop_column("t", name)', further=len('op.drop_column("t", name)')) is not None


def test_of_nested_calls_the_inner_one_counts(tmp_path: Path) -> None:
    before = "def named(result):\n    op.execute('LOCK TABLE p')\n"
    shown = Shown(tmp_path, 'named(op.drop_column("t", "p_id"))', before)
    inner = shown.over("drop_column")
    assert inner is not None
    assert [section.sql for section in inner.sections] == ["ALTER TABLE t DROP COLUMN p_id;"]


def test_a_loop_is_shown_as_what_it_sends(tmp_path: Path) -> None:
    shown = Shown(tmp_path, 'for n in range(30):\n    op.execute(f"ALTER TABLE t ADD COLUMN c{n} int")')
    found = shown.over("op.execute")
    assert found is not None
    assert [section.sql for section in found.sections[:2]] == [
        "ALTER TABLE t ADD COLUMN c0 int;",
        "ALTER TABLE t ADD COLUMN c1 int;",
    ]
    assert found.sections[-1].words == ("and 18 more",)
    assert markdown(found).endswith("\n\nAnd 18 more.")


def test_a_function_that_both_directions_call_is_told_once(tmp_path: Path) -> None:
    text = migration("both()", "b", "a", "def both():\n    op.drop_column('t', 'p_id')\n")
    text = text.replace("def downgrade():\n    pass", "def downgrade():\n    both()")
    shown = Shown(tmp_path, "", files={"migrations/versions/b.py": text})
    assert len(shown.made.downgrade) == 1
    found = shown.over("op.drop_column")
    assert found is not None
    assert len(found.sections) == 1


def test_a_helper_of_another_file_is_shown_at_its_call(tmp_path: Path) -> None:
    helpers = "from alembic import op\n\n\ndef drop(column):\n    op.drop_column('t', column)\n"
    files = {"migrations/helpers.py": helpers, "migrations/__init__.py": ""}
    shown = Shown(tmp_path, 'drop("p_id")', "from migrations.helpers import drop\n", files)
    found = shown.over('drop("p_id")')
    assert found is not None
    assert found.sections[0].sql == "ALTER TABLE t DROP COLUMN p_id;"


def test_a_batch_shows_all_that_it_sends(tmp_path: Path) -> None:
    body = 'with op.batch_alter_table("t") as batch:\n    batch.drop_column("p_id")\n    batch.create_index("i", ["id"])'
    shown = Shown(tmp_path, body)
    whole, one = shown.over("batch_alter_table"), shown.over("batch.drop_column")
    assert whole is not None
    assert one is not None
    assert [section.sql for section in whole.sections] == ["ALTER TABLE t DROP COLUMN p_id;", "CREATE INDEX i ON t (id);"]
    assert [section.sql for section in one.sections] == ["ALTER TABLE t DROP COLUMN p_id;"]


def test_what_is_not_known_is_said_with_the_reason(tmp_path: Path) -> None:
    shown = Shown(tmp_path, "op.execute(os.environ['SQL'])", "import os\n")
    found = shown.over("op.execute")
    assert found is not None
    ((words,),) = [section.words for section in found.sections]
    assert found.sections[0].sql is None
    assert words.startswith("what op.execute sends is not known: ")


def test_what_may_be_left_out_is_said(tmp_path: Path) -> None:
    shown = Shown(tmp_path, 'if op.get_context().bind:\n    op.drop_column("t", "p_id")')
    found = shown.over("op.drop_column")
    assert found is not None
    assert found.sections[0].words[-1] == "may be left out"


def test_locks_that_live_on_are_told_where_something_takes_long(tmp_path: Path) -> None:
    """A column is added in a moment, but its lock is held while all rows are filled."""
    body = 'op.add_column("t", sa.Column("c", sa.Integer))\nop.execute("UPDATE t SET c = 1")\nop.drop_column("t", "p_id")'
    shown = Shown(tmp_path, body)
    words = [statement.words for text in ("op.add", "op.exec", "op.drop") for statement in shown.over(text).sections]  # type: ignore[union-attr]
    held = f"meanwhile its transaction holds ACCESS EXCLUSIVE on t: {_EVERYBODY}"
    assert [held in said for said in words] == [False, True, False]


@pytest.mark.parametrize(
    "between",
    ["with op.get_context().autocommit_block():\n    op.execute('UPDATE t SET c = 1')", "op.execute('UPDATE p SET id = 1')"],
)
def test_locks_end_with_their_transaction(tmp_path: Path, between: str) -> None:
    shown = Shown(tmp_path, f'op.add_column("t", sa.Column("c", sa.Integer))\n{between}')
    found = shown.over("op.execute")
    assert found is not None
    assert any("ACCESS EXCLUSIVE on t" in words for words in found.sections[0].words) is ("autocommit" not in between)


def test_names_are_shown_as_they_are(tmp_path: Path) -> None:
    """Markdown would take some of their characters for marks."""
    shown = Shown(tmp_path, """op.execute('UPDATE _odd_ SET id = 1 -- ```')\nop.drop_index("a_b", "_odd_")""")
    update, drop = shown.over("op.execute"), shown.over("op.drop_index")
    assert update is not None
    assert drop is not None
    assert markdown(update).startswith("````sql\nUPDATE")
    assert "on \\_odd\\_" in markdown(update)
    assert "a_b" in markdown(drop)


def test_over_a_functions_name_stands_all_of_it(tmp_path: Path) -> None:
    shown = Shown(tmp_path, 'op.drop_column("t", "p_id")\nop.create_index("i", "t", ["id"])')
    found = shown.over("upgrade")
    assert found is not None
    assert shown.data[found.place.start : found.place.end] == b"upgrade"
    assert [section.sql or section.words[0] for section in found.sections] == [
        "ACCESS EXCLUSIVE on t · 1 transaction",
        "ALTER TABLE t DROP COLUMN p_id;",
        "CREATE INDEX i ON t (id);",
    ]
    nothing = shown.over("downgrade")
    assert nothing is not None
    assert markdown(nothing) == "Sends nothing."


# -------------------------------------------------------------------------------------------------------------- lenses


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("pass", "sends nothing"),
        ('op.create_table("n", sa.Column("id", sa.Integer, primary_key=True))', "nobody waits · 1 transaction"),
        ('op.create_index("i", "t", ["id"])', "SHARE on t · 1 transaction"),
        ('op.create_index("i", "t", ["id"])\nop.drop_table("p")', "ACCESS EXCLUSIVE on p · 1 transaction"),
        ('for name in ("a", "b", "c", "d"):\n    op.drop_table(name)', "ACCESS EXCLUSIVE on a, b and 2 more · 1 transaction"),
        (
            'op.drop_column("t", "p_id")\nwith op.get_context().autocommit_block():\n'
            '    op.create_index("i", "t", ["id"], postgresql_concurrently=True)\nop.drop_column("p", "x")',
            "ACCESS EXCLUSIVE on t and p · 2 transactions · 1 statement in autocommit",
        ),
        ("op.execute(text)", "1 call not known"),
        (
            "op.execute(text)\nop.execute(more)\nop.execute('LOCK TABLE p IN SHARE MODE')",
            "SHARE on p · 1 transaction · 2 calls not known",
        ),
    ],
)
def test_one_line_for_a_function(tmp_path: Path, body: str, title: str) -> None:
    titles = Shown(tmp_path, body).titles()
    assert titles == ([title] if title == "sends nothing" else [title, "SQL"])


def test_indexes_and_sequences_of_a_named_table_are_not_named(tmp_path: Path) -> None:
    assert Shown(tmp_path, 'op.drop_table("t")').titles()[0] == "ACCESS EXCLUSIVE on t · 1 transaction"


def test_lenses_stand_at_the_names_of_the_functions(tmp_path: Path) -> None:
    shown = Shown(tmp_path, "pass", "# def upgrade\n@staticmethod\ndef other():\n    pass\n")
    assert [shown.data[lens.place.start : lens.place.end] for lens in lenses(shown.made, shown.data)] == [
        b"upgrade",
        b"downgrade",
    ]
    assert {shown.data[lens.place.start - 4 : lens.place.start] for lens in lenses(shown.made, shown.data)} == {b"def "}


def test_a_function_of_another_file_has_no_lens(tmp_path: Path) -> None:
    files = {"migrations/common.py": "def downgrade():\n    pass\n", "migrations/__init__.py": ""}
    text = migration("pass", "b", "a").replace("def downgrade():\n    pass\n", "from migrations.common import downgrade\n")
    shown = Shown(tmp_path, "", "", {**files, "migrations/versions/b.py": text})
    assert [lens.direction for lens in lenses(shown.made, shown.data)] == ["upgrade"]


# --------------------------------------------------------------------------------------------------------------- hints


def test_a_lock_behind_each_call(tmp_path: Path) -> None:
    body = 'op.create_table("n", sa.Column("id", sa.Integer))\nop.create_index("i", "t", ["id"])\nop.drop_table("p")'
    shown = Shown(tmp_path, body)
    found = hints(shown.made, 0, len(shown.data))
    assert [hint.label for hint in found] == ["SHARE", "ACCESS EXCLUSIVE"]
    assert [shown.data[: hint.offset].splitlines()[-1].strip() for hint in found] == [
        b'op.create_index("i", "t", ["id"])',
        b'op.drop_table("p")',
    ]
    assert found[0].more == ("SHARE on t: writes and other migrations wait", "reads all of t", "builds i")
    assert hints(shown.made, found[0].offset, found[0].offset) == found[:1]


# -------------------------------------------------------------------------------------------------------------- script


def test_a_script_to_read(tmp_path: Path) -> None:
    body = (
        'op.drop_column("t", "p_id")\nwith op.get_context().autocommit_block():\n'
        '    op.create_index("i", "t", ["id"], postgresql_concurrently=True)\nop.execute(text)'
    )
    shown = Shown(tmp_path, body)
    assert script(shown.made, "upgrade", shown.data) == (
        "-- upgrade b: ACCESS EXCLUSIVE on t · 1 transaction · 1 statement in autocommit · 1 call not known\n"
        f"\n-- {_RUN}\nBEGIN;\n"
        f"\n-- line 11: ACCESS EXCLUSIVE on t: {_EVERYBODY}\n"
        "-- changes the catalog only: done in a moment, once it has its locks\n"
        "ALTER TABLE t DROP COLUMN p_id;\n"
        "\nCOMMIT;\n"
        "\n-- in autocommit: locks live as long as their statement\n"
        "\n-- line 13: SHARE UPDATE EXCLUSIVE on t: other migrations wait\n-- reads all of t\n-- builds i\n"
        "CREATE INDEX CONCURRENTLY i ON t (id);\n"
        f"\n-- {_RUN}\nBEGIN;\n"
        "\n-- line 14: what op.execute sends is not known: text is not defined in this file\n"
        "\nCOMMIT;\n"
    )


def test_a_migration_that_ends_its_transaction_itself(tmp_path: Path) -> None:
    shown = Shown(tmp_path, 'op.execute("COMMIT")\nop.execute("CREATE INDEX CONCURRENTLY i ON t (id)")')
    assert script(shown.made, "upgrade", shown.data).count("COMMIT;") == 1


def test_a_function_that_sends_nothing(tmp_path: Path) -> None:
    shown = Shown(tmp_path, "pass")
    assert script(shown.made, "upgrade", shown.data) == "-- upgrade b: sends nothing\n"


def test_a_connection_in_autocommit_mode(tmp_path: Path) -> None:
    """env.py says that no statement stands in a transaction."""
    env = (
        "from alembic import context\nfrom sqlalchemy import create_engine\n\n"
        'engine = create_engine("postgresql://localhost/x", isolation_level="AUTOCOMMIT")\n'
        "with engine.connect() as connection:\n    context.configure(connection=connection)\n"
    )
    shown = Shown(tmp_path, 'op.drop_column("t", "p_id")\nop.execute("UPDATE t SET id = 1")', "", {"migrations/env.py": env})
    assert shown.titles() == ["ACCESS EXCLUSIVE on t · 2 statements in autocommit", "SQL"]
    assert "BEGIN" not in script(shown.made, "upgrade", shown.data)
    assert "meanwhile" not in script(shown.made, "upgrade", shown.data)


def test_names_with_line_ends_stay_in_the_comments(tmp_path: Path) -> None:
    text = migration('op.drop_table("a\\nb")', "b", "a").replace('revision = "b"', 'revision = "b\\nDROP TABLE p; --"', 1)
    shown = Shown(tmp_path, "", "", {"migrations/versions/b.py": text})
    lines = script(shown.made, "upgrade", shown.data).splitlines()
    assert [line for line in lines if line and not line.startswith("--")] == ["BEGIN;", 'DROP TABLE "a', 'b";', "COMMIT;"]


# ------------------------------------------------------------------------------------------ functions that are no functions


def test_an_imported_function_has_no_place_here(tmp_path: Path) -> None:
    """Its calls stand in the other file: the same offsets here are something else."""
    common = "from alembic import op\n\n\ndef upgrade():\n    op.drop_table('t')\n"
    files = {"migrations/common.py": common, "migrations/__init__.py": ""}
    text = migration("pass", "b", "a").replace("def upgrade():\n    pass\n", "from migrations.common import upgrade\n")
    shown = Shown(tmp_path, "", "", {**files, "migrations/versions/b.py": text})
    assert [statement.sql for statement in shown.made.upgrade] == ["DROP TABLE t;"]
    assert {hover(shown.made, shown.data, offset) for offset in range(shown.data.index(b"def downgrade"))} == {None}
    assert hints(shown.made, 0, len(shown.data)) == []
    assert "-- in another file: ACCESS EXCLUSIVE on t" in script(shown.made, "upgrade", shown.data)


@pytest.mark.parametrize(
    "code",
    [
        "if os.environ:\n    def upgrade():\n        op.drop_table('t')\nelse:\n    def upgrade():\n        pass\n",
        "upgrade = functools.partial(print, 1)\n",
    ],
)
def test_a_function_that_cannot_be_told_is_not_said_to_send_nothing(tmp_path: Path, code: str) -> None:
    text = migration("pass", "b", "a", "import functools, os\n").replace("def upgrade():\n    pass\n", code)
    shown = Shown(tmp_path, "", "", {"migrations/versions/b.py": text})
    assert [statement.reason for statement in shown.made.upgrade] == ["which function upgrade is is not known"]
    assert shown.made.downgrade == ()


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends(tmp_path: Path, end: str) -> None:
    text = migration('op.drop_table("t")', "b", "a").replace("\n", end)
    shown = Shown(tmp_path, "", "", {"migrations/versions/b.py": text})
    assert shown.titles() == ["ACCESS EXCLUSIVE on t · 1 transaction", "SQL"]


def test_how_long_locks_live_is_said_once_for_statements_that_stand_together(tmp_path: Path) -> None:
    body = (
        'op.drop_column("t", "p_id")\nop.execute(unknown)\nop.drop_column("p", "x")\nwith op.get_context().autocommit_block():\n'
        '    op.create_index("i", "t", ["id"], postgresql_concurrently=True)'
    )
    found = Shown(tmp_path, body).over("upgrade")
    assert found is not None
    autocommit = "in autocommit: locks live as long as their statement"
    lives = [[word for word in section.words if word in (_RUN, autocommit)] for section in found.sections]
    assert lives == [[], [], [], [_RUN], [autocommit]]
