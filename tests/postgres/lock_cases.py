"""The statements behind the rows of `data/locks.tsv`, so that what is said of their locks can be compared with the rows, and with
a server that runs them."""

from __future__ import annotations

from typing import NamedTuple

BASE = """
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE t (id serial PRIMARY KEY, a int, c varchar(50), d int, e int, p int, nn int NOT NULL, iv int NOT NULL);
CREATE INDEX t_a ON t (a);
CREATE INDEX t_c ON t (c);
CREATE TABLE child (id int PRIMARY KEY, t_id int REFERENCES t (id));
CREATE TABLE part (id int, d int) PARTITION BY RANGE (id);
CREATE TABLE part_def PARTITION OF part DEFAULT;
CREATE TABLE part_1 (id int, d int);
CREATE DOMAIN plain AS int;
CREATE DOMAIN checked AS int CHECK (VALUE > 0);
CREATE TYPE mood AS ENUM ('sad', 'ok');
"""
ROWS = """
INSERT INTO parent SELECT g FROM generate_series(1, 1500) g;
INSERT INTO t (a, c, d, e, p, nn, iv) SELECT g, 'c' || g, g, 1, 1 + g % 1000, g, g FROM generate_series(1, 2000) g;
INSERT INTO part_def SELECT 5000 + g, g FROM generate_series(1, 2000) g;
INSERT INTO part_1 SELECT g, g FROM generate_series(1, 999) g;
INSERT INTO part_1 SELECT 1 + g % 900, g FROM generate_series(1, 2000) g;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
ANALYZE;
"""


class Case(NamedTuple):
    """A statement, and what was done before it. `after` gives new names to relations that the statement renames. `since` is the
    first version that knows it, `until` the last."""

    sql: str
    before: str = ""
    after: dict[str, str] = {}  # noqa: RUF012
    since: int = 14
    until: int = 99


_FK = "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id)"
_CHECK = "ALTER TABLE t ADD CONSTRAINT ck CHECK (d IS NOT NULL)"
_PARTITION = "FOR VALUES FROM (0) TO (1000)"
_BOUND = "ALTER TABLE part_1 ADD CONSTRAINT ck CHECK (id IS NOT NULL AND id >= 0 AND id < 1000)"
_VIEW = "CREATE MATERIALIZED VIEW mv AS SELECT id FROM parent"

