"""What was found out about a project the last time, kept in the user's cache folder. It may be lost at any moment: a file that
is damaged, of another version or not there is the same as none, and one that cannot be written is not written."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
from pathlib import Path

from sqla_lsp import __version__

logger = logging.getLogger(__name__)

MOST_ENTRIES = 64
MOST_BYTES = 512 * 1024 * 1024
_MAGIC = b"sqla-lsp cache\n"
_DIGEST = 16
_SUFFIX, _UNFINISHED = ".cache", ".part"
_HOUR, _DAY = 3600.0, 86400.0


def _program() -> str:
    """The version of the program and the newest change of its files: what another build found out is not believed."""
    newest = count = 0
    for folder, _, files in os.walk(Path(__file__).parent.parent):
        for name in files:
            if name.endswith(".py"):
                count += 1
                newest = max(newest, os.stat(os.path.join(folder, name)).st_mtime_ns)
    return f"{__version__}/{count}/{newest}"


FORMAT = _program()
"""The version of what is kept about projects."""


def default_folder() -> Path | None:
    """The folder for this user: in XDG_CACHE_HOME where that is set, else where the system keeps caches. None where the user
    has no home."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):
        return Path(given) / "sqla-lsp"
    import platformdirs

    try:
        folder = platformdirs.user_cache_path("sqla-lsp", appauthor=False)
    except (RuntimeError, OSError):
        return None
    return folder if folder.is_absolute() else None


class Cache:
    """Entries by key, of any bytes. Each is a file that is replaced as a whole: two processes may write at once, and the last
    one wins."""

    def __init__(self, folder: Path | None, version: str) -> None:
        """`folder` None keeps nothing. `version` names everything that the meaning of entries depends on."""
        self._folder = folder
        self._version = version

    @property
    def keeps(self) -> bool:
        """Whether anything is kept at all."""
        return self._folder is not None

    def load(self, key: str) -> bytes | None:
        """What was stored under a key by the same version; None where there is nothing, or nothing whole."""
        path = self._path(key)
        if path is None:
            return None
        try:
            content = path.read_bytes()
            if time.time() - path.stat().st_mtime > _DAY:
                os.utime(path)  # what is in use is not the oldest
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.debug("the cache cannot be read: %s", error)
            return None
        header = self._header(key)
        start = len(header) + _DIGEST
        payload = content[start:]
        if not content.startswith(header) or content[len(header) : start] != _digest(payload):
            return None
        return payload

    def store(self, key: str, data: bytes) -> None:
        """Keeps bytes under a key, in place of what was there."""
        path = self._path(key)
        if path is None:
            return
        part: str | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, part = tempfile.mkstemp(_UNFINISHED, "", path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(self._header(key))
                file.write(_digest(data))
                file.write(data)
            os.replace(part, path)
            part = None
            self._expire(path.parent, path)
        except OSError as error:
            logger.debug("the cache cannot be written: %s", error)
        finally:
            _remove(part)

    def _path(self, key: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{self._name(key).hex()}{_SUFFIX}"

    def _name(self, key: str) -> bytes:
        return _digest(f"{self._version}\0{key}".encode("utf-8", "surrogatepass"))

    def _header(self, key: str) -> bytes:
        return _MAGIC + self._name(key)

    @staticmethod
    def _expire(folder: Path, just_written: Path) -> None:
        """Removes the oldest entries beyond the limits, and what a process that died left behind."""
        entries: list[tuple[float, int, str]] = []
        with os.scandir(folder) as listing:
            for entry in listing:
                if not entry.name.endswith((_SUFFIX, _UNFINISHED)) or entry.path == str(just_written):
                    continue
                try:
                    known = entry.stat(follow_symlinks=False)
                except OSError:  # another process removed it
                    continue
                if entry.name.endswith(_SUFFIX):
                    entries.append((known.st_mtime, known.st_size, entry.path))
                elif time.time() - known.st_mtime > _HOUR:
                    _remove(entry.path)
        count, total = 1, just_written.stat().st_size
        for _, size, path in sorted(entries, reverse=True):
            count, total = count + 1, total + size
            if count > MOST_ENTRIES or total > MOST_BYTES:
                _remove(path)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


def _remove(path: str | None) -> None:
    if path is None:
        return
    try:
        os.unlink(path)
    except OSError as error:
        logger.debug("the cache keeps a file that is not needed: %s", error)
