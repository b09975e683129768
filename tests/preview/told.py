"""What a migration's body is said to send, as short text."""

from __future__ import annotations

import textwrap
from pathlib import Path

from sqla_lsp.preview.migration import Preview, Statement, preview
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.project import Project

_HEAD = """\
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "{revision}"
down_revision = {down!r}

"""
_ENV = 'from alembic import context\n\ncontext.configure(url="postgresql://localhost/x")\n'


def migration(body: str, revision: str = "b", down: str | None = None, before: str = "") -> str:
    """A revision whose upgrade is the body."""
    body = textwrap.indent(textwrap.dedent(body).strip() or "pass", "    ")
    return f"{_HEAD.format(revision=revision, down=down)}{before}\n\ndef upgrade():\n{body}\n\n\ndef downgrade():\n    pass\n"


def previewed(folder: Path, body: str, *, earlier: str = "", before: str = "", files: dict[str, str] | None = None) -> Preview:
    """The preview of a revision; `earlier` is the body of the one before it, `before` what stands above its functions."""
    written = {"migrations/env.py": _ENV, "migrations/versions/b.py": migration(body, "b", "a", before), **(files or {})}
    written["migrations/versions/a.py"] = migration(earlier, "a")
    for name, text in written.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    project = Project([str(folder)], Resolver({}, roots=[str(folder)]))
    project.load()
    made = preview(project, str(folder / "migrations/versions/b.py"))
    assert made is not None
    return made


def text(statements: tuple[Statement, ...]) -> str:
    """The statements one after the other, each on one line; what is not known with its reason."""
    lines = []
    for statement in statements:
        said = f"? {statement.reason}" if statement.sql is None else " ".join(statement.sql.split())
        lines.append(("[branch] " if statement.conditional else "") + said)
    return "\n".join(lines)
