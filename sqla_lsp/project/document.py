"""A file that is open in an editor: its newest text, with everything kept that makes the next version cheap."""

from __future__ import annotations

import logging

from tree_sitter import Tree

from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.readers.files import FileFacts, declares, read_code
from sqla_lsp.readers.revisions import Revision
from sqla_lsp.syntax import code
from sqla_lsp.syntax.lower import lower
from sqla_lsp.syntax.tree import edit, parse

logger = logging.getLogger(__name__)


class OpenDocument:
    """`data` is UTF-8. What does not parse keeps what was last known of it."""

    def __init__(self, path: str, data: bytes, modules: ProjectModules) -> None:
        self.path = path
        self.data = data
        self.facts = FileFacts()
        self.linked: Revision | None = None
        self._tree: Tree | None = None
        self._code: code.Module | None = None
        self._parse(None)
        self._understand(modules)

    @property
    def revision(self) -> Revision | None:
        """The revision, read as well as it can be."""
        return self.linked or self.facts.revision

    def update(self, data: bytes, modules: ProjectModules) -> None:
        """Takes over a new text."""
        old, self.data = self.data, data
        self._parse(old)
        self._understand(modules)

    def link(self, modules: ProjectModules) -> None:
        """Reads the revision again: a module of the project changed."""
        self._understand(modules)

    def _parse(self, old: bytes | None) -> None:
        if not declares(self.data) and self._code is None:
            return
        if old is None or self._tree is None or self._code is None:
            self._tree = parse(self.data)
            self._code = lower(self.data, self._tree)
        else:
            self._tree = edit(self._tree, old, self.data)
            self._code = lower(self.data, self._tree, (old, self._code))

    def _understand(self, modules: ProjectModules) -> None:
        if self._code is None:
            return
        try:
            self.facts, self.linked = read_code(self.path, self.data, self._code, modules)
        except Exception:
            logger.exception("%s could not be read", self.path)
