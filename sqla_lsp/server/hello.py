"""The messages that a session begins with, as far as they matter before lsprotocol is imported: its own classes take longer to
import than a project takes to be read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec


class _Part(msgspec.Struct, rename="camel"):
    """What is not named here is passed over."""


class WorkspaceFolder(_Part):
    """One folder of the workspace."""

    uri: str
    name: str


class General(_Part):
    """What concerns all messages."""

    position_encodings: list[str] | None = None


class ResolveSupport(_Part):
    """What the client asks for when an action is chosen."""

    properties: list[str]


class CodeAction(_Part):
    """What the client can do with code actions."""

    data_support: bool | None = None
    resolve_support: ResolveSupport | None = None


class PublishDiagnostics(_Part):
    """What the client shows of a diagnostic."""

    related_information: bool | None = None
    tag_support: dict[str, Any] | None = None
    data_support: bool | None = None


class Hover(_Part):
    """What hovers the client can show."""

    content_format: list[str] | None = None


class TextDocument(_Part):
    """What the client can do in documents."""

    publish_diagnostics: PublishDiagnostics | None = None
    code_action: CodeAction | None = None
    hover: Hover | None = None


class WorkspaceEdit(_Part):
    """Which edits the client can apply."""

    document_changes: bool | None = None
    resource_operations: list[str] | None = None
    change_annotation_support: dict[str, Any] | None = None


class Refresh(_Part):
    """Whether the client asks again when it is told to."""

    refresh_support: bool | None = None


class Workspace(_Part):
    """What the client can do with the workspace."""

    workspace_edit: WorkspaceEdit | None = None
    code_lens: Refresh | None = None
    inlay_hint: Refresh | None = None


class ShowDocument(_Part):
    """Whether the client opens a document when it is asked to."""

    support: bool


class Window(_Part):
    """What the client can do with its window."""

    show_document: ShowDocument | None = None


class Capabilities(_Part):
    """What the client can do."""

    general: General | None = None
    text_document: TextDocument | None = None
    workspace: Workspace | None = None
    window: Window | None = None


class InitializeParams(_Part):
    """What the client says of itself."""

    capabilities: Capabilities
    workspace_folders: list[WorkspaceFolder] | None = None
    root_uri: str | None = None
    root_path: str | None = None
    initialization_options: Any = None


class TextDocumentItem(_Part):
    """A document as it is opened."""

    uri: str
    language_id: str
    version: Annotated[int, msgspec.Meta(gt=-(2**31), lt=2**31)]
    text: str


class DidOpenParams(_Part):
    """The document that was opened."""

    text_document: TextDocumentItem


class Message(msgspec.Struct):
    """A request or a notification of JSON-RPC."""

    jsonrpc: Literal["2.0"]
    method: str
    params: msgspec.Raw = msgspec.Raw(b"null")
    id: int | str | None = None