CASES: dict[str, Case] = {
    "CREATE INDEX": Case("CREATE INDEX ix ON t (d)"),
    "CREATE UNIQUE INDEX": Case("CREATE UNIQUE INDEX ix ON t (d)"),
    "CREATE INDEX CONCURRENTLY": Case("CREATE INDEX CONCURRENTLY ix ON t (d)"),
    "DROP INDEX": Case("DROP INDEX t_c"),
    "DROP INDEX CONCURRENTLY": Case("DROP INDEX CONCURRENTLY t_c"),
    "REINDEX INDEX": Case("REINDEX INDEX t_c"),
    "REINDEX INDEX CONCURRENTLY": Case("REINDEX INDEX CONCURRENTLY t_c"),
    "RENAME INDEX": Case("ALTER INDEX t_c RENAME TO t_c2", after={"t_c": "t_c2"}),
    "ADD UNIQUE": Case("ALTER TABLE t ADD CONSTRAINT uq UNIQUE (d)"),
    "ADD UNIQUE USING INDEX": Case(
        "ALTER TABLE t ADD CONSTRAINT uq UNIQUE USING INDEX uqi", "CREATE UNIQUE INDEX uqi ON t (d)", {"uqi": "uq"}
    ),
    "ADD UNIQUE DEFERRABLE": Case("ALTER TABLE t ADD CONSTRAINT uq UNIQUE (d) DEFERRABLE"),
    "DROP CONSTRAINT unique": Case("ALTER TABLE t DROP CONSTRAINT uq", "ALTER TABLE t ADD CONSTRAINT uq UNIQUE (d)"),
    "ADD PRIMARY KEY (no PK, cols NOT NULL)": Case(
        "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id)", "ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE"
    ),
    "ADD PRIMARY KEY (col nullable)": Case(
        "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (d)", "ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE"
    ),
    "ADD PRIMARY KEY USING INDEX (NOT NULL)": Case(
        "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX pki",
        "ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE; CREATE UNIQUE INDEX pki ON t (nn)",
        {"pki": "t_pkey"},
    ),
    "ADD PRIMARY KEY USING INDEX (nullable)": Case(
        "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX pki",
        "ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE; CREATE UNIQUE INDEX pki ON t (d)",
        {"pki": "t_pkey"},
    ),
    "DROP PRIMARY KEY CASCADE": Case("ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE"),
    "ADD FK": Case(_FK),
    "ADD FK NOT VALID": Case(f"{_FK} NOT VALID"),
    "VALIDATE FK": Case("ALTER TABLE t VALIDATE CONSTRAINT fk", f"{_FK} NOT VALID"),
    "DROP CONSTRAINT fk": Case("ALTER TABLE t DROP CONSTRAINT fk", _FK),
    "ADD CHECK": Case("ALTER TABLE t ADD CONSTRAINT ck CHECK (d > 0)"),
    "ADD CHECK NOT VALID": Case("ALTER TABLE t ADD CONSTRAINT ck CHECK (d > 0) NOT VALID"),
    "VALIDATE CHECK": Case("ALTER TABLE t VALIDATE CONSTRAINT ck", f"{_CHECK} NOT VALID"),
    "DROP CONSTRAINT check": Case("ALTER TABLE t DROP CONSTRAINT ck", _CHECK),
    "RENAME CONSTRAINT": Case("ALTER TABLE t RENAME CONSTRAINT ck TO ck2", _CHECK),
    "ADD EXCLUDE": Case("ALTER TABLE t ADD CONSTRAINT ex EXCLUDE USING btree (d WITH =)"),
    "SET NOT NULL": Case("ALTER TABLE t ALTER COLUMN d SET NOT NULL"),
    "SET NOT NULL with valid CHECK": Case("ALTER TABLE t ALTER COLUMN d SET NOT NULL", _CHECK),
    "SET NOT NULL with NOT VALID CHECK": Case("ALTER TABLE t ALTER COLUMN d SET NOT NULL", f"{_CHECK} NOT VALID"),
    "SET NOT NULL with stronger CHECK nn>0 (no IS NOT NULL)": Case(
        "ALTER TABLE t ALTER COLUMN d SET NOT NULL", "ALTER TABLE t ADD CONSTRAINT ck CHECK (d > 0)"
    ),
    "SET NOT NULL with CHECK (nn is not null and nn>0)": Case(
        "ALTER TABLE t ALTER COLUMN d SET NOT NULL", "ALTER TABLE t ADD CONSTRAINT ck CHECK (d IS NOT NULL AND d > 0)"
    ),
    "SET NOT NULL already NOT NULL": Case("ALTER TABLE t ALTER COLUMN nn SET NOT NULL"),
    "DROP NOT NULL": Case("ALTER TABLE t ALTER COLUMN nn DROP NOT NULL"),
    "ADD NOT NULL constraint NOT VALID (PG18)": Case("ALTER TABLE t ADD CONSTRAINT dn NOT NULL d NOT VALID", since=18),
    "VALIDATE NOT NULL constraint (PG18)": Case(
        "ALTER TABLE t VALIDATE CONSTRAINT dn", "ALTER TABLE t ADD CONSTRAINT dn NOT NULL d NOT VALID", since=18
    ),
    "SET NOT NULL on col with NOT NULL NOT VALID (PG18)": Case(
        "ALTER TABLE t ALTER COLUMN d SET NOT NULL", "ALTER TABLE t ADD CONSTRAINT dn NOT NULL d NOT VALID", since=18
    ),
    "SET DEFAULT": Case("ALTER TABLE t ALTER COLUMN d SET DEFAULT 5"),
    "DROP DEFAULT": Case("ALTER TABLE t ALTER COLUMN d DROP DEFAULT"),
    "ADD COLUMN nullable": Case("ALTER TABLE t ADD COLUMN x int"),
    "ADD COLUMN constant default": Case("ALTER TABLE t ADD COLUMN x int DEFAULT 5"),
    "ADD COLUMN default now() (stable)": Case("ALTER TABLE t ADD COLUMN x timestamptz DEFAULT now()"),
    "ADD COLUMN default clock_timestamp() (volatile)": Case("ALTER TABLE t ADD COLUMN x timestamptz DEFAULT clock_timestamp()"),
    "ADD COLUMN default gen_random_uuid() (volatile)": Case("ALTER TABLE t ADD COLUMN x uuid DEFAULT gen_random_uuid()"),
    "ADD COLUMN default random()": Case("ALTER TABLE t ADD COLUMN x float DEFAULT random()"),
    "ADD COLUMN serial": Case("ALTER TABLE t ADD COLUMN x serial"),
    "ADD COLUMN identity": Case("ALTER TABLE t ADD COLUMN x int GENERATED BY DEFAULT AS IDENTITY"),
    "ADD COLUMN GENERATED STORED": Case("ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a + 1) STORED"),
    "ADD COLUMN GENERATED VIRTUAL (PG18)": Case("ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a + 1) VIRTUAL", since=18),
    "ADD COLUMN inline FK (nullable, no default)": Case("ALTER TABLE t ADD COLUMN x int REFERENCES parent (id)"),
    "ADD COLUMN inline FK with constant default": Case("ALTER TABLE t ADD COLUMN x int DEFAULT 1 REFERENCES parent (id)"),
    "ADD COLUMN inline UNIQUE": Case("ALTER TABLE t ADD COLUMN x int UNIQUE"),
    "ADD COLUMN inline CHECK": Case("ALTER TABLE t ADD COLUMN x int CHECK (x > 0)"),
    "ADD COLUMN inline CHECK with constant default": Case("ALTER TABLE t ADD COLUMN x int DEFAULT 5 CHECK (x > 0)"),
    "ADD COLUMN domain no constraint, const default": Case("ALTER TABLE t ADD COLUMN x plain DEFAULT 5"),
    "ADD COLUMN domain with CHECK": Case("ALTER TABLE t ADD COLUMN x checked"),
    "ADD COLUMN domain with CHECK, const default": Case("ALTER TABLE t ADD COLUMN x checked DEFAULT 5"),
    "ADD COLUMN IF NOT EXISTS (exists)": Case("ALTER TABLE t ADD COLUMN IF NOT EXISTS d int"),
    "DROP COLUMN": Case("ALTER TABLE t DROP COLUMN d"),
    "RENAME COLUMN": Case("ALTER TABLE t RENAME COLUMN d TO d2"),
    "RENAME TABLE": Case("ALTER TABLE t RENAME TO t2", after={"t": "t2"}),
    "RENAME CONSTRAINT pk": Case("ALTER TABLE t RENAME CONSTRAINT t_pkey TO pk_t", after={"t_pkey": "pk_t"}),
    "SET SCHEMA": Case("ALTER TABLE t SET SCHEMA other", "CREATE SCHEMA other"),
    "ALTER TYPE varchar(50)->varchar(100)": Case("ALTER TABLE t ALTER COLUMN c TYPE varchar(100)"),
    "ALTER TYPE varchar(50)->text": Case("ALTER TABLE t ALTER COLUMN c TYPE text"),
    "ALTER TYPE varchar(50)->varchar(20)": Case("ALTER TABLE t ALTER COLUMN c TYPE varchar(20)"),
    "ALTER TYPE int->bigint": Case("ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    "ALTER TYPE same type": Case("ALTER TABLE t ALTER COLUMN a TYPE int"),
    "ADD IDENTITY to column": Case(
        "ALTER TABLE t ALTER COLUMN a ADD GENERATED BY DEFAULT AS IDENTITY", "ALTER TABLE t ALTER COLUMN a SET NOT NULL"
    ),
    "DROP EXPRESSION": Case(
        "ALTER TABLE t ALTER COLUMN x DROP EXPRESSION", "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a + 1) STORED"
    ),
    "ALTER TYPE enum ADD VALUE (in tx)": Case("ALTER TYPE mood ADD VALUE 'glad'"),
    "ALTER TYPE enum RENAME VALUE": Case("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'"),
    "CREATE TYPE enum": Case("CREATE TYPE mood2 AS ENUM ('a')"),
    "CREATE TABLE": Case("CREATE TABLE tn (id int PRIMARY KEY)"),
    "CREATE TABLE with FK to parent": Case("CREATE TABLE tn (id int PRIMARY KEY, p int REFERENCES parent (id))"),
    "DROP TABLE (has FK to parent)": Case("DROP TABLE child"),
    "DROP TABLE CASCADE referenced": Case("DROP TABLE part_1 CASCADE"),
    "TRUNCATE": Case("TRUNCATE child"),
    "CREATE TRIGGER": Case("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"),
    "DROP TRIGGER": Case("DROP TRIGGER g ON t", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"),
    "DISABLE TRIGGER USER": Case("ALTER TABLE t DISABLE TRIGGER USER"),
    "ENABLE ROW LEVEL SECURITY": Case("ALTER TABLE t ENABLE ROW LEVEL SECURITY"),
    "CREATE POLICY": Case("CREATE POLICY p ON t USING (true)"),
    "CREATE STATISTICS": Case("CREATE STATISTICS s ON a, d FROM t"),
    "ANALYZE": Case("ANALYZE t"),
    "COMMENT ON COLUMN": Case("COMMENT ON COLUMN t.a IS 'x'"),
    "COMMENT ON TABLE": Case("COMMENT ON TABLE t IS 'x'"),
    "SET STATISTICS": Case("ALTER TABLE t ALTER COLUMN a SET STATISTICS 500"),
    "SET STORAGE": Case("ALTER TABLE t ALTER COLUMN c SET STORAGE EXTERNAL"),
    "SET (fillfactor)": Case("ALTER TABLE t SET (fillfactor = 90)"),
    "SET (autovacuum_enabled)": Case("ALTER TABLE t SET (autovacuum_enabled = false)"),
    "SET TABLESPACE same": Case("ALTER TABLE t SET TABLESPACE pg_default"),
    "SET UNLOGGED": Case("ALTER TABLE part_1 SET UNLOGGED"),
    "REPLICA IDENTITY FULL": Case("ALTER TABLE t REPLICA IDENTITY FULL"),
    "OWNER TO": Case("ALTER TABLE t OWNER TO postgres"),
    "CLUSTER": Case("CLUSTER t USING t_a"),
    "GRANT SELECT": Case("GRANT SELECT ON t TO PUBLIC"),
    "ATTACH PARTITION (no check)": Case(f"ALTER TABLE part ATTACH PARTITION part_1 {_PARTITION}"),
    "ATTACH PARTITION (CHECK on part_1 present)": Case(f"ALTER TABLE part ATTACH PARTITION part_1 {_PARTITION}", _BOUND),
    "ATTACH PARTITION (CHECK on part_1 and default)": Case(
        f"ALTER TABLE part ATTACH PARTITION part_1 {_PARTITION}",
        f"{_BOUND}; ALTER TABLE part_def ADD CONSTRAINT ck CHECK (id IS NOT NULL AND id >= 2000)",
    ),
    "CREATE TABLE PARTITION OF": Case("CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (2000) TO (3000)"),
    "DETACH PARTITION": Case("ALTER TABLE part DETACH PARTITION part_def"),
    "CREATE INDEX ON ONLY partitioned": Case("CREATE INDEX pix ON ONLY part (id)"),
    "CREATE INDEX on partitioned": Case("CREATE INDEX pix ON part (id)"),
    "ADD FK NOT VALID on partitioned": Case(
        "ALTER TABLE part ADD CONSTRAINT fk FOREIGN KEY (d) REFERENCES t (id) NOT VALID", since=18
    ),
    "ADD CHECK NOT VALID on partitioned": Case("ALTER TABLE part ADD CONSTRAINT ck CHECK (d > 0) NOT VALID"),
    "UPDATE all rows": Case("UPDATE t SET e = 2"),
    "CREATE MATERIALIZED VIEW": Case("CREATE MATERIALIZED VIEW mv AS SELECT id FROM parent"),
    "REFRESH MATERIALIZED VIEW": Case("REFRESH MATERIALIZED VIEW mv", _VIEW),
    "REFRESH MATERIALIZED VIEW CONCURRENTLY": Case(
        "REFRESH MATERIALIZED VIEW CONCURRENTLY mv", f"{_VIEW}; CREATE UNIQUE INDEX mv_id_idx ON mv (id)"
    ),
    "CREATE OR REPLACE VIEW": Case("CREATE OR REPLACE VIEW v AS SELECT a FROM t", "CREATE VIEW v AS SELECT a FROM t"),
    "LOCK TABLE": Case("LOCK TABLE t"),
}

REFUSED: dict[str, tuple[Case, str]] = {
    "ADD COLUMN NOT NULL no default (non-empty)": (Case("ALTER TABLE t ADD COLUMN x int NOT NULL"), "contains null values"),
    "ADD FK NOT VALID on partitioned": (
        Case("ALTER TABLE part ADD CONSTRAINT fk FOREIGN KEY (d) REFERENCES t (id) NOT VALID", until=17),
        "cannot add NOT VALID foreign key on partitioned table",
    ),
    "ALTER TYPE int->bigint of FK referenced pk": (
        Case("ALTER TABLE t ALTER COLUMN id TYPE bigint", "CREATE VIEW v AS SELECT id FROM t"),
        "cannot alter type of a column used by a view or rule",
    ),
    "ALTER TYPE col used by view": (
        Case("ALTER TABLE t ALTER COLUMN a TYPE bigint", "CREATE VIEW v AS SELECT a FROM t"),
        "cannot alter type of a column used by a view or rule",
    ),
    "ALTER TYPE of partition key": (
        Case("ALTER TABLE part ALTER COLUMN id TYPE bigint"),
        "because it is part of the partition key",
    ),
    "CREATE INDEX CONCURRENTLY on partitioned": (
        Case("CREATE INDEX CONCURRENTLY ix ON part (id)"),
        "cannot create index on partitioned table",
    ),
    "ADD UNIQUE USING INDEX on partitioned": (
        Case("ALTER TABLE part ADD CONSTRAINT uq UNIQUE USING INDEX pix", "CREATE UNIQUE INDEX pix ON part (id)"),
        "ADD CONSTRAINT USING INDEX is not supported on partitioned tables",
    ),
    "VACUUM (tx)": (Case("VACUUM t"), "VACUUM cannot run inside a transaction block"),
}
"""Rows that no operation can produce: Postgres refuses the statement, with these words. Most are refused on what the database
holds, which the migration does not tell."""

MORE: dict[str, Case] = {
    "SELECT FOR UPDATE": Case("SELECT * FROM t WHERE id = 5 FOR UPDATE"),
    "WITH DELETE, INSERT": Case("WITH g AS (DELETE FROM child WHERE id = 5 RETURNING id) INSERT INTO parent SELECT id FROM g"),
    "WITH UPDATE, SELECT": Case("WITH g AS (UPDATE parent SET id = id WHERE id = -5 RETURNING id) SELECT id FROM g"),
    "MERGE": Case(
        "MERGE INTO parent USING child ON parent.id = child.id AND child.id = 5 WHEN MATCHED THEN DO NOTHING", since=15
    ),
    "INSERT ON CONFLICT DO UPDATE": Case("INSERT INTO parent VALUES (5) ON CONFLICT (id) DO UPDATE SET id = 5"),
    "CREATE PUBLICATION": Case("CREATE PUBLICATION pub FOR TABLE t"),
    "CREATE TABLE INHERITS": Case("CREATE TABLE x () INHERITS (parent)"),
    "CREATE TABLE AS WITH NO DATA": Case("CREATE TABLE x AS SELECT * FROM parent WITH NO DATA"),
    "DROP COLUMN with an index": Case("ALTER TABLE t DROP COLUMN a"),
    "DROP COLUMN with a foreign key": Case("ALTER TABLE child DROP COLUMN t_id"),
    "DROP COLUMN serial": Case("ALTER TABLE t DROP COLUMN id CASCADE"),
    "DROP TABLE CASCADE": Case("DROP TABLE t CASCADE"),
    "ALTER TYPE of a referenced key": Case("ALTER TABLE t ALTER COLUMN id TYPE bigint"),
    "ALTER TYPE of a referencing column": Case("ALTER TABLE child ALTER COLUMN t_id TYPE bigint"),
    "ALTER TYPE free, under a partial index": Case(
        "ALTER TABLE t ALTER COLUMN c TYPE text", "CREATE INDEX pi ON t (d) WHERE c IS NOT NULL"
    ),
    "ALTER TYPE free, under a CHECK": Case(
        "ALTER TABLE t ALTER COLUMN c TYPE text", "ALTER TABLE t ADD CONSTRAINT ck CHECK (c <> 'x')"
    ),
    "ALTER TYPE USING": Case("ALTER TABLE t ALTER COLUMN c TYPE text USING upper(c)"),
    "INSERT": Case("INSERT INTO parent VALUES (5000)"),
    "INSERT with a foreign key": Case("INSERT INTO child VALUES (1, 5)"),
    "DELETE": Case("DELETE FROM part_1"),
    "DELETE of what is referenced": Case("DELETE FROM t WHERE id = 5"),
    "SELECT": Case("SELECT count(*) FROM t"),
    "TRUNCATE CASCADE": Case("TRUNCATE t CASCADE"),
    "CREATE VIEW": Case("CREATE VIEW v AS SELECT a FROM t"),
    "DROP VIEW": Case("DROP VIEW v", "CREATE VIEW v AS SELECT a FROM t"),
    "CREATE SEQUENCE": Case("CREATE SEQUENCE s"),
    "ALTER SEQUENCE": Case("ALTER SEQUENCE t_id_seq AS bigint"),
    "DROP SEQUENCE": Case("DROP SEQUENCE s", "CREATE SEQUENCE s"),
    "COMMENT ON INDEX": Case("COMMENT ON INDEX t_a IS 'x'"),
    "COMMENT ON CONSTRAINT": Case("COMMENT ON CONSTRAINT t_pkey ON t IS 'x'"),
    "COMMENT ON TYPE": Case("COMMENT ON TYPE mood IS 'x'"),
    "CREATE TABLE AS": Case("CREATE TABLE copy AS SELECT * FROM t"),
    "CREATE TABLE IF NOT EXISTS, there": Case("CREATE TABLE IF NOT EXISTS t (id int)"),
    "CREATE TABLE with UNIQUE and INDEX": Case("CREATE TABLE tn (id serial PRIMARY KEY, u int UNIQUE)"),
    "CREATE INDEX IF NOT EXISTS, there": Case("CREATE INDEX IF NOT EXISTS t_a ON t (a)"),
    "two actions": Case("ALTER TABLE t ADD COLUMN x int, ALTER COLUMN d SET NOT NULL"),
    "CREATE FUNCTION": Case("CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'select 1'"),
    "SET LOGGED": Case("ALTER TABLE part_1 SET LOGGED", "ALTER TABLE part_1 SET UNLOGGED"),
    "several columns": Case("ALTER TABLE t ADD COLUMN x int DEFAULT 5, ADD COLUMN y text NOT NULL DEFAULT ''"),
    "a column that rewrites, and others": Case("ALTER TABLE t ADD COLUMN x serial, DROP COLUMN d, ALTER COLUMN e SET DEFAULT 3"),
    "ALTER TYPE of two columns, one free": Case("ALTER TABLE t ALTER COLUMN a TYPE bigint, ALTER COLUMN c TYPE text"),
    "ALTER TYPE of two columns, both free": Case("ALTER TABLE t ALTER COLUMN c TYPE text, ALTER COLUMN a TYPE int"),
    "ADD COLUMN default of an expression": Case("ALTER TABLE t ADD COLUMN x date DEFAULT current_date + 1"),
    "ADD COLUMN default jsonb": Case("ALTER TABLE t ADD COLUMN x jsonb NOT NULL DEFAULT '{}'::jsonb"),
    "ADD COLUMN default of an enum": Case("ALTER TABLE t ADD COLUMN x mood NOT NULL DEFAULT 'ok'"),
    "ADD COLUMN default nextval": Case("ALTER TABLE t ADD COLUMN x int DEFAULT nextval('s')", "CREATE SEQUENCE s"),
    "ADD COLUMN self-reference": Case("ALTER TABLE t ADD COLUMN x int REFERENCES t (id)"),
    "ADD COLUMN primary key": Case("ALTER TABLE part_1 ADD COLUMN x bigserial PRIMARY KEY"),
    "ADD COLUMN array": Case("ALTER TABLE t ADD COLUMN x int[] DEFAULT ARRAY[]::int[]"),
    "ADD COLUMN IF NOT EXISTS": Case("ALTER TABLE t ADD COLUMN IF NOT EXISTS x int DEFAULT 5"),
    "ADD FK to itself": Case("ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES t (id)"),
    "DROP CONSTRAINT fk to itself": Case(
        "ALTER TABLE t DROP CONSTRAINT fk", "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES t (id)"
    ),
    "DROP CONSTRAINT IF EXISTS, not there": Case("ALTER TABLE t DROP CONSTRAINT IF EXISTS nothing"),
    "DROP COLUMN IF EXISTS, not there": Case("ALTER TABLE t DROP COLUMN IF EXISTS nothing"),
    "DROP two constraints": Case(
        "ALTER TABLE t DROP CONSTRAINT fk, DROP CONSTRAINT ck", f"{_FK}; ALTER TABLE t ADD CONSTRAINT ck CHECK (d > 0)"
    ),
    "ALTER TYPE free, under a UNIQUE constraint": Case(
        "ALTER TABLE t ALTER COLUMN c TYPE text", "ALTER TABLE t ADD CONSTRAINT uq UNIQUE (c)"
    ),
    "ALTER TYPE rewrites, under a UNIQUE constraint": Case(
        "ALTER TABLE t ALTER COLUMN d TYPE bigint", "ALTER TABLE t ADD CONSTRAINT uq UNIQUE (d)"
    ),
    "ALTER TYPE of an enum to text": Case(
        "ALTER TABLE t ALTER COLUMN x TYPE text USING x::text", "ALTER TABLE t ADD COLUMN x mood DEFAULT NULL"
    ),
    "ALTER TYPE of a text to an enum": Case(
        "ALTER TABLE t ALTER COLUMN x TYPE mood USING x::mood",
        "ALTER TABLE t ADD COLUMN x text DEFAULT 'ok'; ALTER TABLE t ALTER COLUMN x DROP DEFAULT",
    ),
    "ALTER TYPE under a generated column": Case(
        "ALTER TABLE t ALTER COLUMN x TYPE bigint", "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a + 1) STORED"
    ),
    "DROP IDENTITY": Case(
        "ALTER TABLE t ALTER COLUMN x DROP IDENTITY", "ALTER TABLE t ADD COLUMN x int GENERATED BY DEFAULT AS IDENTITY"
    ),
    "SET DEFAULT nextval": Case("ALTER TABLE t ALTER COLUMN d SET DEFAULT nextval('s')", "CREATE SEQUENCE s"),
    "ALTER TYPE RENAME": Case("ALTER TYPE mood RENAME TO feeling"),
    "ALTER TYPE ADD VALUE BEFORE": Case("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'so so' BEFORE 'ok'"),
    "DROP TYPE": Case("DROP TYPE mood"),
    "DROP TYPE of a column": Case("DROP TYPE mood CASCADE", "ALTER TABLE t ADD COLUMN x mood"),
    "CREATE DOMAIN": Case("CREATE DOMAIN d2 AS int CHECK (VALUE > 0)"),
    "ALTER DOMAIN of a column": Case("ALTER DOMAIN plain ADD CHECK (VALUE > 0)", "ALTER TABLE t ADD COLUMN x plain"),
    "CREATE TABLE LIKE": Case("CREATE TABLE tn (LIKE parent)"),
    "CREATE TABLE LIKE INCLUDING ALL": Case("CREATE TABLE tn (LIKE parent INCLUDING ALL)"),
    "CREATE TABLE with foreign keys": Case(
        "CREATE TABLE tn (id int PRIMARY KEY, up int REFERENCES tn, p int REFERENCES parent, c int, "
        "FOREIGN KEY (c) REFERENCES child (id) ON DELETE CASCADE)"
    ),
    "CREATE TABLE IF NOT EXISTS": Case("CREATE TABLE IF NOT EXISTS tn (id int)"),
    "CREATE UNLOGGED TABLE": Case("CREATE UNLOGGED TABLE tn (id int)"),
    "CREATE TABLE AS with WHERE": Case("CREATE TABLE copy AS SELECT * FROM t WHERE id = 5"),
    "INSERT SELECT": Case("INSERT INTO part_1 SELECT id, d FROM t"),
    "INSERT SELECT from itself": Case("INSERT INTO parent SELECT id + 9000 FROM parent"),
    "INSERT SELECT with WITH": Case("WITH q AS (SELECT id, d FROM t) INSERT INTO part_1 SELECT id, d FROM q"),
    "INSERT ON CONFLICT": Case("INSERT INTO parent VALUES (1) ON CONFLICT DO NOTHING"),
    "INSERT several rows": Case("INSERT INTO t (nn, iv) VALUES (1, 2), (3, 4)"),
    "UPDATE with WHERE": Case("UPDATE t SET e = 2 WHERE id = 5"),
    "UPDATE FROM": Case("UPDATE t SET e = parent.id FROM parent WHERE parent.id = t.p"),
    "UPDATE with a subquery": Case("UPDATE t SET e = (SELECT max(id) FROM parent)"),
    "UPDATE of a referenced column": Case("UPDATE t SET id = id WHERE id = 5"),
    "UPDATE of a column nobody references": Case("UPDATE parent SET id = id"),
    "DELETE USING": Case("DELETE FROM part_1 USING parent WHERE parent.id = part_1.id"),
    "DELETE with a subquery": Case("DELETE FROM child WHERE t_id IN (SELECT id FROM t)"),
    "SELECT of a function": Case("SELECT setval('t_id_seq', 9000)"),
    "TRUNCATE several": Case("TRUNCATE child, part_1"),
    "TRUNCATE RESTART IDENTITY": Case("TRUNCATE t RESTART IDENTITY CASCADE"),
    "COMMENT ON SCHEMA": Case("COMMENT ON SCHEMA public IS 'x'"),
    "COMMENT ON FUNCTION": Case("COMMENT ON FUNCTION f() IS 'x'"),
    "COMMENT ON VIEW": Case("COMMENT ON VIEW v IS 'x'", "CREATE VIEW v AS SELECT a FROM t"),
    "COMMENT ON TRIGGER": Case(
        "COMMENT ON TRIGGER g ON t IS 'x'", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"
    ),
    "CREATE VIEW of two tables": Case("CREATE VIEW v AS SELECT t.a FROM t JOIN parent ON parent.id = t.p"),
    "CREATE VIEW of a view": Case("CREATE VIEW w AS SELECT * FROM v", "CREATE VIEW v AS SELECT a FROM t"),
    "DROP VIEW IF EXISTS": Case("DROP VIEW IF EXISTS v", "CREATE VIEW v AS SELECT a FROM t"),
    "ALTER VIEW RENAME": Case("ALTER VIEW v RENAME TO w", "CREATE VIEW v AS SELECT a FROM t", {"v": "v"}),
    "CREATE MATERIALIZED VIEW WITH NO DATA": Case("CREATE MATERIALIZED VIEW mv AS SELECT id FROM parent WITH NO DATA"),
    "DROP MATERIALIZED VIEW": Case("DROP MATERIALIZED VIEW mv", _VIEW),
    "CREATE INDEX on a materialized view": Case("CREATE UNIQUE INDEX mvi ON mv (id)", _VIEW),
    "CREATE OR REPLACE FUNCTION": Case(
        "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return old; end'"
    ),
    "DROP FUNCTION": Case("DROP FUNCTION f()"),
    "DROP FUNCTION with a trigger": Case(
        "DROP FUNCTION f() CASCADE", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"
    ),
    "CREATE OR REPLACE TRIGGER": Case("CREATE OR REPLACE TRIGGER g AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()"),
    "ALTER TRIGGER RENAME": Case(
        "ALTER TRIGGER g ON t RENAME TO h", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"
    ),
    "ENABLE TRIGGER": Case(
        "ALTER TABLE t ENABLE TRIGGER g", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"
    ),
    "DISABLE TRIGGER ALL": Case("ALTER TABLE t DISABLE TRIGGER ALL"),
    "CREATE SEQUENCE OWNED BY": Case("CREATE SEQUENCE s OWNED BY t.d"),
    "ALTER SEQUENCE OWNED BY": Case("ALTER SEQUENCE s OWNED BY t.d", "CREATE SEQUENCE s"),
    "ALTER SEQUENCE RESTART": Case("ALTER SEQUENCE t_id_seq RESTART WITH 9000"),
    "ALTER SEQUENCE RENAME": Case("ALTER SEQUENCE s RENAME TO s2", "CREATE SEQUENCE s"),
    "DROP SEQUENCE CASCADE of a default": Case(
        "DROP SEQUENCE s CASCADE", "CREATE SEQUENCE s; ALTER TABLE t ALTER COLUMN d SET DEFAULT nextval('s')"
    ),
    "GRANT on a sequence": Case("GRANT USAGE ON SEQUENCE t_id_seq TO PUBLIC"),
    "GRANT on all tables": Case("GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC", until=17),
    "GRANT on a schema": Case("GRANT USAGE ON SCHEMA public TO PUBLIC"),
    "REVOKE": Case("REVOKE ALL ON t, parent FROM PUBLIC"),
    "ALTER DEFAULT PRIVILEGES": Case("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC"),
    "ALTER TYPE SET SCHEMA": Case("ALTER TYPE mood SET SCHEMA other", "CREATE SCHEMA other"),
    "ALTER SEQUENCE SET SCHEMA": Case("ALTER SEQUENCE s SET SCHEMA other", "CREATE SCHEMA other; CREATE SEQUENCE s"),
    "ALTER VIEW SET SCHEMA": Case("ALTER VIEW v SET SCHEMA other", "CREATE SCHEMA other; CREATE VIEW v AS SELECT a FROM t"),
    "ALTER INDEX SET": Case("ALTER INDEX t_a SET (fillfactor = 70)"),
    "ALTER INDEX ATTACH PARTITION": Case(
        "ALTER INDEX pix ATTACH PARTITION pdx", "CREATE INDEX pix ON ONLY part (id); CREATE INDEX pdx ON part_def (id)"
    ),
    "REPLICA IDENTITY USING INDEX": Case("ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey"),
    "FORCE ROW LEVEL SECURITY": Case("ALTER TABLE t FORCE ROW LEVEL SECURITY"),
    "DROP POLICY": Case("DROP POLICY p ON t", "CREATE POLICY p ON t USING (true)"),
    "ALTER POLICY": Case("ALTER POLICY p ON t USING (false)", "CREATE POLICY p ON t USING (true)"),
    "CREATE RULE": Case("CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING"),
    "DROP RULE": Case("DROP RULE r ON t", "CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING"),
    "CREATE SCHEMA": Case("CREATE SCHEMA other"),
    "DROP SCHEMA": Case("DROP SCHEMA other", "CREATE SCHEMA other"),
    "DROP STATISTICS": Case("DROP STATISTICS s", "CREATE STATISTICS s ON a, d FROM t"),
    "ANALYZE of a column": Case("ANALYZE t (a)"),
    "a DO block": Case("DO $$ BEGIN ALTER TABLE t ADD COLUMN x int; CREATE INDEX ix ON t (d); END $$"),
    "ALTER TABLE ONLY": Case("ALTER TABLE ONLY t ADD CONSTRAINT ck CHECK (d > 0)"),
    "ALTER TABLE IF EXISTS": Case("ALTER TABLE IF EXISTS t RENAME COLUMN d TO d2"),
    "CREATE INDEX partial": Case("CREATE INDEX ix ON t (d) WHERE d > 5"),
    "CREATE INDEX of an expression": Case("CREATE INDEX ix ON t (lower(c))"),
    "CREATE INDEX without a name": Case("CREATE INDEX ON t (d)"),
    "CREATE UNIQUE INDEX CONCURRENTLY": Case("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ix ON t (d)"),
    "REINDEX TABLE": Case("REINDEX TABLE parent"),
    "ADD UNIQUE and DROP CONSTRAINT": Case(
        "ALTER TABLE t DROP CONSTRAINT uq, ADD CONSTRAINT uq UNIQUE (d, e)", "ALTER TABLE t ADD CONSTRAINT uq UNIQUE (d)"
    ),
    "ADD COLUMN on partitioned": Case("ALTER TABLE part ADD COLUMN x int DEFAULT 5"),
    "CREATE TABLE PARTITION BY": Case("CREATE TABLE tn (id int, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)"),
    "ALTER FUNCTION OWNER": Case("ALTER FUNCTION f() OWNER TO postgres"),
    "ALTER SEQUENCE OWNER": Case("ALTER SEQUENCE t_id_seq OWNER TO postgres"),
    "ALTER TABLE INHERIT": Case("ALTER TABLE part_1 INHERIT base", "CREATE TABLE base (id int)"),
    "SET COMPRESSION": Case("ALTER TABLE t ALTER COLUMN c SET COMPRESSION pglz"),
    "ALTER CONSTRAINT DEFERRABLE": Case("ALTER TABLE t ALTER CONSTRAINT fk DEFERRABLE INITIALLY DEFERRED", _FK),
    "SET lock_timeout": Case("SET LOCAL lock_timeout = '1s'"),
}
"""Statements of migrations that the tables do not have."""

PARTLY = frozenset(
    {"DROP FUNCTION with a trigger", "DROP SEQUENCE CASCADE of a default", "DROP STATISTICS", "ALTER INDEX ATTACH PARTITION"}
)
"""Statements that lock more than is known of: the effect says so."""
PLANNED = frozenset({"UPDATE FROM", "DELETE USING"})
"""Statements of which the planner decides what they read from end to end."""
