"""Which conditions an index serves: indexes, a condition, and the verdict, which is "served", "may be", or the columns that an
index could be asked for ("-" for none). Tables are parted by `//`, in the ways and in the verdict."""

from __future__ import annotations

import pytest

from sqla_lsp.postgres.index_use import Verdict, judge, needs_whole, sorts
from sqla_lsp.postgres.predicate_proof import implied
from tests.postgres.ways import order, path, paths, tree

CASES = """
a | a = 1 | served
b | a = 1 | a
 | a = 1 and b = 2 | a b
b | a = 1 and b = 2 | served
a, b | a = 1 | served
a, b | b = 1 | b
a, b | a = 1 and b = 2 | served
pk a | a = :x | served
uq a, b | a in (1, 2) | served
a | a in (1, :x) | served
a | a < 1 | served
a | a between 1 and 2 | served
a | a is null | served
a | a like 'x%' | a
a text_pattern_ops | a like 'x%' | served
a varchar_pattern_ops | a like 'x%' | served
a text_pattern_ops | a = 'x' | served
a text_pattern_ops | a in ('x') | served
a text_pattern_ops | a is null | served
a text_pattern_ops | a > 'x' | a
a text_pattern_ops | a between 'a' and 'b' | a
a COLLATE "C" | a like 'x%' | served
a COLLATE "POSIX" | a like 'x%' | served
a COLLATE "ucs_basic" | a like 'x%' | served
a COLLATE "C.utf8" | a like 'x%' | a
a COLLATE "pg_c_utf8" | a like 'x%' | served
a COLLATE "C" | a = 'x' | may be
a COLLATE "de_DE" | a like 'x%' | a
using hash a | a = 1 | served
using hash a | a in (1) | served
using hash a | a > 1 | a
using hash a | a is null | a
using gin b, a | a = 1 | may be
using gist a | b = 1 | b
using brin a | a > 1 | may be
using ? a | a = 1 | may be
using ? a | b = 1 | b
? | a = 1 | may be
invalid a | a = 1 | a
a where ? | a = 1 | may be
a where b > 0 | a = 1 | a
a where b > 0 | a = 1 and b = 1 | served
a where b > 0 | a = 1 and b = :x | a b
a where b > 0 | a = 1 and (b = 1 or b = 2) | served
a where b > 0 | a = 1 and (b = 1 or c = 2) | a b c
a where b > 0 | a = 1 or b = 1 | a b
a where b is not null | a = 1 and not_servable | may be
a where b is not null | a = 1 and b = :x | served
 | not_servable | -
 | a = 1 and not_servable | a
a | a = 1 and not_servable | served
 | a = 1 or not_servable | -
a | a = 1 or not_servable | -
a | a = 1 or b = 2 | b
 | a = 1 or b = 2 | a b
a; b | a = 1 or b = 2 | served
a | a = 1 or (b = 2 and c = 3) | b c
a; c | a = 1 or (b = 2 and c = 3) | served
a | not_known | may be
 | a = 1 and not_known | may be
a | a = 1 and not_known | served
 | a = 1 or not_known | may be
 | a = 1 or not_known or not_servable | -
 | silent(a) = true | -
a | silent(a) = true | served
 | silent(a) = true and b = 1 | b
 | silent(a) = true or b = 1 | -
a | silent(a) = true or b = 1 | b
 | lower(a) = 'x' | lower(a)
a | lower(a) = 'x' | lower(a)
lower(a) | lower(a) = 'x' | served
lower(a), b | lower(a) in ('x') | served
lower(a) | a = 'x' | a
 | random(a) = 1 | -
 | coalesce(a, b) = 1 | COALESCE(a, b)
lower(a) text_pattern_ops | lower(a) like 'x%' | served
 | | -
a // | a = 1 | served // -
 // | a = 1 or t1.a = 2 | - // -
 // | a = 1 and t1.b = 2 | a // b
a // b | a = 1 and t1.b = 2 | served // served
a // | a = 1 and t1.b = t0.c | served // b
 // | a = 1 and t1.b = t0.c | a // -
 // | t1.b = t0.c and t0.c = t1.b | - // -
a // b | a = 1 and t1.b = t0.c and t0.c = t1.b | served // served
 // b | a = 1 and t1.b = t0.c and t0.c = t1.b | a // -
c // b | t1.b = 1 and t0.c = t1.b | served // served
c // b // d | t1.b = 1 and t0.c = t1.b and t2.d = t0.e | served // served // served
c // b // | t1.b = 1 and t0.c = t1.b and t2.d = t0.e | served // served // d
 // b // d | t1.b = 1 and t0.c = t1.b and t2.d = t0.e | c // served // -
a // b // | a = 1 and t2.c = t0.x and t2.d = t1.y | served // - // c
c // b // | a = 1 and t1.b = 1 and t0.c = t1.b | served // served // -
* // | t1.b = t0.c | may be // -
* // b | t1.b = t0.c | may be // may be
* // | t1.b = t0.c and t1.d = 1 | may be // d
* // b | t1.b = t0.c and t1.d = 1 | may be // may be
b // a | a = 1 and t0.a = t1.a and t1.a = t0.a and t0.b = t1.c and t1.c = t0.b | served // served
b // d | a = 1 and t0.a = t1.d and t1.d = t0.a and t0.b = t1.c and t1.c = t0.b | served // served
b // a | a in (1, 2) and t0.a = t1.a and t1.a = t0.a and t0.b = t1.c and t1.c = t0.b | a // -
b // a | a is null and t0.a = t1.a and t1.a = t0.a and t0.b = t1.c and t1.c = t0.b | a // -
b // a | a = 1 and t1.a = t0.a and t1.c = t0.b | a // served
 // a where a > 0 | a = 1 and t1.a = t0.a and t0.a = t1.a | a // served
b // | a = 1 and t0.a = t1.a and t1.a = t0.a and t0.b = t1.c and t1.c = t0.b | a // -
 // | a = 1 and t1.a = t0.a | a // -
 | a = outer_value | -
"""


