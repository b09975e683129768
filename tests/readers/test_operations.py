"""Operations of migrations. The cases stand in `data/operations_cases.txt`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sqla_lsp.readers.revisions import Revision, read_revision
from sqla_lsp.schema.operations import AlterType, AnyOperation
from sqla_lsp.syntax.frames import LoadedModule, NoModules
from sqla_lsp.syntax.lower import lower
from tests.postgres.sql_told import told

CASES = Path(__file__).parent / "data" / "operations_cases.txt"
HEAD = """from alembic import context, op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
revision = "b"
down_revision = "a"
"""


def read(text: str) -> Revision:
    found = read_revision(LoadedModule("m", "", lower((HEAD + text).encode())), NoModules())
    assert found is not None
    return found


def lines(operations: tuple[AnyOperation, ...]) -> list[str]:
    names: dict[int, str] = {}
    return [line(operation, names) for operation in operations]


def line(operation: AnyOperation, names: dict[int, str]) -> str:
    site = operation.site
    at = site.transaction
    parts = [told(operation)]
    if site.emitted_by:
        parts.append(f"[{site.emitted_by}]")
    if at.number or at.autocommit is not False:
        unclear = "?" if at.autocommit is None else ""
        parts.append(" ".join([f"#{at.number}", *([at.means + unclear] if at.means or unclear else [])]))
    if at.in_batch:
        parts.append("in batch")
    if site.body:
        parts.append("body")
    if site.arms:
        parts.append("@" + " ".join(f"{names.setdefault(branch, chr(65 + len(names)))}{arm}" for branch, arm in site.arms))
    if site.calls:
        parts.append(f"~{len(site.calls)}")
    return " ".join(parts)


def cases() -> Iterator[Any]:
    for part in CASES.read_text().split("\n=== ")[1:]:
        name, _, rest = part.partition("\n")
        text, _, expected = rest.partition("---\n")
        if "def upgrade" not in text:
            text = f"def upgrade():\n{textwrap.indent(text, '    ')}\n"
        yield pytest.param(text, expected.strip().splitlines(), id=name)


@pytest.mark.parametrize(("text", "expected"), list(cases()))
def test_operations(text: str, expected: list[str]) -> None:
    operations = read(text).upgrade.operations
    if expected and "|" in expected[0]:  # types alone
        kinds = [told(operation.to) for operation in operations if isinstance(operation, AlterType)]
        assert kinds == "|".join(expected).split("|")
    else:
        assert lines(operations) == expected
