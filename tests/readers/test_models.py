"""Models against SQLAlchemy itself: what the reader says of a file is what the file declares when it is run. The cases stand in
`data/models.txt` and `data/models_in_hard_cases.txt`, those of SQLModel and Flask-SQLAlchemy with what these make of them in
`data/models_of_others.txt`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.readers.models_told import lines_of_models, lines_of_sqlalchemy, read, run, write

DATA = Path(__file__).parent / "data"
HEAD = """import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, ClassVar, List, Literal, Optional
import sqlalchemy as sa
from sqlalchemy import (
    JSON, BigInteger, Boolean, CheckConstraint, Column, DateTime, Enum, ForeignKey, ForeignKeyConstraint, Index, Integer,
    MetaData, PrimaryKeyConstraint, String, Table, Text, UniqueConstraint, and_, desc, func, or_, text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase, Mapped, MappedAsDataclass, backref, column_property, declarative_base, declarative_mixin, declared_attr,
    deferred, mapped_column, registry, relationship, synonym,
)
"""
RUN = ("models.txt", "models_in_hard_cases.txt")
BASE = "class Base(DeclarativeBase):\n    pass\n"
OTHERS = """from flask_sqlalchemy import SQLAlchemy
from sqlmodel import Field, Relationship, SQLModel
class Color(enum.Enum):
    RED = "r"
"""


def cases(name: str, head: str) -> Iterator[tuple[str, str, str]]:
    """Name, text and expected lines of each case."""
    for part in (DATA / name).read_text().split("\n=== ")[1:]:
        title, _, rest = part.partition("\n")
        text, _, expected = rest.partition("\n>>>\n")
        yield title, with_heads(text, head), expected.strip()


def with_heads(text: str, head: str) -> str:
    """The files of a case with the usual imports; the first one has a `Base`, unless it brings one along."""
    first, *others = text.split("\n--- ")
    brings = any(word in first for word in ("class Base", "Base = ", "import Base"))
    titled = [other.partition("\n") for other in others]
    whole = head + ("" if brings or head is not HEAD else BASE) + first
    return "\n--- ".join([whole, *[f"{name}\n{HEAD}{body}" for name, _, body in titled]])


@pytest.mark.parametrize("text", [pytest.param(text, id=title) for name in RUN for title, text, _ in cases(name, HEAD)])
def test_models_are_what_sqlalchemy_makes_of_them(text: str, tmp_path: Path) -> None:
    paths = write(text, tmp_path)
    assert lines_of_models(read(paths)) == lines_of_sqlalchemy(run(paths, tmp_path))


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(text, lines, id=title) for title, text, lines in cases("models_of_others.txt", HEAD + OTHERS)],
)
def test_models_of_other_libraries(text: str, expected: str, tmp_path: Path) -> None:
    assert lines_of_models(read(write(text, tmp_path))) == expected.splitlines()
