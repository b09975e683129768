"""Ids of new revisions that the pages do not show."""

from __future__ import annotations

import pytest

from sqla_lsp.fixes.identifiers import LONGEST, new_id

HEX = ("ae1027a6acf1", "be1027a6acf1")
UUID = "3f2b6f0e-1a2b-4c3d-8e9f-0a1b2c3d4e5f"


def test_an_id_follows_from_the_parent_and_the_purpose() -> None:
    assert new_id("ae1027a6acf1", "index", "One", HEX) == new_id("ae1027a6acf1", "index", "Other", HEX)
    assert len({new_id(parent, purpose, "", HEX) for parent in HEX for purpose in ("index", "key")}) == 4


@pytest.mark.parametrize(
    "parent",
    ["ae1027a6acf1", "3f2b6f0e1a2b4c3d8e9f0a1b2c3d4e5f", UUID, "0042", "42_orders", "add_orders", "v3.0.0.a", "20240229"],
)
def test_no_id_is_taken_twice(parent: str) -> None:
    taken = {parent}
    for _ in range(20):
        new = new_id(parent, "index", "Create ix_orders_customer_id concurrently", taken)
        assert new not in taken
        assert len(new) <= max(LONGEST, len(parent))
        taken.add(new)


@pytest.mark.parametrize(
    ("parent", "others", "expected"),
    [
        ("0009", ("0010", "0012"), "0011"),
        ("9", ("10",), "11"),
        ("999", (), "1000"),
        ("rev_08", ("rev_07",), "rev_09"),
        ("202402292359", ("202402282359",), "202403010000"),
        ("20240229", ("20240228",), "20240301"),
        ("99999999", ("99999998",), "100000000"),
        ("0042_orders", ("0043_more",), "0044_add_an_index"),
        ("0042-orders", ("0041-customers",), "0043-add-an-index"),
    ],
)
def test_numbers(parent: str, others: tuple[str, ...], expected: str) -> None:
    assert new_id(parent, "index", "Add an index", {parent, *others}) == expected


def test_uuids_stay_uuids() -> None:
    assert [len(part) for part in new_id(UUID, "index", "", {UUID}).split("-")] == [8, 4, 4, 4, 12]
