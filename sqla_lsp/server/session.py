"""What one client said about itself: its folders, and what it can show."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lsprotocol import types

from sqla_lsp.server.documents import path_of


@dataclass(frozen=True)
class Session:
    """`roots` are the workspace folders. `related` and `tags`: what it shows of a diagnostic beside its message."""

    roots: tuple[str, ...] = ()
    related: bool = False
    tags: bool = False


def begun(params: types.InitializeParams) -> Session:
    """The session that a client asks for. Without a folder, projects are found from the documents that are opened."""
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    roots = dict.fromkeys(path for uri in uris if (path := path_of(uri)) is not None)
    if not uris and params.root_path and os.path.isabs(params.root_path):
        roots[os.path.normpath(params.root_path)] = None
    document = params.capabilities.text_document
    publish = document.publish_diagnostics if document else None
    return Session(tuple(roots), bool(publish and publish.related_information), bool(publish and publish.tag_support))


def roots_after(roots: tuple[str, ...], event: types.WorkspaceFoldersChangeEvent) -> tuple[str, ...]:
    """The workspace folders after some came or went."""
    removed = {path_of(folder.uri) for folder in event.removed}
    added = [path for folder in event.added if (path := path_of(folder.uri)) is not None]
    return tuple(dict.fromkeys([*(root for root in roots if root not in removed), *added]))
