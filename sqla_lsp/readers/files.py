"""What one Python file declares: a revision, comments for us, partitioned tables. Most files declare nothing,
which plain searches of their bytes tell before anything is parsed."""

from __future__ import annotations

import msgspec

from sqla_lsp.readers.partitions import OPTION, partitioned_tables
from sqla_lsp.readers.revisions import Revision, read_revision
from sqla_lsp.schema.names import TableName
from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import LoadedModule, Modules, NoModules
from sqla_lsp.syntax.lower import lower
from sqla_lsp.text.ignores import Ignore, parse
from sqla_lsp.text.source import SourceError, decode

LONGEST = 4_000_000
"""Longer files are not read: no hand writes them."""


class FileFacts(msgspec.Struct, frozen=True, array_like=True):
    """What a file declares. `error` is why it could not be read, "" where it could."""

    revision: Revision | None = None
    ignores: tuple[Ignore, ...] = ()
    partitioned: tuple[TableName, ...] = ()
    error: str = ""


NOTHING = FileFacts()


def declares(raw: bytes) -> bool:
    """Whether a file may declare anything that matters to us. `raw` is as it is on disk."""
    if b"\0" in raw[:64] and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return False
    return is_revision(raw) or OPTION.encode() in raw or b"sqla-lsp" in raw


def is_revision(raw: bytes) -> bool:
    """Whether a file looks like an Alembic revision."""
    return b"down_revision" in raw


def read_file(path: str, raw: bytes, modules: Modules) -> tuple[FileFacts, Revision | None]:
    """The facts of a file, and the revision where it was read together with modules of the project: then it is none of the file's
    own facts. It never raises for what is in the file."""
    if not declares(raw):
        return NOTHING, None
    if len(raw) > LONGEST:
        return FileFacts(error=f"it is longer than {LONGEST // 1_000_000} MB"), None
    try:
        data = decode(raw).data
    except SourceError as error:
        return FileFacts(error=error.reason), None
    return read_code(path, data, lower(data), modules)


def read_code(path: str, data: bytes, module: code.Module, modules: Modules) -> tuple[FileFacts, Revision | None]:
    """As `read_file`, of code."""
    loaded = LoadedModule(path, "", module)
    revision = read_revision(loaded, modules) if is_revision(data) else None
    partitioned = partitioned_tables(loaded, NoModules()) if revision is None and OPTION.encode() in data else ()
    ignores = read_ignores(data, module)
    if revision is not None and revision.read:
        return FileFacts(None, ignores, partitioned), revision
    return FileFacts(revision, ignores, partitioned), None


def read_ignores(data: bytes, module: code.Module) -> tuple[Ignore, ...]:
    """The comments that silence rules."""
    found = [
        parse(data[comment.start : comment.end].decode("utf-8", "replace"), comment.start, comment.own_line)
        for comment in module.comments
    ]
    return tuple([ignore for ignore in found if ignore is not None])
