"""Writes what fixes change: each file whole or not at all, in its own encoding, and all files of one change or none.

What is on disk has to be what was read: a file that somebody else changed meanwhile is not overwritten.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqla_lsp.fixes.fix import Change
from sqla_lsp.text.edits import apply
from sqla_lsp.text.source import SourceError, decode, encode

logger = logging.getLogger(__name__)

_PREFIX = ".sqla-lsp-"


class NotWritten(Exception):
    """A file that cannot be written, and why, as a phrase. Nothing of the change was written; or, where `left` names files, these
    could not be given back what they were."""

    def __init__(self, path: str, reason: str, left: Sequence[str] = ()) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.left = tuple(left)


@dataclass
class _Write:
    """One file that is to be written. `path` is as the project knows it, `target` where it really lies; `old` is None for a new
    one. `part` is the file beside it that takes its place."""

    path: str
    target: str
    old: bytes | None
    new: bytes
    mark: tuple[int, ...] | None
    part: str | None = field(default=None)


def write(change: Change, text_of: Callable[[str], bytes | None]) -> list[str]:
    """Writes a change; gives the paths. `text_of` gives the text of a file that the edits speak of. Raises `NotWritten`."""
    writes = [*_edited(change, text_of), *_created(change)]
    try:
        for one in writes:
            _prepare(one)
        _replace(writes)
    finally:
        for one in writes:
            _remove(one.part)
    return [one.path for one in writes]


def _edited(change: Change, text_of: Callable[[str], bytes | None]) -> Iterator[_Write]:
    for path, edits in sorted(change.edits.items()):
        target = os.path.realpath(path)
        try:
            mark = _mark(target)
            with open(target, "rb") as file:
                raw = file.read()
            source = decode(raw)
            if source.data != text_of(path):
                raise NotWritten(path, "it changed on disk since it was read")
            new = encode(source, apply(source.data, edits))
        except SourceError as error:
            raise NotWritten(path, error.reason) from error
        except OSError as error:
            raise NotWritten(path, _reason(error)) from error
        yield _Write(path, target, raw, new, mark)


def _created(change: Change) -> Iterator[_Write]:
    for new in change.creates:
        if os.path.lexists(new.path):
            raise NotWritten(new.path, "there is a file of that name already")
        yield _Write(new.path, new.path, None, new.data, None)


def _mark(path: str) -> tuple[int, ...] | None:
    """What changes when somebody writes a file; None where there is none."""
    try:
        known = os.stat(path)
    except FileNotFoundError:
        return None
    return known.st_ino, known.st_size, known.st_mtime_ns


def _prepare(one: _Write) -> None:
    """Writes the new text beside the file, with the file's own mode and owner."""
    try:
        known = os.stat(one.target) if one.old is not None else None
        if known is not None and not (known.st_mode & 0o222 and os.access(one.target, os.W_OK)):
            raise NotWritten(one.path, "it is read-only")
        handle, one.part = tempfile.mkstemp(".part", _PREFIX, os.path.dirname(one.target))
        with os.fdopen(handle, "wb") as file:
            file.write(one.new)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(one.part, stat.S_IMODE(known.st_mode) if known is not None else 0o666 & ~_umask())
        if known is not None and hasattr(os, "chown"):
            with contextlib.suppress(OSError):  # the owner may be another; the text counts
                os.chown(one.part, known.st_uid, known.st_gid)
    except OSError as error:
        raise NotWritten(one.path, _reason(error)) from error


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _replace(writes: Sequence[_Write]) -> None:
    """Puts all new files in their places, or none."""
    done: list[_Write] = []
    for one in writes:
        try:
            if _mark(one.target) != one.mark:
                raise NotWritten(one.path, "it changed on disk since it was read")
            assert one.part is not None
            os.replace(one.part, one.target)
            one.part = None
            done.append(one)
        except (OSError, NotWritten) as error:
            reason = _reason(error) if isinstance(error, OSError) else error.reason
            raise NotWritten(one.path, reason, [other.path for other in reversed(done) if not _undone(other)]) from error


def _undone(one: _Write) -> bool:
    """Whether a file was given back what it was."""
    try:
        if one.old is None:
            os.unlink(one.target)
            return True
        back = _Write(one.path, one.target, one.old, one.old, None)
        try:
            _prepare(back)
            assert back.part is not None
            os.replace(back.part, one.target)
            back.part = None
        finally:
            _remove(back.part)
    except (OSError, NotWritten) as error:
        logger.error("%s could not be given back what it was: %s", one.path, error)
        return False
    return True


def _remove(path: str | None) -> None:
    if path is not None:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
