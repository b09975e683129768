"""The project that is opened in every editor: two revisions, the second with an index that blocks writes, and text outside of
ASCII (also outside of the Basic Multilingual Plane) before, in and after the statement, where editors count columns differently.
The name of the file is not ASCII either."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

RULE = "only-concurrent-indexes"

_ENVIRONMENT = """\
from alembic import context

context.configure(url="postgresql://localhost/laden")
"""

_TABLE = '''\
"""schuhe 🐘"""

import sqlalchemy as sa
from alembic import op

revision = "1a2b3c4d5e6f"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "shoes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("größe", sa.Numeric(10, 2), nullable=False, comment="in Ellen 🐘"),
    )


def downgrade() -> None:
    op.drop_table("shoes")
'''

_INDEX = '''\
"""Schuhe nach Größe 🐘🐘, 大きさ順"""

from alembic import op

revision = "2b3c4d5e6f70"
down_revision = "1a2b3c4d5e6f"
# 🐘 größer als je zuvor: “ZWJ 👩‍💻, e\u0301”


def upgrade() -> None:
    {statement}
    op.execute("COMMENT ON TABLE shoes IS 'nach Größe 🐘'")


def downgrade() -> None:
    pass
'''


EVERYTHING = 'op.create_index("ix_größe_🐘", "shoes", ["größe"])  # 大きさ 🐘 größte zuerst'
NO_SURROGATES = 'op.create_index("ix_größe_✓", "shoes", ["größe"])  # 大きさ ✓ größte zuerst'
ASCII = 'op.create_index("ix_shoes_size", "shoes", ["size"])'
"""Statements, for editors that count columns as the protocol says, and for those that do not."""

SAFE = 'op.execute("SELECT 1 AS größe_🐘")  # sqla-lsp: ignore[unique-constraint] -- größe 🐘'
"""A statement whose only finding, a comment that silences nothing, has a safe fix."""


class Project:
    """A fresh copy in a folder; `migration` is the file that is opened, `fix` the title of the quick fix of its finding: the
    first, or the one that adds a revision, which is `revision` then."""

    def __init__(
        self, folder: Path, statement: str = EVERYTHING, name: str = "0002_nach_größe.py", adds_revision: bool = False
    ) -> None:
        self.folder = folder / "laden"
        self.migration = self.folder / "migrations" / "versions" / name
        self.revision: Path | None = None
        index = statement.split('"')[1]
        quoted = index if index.isascii() else f'"{index}"'
        self.fix = f"Move {quoted} to a revision of its own" if adds_revision else f"Create {quoted} concurrently"
        self._index = _INDEX.format(statement=statement)
        self._write(self.folder)
        twin = folder / "twin" / "laden"
        self._write(twin)
        if adds_revision:
            self.revision = self.migration.with_name(_apply(twin, self.fix))
        else:
            _command_line(twin, "--fix", "--unsafe-fixes")
        self._expected = _files(twin)
        assert self._expected != _files(self.folder), "the command line fixed nothing"
        shutil.rmtree(folder / "twin")

    @property
    def place(self) -> tuple[int, int]:
        """The row and the column, from 1, where the finding stands."""
        lines = self._index.splitlines()
        row = next(number for number, line in enumerate(lines) if "op.create_index" in line)
        return row + 1, lines[row].index("op.") + 1

    def is_fixed(self, said: str) -> None:
        """Asserts that the project on disk is what the command line makes of it; `said` is what the editor said."""
        difference = self.difference()
        assert difference is None, f"{difference}\n--- it said\n{said}"

    def difference(self) -> str | None:
        """How the project on disk differs from what the command line makes of it; None where they are equal, byte by byte."""
        found = _files(self.folder)
        for name in sorted({*found, *self._expected}):
            if found.get(name) != self._expected.get(name):
                show = [(side.get(name) or b"(no file)").decode() for side in (self._expected, found)]
                return f"{name} differs.\n--- the command line writes\n{show[0]}\n--- the editor wrote\n{show[1]}"
        return None

    def _write(self, folder: Path) -> None:
        versions = folder / "migrations" / "versions"
        versions.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
        (folder / "pyproject.toml").write_text('[project]\nname = "laden"\n', encoding="utf-8")
        (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n", encoding="utf-8")
        (folder / "migrations" / "env.py").write_text(_ENVIRONMENT, encoding="utf-8")
        (versions / "0001_schuhe.py").write_text(_TABLE, encoding="utf-8")
        (versions / self.migration.name).write_text(self._index, encoding="utf-8")


def _command_line(folder: Path, *arguments: str) -> str:
    """What `sqla-lsp check` prints."""
    command = [sys.executable, "-m", "sqla_lsp.cli.main", "check", "--no-cache", "--exit-zero", *arguments, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def _apply(folder: Path, title: str) -> str:
    """Applies the fix with a title as the command line lists it; gives the name of the file that it adds."""
    found = json.loads(_command_line(folder, "--output-format", "json"))
    fix = next(fix for finding in found for fix in finding["fixes"] if fix["title"] == title)
    for edit in sorted(fix["edits"], key=lambda edit: edit["location"]["row"], reverse=True):
        path = Path(edit["filename"])
        text = path.read_text(encoding="utf-8")
        start, end = (_offset(text, edit[side]) for side in ("location", "end_location"))
        path.write_text(text[:start] + edit["content"] + text[end:], encoding="utf-8")
    (created,) = fix["creates"]
    Path(created["filename"]).write_text(created["content"], encoding="utf-8")
    return Path(created["filename"]).name


def _offset(text: str, location: dict[str, int]) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: location["row"] - 1]) + location["column"] - 1


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.py"))}
