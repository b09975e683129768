"""Expand and contract as text: what is offered, what is written, and what our own rules say of it. What Postgres says of it is
asked by `python -m tests.fixes.expand_contract_proof`."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqla_lsp.fixes.expand_contract import expressions
from sqla_lsp.fixes.expand_contract.code import body_of
from sqla_lsp.fixes.expand_contract.expansion import Expansion
from sqla_lsp.fixes.style import Style
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import check_file
from sqla_lsp.rules.registry import NAMES
from sqla_lsp.schema.tables import Table
from tests.fixes.expand_contract_cases import CASES, ChangeCase
from tests.fixes.expand_contract_proof import planned, revision, rewritten, write

T = "CREATE TABLE t (id serial PRIMARY KEY, c integer, d text);"
UP = 'op.alter_column("t", "c", existing_type=sa.Integer(), type_=sa.BigInteger())'
DOWN = 'op.alter_column("t", "c", existing_type=sa.BigInteger(), type_=sa.Integer())'


def offered(folder: Path, create: str, up: str = UP, down: str = DOWN, version: int = 14) -> Expansion | None:
    """What is offered for the change in `up`, on what `create` makes."""
    first = revision(1, "first", create if create.startswith("op.") else f'op.execute("""{create}""")', "pass")
    write(folder, [first, revision(2, "change", up, down)])
    return planned(folder, version)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_schema_as_replayed(case: ChangeCase, tmp_path: Path) -> None:
    """The revisions come to the schema that the change comes to, up and down, as we read them ourselves; and no rule reports
    anything in them."""
    made = rewritten(case, tmp_path / "naive", 18)
    assert made is not None
    write(tmp_path / "safe", made)
    naive = tables(tmp_path / "naive", 2)
    assert tables(tmp_path / "safe", len(made)) == naive
    project = loaded(tmp_path / "safe")
    for number in range(2, len(made) + 1):
        path = str(tmp_path / f"safe/migrations/versions/{number:04}.py")
        found = [finding for finding in check_file(project, path) if finding.rule != "ensure-index-not-covered"]
        assert not found, f"{number}: {found[0].message}"


def loaded(folder: Path) -> Project:
    project = Project([str(folder)], Resolver(NAMES), jobs=1)
    project.load()
    assert not project.failures
    return project


def tables(folder: Path, number: int) -> dict[str, object]:
    """The tables after a revision's upgrade, without the order of what they are made of."""
    history = loaded(folder).history(str(folder / f"migrations/versions/{number:04}.py"))
    assert history is not None
    return {str(table.name): parts(table) for table in history.upgrade.end.tables.values()}


def parts(table: Table) -> tuple[object, ...]:
    columns = sorted(
        (str(column.name), str(column.type), column.nullable, column.default is not None) for column in table.columns
    )
    indexes = sorted((str(index.name), index.unique, str(index.include)) for index in table.indexes)
    constraints = sorted((str(constraint.name), type(constraint).__name__) for constraint in table.constraints)
    return table.complete, columns, indexes, constraints


def test_text(tmp_path: Path) -> None:
    made = offered(tmp_path, "CREATE TABLE t (id serial PRIMARY KEY, c integer NOT NULL DEFAULT 0); CREATE INDEX ix ON t (c);")
    assert made is not None
    assert made.title == "Change the type of t.c in five revisions (expand and contract)"
    assert body_of(made.upgrade, Style(line_length=100)) == UPGRADE
    assert body_of(made.downgrade, Style()) == DOWNGRADE
    assert [draft.message for draft in made.drafts] == [
        "Backfill t.c_new",
        "Prepare t.c_new",
        "Swap t.c and c_new",
        "Drop t.c_old",
    ]
    assert made.drafts[1].upgrade == PREPARE
    assert made.drafts[2].upgrade == SWAP
    assert made.drafts[2].downgrade == SWAP_BACK


UPGRADE = '''\
op.execute("SET LOCAL lock_timeout = '5s'")
# A constant default writes no row.
op.add_column(
    "t",
    sa.Column("c_new", sa.BigInteger(), server_default=sa.text("0"), nullable=True),
)
op.execute("""
        CREATE FUNCTION t_c_sync() RETURNS trigger
        LANGUAGE plpgsql AS $$
        BEGIN
          NEW.c_new := NEW.c;
          RETURN NEW;
        END $$
    """)
# Triggers fire in the order of their names: this one sees what the others made of
# the row.
op.execute("""
        CREATE TRIGGER zz_t_c_sync BEFORE INSERT OR UPDATE ON t
        FOR EACH ROW EXECUTE FUNCTION t_c_sync()
    """)'''
