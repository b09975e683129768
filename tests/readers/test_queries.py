"""What is read of queries. The cases stand in data/queries.txt: a snippet of a function's body (or an expression that is
executed) and, after `=>`, the queries in it as text."""

from __future__ import annotations

import random
import textwrap
from pathlib import Path

import pytest

from sqla_lsp.readers.queries import has_queries, read_condition, read_names, read_queries
from tests.readers.render_queries import operand, path, predicate, rendered

DATA = Path(__file__).parent / "data" / "queries.txt"
HEAD = """\
import sqlalchemy as sa
from sqlalchemy import and_, cast, delete, exists, func, or_, select, text, tuple_, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

def f(session, x, xs, conditions, more, models):
"""
STATEMENTS = ("session", "User.query", "db.", '", "', "conn", "os")


def cases() -> list[tuple[str, list[str]]]:
    found = []
    for case in DATA.read_text().strip().split("\n\n"):
        lines = case.split("\n")
        snippet = "\n".join(line for line in lines if not line.startswith("=> "))
        expected = [line[3:] for line in lines if line.startswith("=> ")]
        found.append((snippet, [] if expected == ["nothing"] else expected))
    return found


def source(snippet: str) -> str:
    is_expression = "\n" not in snippet and not snippet.startswith((*STATEMENTS, "return")) and " = " not in snippet.split("(")[0]
    body = f"session.execute({snippet})" if is_expression else snippet
    return HEAD + textwrap.indent(body, "    ") + "\n"


@pytest.mark.parametrize(("snippet", "expected"), cases(), ids=[case[0].split("\n")[0] for case in cases()])
def test_queries(snippet: str, expected: list[str]) -> None:
    assert rendered(read_queries(source(snippet).encode())) == expected


def check(text: str, *expected: str) -> None:
    assert rendered(read_queries(textwrap.dedent(text).encode())) == list(expected)


def test_methods_of_a_class_know_it() -> None:
    check(
        """
        class Repo:
            def get(self, x):
                return self.session.scalar(select(self.model).where(self.model.id == x, self.model.a == self.limit))

            @classmethod
            def all(cls, session):
                return session.query(cls).filter(cls.b == 1).all()
        """,
        "select <Repo>.model from <Repo>.model where <Repo>.model.id = : and <Repo>.model.a = :",
        "query <Repo> from <Repo> where <Repo>.b = 1",
    )


def test_helpers_of_the_file_are_read_in_place() -> None:
    check(
        """
        class Repo:
            def _base(self, x):
                return select(User).where(User.a == x)

            def get(self, session):
                return session.execute(self._base(1).where(mine(User)).limit(1))

        def mine(model):
            return model.owner == current()
        """,
        "select User from User where User.a = : ...",
        "select User from User where User.a = 1 and User.owner = : limit",
    )


def test_names_of_a_class_body_are_its_attributes() -> None:
    check(
        """
        class User(Base):
            id = Column(Integer)
            n = column_property(select(func.count(Order.id)).where(Order.user_id == id).scalar_subquery())
            def method(self): ...
            m = column_property(select(Order.id).where(Order.user_id == id).scalar_subquery())
        """,
        "select count(Order.id) from Order where Order.user_id = <User>.id reduced",
        "select Order.id from Order where Order.user_id = <User>.id",
    )


def test_names() -> None:
    names = read_names(
        textwrap.dedent(
            """
            import app.models as m
            from .x import *
            if TYPE_CHECKING:
                from ..models import User as U
            u = aliased(U)
            class Repo(Base[U, "Key"], metaclass=Meta):
                '''A class.'''
                model = U
                other: ClassVar[type[Order]]
                def method(self): ...
                def __init__(self, session, kind: type[Thing], row: Row):
                    super().__init__(U, session)
                    self.kind = kind
                    self.row = row
                    self.fixed = Fixed
            def function(): ...
            """
        ).encode()
    )
    assert names.imports == {"m": ("app.models", 0, None), "U": ("models", 2, "User")}
    assert names.stars == (("x", 1),)
    assert names.functions == ("function",)
    assert {name: path(p) for name, p in names.aliases.items()} == {"u": "alias(U)"}
    repo = names.classes["Repo"]
    assert [path(p) for p in (*repo.bases, *repo.arguments)] == ["Base", "U", "Key"]
    assert {name: path(p) for name, p in repo.attributes.items()} == {
        "model": "U", "other": "Order", "kind": "Thing", "fixed": "Fixed",
    }  # fmt: skip
    assert repo.parameters == {"kind": 1, "row": 2}
    assert [path(p) for p in repo.given] == ["U", "session"]


