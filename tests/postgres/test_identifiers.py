"""Names as Postgres folds, cuts, gives and quotes them."""

from __future__ import annotations

import pytest

from sqla_lsp.postgres.identifiers import cut, default_name, fold, quote


def test_only_ascii_letters_are_folded() -> None:
    assert fold("User_ID") == "user_id"
    assert fold("ÄRGER") == "Ärger"


def test_a_name_keeps_63_bytes() -> None:
    assert cut("a" * 63) == "a" * 63
    assert cut("a" * 70) == "a" * 63
    assert cut("a" * 62 + "é") == "a" * 62


@pytest.mark.parametrize(
    ("table", "columns", "suffix", "name"),
    [
        ("t", ["c"], "key", "t_c_key"),
        ("t", ["a", "b"], "key", "t_a_b_key"),
        ("t", [], "pkey", "t_pkey"),
        ("t", ["id"], "pkey", "t_pkey"),
        ("t", ["c"], "fkey", "t_c_fkey"),
        ("t", ["c"], "check", "t_c_check"),
        ("t", [], "check", "t_check"),
        ("t", ["c"], "idx", "t_c_idx"),
        ("t", ["expr", "expr"], "idx", "t_expr_expr1_idx"),
        (
            "a_rather_long_name_of_a_table_for_customers",
            ["first_long_column_name_here", "second_long_column_name_here"],
            "key",
            "a_rather_long_name_of_a_table_first_long_column_name_here_s_key",
        ),
        (
            "a_rather_long_name_of_a_table_for_customers",
            ["kkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", "llllllllllllllllllllllllllllll", "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"],
            "key",
            "a_rather_long_name_of_a_table_kkkkkkkkkkkkkkkkkkkkkkkkkkkkk_key",
        ),
        (
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            ["yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"],
            "key",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxx_yyyyyyyyyyyyyyyyyyyyyyyyyyyyy_key",
        ),
        ("äääääääääääääääääääääääääääääää", ["ööööööööööööööööööööööööööööööö"], "key", "ääääääääääääää_öööööööööööööö_key"),
        ("ääääääääääääääääääääääääääääääx", ["ööööööööööööööööööööööööööööööy"], "key", "ääääääääääääää_öööööööööööööö_key"),
        (
            "éééééééééééééééééééézzzzzzzzzz",
            ["qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", "ööööööööööööööööööööööööööööööö", "third"],
            "key",
            "éééééééééééééé_qqqqqqqqqqqqqqqqqqqqqqqqqqqqq_key",
        ),
    ],
)
def test_names_that_postgres_gives(table: str, columns: list[str], suffix: str, name: str) -> None:
    assert default_name(table, columns, suffix) == name
    assert len(name.encode()) <= 63


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("users", "users"),
        ("_a1$", "_a1$"),
        ("User", '"User"'),
        ("user", '"user"'),
        ("order", '"order"'),
        ("left", '"left"'),
        ("name", "name"),
        ("status", "status"),
        ("1st", '"1st"'),
        ("a b", '"a b"'),
        ('a"b', '"a""b"'),
        ("", '""'),
        ("größe", '"größe"'),
    ],
)
def test_names_are_quoted_where_they_have_to_be(name: str, quoted: str) -> None:
    assert quote(name) == quoted