DOWNGRADE = """\
op.execute("SET LOCAL lock_timeout = '5s'")
op.execute("DROP TRIGGER zz_t_c_sync ON t")
op.execute("DROP FUNCTION t_c_sync()")
op.execute("ALTER TABLE t DROP COLUMN c_new")"""
PREPARE = '''\
op.execute("SET LOCAL lock_timeout = '5s'")
op.execute("ALTER TABLE t DROP CONSTRAINT IF EXISTS ck_t_c_new_not_null")
op.execute("""
        ALTER TABLE t
        ADD CONSTRAINT ck_t_c_new_not_null
        CHECK (c_new IS NOT NULL)
        NOT VALID
    """)
with op.get_context().autocommit_block():
    op.execute("SET lock_timeout = 0")
    op.execute("SET statement_timeout = 0")
    op.execute("ALTER TABLE t VALIDATE CONSTRAINT ck_t_c_new_not_null")
    op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_new")
    op.execute("CREATE INDEX CONCURRENTLY ix_new ON t (c_new)")
    # Plans depend on what is known of the column that takes over.
    op.execute("ANALYZE t (c_new)")
    op.execute("RESET statement_timeout")
    op.execute("RESET lock_timeout")
op.execute("SET LOCAL lock_timeout = '5s'")
# The check that was validated spares NOT NULL its scan.
op.execute("ALTER TABLE t ALTER COLUMN c_new SET NOT NULL")
op.execute("ALTER TABLE t DROP CONSTRAINT ck_t_c_new_not_null")'''
SWAP = '''\
op.execute("SET LOCAL lock_timeout = '5s'")
op.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
op.execute("DROP TRIGGER zz_t_c_sync ON t")
op.execute("DROP FUNCTION t_c_sync()")
op.execute("ALTER TABLE t RENAME COLUMN c TO c_old")
op.execute("ALTER TABLE t RENAME COLUMN c_new TO c")
# What the old type does not take is NULL there.
op.execute("ALTER TABLE t ALTER COLUMN c_old DROP NOT NULL")
# From Postgres 18 on, NOT NULL has a name.
op.execute("""
        DO $$
        BEGIN
          IF EXISTS (
            SELECT FROM pg_constraint WHERE conname = 't_c_new_not_null'
              AND conrelid = 't'::regclass
          ) THEN
            ALTER TABLE t RENAME CONSTRAINT t_c_new_not_null TO t_c_not_null;
          END IF;
        END $$
    """)
op.execute("ALTER INDEX ix RENAME TO ix_old")
op.execute("ALTER INDEX ix_new RENAME TO ix")
# The old column is kept in step for a downgrade.
op.execute("""
        CREATE FUNCTION t_c_sync_old() RETURNS trigger
        LANGUAGE plpgsql AS $$
        BEGIN
          NEW.c_old := CASE WHEN NEW.c BETWEEN -2147483648 AND 2147483647 THEN NEW.c END;
          RETURN NEW;
        END $$
    """)
# Triggers fire in the order of their names: this one sees what the others made of
# the row.
op.execute("""
        CREATE TRIGGER zz_t_c_sync_old BEFORE INSERT OR UPDATE ON t
        FOR EACH ROW EXECUTE FUNCTION t_c_sync_old()
    """)'''
SWAP_BACK = '''\
op.execute("SET LOCAL lock_timeout = '5s'")
# Before anything else: every value has to be there as the old type.
op.execute("ALTER TABLE t DROP CONSTRAINT IF EXISTS ck_t_c_old_not_null")
op.execute("""
        ALTER TABLE t
        ADD CONSTRAINT ck_t_c_old_not_null
        CHECK (c_old IS NOT NULL)
        NOT VALID
    """)
with op.get_context().autocommit_block():
    op.execute("ALTER TABLE t VALIDATE CONSTRAINT ck_t_c_old_not_null")
op.execute("SET LOCAL lock_timeout = '5s'")
op.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
op.execute("DROP TRIGGER zz_t_c_sync_old ON t")
op.execute("DROP FUNCTION t_c_sync_old()")
# From Postgres 18 on, NOT NULL has a name.
op.execute("""
        DO $$
        BEGIN
          IF EXISTS (
            SELECT FROM pg_constraint WHERE conname = 't_c_not_null'
              AND conrelid = 't'::regclass
          ) THEN
            ALTER TABLE t RENAME CONSTRAINT t_c_not_null TO t_c_new_not_null;
          END IF;
        END $$
    """)
op.execute("ALTER TABLE t RENAME COLUMN c TO c_new")
op.execute("ALTER TABLE t RENAME COLUMN c_old TO c")
op.execute("ALTER TABLE t ALTER COLUMN c SET NOT NULL")
op.execute("ALTER TABLE t DROP CONSTRAINT ck_t_c_old_not_null")
op.execute("ALTER INDEX ix RENAME TO ix_new")
op.execute("ALTER INDEX ix_old RENAME TO ix")
op.execute("""
        CREATE FUNCTION t_c_sync() RETURNS trigger
        LANGUAGE plpgsql AS $$
        BEGIN
          NEW.c_new := NEW.c;
          RETURN NEW;
        END $$
    """)
# Triggers fire in the order of their names: this one sees what the others made of
# the row.
op.execute("""
        CREATE TRIGGER zz_t_c_sync BEFORE INSERT OR UPDATE ON t
        FOR EACH ROW EXECUTE FUNCTION t_c_sync()
    """)'''

