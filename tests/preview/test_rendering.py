"""The SQL of each kind of call, as Alembic writes it."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects import postgresql

from sqla_lsp.preview.migration import preview
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.project import Project
from tests.preview.told import previewed, text

SAME = [
    "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True), sa.Column('c', sa.String, nullable=False, index=True))",
    "op.create_table('t', sa.Column('id', sa.BigInteger(), sa.Identity(always=True, start=5), primary_key=True), schema='s')",
    "op.create_table('t', sa.Column('k', sa.Enum('a', 'b', name='k')), sa.Column('l', sa.Enum('a', 'b', name='k')))",
    "op.create_table('t', sa.Column('id', sa.Uuid), sa.ForeignKeyConstraint(['id'], ['p.id'], name='fk', ondelete='CASCADE'))",
    "op.create_table('t', sa.Column('a', postgresql.ARRAY(sa.Text())), sa.Column('j', postgresql.JSONB(), comment='it''s'))",
    "op.create_table('t', sa.Column('a', sa.Integer), sa.UniqueConstraint('a', name='u'), postgresql_partition_by='RANGE (a)')",
    "op.create_table('t', sa.Column('r', postgresql.INT4RANGE), postgresql.ExcludeConstraint(('r', '&&'), name='ex'))",
    "op.add_column('t', sa.Column('x', sa.Integer, sa.ForeignKey('p.id', name='fk'), unique=True, comment='c'))",
    "op.add_column('t', sa.Column('x', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False))",
    "op.add_column('t', sa.Column('x', sa.Integer, sa.Computed('a + 1', persisted=True)), if_not_exists=True)",
    "op.add_column('t', sa.Column('x', sa.Boolean(), server_default=sa.false(), default=False))",
    "op.add_column('t', sa.Column('x', sa.String, server_default=sa.text(\"'%'\")))",
    "op.alter_column('t', 'a', type_=sa.BigInteger(), existing_type=sa.Integer(), nullable=False, server_default='5')",
    "op.alter_column('t', 'a', new_column_name='b', comment='new', existing_comment='old')",
    "op.alter_column('t', 'a', type_=postgresql.JSONB, postgresql_using='a::jsonb')",
    "op.alter_column('t', 'a', server_default=None)",
    "op.create_index('ix', 't', ['a', sa.text('lower(b)'), sa.desc('c')], unique=True, postgresql_where=sa.text('a > 0'))",
    "op.create_index(op.f('ix'), 't', [sa.func.lower(sa.column('a'))], postgresql_using='gin', postgresql_ops={'a': 'x_ops'})",
    "op.create_index('ix', 't', ['a'], postgresql_where=sa.and_(sa.column('a').is_(None), sa.column('b') > 5))",
    "op.create_index('ix', 't', ['a'], postgresql_include=['b'], postgresql_concurrently=True, if_not_exists=True, schema='s')",
    "op.drop_index('ix', table_name='t', postgresql_concurrently=True, if_exists=True)",
    "op.create_unique_constraint(None, 't', ['a', 'b'], deferrable=True, initially='DEFERRED')",
    "op.create_foreign_key('fk', 't', 'p', ['a'], ['id'], source_schema='s', referent_schema='r', postgresql_not_valid=True)",
    "op.create_check_constraint('ck', 't', sa.column('a').in_([1, 2]))",
    "op.create_primary_key('pk', 't', ['a'])",
    "op.create_exclude_constraint('ex', 't', ('a', '='), where='a > 0')",
    "op.drop_constraint('fk', 't', type_='foreignkey')",
    "op.drop_column('t', 'a', if_exists=True)",
    "op.drop_table('t', schema='s')",
    "op.rename_table('t', 'u')",
    "op.create_table_comment('t', 'c')",
    "op.drop_table_comment('t')",
    "op.execute('UPDATE t SET a = 5')",
    "op.execute(sa.text('SELECT :a').bindparams(a='x'))",
    "op.execute(sa.update(sa.table('t', sa.column('a', sa.Integer))).where(sa.column('a', sa.Integer) == 1).values(a=2))",
    "op.bulk_insert(sa.table('t', sa.column('a', sa.Integer)), [{'a': 1}, {'a': 2}])",
    "sa.Enum('a', 'b', name='k').create(op.get_bind(), checkfirst=False)",
]


def rendered(code: str) -> list[str]:
    """What Alembic writes when the code runs."""
    buffer = io.StringIO()
    options = {"as_sql": True, "output_buffer": buffer, "literal_binds": True}
    context = MigrationContext.configure(
        dialect_name="postgresql", dialect_opts={"paramstyle": "named"}, opts={**options, "target_metadata": sa.MetaData()}
    )
    exec(code, {"op": Operations(context), "sa": sa, "postgresql": postgresql})
    return [" ".join(statement.split()) for statement in buffer.getvalue().split(";\n")]


@pytest.mark.parametrize("code", SAME)
def test_as_alembic_writes_it(code: str, tmp_path: Path) -> None:
    made = previewed(tmp_path, code)
    written = [statement for statement in rendered(code) if statement]
    assert sorted(text(made.upgrade).replace(";\n", "\n").removesuffix(";").splitlines()) == sorted(written)
    assert written


CASES = {
    "batch": (
        """
        with op.batch_alter_table("t", schema="s") as batch_op:
            batch_op.add_column(sa.Column("x", sa.Integer))
            batch_op.drop_constraint("fk", type_="foreignkey")
        """,
        "ALTER TABLE s.t ADD COLUMN x INTEGER;\nALTER TABLE s.t DROP CONSTRAINT fk;",
    ),
    "a loop": (
        'for name in ("a", "b"):\n    op.drop_column("t", name)',
        "ALTER TABLE t DROP COLUMN a;\nALTER TABLE t DROP COLUMN b;",
    ),
    "a branch": (
        'if sa.inspect(op.get_bind()).has_table("t"):\n    op.drop_table("t")\nop.drop_table("u")',
        "[branch] DROP TABLE t;\nDROP TABLE u;",
    ),
    "the dialect": (
        'if op.get_bind().dialect.name == "mysql":\n    op.drop_table("t")\nelse:\n    op.drop_table("u")',
        "DROP TABLE u;",
    ),
    "a list that changes later": (
        'columns = ["a"]\nop.create_index("ix", "t", columns)\ncolumns.append("b")\nop.create_index("iy", "t", columns)',
        "CREATE INDEX ix ON t (a);\nCREATE INDEX iy ON t (a, b);",
    ),
    "the table that create_table gives": (
        't = op.create_table("t", sa.Column("a", sa.Integer))\nop.bulk_insert(t, [{"a": 1}])',
        "CREATE TABLE t ( a INTEGER );\nINSERT INTO t (a) VALUES (1);",
    ),
    "a driver's statement": ('op.get_bind().exec_driver_sql("SELECT 5 % 2")', "SELECT 5 % 2;"),
    "parameters": ('op.get_bind().execute(sa.text("DELETE FROM t WHERE a = :a"), {"a": 5})', "DELETE FROM t WHERE a = 5;"),
    "a call that asks a result": ('op.get_bind().execute(sa.text("SELECT 1")).scalar()', "SELECT 1;"),
    "what is not known": (
        'import os\nop.drop_table(os.environ["T"])\nop.drop_table("u")',
        "? os.environ is not known\nDROP TABLE u;",
    ),
    "data that is not known": (
        'import os\nop.execute(f"UPDATE t SET a = {os.getpid()}")',
        "? UPDATE: a part of a text is not known: its value is not known",
    ),
    "a plug-in": ("op.create_entity(1)", "? op.create_entity is an operation of a plug-in"),
    "what fails": (
        'op.create_unique_constraint("u", "t", ["a"], postgresql_using_index="ix")',
        "? the call fails: Argument 'postgresql_using_index' is not accepted by dialect 'postgresql' on behalf of "
        "<class 'sqlalchemy.sql.schema.UniqueConstraint'>",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_body(name: str, tmp_path: Path) -> None:
    body, expected = CASES[name]
    assert text(previewed(tmp_path, body).upgrade) == expected


def test_an_enum_of_the_project(tmp_path: Path) -> None:
    kinds = "import enum\n\nclass Kind(enum.Enum):\n    A = 'a'\n    B = 'b'\n"
    made = previewed(tmp_path, 'op.create_table("t", sa.Column("k", sa.Enum(Kind, name="kind")))', before=kinds)
    assert text(made.upgrade).splitlines()[0] == "CREATE TYPE kind AS ENUM ('A', 'B');"
    chosen = 'op.create_table("t", sa.Column("k", sa.Enum(Kind, values_callable=lambda e: [m.value for m in e])))'
    made = previewed(tmp_path, chosen, before=kinds)
    assert text(made.upgrade).splitlines()[0] == "CREATE TYPE kind AS ENUM ('a', 'b');"


def test_a_type_of_the_project(tmp_path: Path) -> None:
    stamp = "class Stamp(sa.types.TypeDecorator):\n    impl = sa.DateTime(timezone=True)\n"
    made = previewed(tmp_path, 'op.add_column("t", sa.Column("x", Stamp()))', before=stamp)
    assert text(made.upgrade) == "ALTER TABLE t ADD COLUMN x TIMESTAMP WITH TIME ZONE;"


def test_an_element_that_the_project_compiles(tmp_path: Path) -> None:
    element = (
        "from sqlalchemy.ext.compiler import compiles\n\n"
        "class stamp(sa.sql.expression.FunctionElement):\n    type = sa.DateTime()\n\n"
        "@compiles(stamp)\ndef _(element, compiler, **kw):\n    return 'now()'\n\n"
        "@compiles(stamp, 'postgresql')\ndef _pg(element, compiler, **kw):\n    return 'clock_timestamp()'\n"
    )
    made = previewed(tmp_path, 'op.add_column("t", sa.Column("x", sa.DateTime, server_default=stamp()))', before=element)
    assert text(made.upgrade) == "ALTER TABLE t ADD COLUMN x TIMESTAMP WITHOUT TIME ZONE DEFAULT clock_timestamp();"


def test_a_column_of_a_model(tmp_path: Path) -> None:
    model = "class M:\n    id = sa.Column(sa.Integer)\n"
    made = previewed(tmp_path, 'op.add_column("t", sa.Column("x", sa.Integer, sa.ForeignKey(M.id)))', before=model)
    assert text(made.upgrade) == "? the column of a model is not known"


def test_behind_a_call_that_fails_nothing_is_certain(tmp_path: Path) -> None:
    made = previewed(tmp_path, 'op.drop_constraint(None, "t")\nop.drop_table("t")')
    assert [(statement.fails, statement.conditional) for statement in made.upgrade] == [(True, False), (False, True)]


def test_what_stands_in_a_try_may_be_left_out(tmp_path: Path) -> None:
    made = previewed(tmp_path, 'try:\n    op.drop_table("t")\nexcept Exception:\n    pass\nop.drop_table("u")')
    assert text(made.upgrade) == "[branch] DROP TABLE t;\nDROP TABLE u;"


def test_nothing_of_the_project_runs(tmp_path: Path) -> None:
    before = "import pathlib\npathlib.Path(__file__).with_name('ran').write_text('')\n"
    made = previewed(tmp_path, 'op.drop_table("t")', before=before)
    assert text(made.upgrade) == "DROP TABLE t;"
    assert not list(tmp_path.rglob("ran"))


def test_naming_conventions(tmp_path: Path) -> None:
    env = (
        "import sqlalchemy as sa\nfrom alembic import context\n\n"
        'names = {"ck": "ck_%(table_name)s_%(constraint_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s"}\n'
        "metadata = sa.MetaData(naming_convention=names)\n"
        'context.configure(url="postgresql://x/x", target_metadata=metadata)\n'
    )
    body = """
        op.create_check_constraint("pos", "t", "a > 0")
        op.create_check_constraint(op.f("ck_pos"), "t", "a > 0")
        op.create_unique_constraint(None, "t", ["a"])
    """
    made = previewed(tmp_path, body, files={"migrations/env.py": env})
    assert text(made.upgrade).splitlines() == [
        "ALTER TABLE t ADD CONSTRAINT ck_t_pos CHECK (a > 0);",
        "ALTER TABLE t ADD CONSTRAINT ck_pos CHECK (a > 0);",
        "ALTER TABLE t ADD CONSTRAINT uq_t_a UNIQUE (a);",
    ]


def test_columns_of_postgis_bring_their_indexes(tmp_path: Path) -> None:
    body = """
        op.create_table("t", sa.Column("g", geoalchemy2.types.Geometry(geometry_type="POINT", srid=4326, name="geometry")))
        op.add_column("t", sa.Column("h", geoalchemy2.Geography("polygon", 4326, spatial_index=False)))
        op.add_column("t", sa.Column("z", geoalchemy2.Geometry("POINTZ", 4326, 3, use_N_D_index=True)))
        op.add_column("t", sa.Column("r", geoalchemy2.Raster))
        op.add_column("t", sa.Column("n", geoalchemy2.Geometry(name="other")))
    """
    assert text(previewed(tmp_path, body, before="import geoalchemy2").upgrade).splitlines() == [
        "CREATE TABLE t ( g geometry(POINT,4326) );",
        "CREATE INDEX idx_t_g ON t USING gist (g);",
        "ALTER TABLE t ADD COLUMN h geography(POLYGON,4326);",
        "ALTER TABLE t ADD COLUMN z geometry(POINTZ,4326);",
        "CREATE INDEX idx_t_z ON t USING gist (z gist_geometry_ops_nd);",
        "ALTER TABLE t ADD COLUMN r raster;",
        "CREATE INDEX idx_t_r ON t USING gist (ST_ConvexHull(r));",
        "? geoalchemy2.Geometry is not known",
    ]


def test_main_options_are_what_alembic_ini_says(tmp_path: Path) -> None:
    body = """
        if not context.config.get_main_option("repair"):
            op.execute("SELECT 1")
        if context.config.get_main_option("said") == "yes":
            op.execute("SELECT 2")
    """
    files = {"alembic.ini": "[alembic]\nscript_location = migrations\nsaid = yes\n"}
    told = text(previewed(tmp_path, body, before="from alembic import context", files=files).upgrade)
    assert told.splitlines() == ["SELECT 1;", "SELECT 2;"]


def test_the_operation_of_the_plug_in_for_enums(tmp_path: Path) -> None:
    body = """
        op.sync_enum_values(
            enum_schema="public", enum_name="k", new_values=["a", "b"],
            affected_columns=[
                TableReference(table_schema="public", table_name="t", column_name="c", existing_server_default="'a'::k")
            ],
            enum_values_to_rename=[],
        )
        op.sync_enum_values("public", "k", ["a"], [("t", "c")], enum_values_to_rename=[])
    """
    before = "from alembic_postgresql_enum import TableReference"
    new, old = '"public"."k"', '"public"."k_old"'
    assert text(previewed(tmp_path, body, before=before).upgrade).splitlines() == [
        f'ALTER TYPE {new} RENAME TO "k_old";',
        f"CREATE TYPE {new} AS ENUM ('a', 'b');",
        f'CREATE FUNCTION "public".new_old_not_equals(new_enum_val {new}, old_enum_val {old}) RETURNS boolean AS $$'
        " SELECT new_enum_val::text != old_enum_val::text; $$ LANGUAGE SQL IMMUTABLE;",
        f'CREATE OPERATOR "public".!= (leftarg = {new}, rightarg = {old}, procedure = "public".new_old_not_equals);',
        f'CREATE FUNCTION "public".new_old_equals(new_enum_val {new}, old_enum_val {old}) RETURNS boolean AS $$'
        " SELECT new_enum_val::text = old_enum_val::text; $$ LANGUAGE SQL IMMUTABLE;",
        f'CREATE OPERATOR "public".= (leftarg = {new}, rightarg = {old}, procedure = "public".new_old_equals);',
        'ALTER TABLE "public"."t" ALTER COLUMN "c" DROP DEFAULT;',
        f'ALTER TABLE "public"."t" ALTER COLUMN "c" TYPE {new} USING "c"::text::{new};',
        'ALTER TABLE "public"."t" ALTER COLUMN "c" SET DEFAULT \'a\'::public.k;',
        f'DROP OPERATOR IF EXISTS "public".!= ({new}, {old});',
        f'DROP FUNCTION "public".new_old_not_equals(new_enum_val {new}, old_enum_val {old});',
        f'DROP OPERATOR IF EXISTS "public".= ({new}, {old});',
        f'DROP FUNCTION "public".new_old_equals(new_enum_val {new}, old_enum_val {old});',
        f"DROP TYPE {old};",
        "? what the database answers is not known",
    ]


def test_the_next_value_of_a_sequence_as_default(tmp_path: Path) -> None:
    body = """
        sequence = sa.Sequence("s")
        op.execute(sa.schema.CreateSequence(sequence))
        op.add_column("t", sa.Column("id", sa.Integer(), server_default=sequence.next_value()))
    """
    assert text(previewed(tmp_path, body).upgrade).splitlines() == [
        "CREATE SEQUENCE s;",
        "ALTER TABLE t ADD COLUMN id INTEGER DEFAULT nextval('s');",
    ]


def test_names_of_a_module_of_many_models(tmp_path: Path) -> None:
    models = "from app.kinds import Kind\n" + "".join([f"class Model{number}:\n    {'x' * 500!r}\n" for number in range(500)])
    files = {
        "app/__init__.py": "",
        "app/kinds.py": "import enum\nclass Kind(enum.Enum):\n    a = 1\n    b = 2\n",
        "app/models.py": models,
    }
    body = "op.create_table('t', sa.Column('k', sa.Enum(Kind, native_enum=False)))"
    told = text(previewed(tmp_path, body, before="from app.models import Kind", files=files).upgrade)
    assert told == "CREATE TABLE t ( k VARCHAR(1) );"


def test_a_type_that_the_dialect_describes_is_the_drivers_own(tmp_path: Path) -> None:
    before = textwrap.dedent("""
        class Long(sa.TypeDecorator):
            impl = sa.Text
            def load_dialect_impl(self, dialect):
                return dialect.type_descriptor(mysql.LONGTEXT() if dialect.name == "mysql" else sa.Text())

        class Plain(sa.TypeDecorator):
            impl = sa.Text
    """)
    body = "op.add_column('t', sa.Column('a', Long()))\nop.add_column('t', sa.Column('b', Plain()))"
    described = postgresql.dialect().type_descriptor(sa.Text()).compile(dialect=postgresql.dialect())
    assert text(previewed(tmp_path, body, before=before).upgrade).splitlines() == [
        f"ALTER TABLE t ADD COLUMN a {described};",
        "ALTER TABLE t ADD COLUMN b TEXT;",
    ]


@pytest.mark.parametrize(
    ("call", "sent"),
    [
        ('sa.text("DELETE FROM t WHERE a = :a AND b = :b"), {"a": unknown(), "b": 5}', "DELETE FROM t WHERE a = :a AND b = 5;"),
        ('sa.text("DELETE FROM t WHERE a = :a"), {"a": None}', "DELETE FROM t WHERE a = NULL;"),
        ('sa.text("DELETE FROM t WHERE a = :a"), unknown()', "DELETE FROM t WHERE a = :a;"),
        ('sa.text("DELETE FROM t WHERE a = :a"), parameters={"a": "x"}', "DELETE FROM t WHERE a = 'x';"),
        ('sa.text("DELETE FROM t WHERE a = :a"), [{"a": 1}]', "DELETE FROM t WHERE a = 1;"),
        ('sa.text("DELETE FROM t WHERE a = :a"), [{"a": 1}, {"a": 2}]', "DELETE FROM t WHERE a = :a;"),
        ('sa.text("DELETE FROM t WHERE a = :a")', "DELETE FROM t WHERE a = :a;"),
        (
            't.update().where(t.c.id == sa.bindparam("b")).values(a=sa.bindparam("d")), {"b": 1}',
            "UPDATE t SET a=:d WHERE t.id = 1;",
        ),
    ],
)
def test_what_a_parameter_is_given_stands_in_the_statement(tmp_path: Path, call: str, sent: str) -> None:
    """SQLAlchemy writes NULL for a parameter without a value, which would be another statement."""
    table = 't = sa.table("t", sa.column("id", sa.Integer), sa.column("a", sa.Text))'
    assert text(previewed(tmp_path, f"{table}\nop.get_bind().execute({call})").upgrade) == sent


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("DROP TABLE a; DROP TABLE b;", "DROP TABLE a; DROP TABLE b;"),
        ("DROP TABLE a -- the old one", "DROP TABLE a -- the old one\n;"),
        ("DROP TABLE a; -- the old one", "DROP TABLE a; -- the old one"),
        ("SELECT '--'", "SELECT '--';"),
    ],
)
def test_each_statement_ends_with_one_semicolon(tmp_path: Path, sql: str, sent: str) -> None:
    (statement,) = previewed(tmp_path, f"op.execute({sql!r})").upgrade
    assert statement.sql == sent


class _Typed(Exception):
    """Something was typed."""


@pytest.mark.parametrize("most", [0, 1, 2, 5])
def test_a_preview_can_be_given_up_at_every_call(tmp_path: Path, most: int) -> None:
    """Also while the function is followed, which takes long where it is long; afterwards everything is known as before."""
    whole = previewed(tmp_path, 'op.drop_table("a")\nop.drop_table("b")\nop.drop_table("c")')
    project = Project([str(tmp_path)], Resolver({}, roots=[str(tmp_path)]))
    project.load()
    asked = 0

    def proceed() -> None:
        nonlocal asked
        asked += 1
        if asked > most:
            raise _Typed

    with pytest.raises(_Typed):
        preview(project, whole.path, proceed)
    assert asked == most + 1
    assert preview(project, whole.path) == whole
