"""Which index is covered by which: the first of a line is asked about, the others stand beside it, oldest first."""

from __future__ import annotations

import pytest

from sqla_lsp.postgres.index_cover import covering
from tests.postgres.ways import paths

CASES = """
a | a, b | i1
a, b | a, b, c | i1
a | b, a | -
a, b | a | -
a, b | b, a, c | -
a | pk a | i1
a | uq a, b | i1
a DESC | a, b | i1
a DESC | a DESC, b | i1
a NULLS FIRST | a | -
a NULLS FIRST | a DESC NULLS LAST, b | i1
a NULLS FIRST | a DESC NULLS LAST | -
a, b DESC | a DESC, b, c | i1
a, b DESC | a DESC, b | -
a, b DESC | a, b | -
a DESC, b DESC | a, b, c | i1
a text_pattern_ops | a | -
a text_pattern_ops | a text_pattern_ops, b | i1
a COLLATE "C" | a | -
a COLLATE "C" | a COLLATE "C", b | i1
a COLLATE "C" | a COLLATE "de_DE", b | -
using hash a | a | -
using hash a | using hash a | -
a | using hash a | -
a | using gin a | -
a where b > 0 | a, c where b>0 | i1
a where b > 0 | a, c | -
a | a, c where b > 0 | -
a where b > 0 | a, c where b > 1 | -
a include (b) | a, c | -
a include (b) | a, b | i1
a include (b) | a, c include (b) | i1
a | a include (b) | i1
a, b | a include (b) | -
unique a | a, b | -
unique a | unique a, b | -
unique a, b | unique a | -
unique a, b | unique b, a | -
unique a, b | uq a, b | i1
unique a, b | unique a, b | -
unique a | pk a | i1
unique a | deferrable a | -
a | deferrable a | i1
unique a nulls not distinct | unique a | -
unique a | unique a nulls not distinct | i1
unique a nulls not distinct | pk a | i1
unique a include (b) | unique a | -
unique a where b > 0 | unique a | -
unique a | unique a where b > 0 | -
unique lower(a) | uq a | -
lower(a) | a | -
lower(a) | lower( a ), b | i1
a | lower(a), a | -
(a) | a, b | i1
invalid a | a, b | -
a | invalid a | -
? | a | -
a | ? | -
a where ? | a, b where ? | -
a where ? | a, b | -
unique? a | a, b | -
unique? a | pk a | -
a | unique? a | i1
using ? a | a, b | -
a | using ? a | -
a include ? | a, b | -
a | a include ? | i1
a | a, b include ? | i1
pk a | a, b | -
uq a | pk a | -
a | a | -
a | unique a | i1
a | a, b; a, b, c | i2
a | a, b, c; unique a | i2
a | unique a; uq a; pk a | i3
a | a, b; a, c | i1
"""


@pytest.mark.parametrize("case", [line for line in CASES.splitlines() if line])
def test_cover(case: str) -> None:
    one, others, wanted = (part.strip() for part in case.split("|"))
    ways = paths(f"{one}; {others}")
    found = covering(ways[0], ways)
    assert (found.index.name if found is not None else "-") == wanted


def test_the_later_of_two_equal_ones() -> None:
    ways = paths("a; b; a; a")
    assert [covering(way, ways) for way in ways] == [None, None, ways[0], ways[0]]


def test_one_of_any_chain_is_kept() -> None:
    ways = paths("a; a DESC; a, b; unique a; a, b, c; uq a; unique a, b; deferrable a")
    kept = [way.index.name for way in ways if covering(way, ways) is None]
    assert kept == ["i4", "i5", "i6", "i7"]
