"""A file that is open in an editor: its newest text, with everything kept that makes the next version cheap."""

from __future__ import annotations

import logging

from tree_sitter import Tree

from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.readers.files import Declares, FileFacts, Linked, declares, read_code
from sqla_lsp.readers.models import KnownModels
from sqla_lsp.readers.queries import read_queries
from sqla_lsp.readers.revisions import Revision
from sqla_lsp.schema.models import Models
from sqla_lsp.schema.queries import QueryBlock
from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import LoadedModule
from sqla_lsp.syntax.lower import lower
from sqla_lsp.syntax.tree import edit, parse

logger = logging.getLogger(__name__)


class OpenDocument:
    """`data` is UTF-8; `queries` says whether its queries count. What does not parse keeps what was last known of it."""

    def __init__(self, path: str, data: bytes, modules: ProjectModules, queries: bool) -> None:
        self.path = path
        self.data = data
        self.facts = FileFacts()
        self.linked: Linked | None = None
        self._queries = queries
        self._may = Declares()
        self._tree: Tree | None = None
        self._code: code.Module | None = None
        self._blocks: tuple[QueryBlock, ...] = ()
        self._known = KnownModels()
        self._parse(None)
        self._understand(modules)

    @property
    def revision(self) -> Revision | None:
        """The revision, read as well as it can be."""
        return (self.linked or self.facts).revision

    @property
    def parsed(self) -> code.Module | None:
        """The code, that of broken blocks as it last was; None where nothing needs it."""
        return self._code

    @property
    def models(self) -> Models | None:
        """The models, read as well as they can be."""
        return (self.linked or self.facts).models

    def update(self, data: bytes, modules: ProjectModules) -> None:
        """Takes over a new text."""
        old, self.data = self.data, data
        self._parse(old)
        self._understand(modules)

    def link(self, modules: ProjectModules) -> None:
        """Reads the file again: a module of the project changed."""
        self._known = KnownModels()
        self._understand(modules)

    def _parse(self, old: bytes | None) -> None:
        may = self._may = declares(self.data, self._queries)
        if may.queries or self._blocks:
            self._read_queries(old)
        if not (may.revision or may.models or may.comments) and self._code is None:
            return
        if old is None or self._tree is None or self._code is None:
            self._tree = parse(self.data)
            self._code = lower(self.data, self._tree)
        else:
            self._tree = edit(self._tree, old, self.data)
            self._code = lower(self.data, self._tree, (old, self._code))

    def _read_queries(self, old: bytes | None) -> None:
        try:
            self._blocks = read_queries(self.data, None if old is None else (old, self._blocks))
        except Exception:
            logger.exception("the queries of %s could not be read", self.path)

    def _understand(self, modules: ProjectModules) -> None:
        if self._code is None and not self._blocks:
            self.facts, self.linked = FileFacts(), None
            return
        loaded = LoadedModule(self.path, "", self._code, data=self.data)
        comments = self._code.comments if self._code is not None else ()
        try:
            self.facts, self.linked = read_code(loaded, self.data, self._may, modules, self._blocks, comments, self._known)
        except Exception:
            logger.exception("%s could not be read", self.path)