def told(verdict: Verdict) -> str:
    if verdict.served is not False:
        return "served" if verdict.served else "may be"
    return " ".join(dict.fromkeys(atom.column or str(atom.expression) for atom in verdict.candidates)) or "-"


@pytest.mark.parametrize("case", [line for line in CASES.splitlines() if line])
def test_verdict(case: str) -> None:
    ways, condition, wanted = (part.strip() for part in f"{case} ".split("|"))
    tables = [None if part.strip() == "*" else paths(part) for part in ways.split("//")]
    assert " // ".join(map(told, judge(tree(condition), tables))) == wanted


@pytest.mark.parametrize(
    ("outer", "ways", "wanted"),
    [(True, "", "a"), (False, "", "-"), (None, "", "-"), (None, "a", "may be"), (True, "a", "served")],
)
def test_the_query_around_it(outer: bool | None, ways: str, wanted: str) -> None:
    (verdict,) = judge(tree("a = outer_value"), [paths(ways)], outer=outer)
    assert told(verdict) == wanted


IMPLIED = """
a = 1 | a = 1 | yes
a = 1 | a = 2 | no
a = :x | a = 1 | no
a = 'x' | a = 'x'::text | yes
a = 'x' | a = 'y'::state | no
a = '1' | a = 1 | ?
a = 1 | a is not null | yes
a in (1, :x) | a is not null | yes
a > :x | a is not null | yes
a between :x and :y | a is not null | yes
a like 'x%' | a is not null | yes
a is null | a is not null | no
a is null | a is null | yes
a = 1 | a is null | no
b = 1 | a is not null | no
lower(a) = 'x' | a is not null | yes
coalesce(a, 'y') = 'x' | a is not null | ?
lower(a) = 'x' | lower(a) = 'x' | yes
lower(a) = 'x' | lower(a) is not null | yes
not_servable | a is not null | ?
not_servable | a <> 1 | ?
not_servable | a = 1 | no
not_servable and a = 1 | a <> 2 | yes
a | a | yes
a | a = true | yes
a | a is true | ?
a | a is false | no
a | not a | no
not a | not a | yes
not a | a = false | yes
not a | a is false | ?
a = :x | a | no
a | a is not false | no
a is null | a is not true | no
a in (1, 2) | a in (1, 2, 3) | yes
a in (1, 4) | a in (1, 2, 3) | no
a = 2 | a in (1, 2, 3) | yes
a = 2 | a = any (array[1, 2]) | yes
a in (1, 2) | a > 0 | yes
a in (0, 2) | a > 0 | no
a = 5 | a > 4.5 | ?
a = 5.5 | a > 4.5 | yes
a = 5 | 4 < a | yes
a > 5 | a > 5 | yes
a > 5 | a >= 5 | yes
a >= 5 | a > 5 | no
a >= 6 | a > 5 | yes
a < 5 | a <= 5 | yes
a < 5 | a < 4 | no
a > 5 | a < 9 | no
a between 2 and 3 | a > 1 | yes
a between 2 and 3 | a between 1 and 4 | yes
a between 2 and 3 | a between 1 and 2 | no
a between :x and 3 | a < 4 | yes
a between :x and 3 | a > 1 | no
a > 5 | a <> 5 | yes
a >= 5 | a <> 5 | no
a >= 5 | a <> 4 | yes
a = 1 | a <> 2 | yes
a = 1 | a <> 1 | no
a = 'x' | a <> 'y' | yes
a = 'x' | a not in ('y', 'z') | yes
a = 'x' | a not in ('y', 'x') | no
a in ('x', 'y') | a <> 'z' | yes
a > 'x' | a > 'x' | yes
a > 'x' | a > 'w' | ?
a = 1 and b = 2 | a = 1 and b > 1 | yes
a = 1 | a = 1 and b = 2 | no
a = 1 | a = 1 or b = 2 | yes
a = 1 or b = 2 | a = 1 or b = 2 | yes
a = 1 or b = 2 | a = 1 | no
a = 1 or a = 2 | a in (1, 2) | yes
a = 1 | not (a = 2) | yes
a = 1 | not (a > 2 or a < 0) | yes
a = 1 | a ~ 'x' | no
a = 1 | a is distinct from 2 | no
a = 1 | this does not parse ( | no
t1.a = 1 | a = 1 | no
not_known | a = 1 | ?
"""


