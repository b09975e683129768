"""What one client's session is about: its folders, its open documents, and what it can show."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from lsprotocol import types

from sqla_lsp.project import configuration
from sqla_lsp.project.cache import Cache
from sqla_lsp.project.project import Project
from sqla_lsp.rules.registry import RULES
from sqla_lsp.server.documents import Document, path_of
from sqla_lsp.server.options import Options


class Session:
    """Belongs to the event loop; `documents` and `roots` are replaced, never changed, so that any thread may read them."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.roots: tuple[str, ...] = ()
        self.abilities: dict[str, bool] = {}
        self._resolver: configuration.Resolver | None = None
        self._told: frozenset[str] = frozenset()
        self._revisions: Callable[[], list[str]] = list

    def start(self, params: types.InitializeParams) -> None:
        """Takes over folders and capabilities. Without a folder the project is found from the documents that are opened."""
        folders = [folder.uri for folder in params.workspace_folders or ()]
        if not folders and params.root_uri:
            folders = [params.root_uri]
        self.roots = tuple(path for uri in folders if (path := path_of(uri)) is not None)
        publish = params.capabilities.text_document and params.capabilities.text_document.publish_diagnostics
        self.abilities = {
            "related": bool(publish and publish.related_information),
            "tags": bool(publish and publish.tag_support),
        }

    def folders_changed(self, event: types.WorkspaceFoldersChangeEvent) -> None:
        """Workspace folders came or went."""
        removed = {path_of(folder.uri) for folder in event.removed}
        added = [path for folder in event.added if (path := path_of(folder.uri)) is not None]
        kept = [root for root in self.roots if root not in removed]
        self.roots = tuple(dict.fromkeys([*kept, *added]))

    def opened(self, document: Document) -> None:
        """A document was opened or changed."""
        self.documents = {**self.documents, document.path: document}

    def closed(self, document: Document) -> None:
        """A document was closed."""
        self.documents = {path: known for path, known in self.documents.items() if path != document.path}

    def uri_of(self, path: str) -> str:
        """The URI that the client uses for a path."""
        document = self.documents.get(path)
        return document.uri if document is not None else Path(path).as_uri()

    def outside(self, path: str) -> bool:
        """Whether a document belongs to none of the folders."""
        return not any(path == root or path.startswith(root.rstrip(os.sep) + os.sep) for root in self.roots)
