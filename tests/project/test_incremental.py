"""After any row of changes a project says what one says that was loaded afresh, and tells which files were affected."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.project.state import Findings, findings, loaded, migration, write

_HELPERS = (
    "from alembic import op\nfrom app.names import COLUMN\n\ndef build(table):\n"
    "    op.create_index('ix_' + table, table, [COLUMN])\n",
    "from alembic import op\nfrom .names import COLUMN\n\n\ndef build(table):\n    with op.get_context().autocommit_block():\n"
    "        op.create_index('ix_' + table, table, [COLUMN], postgresql_concurrently=True)\n",
    "from alembic import op\n\ndef build(table):\n    op.create_unique_constraint(None, table, ['a'])\n",
    "def build(table):\n    pass\n",
    "def build(table\n    op.create_index(",
    "",
)
_ENVIRONMENT = (
    "from alembic import context\n{}\ncontext.configure(connection=connection, {})\nwith context.begin_transaction():\n"
    "    context.run_migrations()\n"
)
_ENVIRONMENTS = (
    _ENVIRONMENT.format("", ""),
    _ENVIRONMENT.format("", "transaction_per_migration=True"),
    _ENVIRONMENT.format("from app.models import Base", "target_metadata=Base.metadata"),
    _ENVIRONMENT.format("from app.other import metadata", "target_metadata=metadata"),
    _ENVIRONMENT.format("", "dialect_name='mysql'"),
    "print('no environment')\n",
)
_MODELS = (
    "from sqlalchemy.orm import DeclarativeBase\nfrom sqlalchemy import MetaData\n\n\nclass Base(DeclarativeBase):\n"
    "    metadata = MetaData(naming_convention={'uq': 'u_%(table_name)s', 'ck': 'c_%(table_name)s_%(constraint_name)s'})\n",
    "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\nclass One(Base):\n"
    "    __tablename__ = 'one'\n    __table_args__ = {'postgresql_partition_by': 'LIST (a)'}\n",
    "x = 1  # sqla-lsp: ignore[nothing-of-the-kind]\n",
)
_ORDERS = (
    "from sqlalchemy import ForeignKey, Index\nfrom sqlalchemy.orm import Mapped, mapped_column\nfrom {base} import Base\n"
    "from app.mixins import Stamped\n\n\nclass One(Stamped, Base):\n    __tablename__ = 'one'\n"
    "    id: Mapped[int] = mapped_column(primary_key=True{index})\n    a: Mapped[int] = mapped_column({a})\n    b: Mapped[str]\n"
    "    __table_args__ = (Index('ix_many', 'a', 'b', 'id', 'at'),)\n\n\nclass {two}(Base):\n    __tablename__ = '{table}'\n"
    "    id: Mapped[int] = mapped_column(primary_key=True)\n    one_id: Mapped[int] = mapped_column({fk})\n"
)
_MIXINS = (
    "from sqlalchemy.orm import Mapped, mapped_column\n\n\nclass Stamped:\n    at: Mapped[int] = mapped_column(index=True)\n",
    "from sqlalchemy.orm import Mapped, mapped_column\n\n# moved\n\nclass Stamped:\n    at: Mapped[int] = mapped_column()\n",
    "class Stamped:\n    pass\n",
    "class Stamped(\n",
)
_QUERIES = (
    "from sqlalchemy import select\nfrom app.orders import One\n\n\ndef of(s, x):\n"
    "    return s.scalars(select(One).where(One.b == x))\n",
    "from sqlalchemy import select\nfrom app import orders\n\n\ndef of(s, x):\n    one = orders.One\n"
    "    return s.scalars(select(one).where(one.a == x, one.b == x, one.id == x, one.at > x))\n",
    "from sqlalchemy import select\nfrom app.orders import One, Two\n\n\ndef of(s, x):\n"
    "    return s.scalars(select(Two).join(One, Two.one_id == One.id).where(One.at == x))\n",
    "from app.more import condition\nfrom app.orders import One\n\n\ndef of(session, x):\n"
    "    return session.query(One).filter(condition(x)).all()\n",
    "from app.orders import One\n\n\ndef condition(x):\n    return One.b == x\n",
    "from app.orders import Two\n\n\ndef condition(x):\n    return Two.one_id == x\n",
    "from app.orders import One\n\n\ndef of(session, x):\n    return session.query(One).filter(One.b ==\n",
    "import app\n\n\ndef of(session, x):\n    return session.query(app.One).filter(app.One.b == x).all()\n",
    "from app import Two\n\n\ndef of(session, x):\n    return session.query(Two).filter_by(one_id=x).first()\n",
    "from sqlalchemy import select\nfrom app.queries import *\n\n\ndef other(s, x):\n"
    "    return s.scalars(select(One).order_by(One.b).limit(x))\n",
    "",
)
_CREATE = "op.create_table('{0}', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('a', {1}))"
_CHECK = (
    "op.create_check_constraint('positive', 'one', 'a > 0', postgresql_not_valid=True)\n"
    "op.execute('ALTER TABLE one VALIDATE CONSTRAINT c_one_positive')"
)
_CONCURRENT = "op.create_index('ix_{0}_c', '{0}', ['a'], postgresql_concurrently=True)"
_BUILD = ("build('one')", "build('one')", "from app.helpers import build")
_CHANGES = (
    (_CREATE.format("one", "sa.String(20)"), "op.drop_table('one')", ""),
    (_CREATE.format("one", "sa.Integer()") + "\n" + _CREATE.format("two", "sa.Text()"), "op.drop_table('two')", ""),
    ("op.alter_column('one', 'a', type_=sa.String(40))", "op.alter_column('one', 'a', type_=sa.String(20))", ""),
    ("op.alter_column('one', 'a', type_=sa.BigInteger())", "pass", ""),
    ("op.create_index('ix_one_a', 'one', ['a', 'b', 'c', 'd'])", "op.drop_index('ix_one_a', 'one')  # sqla-lsp: ignore", ""),
    ("op.drop_column('one', 'a')", "op.add_column('one', sa.Column('a', sa.Integer(), unique=True))", ""),
    ("op.rename_table('one', 'two')", "op.rename_table('two', 'one')", ""),
    (_CHECK, "pass", ""),
    (_CONCURRENT.format("one"), "pass", ""),
    _BUILD,
    ("build('two')", "pass", "from app import helpers\nbuild = helpers.build"),
    ("build('two')", "pass", "from ..helpers import build"),
    ("op.create_index(", "pass", ""),
)
_IDS = ("a1", "b2", "c3", "d4", "e5", "f6")


def _revision(chance: random.Random, name: str) -> str:
    at = _IDS.index(name)
    known = [*_IDS[:at], *(_IDS if chance.random() < 0.1 else ())]
    parent: object = chance.choice(known) if known else None
    if at > 1 and chance.random() < 0.2:
        parent = tuple(chance.sample(_IDS[:at], 2))
    upgrade, downgrade, head = chance.choice(_CHANGES)
    above = f"# {'x' * chance.randint(0, 3)}\n"
    return above + migration(chance.choice(_IDS) if chance.random() < 0.05 else name, parent, upgrade, downgrade, head)


def _orders(chance: random.Random) -> str:
    return _ORDERS.format(
        base=chance.choice(["app.models", "app.other"]),
        index=chance.choice(["", ", index=True"]),
        a=chance.choice(["", "index=True", "unique=True", "'c'"]),
        two=chance.choice(["Two", "Three"]),
        table=chance.choice(["two", "one", "three"]),
        fk=chance.choice(["", "ForeignKey('one.id')", "ForeignKey('one.id'), index=True"]),
    )


def _content(chance: random.Random, path: str) -> str:
    name = path.rpartition("/")[2]
    match name:
        case "helpers.py":
            return chance.choice(_HELPERS)
        case "names.py":
            return chance.choice(["COLUMN = 'a'\n", "COLUMN = 'b'\n", "COLUMN = unknown()\n"])
        case "env.py":
            return chance.choice(_ENVIRONMENTS)
        case "models.py" | "other.py":
            return chance.choice(_MODELS) + ("metadata = Base.metadata\n" if name == "other.py" else "")
        case "mixins.py":
            return chance.choice(_MIXINS)
        case "queries.py" | "more.py":
            return chance.choice(_QUERIES)
        case "orders.py":
            return _orders(chance)
        case "pyproject.toml":
            lines = (
                "max-index-columns = 5",
                "small-tables = ['one']",
                "start-after = ['b2']",
                "exclude = ['second']",
                "ignore = 1",
                "",
            )
            return f"[tool.sqla-lsp]\n{chance.choice(lines)}\n"
        case "alembic.ini":
            url = chance.choice(["mysql://x/y", "postgresql://x/y"])
            return f"[alembic]\nscript_location = {chance.choice(['migrations', 'second'])}\nsqlalchemy.url = {url}\n"
        case ".gitignore":
            return chance.choice(["second/\n", "*.pyc\n", "migrations/versions/c*\n"])
        case "__init__.py":
            return chance.choice(
                ["", "from app.orders import One, Two\n", "from .mixins import Stamped as One\n", "from app.orders import *\n"]
            )
        case _:
            return _revision(chance, name.removesuffix(".py"))


_PATHS = (
    *(f"migrations/versions/{name}.py" for name in _IDS[:4]),
    *(f"second/versions/{name}.py" for name in _IDS[4:]),
    "migrations/versions/old/d4.py",
    "app/helpers.py",
    "app/names.py",
    "app/models.py",
    "app/other.py",
    "app/mixins.py",
    "app/orders.py",
    "app/queries.py",
    "app/more.py",
    "app/__init__.py",
    "migrations/helpers.py",
    "migrations/env.py",
    "second/env.py",
    "migrations/versions/old/env.py",
    "pyproject.toml",
    "alembic.ini",
    ".gitignore",
)
_CONFIGURATION = ("pyproject.toml", "alembic.ini", ".gitignore")


class _Walk:
    """One project that lives, and the state beside it that a new one is loaded from."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.chance = random.Random(seed)
        write(root, {path: _content(self.chance, path) for path in _PATHS if self.chance.random() < 0.7})
        self.documents: dict[str, list[bytes]] = {}
        self.project = loaded(root)
        self.said = findings(self.project)
        self.log: list[str] = []

    def step(self) -> None:
        kind = self.chance.choice([self.edit, self.edit, self.save, self.save, self.close, self.delete, self.rename, self.sweep])
        affected = kind()
        new = findings(self.project)
        fresh = self.fresh()
        assert new == fresh, self.log
        changed = {path for path in {*new, *self.said} if new.get(path) != self.said.get(path)}
        assert changed <= affected, (sorted(changed - affected), self.log)
        self.said = new

    def fresh(self) -> Findings:
        project = loaded(self.root)
        for path, texts in self.documents.items():
            for data in texts:  # what does not parse keeps what was last known
                project.set_document(path, data)
        return findings(project)

    def edit(self) -> set[str]:
        name = self.chance.choice([path for path in _PATHS if path not in _CONFIGURATION])
        path = str(self.root / name)
        data = _content(self.chance, name).encode()
        if self.chance.random() < 0.2:
            data = data[: self.chance.randint(0, len(data))]
        self.log.append(f"edit {name}: {data!r}")
        self.documents.setdefault(path, []).append(data)
        return self.project.set_document(path, data)

    def save(self) -> set[str]:
        name = self._changed_on_disk()
        return self.project.refresh([str(self.root / name)])

    def close(self) -> set[str]:
        if not self.documents:
            return set()
        path = self.chance.choice(sorted(self.documents))
        self.log.append(f"close {path}")
        del self.documents[path]
        return self.project.drop_document(path)

    def delete(self) -> set[str]:
        name = self._deleted_on_disk()
        return self.project.refresh([str(self.root / name)]) if name else set()

    def rename(self) -> set[str]:
        old = self._deleted_on_disk()
        new = self._changed_on_disk()
        return self.project.refresh([str(self.root / name) for name in (old, new) if name])

    def sweep(self) -> set[str]:
        for _ in range(self.chance.randint(0, 3)):
            if self.chance.random() < 0.7:
                self._changed_on_disk()
            else:
                self._deleted_on_disk()
        self.log.append("sweep")
        return self.project.sweep()

    def _changed_on_disk(self) -> str:
        name = self.chance.choice(_PATHS)
        content = _content(self.chance, name)
        write(self.root, {name: content})
        self.log.append(f"write {name}: {content!r}")
        return name

    def _deleted_on_disk(self) -> str:
        there = [name for name in _PATHS if (self.root / name).exists()]
        if not there:
            return ""
        name = self.chance.choice(there)
        (self.root / name).unlink()
        self.log.append(f"delete {name}")
        return name


@pytest.mark.parametrize("seed", range(40))
def test_random_changes(tmp_path: Path, seed: int) -> None:
    walk = _Walk(tmp_path, seed)
    for _ in range(30):
        walk.step()
