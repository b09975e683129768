"""What one Python file declares: a revision, models, queries, comments for us. Most files declare nothing, which plain searches
of their bytes tell before anything is parsed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import msgspec

from sqla_lsp.readers.models import KnownModels, is_models, read_models
from sqla_lsp.readers.queries import has_queries, read_names, read_queries
from sqla_lsp.readers.revisions import Revision, read_revision
from sqla_lsp.schema.models import Models
from sqla_lsp.schema.modules import ModuleNames
from sqla_lsp.schema.queries import QueryBlock
from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import LoadedModule, Modules
from sqla_lsp.syntax.lower import lower
from sqla_lsp.text.ignores import Ignore, parse
from sqla_lsp.text.source import SourceError, decode

logger = logging.getLogger(__name__)

LONGEST = 4_000_000
"""Longer files are not read: no hand writes them."""

T = TypeVar("T")


class FileFacts(msgspec.Struct, frozen=True, array_like=True):
    """What a file declares. `names` are what its top level binds, where it has queries (of others they are read on demand).
    `error` is why it could not be read, "" where it could."""

    revision: Revision | None = None
    models: Models | None = None
    queries: tuple[QueryBlock, ...] = ()
    names: ModuleNames | None = None
    ignores: tuple[Ignore, ...] = ()
    error: str = ""


class Linked(msgspec.Struct, frozen=True, array_like=True):
    """What a file declares together with modules of the project: a revision or models."""

    revision: Revision | None = None
    models: Models | None = None

    @property
    def read(self) -> tuple[str, ...]:
        """The modules of the project that it was read with."""
        one = self.revision or self.models
        return one.read if one is not None else ()


NOTHING = FileFacts()


class Declares(msgspec.Struct, frozen=True):
    """What a file may declare, told from its bytes."""

    revision: bool = False
    models: bool = False
    queries: bool = False
    comments: bool = False

    def __bool__(self) -> bool:
        return self.revision or self.models or self.queries or self.comments


def declares(raw: bytes, queries: bool = True) -> Declares:
    """What a file may declare that matters to us. `raw` is as it is on disk; `queries` says whether its queries count."""
    if b"\0" in raw[:64] and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return Declares()
    says_sql = b"sql" in raw  # one search instead of three for most files
    comments = says_sql and b"sqla-lsp" in raw
    if b"down_revision" in raw:
        return Declares(revision=True, comments=comments)
    library = says_sql and (b"sqlalchemy" in raw or b"sqlmodel" in raw)
    has = queries and has_queries(raw, names_library=library)
    return Declares(False, is_models(raw, names_library=library), has, comments)


def read_file(path: str, raw: bytes, modules: Modules, queries: bool = True) -> tuple[FileFacts, Linked | None]:
    """The facts of a file, and what it declares together with modules of the project: that is none of the file's own facts. It
    never raises for what is in the file."""
    may = declares(raw, queries)
    if not may:
        return NOTHING, None
    if len(raw) > LONGEST:
        return FileFacts(error=f"it is longer than {LONGEST // 1_000_000} MB"), None
    try:
        data = decode(raw).data
    except SourceError as error:
        return FileFacts(error=error.reason), None
    module = lower(data) if may.revision or may.comments else None
    loaded = LoadedModule(path, "", module, data=data)
    nothing: tuple[QueryBlock, ...] = ()
    blocks = _carefully(path, lambda: read_queries(data), nothing) if may.queries else nothing
    return read_code(loaded, data, may, modules, blocks, module.comments if module is not None else ())


def read_code(
    loaded: LoadedModule,
    data: bytes,
    may: Declares,
    modules: Modules,
    blocks: tuple[QueryBlock, ...],
    comments: tuple[code.Comment, ...],
    known: KnownModels | None = None,
) -> tuple[FileFacts, Linked | None]:
    """As `read_file`, of a text whose queries were read. `known` are the models of the versions before."""
    path = loaded.name
    revision = read_revision(loaded, modules) if may.revision else None
    models = _carefully(path, lambda: read_models(loaded, modules, known), None) if may.models and revision is None else None
    names = _carefully(path, lambda: read_names(data), None) if blocks else None
    ignores = read_ignores(data, comments)
    linked = Linked(revision, models)
    if linked.read:
        return FileFacts(None, None, blocks, names, ignores), linked
    return FileFacts(revision, models, blocks, names, ignores), None


def _carefully(path: str, read: Callable[[], T], otherwise: T) -> T:
    """What cannot be read costs itself alone."""
    try:
        return read()
    except Exception:
        logger.exception("%s could not be read in full", path)
        return otherwise


def read_ignores(data: bytes, comments: tuple[code.Comment, ...]) -> tuple[Ignore, ...]:
    """The comments that silence rules."""
    found = [
        parse(data[comment.start : comment.end].decode("utf-8", "replace"), comment.start, comment.own_line)
        for comment in comments
    ]
    return tuple([ignore for ignore in found if ignore is not None])
