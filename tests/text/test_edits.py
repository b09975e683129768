"""Edits between two versions of a text: applied, they make the new one, and touch only lines that differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqla_lsp.text.edits import Edit, apply, between

TEXTS = st.lists(st.sampled_from(["a", "é", "  b", "\n", "\r\n", "\r", "😀"]), max_size=12).map(
    lambda parts: "".join(parts).encode()
)


@given(TEXTS, TEXTS)
def test_edits_make_the_new_text(old: bytes, new: bytes) -> None:
    assert apply(old, between(old, new)) == new


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"a\nb\nc\n", b"a\nb\nc\n", []),
        (b"a\nb\nc\n", b"x\nb\ny\n", [Edit(0, 1, "x"), Edit(4, 5, "y")]),
        (b"a\nb\nc\n", b"a\nc\n", [Edit(2, 4, "")]),
        ("é\r\nb".encode(), "è\r\nb".encode(), [Edit(0, 2, "è")]),
        (b"", b"a\n", [Edit(0, 0, "a\n")]),
    ],
)
def test_they_are_small(old: bytes, new: bytes, expected: list[Edit]) -> None:
    assert list(between(old, new)) == expected
