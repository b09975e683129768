"""Changes of type that expand and contract is proven on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChangeCase:
    """`create` is the SQL of the first revision, `up` and `down` are the bodies of the second one, `rows` is SQL that fills the
    tables. `writes` is SQL that is run while both columns are there and the old one is in use, `later` what is run while the new
    one is; `unfit` writes what the old type does not take. `since` is the first release that the case is for."""

    name: str
    create: str
    up: str
    down: str
    rows: str = "SELECT 1"
    tables: str = "t"
    writes: str = ""
    later: str = "SELECT 1"
    unfit: str = ""
    since: int = 14
    up_statement: str = ""
    down_statement: str = ""


def alter(old: str, new: str, table: str = "t", column: str = "c", more: str = "", back: str = "") -> tuple[str, str]:
    """Both bodies: a call of alter_column each."""
    name = f'"{table}", "{column}"'
    return (
        f"op.alter_column({name}, existing_type={old}, type_={new}{more})",
        f"op.alter_column({name}, existing_type={new}, type_={old}{back})",
    )


INT, BIG, TEXT = "sa.Integer()", "sa.BigInteger()", "sa.Text()"
PLAIN = "CREATE TABLE t (id serial PRIMARY KEY, c integer);"
ROWS = "INSERT INTO t (c) SELECT n FROM generate_series(1, 25000) n; INSERT INTO t (c) VALUES (NULL);"
WRITES = "INSERT INTO t (c) VALUES (7), (NULL); UPDATE t SET c = 8 WHERE id < 5; DELETE FROM t WHERE id = 20;"
LATER = "INSERT INTO t (c) VALUES (70), (NULL); UPDATE t SET c = 80 WHERE id BETWEEN 8 AND 12;"
UNFIT = "UPDATE t SET c = 3000000000 WHERE id = 2;"

CASES = (
    ChangeCase("plain", PLAIN, *alter(INT, BIG), ROWS, writes=WRITES, later=LATER, unfit=UNFIT),
    ChangeCase("empty table", PLAIN, *alter(INT, BIG)),
    ChangeCase(
        "not null, default, check, index",
        "CREATE TABLE t (id serial PRIMARY KEY, c integer NOT NULL DEFAULT 0, CONSTRAINT ck_c CHECK (c >= 0));"
        "CREATE INDEX ix_c ON t (c); COMMENT ON COLUMN t.id IS 'x';",
        *alter(INT, BIG, more=", existing_nullable=False, existing_server_default=sa.text('0')"),
        "INSERT INTO t (c) SELECT n FROM generate_series(1, 25000) n; INSERT INTO t DEFAULT VALUES;",
        writes="INSERT INTO t (c) VALUES (7); INSERT INTO t DEFAULT VALUES; UPDATE t SET c = 8 WHERE id < 5;",
        later="INSERT INTO t (c) VALUES (70); INSERT INTO t DEFAULT VALUES; UPDATE t SET c = 80 WHERE id = 9;",
        unfit=UNFIT,
    ),
    ChangeCase(
        "indexes of all kinds",
        "CREATE TABLE t (id serial PRIMARY KEY, c integer, d text, e integer);"
        "CREATE INDEX ix_two ON t (d, c DESC); CREATE UNIQUE INDEX ix_unique ON t (c, id); CREATE INDEX ix_part ON t (d) WHERE c > 5;"
        "CREATE INDEX ix_expr ON t ((c + 1), lower(d)); CREATE INDEX ix_incl ON t (d) INCLUDE (c);"
        "CREATE INDEX ix_ops ON t (d text_pattern_ops, c NULLS FIRST); CREATE INDEX ix_hash ON t USING hash (c);"
        "CREATE INDEX ix_brin ON t USING brin (c); CREATE INDEX ix_other ON t (e);",
        *alter(INT, BIG),
        "INSERT INTO t (c, d, e) SELECT n, 'd' || n % 50, n FROM generate_series(1, 3000) n;",
        writes=WRITES,
        later=LATER,
    ),
    ChangeCase(
        "unique constraints",
        "CREATE TABLE t (id serial PRIMARY KEY, c integer, d integer DEFAULT 1, CONSTRAINT uq_c UNIQUE (c),"
        " CONSTRAINT uq_two UNIQUE (d, c) INCLUDE (id) DEFERRABLE INITIALLY DEFERRED);",
        *alter(INT, BIG),
        "INSERT INTO t (c) SELECT n FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES (7000), (NULL); UPDATE t SET c = 8000 WHERE id = 5;",
        later="INSERT INTO t (c) VALUES (9000), (NULL); UPDATE t SET c = 8001 WHERE id = 8;",
        unfit=UNFIT,
    ),
    ChangeCase(
        "unique constraint without a name, nulls not distinct",
        "CREATE TABLE t (id serial PRIMARY KEY, c bigint, UNIQUE NULLS NOT DISTINCT (c));",
        *alter(BIG, INT),
        "INSERT INTO t (c) SELECT n FROM generate_series(1, 3000) n;",
        since=15,
    ),
    ChangeCase(
        "foreign keys",
        "CREATE TABLE p (id bigint PRIMARY KEY); CREATE TABLE q (a bigint, b bigint, PRIMARY KEY (a, b));"
        "CREATE TABLE t (id serial PRIMARY KEY, c integer REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE, d bigint,"
        " CONSTRAINT fk_two FOREIGN KEY (c, d) REFERENCES q DEFERRABLE INITIALLY DEFERRED); CREATE INDEX ix_c ON t (c);",
        *alter(INT, BIG),
        "INSERT INTO p SELECT generate_series(1, 100); INSERT INTO q SELECT n, 1 FROM generate_series(1, 100) n;"
        "INSERT INTO t (c, d) SELECT n % 100 + 1, 1 FROM generate_series(1, 3000) n;",
        "p|q|t",
        writes="DELETE FROM t WHERE c = 9; UPDATE t SET d = NULL WHERE c < 9; DELETE FROM p WHERE id = 5; UPDATE p SET id = 500 WHERE id = 6;",
        later="DELETE FROM p WHERE id = 7; UPDATE p SET id = 501 WHERE id = 8; INSERT INTO t (c) VALUES (NULL), (500);",
    ),
    ChangeCase(
        "foreign key, set null",
        "CREATE TABLE p (id integer PRIMARY KEY);"
        "CREATE TABLE t (id serial PRIMARY KEY, c smallint CONSTRAINT fk_c REFERENCES p (id) ON DELETE SET NULL NOT NULL DEFAULT 3);"
        "ALTER TABLE t ALTER c DROP NOT NULL;",
        *alter("sa.SmallInteger()", INT),
        "INSERT INTO p SELECT generate_series(1, 100); INSERT INTO t (c) SELECT n % 100 + 1 FROM generate_series(1, 3000) n;",
        "p|t",
        writes="DELETE FROM p WHERE id = 5; INSERT INTO t DEFAULT VALUES;",
        later="DELETE FROM p WHERE id = 7; INSERT INTO t DEFAULT VALUES; INSERT INTO t (c) VALUES (NULL);",
    ),
    ChangeCase(
        "composite primary key",
        "CREATE TABLE t (a uuid, b text, c integer, PRIMARY KEY (a, b));",
        *alter(INT, BIG),
        "INSERT INTO t SELECT md5((n % 100)::text)::uuid, 'b' || n, n FROM generate_series(1, 25000) n;",
        writes="UPDATE t SET c = 8 WHERE c < 5;",
        later="UPDATE t SET c = 80 WHERE c = 9;",
    ),
    ChangeCase(
        "uuid primary key",
        "CREATE TABLE t (first uuid PRIMARY KEY, last text, c integer);",
        *alter(INT, BIG),
        "INSERT INTO t SELECT md5(n::text)::uuid, 'l', n FROM generate_series(1, 25000) n;",
    ),
    ChangeCase(
        "no primary key",
        "CREATE TABLE t (c integer, filler text);",
        *alter(INT, BIG),
        "INSERT INTO t SELECT n, repeat('x', 400) FROM generate_series(1, 60000) n;",
        writes="UPDATE t SET c = 8 WHERE c < 5; INSERT INTO t (c) VALUES (4);",
        later="UPDATE t SET c = 80 WHERE c = 9; INSERT INTO t (c) VALUES (4);",
        unfit="UPDATE t SET c = 3000000000 WHERE c = 20;",
    ),
    ChangeCase(
        "names that need quotes, in a schema",
        'CREATE SCHEMA "My App"; CREATE TABLE "My App"."Order" ("Id" serial PRIMARY KEY, "select" integer NOT NULL DEFAULT 5, "Größe" integer,'
        ' CONSTRAINT "Ck" CHECK ("select" > "Größe"), CONSTRAINT "Uq" UNIQUE ("select", "Id")); CREATE INDEX "Ix:a" ON "My App"."Order" ("select");',
        *alter(INT, BIG, "Order", "select", ', schema="My App"', ', schema="My App"'),
        'INSERT INTO "My App"."Order" ("select", "Größe") SELECT n, n - 1 FROM generate_series(1, 3000) n;',
        '"My App"."Order"',
        writes='INSERT INTO "My App"."Order" ("select") VALUES (7); UPDATE "My App"."Order" SET "select" = 9 WHERE "Id" = 3;',
        later='INSERT INTO "My App"."Order" ("select") VALUES (70); UPDATE "My App"."Order" SET "select" = 9 WHERE "Id" = 4;',
    ),
    ChangeCase(
        "long names",
        f"CREATE TABLE {'t' * 60} (id serial PRIMARY KEY, {'c' * 63} integer NOT NULL);"
        f"CREATE INDEX {'i' * 63} ON {'t' * 60} ({'c' * 63}); ALTER TABLE {'t' * 60} ADD CONSTRAINT {'k' * 63} CHECK ({'c' * 63} > 0);",
        *alter(INT, BIG, "t" * 60, "c" * 63),
        f"INSERT INTO {'t' * 60} ({'c' * 63}) SELECT n FROM generate_series(1, 3000) n;",
        "t" * 60,
    ),
    ChangeCase(
        "names that are taken",
        "CREATE TABLE t (id serial PRIMARY KEY, c integer, c_new integer, c_old integer); CREATE INDEX ix ON t (c);"
        "CREATE INDEX ix_new ON t (c_new);",
        *alter(INT, BIG),
        ROWS,
    ),
    ChangeCase(
        "created by op.create_table, with a comment",
        '""")\nop.create_table("t", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("c", sa.Integer(), server_default="1",'
        ' nullable=False, index=True, unique=True, comment="what it\'s for: all"), sa.Column("d", sa.String(5)),'
        ' sa.CheckConstraint("c > 0 AND d <> \'x\'", name="ck_t"))\nop.execute("""SELECT 1',
        *alter(INT, BIG, more=', existing_comment="what it\'s for: all", existing_nullable=False'),
        "INSERT INTO t (c) SELECT n FROM generate_series(1, 3000) n;",
    ),
    ChangeCase(
        "not null in the same call",
        "CREATE TABLE t (id serial PRIMARY KEY, c integer);",
        *alter(INT, BIG, more=", nullable=False", back=", nullable=True"),
        "INSERT INTO t (c) SELECT n FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES (7); UPDATE t SET c = 8 WHERE id < 5;",
        later="INSERT INTO t (c) VALUES (9);",
    ),
    ChangeCase(
        "null in the same call, and another default",
        "CREATE TABLE t (id serial PRIMARY KEY, c integer NOT NULL DEFAULT 3);",
        *alter(
            INT, BIG, more=", nullable=True, server_default=sa.text('5')", back=", nullable=False, server_default=sa.text('3')"
        ),
        "INSERT INTO t (c) SELECT n FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES (7); UPDATE t SET c = 8 WHERE id < 5;",
        later="INSERT INTO t (c) VALUES (9);",
        unfit="INSERT INTO t (c) VALUES (NULL);",
    ),
    ChangeCase(
        "a default that is computed",
        "CREATE TABLE t (id serial PRIMARY KEY, c timestamp DEFAULT now());",
        *alter("sa.DateTime()", "sa.DateTime(timezone=True)"),
        "INSERT INTO t (c) SELECT timestamp '2024-03-31' + n * interval '1 h' FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('2024-10-27 02:30'); UPDATE t SET c = '2025-01-01' WHERE id < 5;",
        later="INSERT INTO t (c) VALUES ('2024-07-27 02:30');",
    ),
    ChangeCase(
        "timestamps in a zone that is said",
        "CREATE TABLE t (id serial PRIMARY KEY, c timestamp NOT NULL); CREATE INDEX ix ON t (c);",
        *alter(
            "sa.DateTime()",
            "sa.DateTime(timezone=True)",
            more=", postgresql_using=\"c AT TIME ZONE 'Europe/Berlin'\"",
            back=", postgresql_using=\"c AT TIME ZONE 'Europe/Berlin'\"",
        ),
        "INSERT INTO t (c) SELECT timestamp '2024-03-31' + n * interval '1 h' FROM generate_series(1, 3000) n;",
        writes="UPDATE t SET c = '2025-01-01' WHERE id < 5;",
        later="INSERT INTO t (c) VALUES ('2024-07-27 02:30');",
    ),
    ChangeCase(
        "text to int",
        "CREATE TABLE t (id serial PRIMARY KEY, c varchar(20));",
        *alter("sa.String(20)", INT, more=', postgresql_using="c::integer"'),
        ROWS.replace("SELECT n ", "SELECT n::text "),
        writes="INSERT INTO t (c) VALUES ('7'), (NULL); UPDATE t SET c = '8' WHERE id < 5;",
        later="INSERT INTO t (c) VALUES (70); UPDATE t SET c = 80 WHERE id = 9;",
    ),
    ChangeCase(
        "text to int, computed",
        'CREATE TABLE t (id serial PRIMARY KEY, c text, "C" text);',
        *alter(
            TEXT,
            INT,
            more=', postgresql_using="COALESCE(NULLIF(trim(c), \'\')::integer, length(\\"C\\"))"',
            back=", postgresql_using=\"' ' || c\"",
        ),
        "INSERT INTO t (c, \"C\") SELECT CASE WHEN n % 3 = 0 THEN ' ' ELSE n || ' ' END, 'xy' FROM generate_series(1, 3000) n;"
        " INSERT INTO t (c) VALUES (NULL);",
        writes="INSERT INTO t (c) VALUES ('7'), (NULL); UPDATE t SET c = '8' WHERE id < 5;",
        later="INSERT INTO t (c) VALUES (70); UPDATE t SET c = 80 WHERE id = 9;",
    ),
    ChangeCase(
        "varchar to text, computed",
        "CREATE TABLE t (id serial PRIMARY KEY, c varchar(20) DEFAULT 'a:b' NOT NULL, CONSTRAINT ck CHECK (length(c) < 15 AND c <> 'x:y'));"
        "CREATE INDEX ix ON t (c varchar_pattern_ops); CREATE INDEX ix_l ON t (lower(c));",
        *alter("sa.String(20)", TEXT, more=', postgresql_using="lower(c)"'),
        "INSERT INTO t (c) SELECT 'V' || n FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('X:z'); UPDATE t SET c = 'U' WHERE id < 5; INSERT INTO t DEFAULT VALUES;",
        later="INSERT INTO t (c) VALUES ('Y'); INSERT INTO t DEFAULT VALUES;",
    ),
    ChangeCase(
        "text to a shorter varchar",
        "CREATE TABLE t (id serial PRIMARY KEY, c text NOT NULL, CONSTRAINT uq UNIQUE (c));",
        *alter(TEXT, "sa.String(30)"),
        "INSERT INTO t (c) SELECT 'V' || n FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('X');",
        later="INSERT INTO t (c) VALUES ('Y');",
    ),
    ChangeCase(
        "a shorter varchar that was longer",
        "CREATE TABLE t (id serial PRIMARY KEY, c varchar(100));",
        *alter("sa.String(100)", "sa.String(30)"),
        "INSERT INTO t (c) SELECT 'V' || n FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('X');",
        later="INSERT INTO t (c) VALUES ('Y');",
    ),
    ChangeCase(
        "numeric with more places",
        "CREATE TABLE t (id serial PRIMARY KEY, c numeric(10,2) NOT NULL DEFAULT 1.50, CONSTRAINT ck CHECK (c >= 0.01)); CREATE INDEX ix ON t (c);",
        *alter("sa.Numeric(10, 2)", "sa.Numeric(14, 4)"),
        "INSERT INTO t (c) SELECT n / 7.0 FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES (1.239); INSERT INTO t DEFAULT VALUES;",
        later="INSERT INTO t (c) VALUES (1.2391), (1.2392); INSERT INTO t DEFAULT VALUES;",
        unfit="INSERT INTO t (c) VALUES (9999999999);",
    ),
    ChangeCase(
        "int to numeric and double to numeric",
        "CREATE TABLE t (id serial PRIMARY KEY, c double precision);",
        *alter("sa.Double()", "sa.Numeric()"),
        "INSERT INTO t (c) SELECT n / 8.0 FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES (1.25);",
        later="INSERT INTO t (c) VALUES (1.5);",
        unfit="INSERT INTO t (c) VALUES (1e400);",
    ),
    ChangeCase(
        "enum to text",
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id serial PRIMARY KEY, c mood); CREATE UNIQUE INDEX ix ON t (id, c);",
        *alter('sa.Enum("sad", "ok", name="mood")', TEXT, back=', postgresql_using="c::mood"'),
        "INSERT INTO t (c) SELECT 'sad' FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('ok');",
        later="INSERT INTO t (c) VALUES ('ok'); UPDATE t SET c = 'ok' WHERE id = 9;",
        unfit="INSERT INTO t (c) VALUES ('other');",
    ),
    ChangeCase(
        "text to enum",
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id serial PRIMARY KEY, c text NOT NULL);",
        *alter(TEXT, 'sa.Enum("sad", "ok", name="mood")', more=', postgresql_using="c::mood"'),
        "INSERT INTO t (c) SELECT 'sad' FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('ok');",
        later="INSERT INTO t (c) VALUES ('ok');",
    ),
    ChangeCase(
        "text to uuid",
        "CREATE TABLE t (id serial PRIMARY KEY, c varchar(36));",
        *alter("sa.String(36)", "postgresql.UUID()", more=', postgresql_using="c::uuid"'),
        "INSERT INTO t (c) SELECT md5(n::text)::uuid FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('00000000-0000-0000-0000-000000000000');",
        later="INSERT INTO t (c) VALUES ('00000000-0000-0000-0000-000000000001');",
    ),
    ChangeCase(
        "text to json, json to jsonb",
        "CREATE TABLE t (id serial PRIMARY KEY, c json NOT NULL DEFAULT '{}');",
        *alter("sa.JSON()", "postgresql.JSONB()"),
        "INSERT INTO t (c) SELECT '{\"a\":  1}' FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('[1]'); INSERT INTO t DEFAULT VALUES;",
        later="INSERT INTO t (c) VALUES ('[2]'); INSERT INTO t DEFAULT VALUES;",
    ),
    ChangeCase(
        "jsonb to json",
        "CREATE TABLE t (id serial PRIMARY KEY, c jsonb DEFAULT '{}');",
        *alter("postgresql.JSONB()", "sa.JSON()"),
        "INSERT INTO t (c) SELECT '{\"a\":  1}' FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('[1]'); INSERT INTO t DEFAULT VALUES;",
        later="INSERT INTO t (c) VALUES ('[2]'); INSERT INTO t DEFAULT VALUES;",
    ),
    ChangeCase(
        "date to text",
        "CREATE TABLE t (id serial PRIMARY KEY, c date DEFAULT '2024-01-01');",
        *alter("sa.Date()", TEXT, back=', postgresql_using="c::date"'),
        "INSERT INTO t (c) SELECT date '2024-01-01' + n FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('2025-01-01');",
        later="INSERT INTO t (c) VALUES ('2025-01-01');",
        unfit="INSERT INTO t (c) VALUES ('soon');",
    ),
    ChangeCase(
        "arrays",
        "CREATE TABLE t (id serial PRIMARY KEY, c integer[] NOT NULL DEFAULT '{}');",
        *alter("postgresql.ARRAY(sa.Integer())", "postgresql.ARRAY(sa.BigInteger())"),
        "INSERT INTO t (c) SELECT ARRAY[n, 1] FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('{1,2}');",
        later="INSERT INTO t (c) VALUES ('{1,2}');",
        unfit="INSERT INTO t (c) VALUES ('{3000000000}');",
    ),
    ChangeCase(
        "another collation",
        "CREATE TABLE t (id serial PRIMARY KEY, c text DEFAULT 'x'); CREATE INDEX ix ON t (c);",
        *alter(TEXT, 'sa.Text(collation="C")'),
        "INSERT INTO t (c) SELECT 'x' || n FROM generate_series(1, 3000) n;",
        writes="INSERT INTO t (c) VALUES ('a');",
        later="INSERT INTO t (c) VALUES ('a');",
    ),
    ChangeCase(
        "raw SQL",
        "CREATE TABLE t (id serial PRIMARY KEY, c integer NOT NULL);",
        'op.execute("ALTER TABLE t ALTER COLUMN c TYPE bigint")',
        'op.execute("ALTER TABLE t ALTER COLUMN c TYPE integer")',
        "INSERT INTO t (c) SELECT n FROM generate_series(1, 3000) n;",
    ),
    ChangeCase(
        "among other operations, a downgrade that does nothing else",
        "CREATE TABLE t (id serial PRIMARY KEY, c integer NOT NULL, d integer); CREATE INDEX ix ON t (c, d);",
        'op.add_column("t", sa.Column("e", sa.Integer()))\n'
        + alter(INT, BIG)[0]
        + '\nwith op.get_context().autocommit_block():\n    op.create_index("ix_d", "t", ["d"], postgresql_concurrently=True)',
        'with op.get_context().autocommit_block():\n    op.drop_index("ix_d", table_name="t", postgresql_concurrently=True)\n'
        + alter(INT, BIG)[1]
        + '\nop.drop_column("t", "e")',
        "INSERT INTO t (c) SELECT n FROM generate_series(1, 3000) n;",
        up_statement=alter(INT, BIG)[0],
        down_statement=alter(INT, BIG)[1],
    ),
)

FREE = (
    ChangeCase(
        "free: indexes with expressions and predicates, checks",
        "CREATE TABLE t (id serial PRIMARY KEY, c varchar, d integer, CONSTRAINT ck CHECK (length(c) > 0));"
        "CREATE INDEX ix ON t (d) WHERE c > 'x'; CREATE INDEX ixl ON t (lower(c)); CREATE INDEX ixp ON t (c);",
        *alter("sa.String()", "sa.Text()"),
        "INSERT INTO t (c) SELECT 'V' || n FROM generate_series(1, 3000) n;",
    ),
    ChangeCase(
        "free: not null in the same call",
        "CREATE TABLE t (id serial PRIMARY KEY, c numeric(10,2), CONSTRAINT ck CHECK (c > 0));",
        'op.alter_column("t", "c", existing_type=sa.Numeric(10, 2), type_=sa.Numeric(12, 2), nullable=False)',
        'op.alter_column("t", "c", existing_type=sa.Numeric(12, 2), type_=sa.Numeric())',
        "INSERT INTO t (c) SELECT n FROM generate_series(1, 3000) n;",
    ),
)
"""Changes that are free but for something beside them."""
