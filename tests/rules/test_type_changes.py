"""Every measured change of type is reported exactly where Postgres rewrites the table or rebuilds an index."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from tests.rules.pages import HEADER, Case, CaseFile, judged

DATA = Path(__file__).parent.parent / "postgres" / "data" / "type_changes.tsv"
RULE = "change-column-type"


class Row(NamedTuple):
    """A measured change: its types in SQL and in SQLAlchemy ("" where that cannot spell it), and what it does."""

    old: str
    new: str
    old_sqlalchemy: str
    new_sqlalchemy: str
    rewrites: bool
    rebuilds: bool


def rows() -> list[Row]:
    """One row for each pair of types: a pair that rewrites in any time zone rewrites."""
    found: dict[tuple[str, str], Row] = {}
    with DATA.open(encoding="utf-8") as lines:
        next(lines)
        for line in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if line["needs_USING"] == "?":  # a Postgres built without libxml
                continue
            pair = (line["from"], line["to"])
            zones = {word for name in pair for word in ("timestamptz", "timestamp") if name.split("(")[0] == word}
            rewrites = line["table_rewrite"] == "yes" or line["needs_USING"] != "no" or len(zones) == 2
            before = found.get(pair)
            found[pair] = Row(
                *pair,
                _spelled(line["from_sqlalchemy"]),
                _spelled(line["to_sqlalchemy"]),
                rewrites or (before is not None and before.rewrites),
                line["index"] == "rebuilt",
            )
    return list(found.values())


def _spelled(text: str) -> str:
    """An expression of the table, "" where it is no type of SQLAlchemy."""
    text = text.partition(" / ")[0]
    try:
        made = eval(text, {"sa": sa, "postgresql": postgresql})
    except Exception:  # noqa: BLE001
        return ""
    return text if isinstance(made, sa.types.TypeEngine) else ""


def disagreements(
    folder: Path,
    judged_rows: list[Row],
    before: Callable[[int, Row], str],
    change: Callable[[int, Row], str],
    reported: Callable[[Row], bool],
) -> list[str]:
    """The rows that are judged otherwise than they were measured; each change stands on a line of its own."""
    files = []
    for number, write in ((1, before), (2, change)):
        lines = [write(at, row) for at, row in enumerate(judged_rows)]
        parent = '"0001"' if number == 2 else "None"
        head = f'{HEADER}revision = "000{number}"\ndown_revision = {parent}\n\n\ndef upgrade():\n'
        body = "".join(f"    {line}\n" for line in lines) or "    pass\n"
        files.append(CaseFile(f"migrations/versions/000{number}.py", head + body, skip=head.count("\n")))
    findings = judged(Case("changes", files, []), folder)[files[1].path]
    text = files[1].text.encode()
    found = {text[: finding.place.start].count(b"\n") - files[1].skip for finding in findings if finding.rule == RULE}
    return [f"{row.old} -> {row.new}" for at, row in enumerate(judged_rows) if (at in found) != reported(row)]


def test_existing_type(tmp_path: Path) -> None:
    """By `existing_type`, on a table that no migration made."""
    spelled = [row for row in rows() if row.old_sqlalchemy and row.new_sqlalchemy]
    assert len(spelled) > 400

    def change(at: int, row: Row) -> str:
        return f'op.alter_column("t{at}", "c", existing_type={row.old_sqlalchemy}, type_={row.new_sqlalchemy})'

    assert not disagreements(tmp_path, spelled, lambda at, row: "pass", change, lambda row: row.rewrites or row.rebuilds)


def test_type_of_the_history(tmp_path: Path) -> None:
    """By what the history says: without an index on the column nothing is rebuilt."""
    spelled = [row for row in rows() if row.old_sqlalchemy and row.new_sqlalchemy]

    def before(at: int, row: Row) -> str:
        return f'op.create_table("t{at}", sa.Column("c", {row.old_sqlalchemy}))'

    def change(at: int, row: Row) -> str:
        return f'op.alter_column("t{at}", "c", type_={row.new_sqlalchemy})'

    assert not disagreements(tmp_path, spelled, before, change, lambda row: row.rewrites)


def test_type_of_the_history_with_an_index(tmp_path: Path) -> None:
    """By what the history says of the column and its index."""
    spelled = [row for row in rows() if row.old_sqlalchemy and row.new_sqlalchemy]

    def before(at: int, row: Row) -> str:
        return f'op.create_table("t{at}", sa.Column("c", {row.old_sqlalchemy}, index=True))'

    def change(at: int, row: Row) -> str:
        return f'op.alter_column("t{at}", "c", type_={row.new_sqlalchemy})'

    assert not disagreements(tmp_path, spelled, before, change, lambda row: row.rewrites or row.rebuilds)


def test_raw_sql(tmp_path: Path) -> None:
    """Raw SQL on both sides, with an index."""
    types = """
        CREATE DOMAIN dom_text AS text; CREATE DOMAIN dom_text_chk AS text CHECK (value <> '');
        CREATE DOMAIN dom_int AS int; CREATE DOMAIN dom_int_chk AS int CHECK (value > 0);
        CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TYPE mood2 AS ENUM ('a')
    """

    def before(at: int, row: Row) -> str:
        first = f"op.execute({types!r}); " if at == 0 else ""
        return f"{first}op.execute({f'CREATE TABLE t{at} (c {row.old}); CREATE INDEX ON t{at} (c)'!r})"

    def change(at: int, row: Row) -> str:
        return f"op.execute({f'ALTER TABLE t{at} ALTER COLUMN c TYPE {row.new}'!r})"

    assert not disagreements(tmp_path, rows(), before, change, lambda row: row.rewrites or row.rebuilds)