CONDITIONS = """
class H(Base):
    @hybrid_property
    def active(self): return self.x == 1
    @hybrid_method
    def named(cls, n): return and_(cls.name == n, cls.b.is_(None))
    def plain(self): return 1
    deleted = Column()
    alive = deleted.is_(None)
def cond(model, v):
    return or_(model.a == v, ~model.b)
def column(model):
    return func.lower(model.email)
ACTIVE = User.x.is_(None)
is_one = lambda m: m.id == 1
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("H.active", "<H>.x = 1"),
        ("H.named", "(<H>.name = n and <H>.b null)"),
        ("H.plain", None),
        ("H.alive", "<H>.deleted null"),
        ("cond", "(model.a = v or not flag model.b)"),
        ("column", "lower(model.email)"),
        ("ACTIVE", "User.x null"),
        ("is_one", "m.id = 1"),
        ("nothing", None),
    ],
)
def test_conditions(name: str, expected: str | None) -> None:
    condition = read_condition(b"from sqlalchemy import and_, func, or_\n" + CONDITIONS.encode(), name)
    text = None
    if condition is not None:
        text = predicate(condition.predicate) if condition.predicate is not None else operand(condition.operand)
    assert text == expected


EDITED = """
def a(s):
    s.execute(select(A).where(A.x == 1))

def b(s):
    s.execute(select(B).where(cond(B)))

def cond(m):
    return m.y == 2
"""


def test_an_edit_reads_only_what_changed() -> None:
    before = EDITED.encode()
    blocks = read_queries(before)
    moved = read_queries(b"import os\n" + before, (before, blocks))
    assert [block.start - 10 for block in moved] == [block.start for block in blocks]
    assert all(one.queries is other.queries for one, other in zip(moved, blocks, strict=True))
    changed = before.replace(b"m.y == 2", b"m.z == 2")
    again = read_queries(changed, (before, blocks))
    assert again == read_queries(changed)
    assert again[0].queries is blocks[0].queries


def test_a_block_that_does_not_parse_keeps_what_it_had() -> None:
    before = EDITED.encode()
    blocks = read_queries(before)
    broken = before.replace(b"A.x == 1))", b"A.x == 1, (")
    kept = read_queries(broken, (before, blocks))
    assert [block.queries for block in kept] == [block.queries for block in blocks]


def test_what_has_queries() -> None:
    assert has_queries(b"from sqlalchemy import select\nselect(x)", names_library=True)
    assert has_queries(b"def f(session): session.query(X).filter(X.a == 1)", names_library=False)
    assert not has_queries(b"from sqlalchemy import Column", names_library=True)
    assert not has_queries(b"x.where(1)", names_library=False)


def test_attributes_of_a_class_that_are_paths() -> None:
    body = "a = b = (User)\n    c: type[User] = make()\n    d = Column(Integer)\n    def __init__(self): self.e = aliased(User)"
    assert sorted(read_names(f"class C:\n    {body}\n".encode()).classes["C"].attributes) == ["a", "b", "c", "e"]


def test_broken_code_never_raises() -> None:
    whole = "".join(source(snippet).replace("def f(", f"def f{n}(") for n, (snippet, _) in enumerate(cases())).encode()
    rng = random.Random(7)
    for _ in range(60):
        start = rng.randrange(len(whole))
        data = bytearray(whole[start : start + rng.randrange(20, 3000)])
        for _ in range(rng.randrange(4)):
            data[rng.randrange(len(data))] = rng.choice(b"()[]:,.'\"\n #=*@\\")
        read_queries(bytes(data))
        read_names(bytes(data))
        read_queries(bytes(data), (whole, read_queries(whole[: len(whole) // 8])))
