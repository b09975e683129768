"""Raw SQL read as operations. The cases stand in `data/sql_cases.txt`: a line of SQL (`\\n` is a line break), and what it
means, one operation a line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqla_lsp.postgres.sql import read_sql
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.operations import AnyOperation, NotKnown
from sqla_lsp.syntax.values import Template
from tests.postgres.sql_told import SITE, read, told

CASES = Path(__file__).parent / "data" / "sql_cases.txt"


def cases() -> Iterator[tuple[str, list[str]]]:
    sql, expected = "", []
    for line in [*CASES.read_text().splitlines(), ""]:
        if line.startswith("    "):
            expected.append(line.strip())
            continue
        if sql:
            yield sql, expected
        sql, expected = ("" if line.startswith("# ") else line), []


def line(operation: AnyOperation) -> str:
    return ("body: " if operation.site.body else "") + told(operation)


@pytest.mark.parametrize(("sql", "expected"), [pytest.param(*case, id=case[0][:60]) for case in cases()])
def test_operations(sql: str, expected: list[str]) -> None:
    assert [line(operation) for operation in read(sql.replace("\\n", "\n"))] == expected


@pytest.mark.parametrize(
    ("sql", "texts"),
    [
        ("  DROP TABLE a ; -- b\n DROP TABLE {b}; ", ["DROP TABLE a", "DROP TABLE {…}"]),
        ("/* x */ ALTER TABLE t DROP a, DROP b", ["ALTER TABLE t DROP a, DROP b"] * 2),
        ("CREATE INDEX {concurrently} ix ON ü (c)", ["CREATE INDEX {…} ix ON ü (c)"]),
        ("CREATE TABLE t (a varchar({n}), {columns})", ["CREATE TABLE t (a varchar({…}), {…})"]),
        ("UPDATE t SET a = :a, b = %(b)s, c = %s", ["UPDATE t SET a = :a, b = %(b)s, c = %s"]),
        ("DO $$ BEGIN DROP TABLE a; EXECUTE 'DROP TABLE ' || {x}; END $$", ["DROP TABLE a", "EXECUTE 'DROP TABLE ' || {…}"]),
        ("CREATE INDEX{c} ix ON t (a); CREATE TABLE t AS {q}", ["CREATE INDEX{…} ix ON t (a)", "CREATE TABLE t AS {…}"]),
        ("DROP TABL {x}; DROP TABLE t", ["DROP TABL {…}", "DROP TABLE t"]),
    ],
)
def test_text_of_each_statement(sql: str, texts: list[str]) -> None:
    assert [operation.site.sql for operation in read(sql)] == texts


def test_without_binds_a_colon_is_a_colon_and_a_percent_is_unescaped() -> None:
    (operation,) = read("ALTER TABLE t ADD CHECK (a LIKE '%%x')", binds=False)
    assert told(operation) == "AddConstraint(table=t, constraint=Check(name=None, sql=a LIKE '%x', columns=[a]))"
    assert [type(operation) for operation in read("ALTER TABLE t ALTER a SET DEFAULT :x", binds=False)] == [NotKnown]


def test_unknown_text_says_why() -> None:
    assert [told(operation) for operation in read_sql(Unknown("it is read from a file"), SITE)] == [
        "NotKnown(reason=it is read from a file)"
    ]


def test_equal_expressions_have_equal_text() -> None:
    one, other = read("CREATE INDEX a ON t ((  Lower(c)::varchar ));CREATE INDEX a ON t (CAST(lower(\nC ) AS varchar))")
    assert told(one) == told(other)


def test_what_is_nested_too_deeply() -> None:
    deep = " || ".join(["a"] * 400)
    assert [told(operation) for operation in read(f"CREATE VIEW v AS SELECT {deep} FROM t; DROP TABLE u")] == [
        "OtherStatement(kind=CREATE VIEW)",
        "DropTable(table=u)",
    ]
    assert [told(operation) for operation in read(f"CREATE INDEX ix ON t (({deep}))")] == [
        "NotKnown(reason=the SQL is nested too deeply to be read)"
    ]


def test_queries_do_not_load_the_parser() -> None:
    code = (
        "import sys; from tests.postgres.sql_told import read; read('UPDATE t SET a = :a'); read('COMMIT;'); "
        "assert 'postgast' not in sys.modules; read('DROP TABLE t'); assert 'postgast' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


_WORDS = r"""
CREATE ALTER DROP TABLE INDEX UNIQUE CONCURRENTLY ON t s. ix ( ) , ; c int varchar( 5 NOT NULL DEFAULT 'x' ADD COLUMN CONSTRAINT
CHECK > FOREIGN KEY REFERENCES o USING WHERE SET TYPE RENAME TO DO $$ BEGIN END EXECUTE IF THEN SELECT INTO UPDATE WITH AS :a %s
%% -- /* */ ' " \ \: $x$ E' ü 1987650000
"""
_FRAGMENTS = st.sampled_from(
    [*_WORDS.split(), "ALTER TABLE", "DO $$ BEGIN DROP TABLE t; END $$", "\n", "\0", "\ud800", "\ue000", "\ue001", "/*\ue000*/"]
)
_PARTS = st.one_of(_FRAGMENTS, _FRAGMENTS, _FRAGMENTS, st.text(max_size=4), st.just(Unknown("x")), st.just(" "))


@settings(max_examples=400, deadline=None)
@given(st.lists(_PARTS, max_size=20), st.booleans(), st.sampled_from(["", " "]))
def test_never_raises(parts: list[str | Unknown], binds: bool, between: str) -> None:
    spaced: list[str | Unknown] = []
    for part in parts:
        spaced += [part, between]
    for operation in read_sql(Template(tuple(spaced)), SITE, binds=binds):
        assert operation.site.place == SITE.place


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_cut_and_holed_statements_never_raise(data: st.DataObject) -> None:
    sql = data.draw(st.sampled_from([case[0] for case in cases()]))
    words = sql.replace("\\n", "\n").split(" ")
    parts: list[str | Unknown] = []
    for word in words:
        fate = data.draw(st.integers(0, 9))
        parts += [] if fate == 0 else [Unknown("x") if fate == 1 else word, " "]
    read_sql(Template(tuple(parts)), SITE)