REFUSED = {
    "the primary key": ("CREATE TABLE t (c integer PRIMARY KEY);", UP, DOWN),
    "a column of a composite key": ("CREATE TABLE t (c integer, d integer, PRIMARY KEY (d, c));", UP, DOWN),
    "included in the primary key": ("CREATE TABLE t (id int, c integer, PRIMARY KEY (id) INCLUDE (c));", UP, DOWN),
    "included in a primary key made of an index": (
        "CREATE TABLE t (id int, c integer); CREATE UNIQUE INDEX i ON t (id) INCLUDE (c); ALTER TABLE t ADD PRIMARY KEY USING INDEX i;",
        UP,
        DOWN,
    ),
    "referenced": (T + "CREATE UNIQUE INDEX u ON t (c); CREATE TABLE k (r integer REFERENCES t (c));", UP, DOWN),
    "referenced by itself": (
        T + "CREATE UNIQUE INDEX u ON t (c); ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES t (c);",
        UP,
        DOWN,
    ),
    "a serial": ("CREATE TABLE t (id integer PRIMARY KEY, c serial);", UP, DOWN),
    "an identity": ("CREATE TABLE t (id integer PRIMARY KEY, c integer GENERATED BY DEFAULT AS IDENTITY);", UP, DOWN),
    "a generated column": ("CREATE TABLE t (id integer PRIMARY KEY, c integer GENERATED ALWAYS AS (id + 1) STORED);", UP, DOWN),
    "a sequence": (T + "ALTER TABLE t ALTER c SET DEFAULT nextval('s');", UP, DOWN),
    "partitioned": ("CREATE TABLE t (id int, c integer) PARTITION BY LIST (id);", UP, DOWN),
    "a table that is not known": ("SELECT 1", UP, DOWN),
    "a table that is known in part": ("CREATE TABLE t (LIKE u); ALTER TABLE t ADD c integer;", UP, DOWN),
    "an exclusion": (T + "ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING gist (c WITH =);", UP, DOWN),
    "an index stored otherwise": (T + "CREATE INDEX i ON t (c) WITH (fillfactor = 50);", UP, DOWN),
    "an index that is not known": (f'op.execute("""{T}""")\nop.create_index("i", "t", columns())', UP, DOWN),
    "a unique index that NULL would break": (T + "CREATE UNIQUE INDEX i ON t (coalesce(c, 0));", UP, DOWN),
    "rounding under a unique index": (
        "CREATE TABLE t (id serial PRIMARY KEY, c numeric(10,2) UNIQUE);",
        'op.alter_column("t", "c", type_=sa.Numeric(12, 4))',
        'op.alter_column("t", "c", type_=sa.Numeric(10, 2))',
    ),
    "free": (T, 'op.alter_column("t", "d", type_=sa.String())', 'op.alter_column("t", "d", type_=sa.Text())'),
    "USING that calls what is not known": (T, UP[:-1] + ', postgresql_using="f(c)")', DOWN),
    "USING that tells the time": (T, UP[:-1] + ', postgresql_using="c + extract(epoch from now())::int")', DOWN),
    "USING of another column alone": (T, UP[:-1] + ', postgresql_using="length(d)")', DOWN),
    "USING that is needed": (T, 'op.alter_column("t", "d", type_=sa.Integer())', 'op.alter_column("t", "d", type_=sa.Text())'),
    "a default that is not cast": (
        "CREATE TABLE t (id serial PRIMARY KEY, d text DEFAULT '1');",
        'op.alter_column("t", "d", type_=sa.Integer(), postgresql_using="d::integer")',
        'op.alter_column("t", "d", type_=sa.Text())',
    ),
    "the type is told otherwise": (T, UP.replace("existing_type=sa.Integer()", "existing_type=sa.SmallInteger()"), DOWN),
    "NULL is told otherwise": (T, UP[:-1] + ", existing_nullable=False)", DOWN),
    "renamed in the same call": (T, UP[:-1] + ', new_column_name="e")', DOWN),
    "a comment in the same call": (T, UP[:-1] + ', comment="e")', DOWN),
    "arguments that are not known": (T, UP[:-1] + ", **more)", DOWN),
    "under a condition": (T, f"if yes():\n    {UP}", DOWN),
    "in a loop": (T, f"for name in ('c', 'id'):\n    {UP.replace(chr(34) + 'c' + chr(34), 'name')}", DOWN),
    "in an autocommit block": (T, f"with op.get_context().autocommit_block():\n    {UP}", DOWN),
    "an index made behind it": (T, f'{UP}\nop.create_index("i", "t", ["c"])', DOWN),
    "a view made behind it": (T, f'{UP}\nop.execute("CREATE VIEW v AS SELECT * FROM t")', DOWN),
    "rows written behind it": (T, f'{UP}\nop.execute("UPDATE t SET c = 5000000000")', DOWN),
    "rows of another table by its values": (T, f'{UP}\nop.execute("UPDATE u SET a = c FROM t")', DOWN),
    "a session in another time zone": (T, f"op.execute(\"SET timezone = 'Asia/Tokyo'\")\n{UP}", DOWN),
    "something that is not known": (T, f"{UP}\nop.execute(more())", DOWN),
    "the type made anew": (T, f'{UP}\nop.execute("DROP TYPE mood")', DOWN),
    "a downgrade that does something else": (T, UP, 'op.drop_column("t", "d")'),
    "a downgrade to another type": (T, UP, DOWN.replace("type_=sa.Integer()", "type_=sa.SmallInteger()")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_not_offered(name: str, tmp_path: Path) -> None:
    assert offered(tmp_path, *REFUSED[name]) is None


OFFERED = {
    "as it is": (T, UP, DOWN),
    "a downgrade that does nothing": (T, UP, "pass"),
    "another index made behind it": (T, f'{UP}\nop.create_index("i", "t", ["d"])', f'op.drop_index("i", "t")\n{DOWN}'),
    "rows of another table": (T, f'{UP}\nop.execute("UPDATE u SET a = 1")', DOWN),
    "another column of the table": (
        T,
        f'{UP}\nop.add_column("t", sa.Column("e", sa.Integer()))',
        f'op.drop_column("t", "e")\n{DOWN}',
    ),
    "free, but for an index": (
        "CREATE TABLE t (id serial PRIMARY KEY, d varchar(9)); CREATE INDEX i ON t (lower(d));",
        'op.alter_column("t", "d", type_=sa.Text())',
        'op.alter_column("t", "d", type_=sa.String(9))',
    ),
}


@pytest.mark.parametrize("name", OFFERED)
def test_offered(name: str, tmp_path: Path) -> None:
    assert offered(tmp_path, *OFFERED[name]) is not None


def test_batches_need_a_key_or_ranges_of_blocks(tmp_path: Path) -> None:
    assert offered(tmp_path / "old", "CREATE TABLE t (c integer);", version=13) is None
    assert offered(tmp_path / "new", "CREATE TABLE t (c integer);", version=14) is not None


def test_second_change_of_a_function(tmp_path: Path) -> None:
    """One change after the other: what the first one leaves does not stand in the way of the second."""
    two = ChangeCase(
        "two",
        "CREATE TABLE t (id serial PRIMARY KEY, c integer, d integer); CREATE INDEX ix ON t (c, d);",
        UP + "\n" + UP.replace('"c"', '"d"'),
        DOWN.replace('"c"', '"d"') + "\n" + DOWN,
    )
    write(
        tmp_path / "naive", [revision(1, "first", f'op.execute("""{two.create}""")', "pass"), revision(2, "x", two.up, two.down)]
    )
    one = planned(tmp_path / "naive")
    assert one is not None
    up = two.up.replace(UP.replace('"c"', '"d"'), body_of(one.upgrade, Style()))
    down = two.down.replace(DOWN.replace('"c"', '"d"'), body_of(one.downgrade, Style()))
    other = offered(tmp_path / "again", two.create, up, down)
    assert other is not None
    assert other.title == "Change the type of t.c in five revisions (expand and contract)"


EXPRESSIONS = """
c                          | NEW.c
c::int                     | NEW.c::int
(c)::text                  | (NEW.c)::text
"C" || c || "c"            | NEW."C" || NEW.c || NEW.c
C + 1                      | NEW.c + 1
lower(c) = 'c'             | lower(NEW.c) = 'c'
CASE c WHEN 'c' THEN c END | CASE NEW.c WHEN 'c' THEN NEW.c END
t.c                        | -
c, d                       | -
c FROM t                   | -
*                          | -
c AS d                     | -
(SELECT c)                 | (SELECT NEW.c)
c; DROP TABLE t            | -
größe + "é" + c            | NEW."größe" + NEW."é" + NEW.c
"""


def test_columns_of_expressions() -> None:
    for line in EXPRESSIONS.strip().splitlines():
        sql, wanted = (part.strip() for part in line.split(" | "))
        read = expressions.read(sql)
        assert (read.over(lambda name: f"NEW.{quote(name)}") if read else "-") == wanted, sql
