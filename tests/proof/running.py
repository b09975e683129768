"""Runs Alembic on a project's folder, in this process: upgrade, downgrade, and both as SQL."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from tests.proof.databases import Database
from tests.proof.recorder import Recorder

ALL = "heads"


class AlembicProject:
    """A project that is written in a folder: alembic.ini, the environment, the revisions, and whatever these import."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def scripts(self) -> ScriptDirectory:
        return ScriptDirectory.from_config(self._config(None, io.StringIO()))

    def revision_of(self, path: str) -> tuple[str, tuple[str, ...]]:
        """The id of the revision in a file, and those of its parents. Raises `LookupError`."""
        for script in self.scripts.walk_revisions():
            if Path(script.path).resolve() == (self.folder / path).resolve():
                parents = script.down_revision or ()
                return script.revision, (parents,) if isinstance(parents, str) else tuple(parents)
        raise LookupError(f"{path} is no revision")

    def has_downgrade(self, path: str) -> bool:
        return "\ndef downgrade" in (self.folder / path).read_text(encoding="utf-8")

    def heads(self) -> list[str]:
        return self.scripts.get_heads()

    def upgrade(self, database: Database, target: str = ALL, recorder: Recorder | None = None) -> None:
        """Upgrades a database. Raises what Alembic, SQLAlchemy or the migration raise."""
        with self._running(recorder):
            command.upgrade(self._config(database, io.StringIO()), target)

    def downgrade(self, database: Database, target: str, recorder: Recorder | None = None) -> None:
        """Downgrades a database. Raises as `upgrade` does."""
        with self._running(recorder):
            command.downgrade(self._config(database, io.StringIO()), target)

    def sql(self, database: Database, start: str, end: str, *, down: bool = False) -> str:
        """The SQL of an upgrade, or of a downgrade, from one revision to another."""
        said = io.StringIO()
        with self._running(None):
            (command.downgrade if down else command.upgrade)(self._config(database, said), f"{start}:{end}", sql=True)
        return said.getvalue()

    def _config(self, database: Database | None, said: io.StringIO) -> Config:
        config = Config(str(self.folder / "alembic.ini"), stdout=io.StringIO(), output_buffer=said)
        if database is not None:
            config.set_main_option("sqlalchemy.url", database.url.replace("%", "%%"))
        return config

    @contextlib.contextmanager
    def _running(self, recorder: Recorder | None) -> Iterator[None]:
        """The modules that are imported from the folder are forgotten after: the next one may have others of the same name."""
        path, modules, writes = list(sys.path), set(sys.modules), sys.dont_write_bytecode
        sys.dont_write_bytecode = True
        try:
            with recorder.listening() if recorder is not None else contextlib.nullcontext():
                yield
        finally:
            sys.path[:], sys.dont_write_bytecode = path, writes
            for name in set(sys.modules) - modules:
                if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(self.folder)):
                    del sys.modules[name]