@pytest.mark.parametrize("case", [line for line in IMPLIED.splitlines() if line])
def test_implied(case: str) -> None:
    condition, where, wanted = (part.strip() for part in case.split("|"))
    assert {True: "yes", False: "no", None: "?"}[implied(where, [tree(condition)], 0)] == wanted


SORTED = """
a | a | | yes
a | a DESC | | yes
a | a NULLS FIRST | | no
a | a DESC NULLS LAST | | no
a DESC | a | | yes
a NULLS FIRST | a DESC NULLS LAST | | yes
a, b | a | | yes
a, b | b | | no
a | a, b | | yes
pk a | a DESC | | yes
a where b > 0 | a | | no
a where b > 0 | a | b = 1 | yes
a where b > 0 | a | not_servable | no
a where b is not null | a | not_servable | ?
a where ? | a | | ?
using hash a | a | | no
using gist a | a | | no
using ? a | a | | ?
? | a | | ?
invalid a | a | | no
a text_pattern_ops | a | | no
a COLLATE "C" | a | | ?
lower(a) | lower(a) | | yes
lower(a) | a | | no
 | a | | no
"""


@pytest.mark.parametrize("case", [line for line in SORTED.splitlines() if line])
def test_sorts(case: str) -> None:
    ways, keys, condition, wanted = (part.strip() for part in case.split("|"))
    found = sorts(order(keys), tree(condition), paths(ways))
    assert {True: "yes", False: "no", None: "?"}[found] == wanted


WHOLE = """
a, b | a = 1 and b = 2 | | yes
a, b | a = 1 | | no
a, b | a = 1 and b > 2 | | yes
a, b | a = 1 and b in (1, 2) | | yes
a, b | a > 1 and b = 2 | | no
a, b | a in (1, 2) and b = 2 | | no
a, b | a = 1 or b = 2 | | no
a, b, c | a = 1 and (b = 2 and c = 3 or d = 4) | | yes
a, b | a = 1 | b DESC | yes
a, b | a = 1 | c | no
a, b | a is null and b = 1 | | yes
a, lower(b) | a = 1 and lower(b) = 'x' | | yes
a, lower(b) | a = 1 and b = 'x' | | no
a, b | a = :x and t1.b = 1 | | no
a, b | a = 1 and b = t1.c | | yes
? | a = 1 | | no
"""


@pytest.mark.parametrize("case", [line for line in WHOLE.splitlines() if line])
def test_needs_whole(case: str) -> None:
    way, condition, keys, wanted = (part.strip() for part in case.split("|"))
    found = needs_whole(path(way).index, tree(condition), 0, order(keys) if keys else ())
    assert ("yes" if found else "no") == wanted
