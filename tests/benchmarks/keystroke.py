"""How long an editor waits from a keystroke to the diagnostics of the new text: on migrations of 100 and 1,000 lines, and in a
models file of 1,000 lines beside open files with queries over its models.

The time is taken by a client on the same machine, from sending `didChange` to receiving `publishDiagnostics` of that version (and
of the other files whose findings change): the server's own time and both pipes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.migration import migration, opened
from tests.server.client import Client

KEYSTROKES = 60

_MODELS = """from datetime import datetime
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass
"""
_MODEL = """

class Model{n}(Base):
    \"\"\"What is kept of {n}.\"\"\"

    __tablename__ = "model_{n}"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), nullable=False)
    mail: Mapped[str] = mapped_column(String(100), unique=True)
    note: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), nullable=False)
    before_id: Mapped[int] = mapped_column(ForeignKey("model_{before}.id"), index=True)
    before: Mapped["Model{before}"] = relationship(foreign_keys=[before_id])
    created_at: Mapped[datetime] = mapped_column(nullable=False)
    changed_at: Mapped[datetime | None] = mapped_column()
    first: Mapped[int] = mapped_column()
    second: Mapped[int] = mapped_column()
    third: Mapped[int] = mapped_column()
    fourth: Mapped[float | None] = mapped_column()
    fifth: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (
        Index("ix_model_{n}_state_created_at", "state", "created_at"),
        Index("ix_model_{n}_first", "first", "second", postgresql_where=fifth.is_(False)),
    )
"""
"""Twenty-five lines."""
_QUERY = """

def find_{n}(session, value):
    statement = select(Model{n}).where(Model{n}.name == value, Model{n}.second > 5)
    if value:
        statement = statement.where(Model{n}.state.in_(value)).order_by(Model{n}.created_at.desc())
    return session.scalars(statement).all()
"""


def keystrokes() -> Iterator[tuple[str, list[float]]]:
    """Labels and sorted seconds for each kind of file, as it parses and while it does not."""
    yield "1000 lines of models, typing in a docstring", _typed_in_models('"""What is kept of 7', ("x",), waits=False)
    yield "1000 lines of models, typing in a name", _typed_in_models("class Model7(Base):\n", ("    x = 1\n",), waits=False)
    toggled = ("index=True", "")
    yield (
        "1000 lines of models, three files of queries follow",
        _typed_in_models("first: Mapped[int] = mapped_column(", toggled, waits=True),
    )
    for lines in (100, 1000):
        text = migration(lines)
        yield f"{lines} lines, typing in a name", _typed(text, 'add_column("orders', "x")
        yield f"{lines} lines, typing after an unclosed bracket", _typed(text, 'add_column("orders', "x", first="(")


def _typed(text: str, before: str, key: str, first: str = "") -> list[float]:
    """Types `key` many times behind the first `before` of a document; `first` once in front of that."""
    with opened(text) as (client, uri, _):
        offset = text.index(before) + len(before)
        line, column = text.count("\n", 0, offset), offset - text.rfind("\n", 0, offset) - 1
        position = {"line": line, "character": column}
        start = {"line": line, "character": column - len(before)}
        client.change(uri, 2, {"range": {"start": start, "end": start}, "text": first})
        client.diagnostics(uri, version=2)
        position["character"] += len(first)
        times = []
        for version in range(3, KEYSTROKES + 3):
            started = time.perf_counter()
            client.change(uri, version, {"range": {"start": position, "end": position}, "text": key})
            client.diagnostics(uri, version=version)
            times.append(time.perf_counter() - started)
    return sorted(times)


def _typed_in_models(before: str, keys: tuple[str, ...], waits: bool) -> list[float]:
    """Types each of `keys` in turn, in place of the one before where there are several, behind the first `before` of a file of
    models; three open files hold queries over them. `waits` says that the findings of one of these change every time."""
    models = _MODELS + "".join(_MODEL.format(n=n, before=max(n - 1, 0)) for n in range(40))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "app").mkdir()
        (root / "app" / "__init__.py").write_text("")
        path = root / "app" / "models.py"
        path.write_text(models)
        for name, numbers in (("one", range(14)), ("two", range(14, 27)), ("three", range(27, 40))):
            imports = ", ".join(f"Model{n}" for n in numbers)
            queries = "".join(_QUERY.format(n=n) for n in numbers).replace("Model0.second > 5", "Model0.first == 5")
            queries = queries.replace("Model0.name == value, ", "").replace("Model0.state.in_(value)", "Model0.fourth > 0")
            (root / "app" / f"{name}.py").write_text(
                f"from sqlalchemy import select\nfrom app.models import {imports}\n{queries}"
            )
        client = Client()
        try:
            client.initialize(root)
            uris = {name: client.open(root / "app" / f"{name}.py") for name in ("one", "two", "three")}
            uri = client.open(path, models)
            client.silence(2)
            offset = models.index(before) + len(before)
            line, column = models.count("\n", 0, offset), offset - models.rfind("\n", 0, offset) - 1
            start = {"line": line, "character": column}
            times, last = [], ""
            for version in range(2, KEYSTROKES + 2):
                key = keys[version % len(keys)]
                end = {"line": line, "character": column + len(last)} if len(keys) > 1 else start
                started = time.perf_counter()
                client.change(uri, version, {"range": {"start": start, "end": end}, "text": key})
                client.diagnostics(uri, version=version)
                if waits:
                    client.diagnostics(uris["one"])
                times.append(time.perf_counter() - started)
                last = key
                client.silence(0.02)
            client.shutdown()
        finally:
            client.kill()
    return sorted(times)
