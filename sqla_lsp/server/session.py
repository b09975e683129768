"""What one client said about itself: its folders, and what it can show."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqla_lsp.server import hello
from sqla_lsp.server.documents import path_of
from sqla_lsp.text.lines import Encoding

if TYPE_CHECKING:
    from lsprotocol import types


@dataclass(frozen=True)
class Abilities:
    """What edits a client can apply: `versions` of documents, new files (`creates`), and `annotations` that a user confirms."""

    versions: bool = False
    creates: bool = False
    annotations: bool = False


@dataclass(frozen=True)
class Session:
    """`roots` are the workspace folders; `encoding` is what the client's columns count. `related` and `tags`: what it shows of a
    diagnostic beside its message; `data`: whether that comes back with a diagnostic. `resolves`: whether it asks for the edit of
    a code action when it is chosen; `edits`: which edits it can apply. `markdown`: whether it shows hovers in Markdown;
    `documents`: whether it opens a document when it is asked to; `lens_refresh` and `hint_refresh`: whether it asks again for
    lenses and inlay hints when it is told to."""

    roots: tuple[str, ...] = ()
    related: bool = False
    tags: bool = False
    data: bool = False
    resolves: bool = False
    edits: Abilities = field(default_factory=Abilities)
    encoding: Encoding = Encoding.UTF16
    markdown: bool = False
    documents: bool = False
    lens_refresh: bool = False
    hint_refresh: bool = False


def begun(params: hello.InitializeParams | types.InitializeParams) -> Session:
    """The session that a client asks for. Without a folder, projects are found from the documents that are opened."""
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    roots = dict.fromkeys(path for uri in uris if (path := path_of(uri)) is not None)
    if not uris and params.root_path and os.path.isabs(params.root_path):
        roots[os.path.normpath(params.root_path)] = None
    document = params.capabilities.text_document
    publish = document.publish_diagnostics if document else None
    edits = _abilities(params.capabilities)
    hover = document.hover if document else None
    workspace, window = params.capabilities.workspace, params.capabilities.window
    return Session(
        tuple(roots),
        bool(publish and publish.related_information),
        bool(publish and publish.tag_support),
        bool(publish and publish.data_support),
        _resolves(document.code_action if document else None) and edits.creates,
        edits,
        _encoding(params.capabilities.general),
        bool(hover and "markdown" in (hover.content_format or ())),
        bool(window and window.show_document and window.show_document.support),
        bool(workspace and workspace.code_lens and workspace.code_lens.refresh_support),
        bool(workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support),
    )


def _encoding(general: hello.General | types.GeneralClientCapabilities | None) -> Encoding:
    """The first of the client's encodings that is one of ours; without any the protocol says UTF-16."""
    wanted = (general.position_encodings if general else None) or ()
    return next((ours for theirs in wanted for ours in Encoding if theirs == ours.value), Encoding.UTF16)


def _resolves(action: hello.CodeAction | types.CodeActionClientCapabilities | None) -> bool:
    """Whether the client keeps the data of a code action and asks for its edit when it is chosen."""
    if action is None or not action.data_support or action.resolve_support is None:
        return False
    return "edit" in action.resolve_support.properties


def _abilities(capabilities: hello.Capabilities | types.ClientCapabilities) -> Abilities:
    """Which edits a client can apply. One that creates files can do so in `documentChanges` alone, whether it says so or not."""
    edit = capabilities.workspace.workspace_edit if capabilities.workspace else None
    if edit is None:
        return Abilities()
    creates = "create" in (edit.resource_operations or ())
    return Abilities(bool(edit.document_changes), creates, edit.change_annotation_support is not None)


def roots_after(roots: tuple[str, ...], event: types.WorkspaceFoldersChangeEvent) -> tuple[str, ...]:
    """The workspace folders after some came or went."""
    removed = {path_of(folder.uri) for folder in event.removed}
    added = [path for folder in event.added if (path := path_of(folder.uri)) is not None]
    return tuple(dict.fromkeys([*(root for root in roots if root not in removed), *added]))
