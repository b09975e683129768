"""Models against SQLAlchemy itself: what the reader says of a file is what the file declares when it is run. The cases stand in
`data/models.txt`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.readers.models_told import lines_of_models, lines_of_sqlalchemy, read, run, write

CASES = Path(__file__).parent / "data" / "models.txt"
HEADS = {
    "base": """import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, List, Literal, Optional
import sqlalchemy as sa
from sqlalchemy import (
    BigInteger, Boolean, CheckConstraint, Column, DateTime, Enum, ForeignKey, ForeignKeyConstraint, Index, Integer,
    MetaData, PrimaryKeyConstraint, String, Table, Text, UniqueConstraint, and_, desc, func, or_, text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase, Mapped, MappedAsDataclass, backref, column_property, declarative_base, declarative_mixin, declared_attr,
    deferred, mapped_column, registry, relationship, synonym,
)
""",
}
BASE = """class Base(DeclarativeBase):
    pass
"""


def cases() -> list[object]:
    found: list[object] = []
    for part in CASES.read_text().split("\n=== ")[1:]:
        name, _, text = part.partition("\n")
        first, *more = text.split("\n--- ")
        head = HEADS["base"] + (
            "" if ("Base" in first and ("class Base" in first or "Base = " in first)) or "import Base" in first else BASE
        )
        whole = "\n--- ".join(
            [head + first, *[f"{other.partition(chr(10))[0]}\n{HEADS['base']}{other.partition(chr(10))[2]}" for other in more]]
        )
        found.append(pytest.param(whole, id=name))
    return found


@pytest.mark.parametrize("text", cases())
def test_models_are_what_sqlalchemy_makes_of_them(text: str, tmp_path: Path) -> None:
    paths = write(text, tmp_path)
    assert lines_of_models(read(paths)) == lines_of_sqlalchemy(run(paths, tmp_path))
