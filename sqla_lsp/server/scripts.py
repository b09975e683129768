"""Scripts of SQL as files that an editor can open: in the user's cache folder, read-only, replaced when asked for again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from pathlib import Path

from sqla_lsp.project.cache import default_folder

_NO_NAME = re.compile(r"[^\w.-]+")
_LONGEST = 50
"""So many characters of a revision's id are in the name of a file, in whatever encoding file systems count."""


def written(migration: str, revision: str, direction: str, text: str) -> Path:
    """Writes the script of one function of a migration, a file's path; gives where. Raises OSError."""
    folder = (default_folder() or Path(tempfile.gettempdir()) / "sqla-lsp") / "sql"
    folder /= hashlib.blake2b(migration.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{_NO_NAME.sub('_', revision)[:_LONGEST]}.{direction}.sql"
    handle, part = tempfile.mkstemp(".part", "", folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
        if os.name == "nt":
            with contextlib.suppress(FileNotFoundError):
                path.chmod(0o600)  # nothing takes the place of a read-only file there
        Path(part).chmod(0o400)
        os.replace(part, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
    return path
