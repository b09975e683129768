"""The messages that the server sends most, in the shape of the protocol and quick to write: thousands of diagnostics a second
where lsprotocol's own classes manage hundreds."""

from __future__ import annotations

from typing import Any

import msgspec


class Position(msgspec.Struct, frozen=True, gc=False):
    """Line and character, from 0, in the client's encoding."""

    line: int
    character: int


class Range(msgspec.Struct, frozen=True, gc=False):
    """From one position up to another."""

    start: Position
    end: Position


class Location(msgspec.Struct, frozen=True, gc=False):
    """A range of a document."""

    uri: str
    range: Range


class RelatedInformation(msgspec.Struct, frozen=True, gc=False):
    """Another place that a diagnostic speaks of."""

    location: Location
    message: str


class CodeDescription(msgspec.Struct, frozen=True, gc=False):
    """Where the documentation of a rule is."""

    href: str


class Data(msgspec.Struct, frozen=True, gc=False):
    """What tells a finding from the others of its rule, also where it moves."""

    finding: str


class Diagnostic(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One finding. What is None is left out."""

    range: Range
    severity: int
    code: str
    code_description: CodeDescription
    source: str
    message: str
    tags: tuple[int, ...] | None = None
    related_information: tuple[RelatedInformation, ...] | None = None
    data: Data | None = None


class _Params(msgspec.Struct, omit_defaults=True):
    uri: str
    diagnostics: msgspec.Raw
    version: int | None = None


class _Publish(msgspec.Struct):
    params: _Params
    jsonrpc: str = "2.0"
    method: str = "textDocument/publishDiagnostics"


class _Show(msgspec.Struct):
    type: int
    message: str


class _ShowMessage(msgspec.Struct):
    params: _Show
    jsonrpc: str = "2.0"
    method: str = "window/showMessage"


class _Answer(msgspec.Struct):
    id: int | str | None
    result: Any
    jsonrpc: str = "2.0"


NONE = b"[]"
"""No diagnostics."""

ERROR, WARNING, INFORMATION = 1, 2, 3
"""How a message is shown to the user."""


def encoded(diagnostics: list[Diagnostic]) -> bytes:
    """Diagnostics as JSON; equal for equal ones."""
    return msgspec.json.encode(diagnostics)


def publish(uri: str, diagnostics: bytes, version: int | None) -> bytes:
    """The notification that shows encoded diagnostics."""
    return msgspec.json.encode(_Publish(_Params(uri, msgspec.Raw(diagnostics), version)))


def show_message(kind: int, message: str) -> bytes:
    """The notification that shows the user a message."""
    return msgspec.json.encode(_ShowMessage(_Show(kind, message)))


def answer(identity: int | str | None, result: Any) -> bytes:
    """The answer to a request."""
    return msgspec.json.encode(_Answer(identity, result))
