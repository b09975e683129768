"""What stays known while somebody types: blocks used again, and the last good ones with the places they have now."""

from __future__ import annotations

import random

import pytest

from sqla_lsp.syntax import code
from sqla_lsp.syntax.lower import lower
from sqla_lsp.syntax.tree import edit, parse

FILE = b'''"""A revision."""

import sqlalchemy as sa
from alembic import op

revision = "a"


def upgrade() -> None:
    op.add_column("orders", sa.Column("state", sa.Text()))
    op.create_index("ix", "orders", ["state"])  # here


@decorated
def helper(a):
    """Doc."""
    return a


def downgrade() -> None:
    """Back."""
    op.drop_column("orders", "state")
'''


def calls(module: code.Module, data: bytes) -> dict[str, list[bytes]]:
    """The text of every call as places have it, by the function that it stands in."""
    found: dict[str, list[bytes]] = {}
    for block in module.blocks:
        if isinstance(block.statement, code.Function):
            found[block.statement.name] = [
                data[block.start + statement.value.start : block.start + statement.value.end]
                for statement in block.statement.body
                if isinstance(statement, code.Evaluate) and isinstance(statement.value, code.Call)
            ]
    return found


def typed(at: bytes, text: bytes, data: bytes = FILE, *, after: bool = False) -> bytes:
    offset = data.index(at) + (len(at) if after else 0)
    return data[:offset] + text + data[offset:]


ADD = b'op.add_column("orders", sa.Column("state", sa.Text()))'
INDEX = b'op.create_index("ix", "orders", ["state"])'
DROP = b'op.drop_column("orders", "state")'

BREAKS = {
    "a bracket": (typed(b"    op.create_index", b"    op.execute(\n"), [ADD, INDEX]),
    "a quote": (typed(b"    op.create_index", b"    x = '\n"), [ADD, INDEX]),
    "a triple quote": (typed(b"    op.create_index", b'    """\n'), [ADD, INDEX]),
    "a bracket within": (typed(b"sa.Column", b"sa.Text("), [ADD.replace(b"sa.Col", b"sa.Text(sa.Col"), INDEX]),
    "the header": (typed(b"() -> None", b"(")[: len(FILE) + 1], [ADD, INDEX]),
    "a line at the end": (typed(b"  # here", b"\n    op.", after=True), [ADD, INDEX]),
    "a call at the end": (typed(b"  # here", b"\n    op.execute(", after=True), [ADD, INDEX]),
    "above": (typed(b"revision =", b"x = (\n"), [ADD, INDEX]),
    "above, a quote": (typed(b"revision =", b'"""'), [ADD, INDEX]),
    "between": (typed(b"@decorated", b"def new(\n\n\n"), [ADD, INDEX]),
    "at the end of the file": (FILE + b"\n\ndef last(", [ADD, INDEX]),
}


@pytest.mark.parametrize(("data", "expected"), BREAKS.values(), ids=BREAKS)
def test_broken_text_loses_nothing(data: bytes, expected: list[bytes]) -> None:
    module = lower(data, None, (FILE, lower(FILE)))
    assert module.broken
    assert calls(module, data) == {"upgrade": expected, "helper": [], "downgrade": [DROP]}
    assert sum(block.stale for block in module.blocks) <= 1 + ("last" in data.decode())


@pytest.mark.parametrize("word", [b'    op.execute("""UPDATE x""", [1, (2)])\n', b"    with a(b) as c:\n        d(e)\n"])
def test_typing_letter_by_letter_never_blinks(word: bytes) -> None:
    data, module, tree = FILE, lower(FILE), parse(FILE)
    at = FILE.index(b"    op.create_index")
    for length in range(1, len(word) + 1):
        new = FILE[:at] + word[:length] + FILE[at:]
        tree = edit(tree, data, new)
        data, module = new, lower(new, tree, (data, module))
        found = calls(module, data)
        assert found["downgrade"] == [DROP], word[:length]
        assert list(found) == ["upgrade", "helper", "downgrade"]
        assert found["upgrade"][0] == ADD
        assert found["upgrade"][-1].endswith(INDEX) or b"with a" in word[:length], word[:length]
    assert module == lower(data)


def test_only_the_changed_block_is_new() -> None:
    old = lower(FILE)
    data = typed(b'"ix"', b'"index_" ')
    new = lower(data, None, (FILE, old))
    assert new == lower(data)
    same = [before.statement is after.statement for before, after in zip(old.blocks, new.blocks, strict=True)]
    assert same == [True, True, True, True, False, True, True]


def test_a_broken_block_stays_while_another_changes() -> None:
    first = typed(b"    op.create_index", b"    op.execute(\n")
    broken = lower(first, None, (FILE, lower(FILE)))
    second = first.replace(b'"orders", "state")', b'"orders", "total")')
    module = lower(second, None, (first, broken))
    assert calls(module, second) == {"upgrade": [ADD, INDEX], "helper": [], "downgrade": [DROP.replace(b"state", b"total")]}
    assert [block.stale for block in module.blocks] == [False, False, False, False, True, False, False]
    assert lower(FILE, None, (second, module)) == lower(FILE)


def test_what_is_deleted_is_gone() -> None:
    broken = typed(b"    op.create_index", b"    op.execute(\n")
    module = lower(broken, None, (FILE, lower(FILE)))
    shorter = broken[: broken.index(b"@decorated")] + broken[broken.index(b"def downgrade") :]
    assert list(calls(lower(shorter, None, (broken, module)), shorter)) == ["upgrade", "downgrade"]


def test_another_file_in_its_place() -> None:
    other = b"x = 1\n\ndef other(\n"
    module = lower(other, None, (FILE, lower(FILE)))
    assert "upgrade" not in calls(module, other)


@pytest.mark.parametrize("seed", range(40))
def test_any_edits_in_any_order(seed: int) -> None:
    """Nothing raises, places stay inside of the text, and text that parses is as if it had never been anything else."""
    chance = random.Random(seed)
    pieces = [
        b"(",
        b")",
        b'"""',
        b"'",
        b"\n",
        b"    ",
        b"def f():\n",
        b"x = 1\n",
        b"[",
        b":",
        b"#",
        b"@",
        b"if a:",
        b"\r",
        b"\\",
        "é".encode(),
        b"{",
        b"f'{",
    ]
    data, module, tree = FILE, lower(FILE), parse(FILE)
    for _ in range(60):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice([0, 0, 0, 1, 5, 40]))
        new = (data[:start] + chance.choice([b"", *pieces]) + data[end:]).decode("utf-8", "ignore").encode()
        if chance.random() < 0.1:
            new = FILE
        tree = edit(tree, data, new)
        module = lower(new, tree, (data, module))
        data = new
        fresh = lower(data)
        if not fresh.broken:
            assert module == fresh
        starts = [block.start for block in module.blocks]
        assert starts == sorted(starts)
        for block in module.blocks:
            assert 0 <= block.start <= block.end <= len(data)
            check_places(block.statement, block.end - block.start if not block.stale else len(data))


def check_places(node: object, end: int) -> None:
    if isinstance(node, tuple):
        for item in node:
            check_places(item, end)
    elif fields := getattr(node, "__struct_fields__", ()):
        if "start" in fields:
            assert 0 <= node.start <= node.end <= end  # type: ignore[attr-defined]
        for field in fields:
            check_places(getattr(node, field), end)
