"""Every measured change of type is judged as it was measured, and others as the sources of Postgres have it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqla_lsp.postgres.type_changes import judge
from sqla_lsp.postgres.type_names import parse_type
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax.unknown import Unknown

DATA = Path(__file__).parent / "data"
TEXT, INT = PgType("text"), PgType("int")
MOOD, MOOD2 = PgType("mood", kind="enum", labels=("a", "b")), PgType("mood2", kind="enum", labels=("a", "b"))
PLAIN = PgType("dom_text", kind="domain", base=TEXT, checked=False)
CHECKED = PgType("dom_text_chk", kind="domain", base=TEXT, checked=True)
UNSURE = PgType("dom_text_maybe", kind="domain", base=TEXT)
DECLARED = {
    "dom_text": PLAIN,
    "dom_text_chk": CHECKED,
    "dom_text_maybe": UNSURE,
    "dom_lost": PgType("dom_lost", kind="domain"),
    "dom_lost_chk": PgType("dom_lost_chk", kind="domain", checked=True),
    "dom_int": PgType("dom_int", kind="domain", base=INT, checked=False),
    "dom_int_chk": PgType("dom_int_chk", kind="domain", base=INT, checked=True),
    "dom_20": PgType("dom_20", kind="domain", base=PgType("varchar", (20,)), checked=False),
    "dom_deep": PgType("dom_deep", kind="domain", base=CHECKED, checked=False),
    "dom_ints": PgType("dom_ints", kind="domain", base=PgType("int", dimensions=1), checked=False),
    "dom_mood": PgType("dom_mood", kind="domain", base=MOOD, checked=False),
    "mood": MOOD,
    "mood2": MOOD2,
    "mood[]": PgType("mood", dimensions=1, kind="enum"),
    "mood2[]": PgType("mood2", dimensions=1, kind="enum"),
    "public.mood": PgType("public.mood", kind="enum"),
    "shop.mood": PgType("shop.mood", kind="enum"),
}


def type_of(text: str) -> PgType:
    found = DECLARED.get(text) or parse_type(text)
    assert isinstance(found, PgType), found
    return found


def measured(name: str, version: int) -> Iterator[object]:
    """The rows of a table of measurements, as (old, new, version, effect, needs USING)."""
    with (DATA / name).open(encoding="utf-8") as lines:
        next(lines)
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            old, new, using = row["from"], row["to"], row["needs_USING"]
            if using == "?":  # a Postgres built without libxml
                continue
            # What no plain cast leads to, and what failed on its data, was not measured: a USING always rewrites.
            effect = "index" if row["index"] == "rebuilt" else "free"
            if row["table_rewrite"] == "yes" or using != "no" or is_of_time_zones(old, new):
                effect = "rewrite"
            yield pytest.param(old, new, version, effect, using != "no", id=f"{version}: {old} -> {new} [{row['session_tz']}]")


def is_of_time_zones(old: str, new: str) -> bool:
    return {old.partition("(")[0], new.partition("(")[0]} == {"timestamp", "timestamptz"}


@pytest.mark.parametrize(
    ("old", "new", "version", "effect", "needs_using"),
    [*measured("type_changes.tsv", 15), *measured("type_changes_pg18.tsv", 18)],
)
def test_measured_changes(old: str, new: str, version: int, effect: str, needs_using: bool) -> None:
    verdict = judge(type_of(old), type_of(new), version)
    assert (verdict.effect, verdict.needs_using) == (effect, needs_using), verdict.reason


def test_every_pair_of_many_types() -> None:
    """The pairs that a server was seen to leave as they are, out of all pairs of the types that the file lists."""
    heading, _, *rows = (DATA / "kept_values.tsv").read_text(encoding="utf-8").splitlines()
    types = {text: type_of(text) for text in heading.partition("Types: ")[2].split("|")}
    seen = {(old, new): effect for old, new, effect in (row.split("\t") for row in rows)}
    judged = {(old, new): judge(types[old], types[new], 15).effect for old in types for new in types}
    expected = {(old, new): "same" if old == new else seen.get((old, new), "rewrite") for old, new in judged}
    assert {pair: effect for pair, effect in judged.items() if effect != expected[pair]} == {}


@pytest.mark.parametrize(
    ("old", "new", "effect", "needs_using"),
    [
        ("int", "integer", "same", False),
        ("int", "serial", "same", False),
        ("int[]", "int[][]", "same", False),
        ("numeric(10)", "decimal(10,0)", "same", False),
        ('text COLLATE "default"', "text", "same", False),
        ("mood", "mood", "same", False),
        ("public.mood", "mood", "same", False),
        ("shop.mood", "mood", "unknown", None),
        ("shop.thing", "thing", "unknown", None),
        ("thing", "thing", "same", False),
        ("thing", "other", "unknown", None),
        ("thing[]", "other[]", "rewrite", None),
        ("thing", "text", "unknown", None),
        ("mood", "mood2", "rewrite", True),
        ("mood[]", "mood2[]", "rewrite", True),
        ("mood[]", "text[]", "rewrite", False),
        ("text", "dom_text_maybe", "unknown", False),
        ("int", "dom_text_maybe", "rewrite", False),
        ("dom_text_maybe", "text", "free", False),
        ("text", "dom_lost", "unknown", None),
        ("dom_lost", "text", "unknown", None),
        ("text", "dom_lost_chk", "rewrite", None),
        ("dom_lost", "dom_lost", "same", False),
        ("public.citext", "citext", "same", False),
        ("public.citext", "text", "index", False),
        ("geometry(Point,4326)", "geometry", "free", False),
        ("geometry", "geometry(Point,4326)", "rewrite", False),
        ("text", "geometry", "rewrite", False),
        ("geometry", "text", "rewrite", False),
        ("vector(3)", "vector(4)", "rewrite", False),
        ("vector", "halfvec", "rewrite", None),
        ("text", "vector", "rewrite", True),
        ("hstore", "jsonb", "rewrite", True),
        ("xml", "text", "free", False),
    ],
)
def test_other_changes(old: str, new: str, effect: str, needs_using: bool | None) -> None:
    verdict = judge(type_of(old), type_of(new))
    assert (verdict.effect, verdict.needs_using) == (effect, needs_using), verdict.reason


@pytest.mark.parametrize("new", ["text", "varchar", "int", "mood", "dom_text_chk"])
def test_nothing_is_free_from_a_type_that_is_not_known(new: str) -> None:
    for old in (None, Unknown("computed")):
        verdict = judge(old, type_of(new))
        assert (verdict.effect, verdict.needs_using) == ("unknown", None)
    assert judge(type_of(new), Unknown("computed")).effect == "unknown"


def test_the_one_byte_char_was_a_string_type_until_14() -> None:
    date, char = PgType("date"), PgType('"char"')
    assert judge(date, char, 14).needs_using is False
    assert judge(date, char, 15).needs_using is True
    assert judge(INT, char, 14).needs_using is True


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("varchar(50)", "varchar(20)", "shortening varchar(50) to varchar(20) rewrites the table"),
        ("text", "varchar(20)", "limiting text to varchar(20) rewrites the table"),
        ("int", "bigint", "changing int to bigint rewrites the table"),
        ("text", "int", "text to int needs USING and rewrites the table"),
        ("numeric(10,2)", "numeric(12,4)", "changing numeric(10,2) to numeric(12,4) rewrites the table"),
        ("timestamp", "timestamptz", "timestamp to timestamptz rewrites the table, unless the session's time zone is UTC"),
        ("text", "dom_text_chk", "text to dom_text_chk checks every row and rewrites the table"),
        ("text", "citext", "text to citext rebuilds the indexes on the column"),
        ("varchar(20)", "text", "varchar(20) to text changes the catalog only"),
        ("int", "int", "the type is int already"),
        ("thing", "text", "thing to text cannot be judged: the kind of type thing is not known"),
        ("shop.mood", "mood", "shop.mood and mood may be one type or two"),
    ],
)
def test_reasons(old: str, new: str, reason: str) -> None:
    assert judge(type_of(old), type_of(new)).reason == reason
