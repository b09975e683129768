"""Models of an open file that changes are those of the same file read for the first time; and their places."""

from __future__ import annotations

import pytest

from sqla_lsp.readers.models import KnownModels, read_models
from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import LoadedModule, NoModules
from sqla_lsp.syntax.lower import lower
from tests.readers.test_models import HEAD, OTHERS, cases

TEXTS = [
    pytest.param(text.split("\n--- ")[0], len(head), id=title)
    for name, head in (("models.txt", HEAD), ("models_in_hard_cases.txt", HEAD), ("models_of_others.txt", HEAD + OTHERS))
    for title, text, _ in cases(name, head)
]


def module(data: bytes, previous: tuple[bytes, code.Module] | None = None) -> LoadedModule:
    return LoadedModule("m", "", lower(data, previous=previous), data=data)


@pytest.mark.parametrize(("text", "begin"), TEXTS)
def test_a_line_goes(text: str, begin: int) -> None:
    data = text.encode()
    before = lower(data)
    at = begin
    for line in text[begin:].splitlines(keepends=True):
        without = (text[:at] + text[at + len(line) :]).encode()
        at += len(line)
        known = KnownModels()
        read_models(LoadedModule("m", "", before, data=data), NoModules(), known)
        after = module(without, (data, before))
        again, fresh = read_models(after, NoModules(), known), read_models(after.unevaluated(), NoModules())
        assert (again.models, again.added) == (fresh.models, fresh.added), line


MAPPED = """from sqlalchemy import Column, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Base(DeclarativeBase): pass
def ref(target): return mapped_column(ForeignKey(target), index=True)
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    plain: Mapped[str]
    email = Column(String, index=True)
    slug: Mapped[str] = mapped_column(unique=True)
    other = ref("users.id")
    __table_args__ = (Index("i", "plain"), UniqueConstraint("plain", name="u"))
Index("later", User.plain)
"""


def test_places() -> None:
    model = read_models(module(MAPPED.encode()), NoModules()).models[-1]
    told = [(c.attribute, c.place, c.statement) for c in model.columns]
    told += [(str(i.index.name), i.place, i.statement) for i in model.indexes]
    told += [(str(c.constraint.name), c.place, c.statement) for c in model.constraints]
    arguments = '__table_args__ = (Index("i", "plain"), UniqueConstraint("plain", name="u"))'
    assert [(name, MAPPED[p.start : p.end], MAPPED[s.start : s.end]) for name, p, s in told] == [
        ("id", "mapped_column(primary_key=True)", "id: Mapped[int] = mapped_column(primary_key=True)"),
        ("plain", "plain: Mapped[str]", "plain: Mapped[str]"),
        ("email", "Column(String, index=True)", "email = Column(String, index=True)"),
        ("slug", "mapped_column(unique=True)", "slug: Mapped[str] = mapped_column(unique=True)"),
        ("other", 'other = ref("users.id")', 'other = ref("users.id")'),
        ("ix_users_email", "index=True", "email = Column(String, index=True)"),
        ("ix_users_other", 'other = ref("users.id")', 'other = ref("users.id")'),
        ("i", 'Index("i", "plain")', arguments),
        ("later", 'Index("later", User.plain)', 'Index("later", User.plain)'),
        ("users_pkey", "mapped_column(primary_key=True)", "id: Mapped[int] = mapped_column(primary_key=True)"),
        ("users_slug_key", "unique=True", "slug: Mapped[str] = mapped_column(unique=True)"),
        ("users_other_fkey", 'other = ref("users.id")', 'other = ref("users.id")'),
        ("u", 'UniqueConstraint("plain", name="u")', arguments),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "from django.db import models\nclass A(models.Model):\n    id = models.IntegerField(primary_key=True)",
        "from peewee import Model, CharField\nclass A(Model):\n    name = CharField(index=True)",
        "from pydantic import BaseModel, Field\nclass A(BaseModel):\n    id: int = Field(primary_key=True)",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    id: int",
        "from pyspark.sql import Column\nclass A:\n    def f(self): return Column('a')",
        "from rich.table import Table\nt = Table('title')\nt.add_column('a')",
        "from rich.table import Table, Column\nt = Table('title', Column('a'))",
        "class A(",
        "class A(A):\n    __tablename__ = 'a'",
        "class A(B): x = A.x\nclass B(A): __tablename__ = A.__tablename__",
    ],
)
def test_no_models(text: str) -> None:
    assert [m for m in read_models(module(text.encode()), NoModules()).models if m.table is not None] == []
