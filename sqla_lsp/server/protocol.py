"""The life cycle of the protocol, where pygls is more lenient than the specification, and documents of our own.

A request before `initialize` or after `shutdown` gets an error, a message that cannot be read gets an error and costs nothing
else, and the exit code tells whether `shutdown` came before `exit`. pygls's own copies of documents are switched off: they count
lines as `str.splitlines` does, which editors do not (see `documents`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Literal

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.language_server import lsp_method

from sqla_lsp.server.documents import NO_VERSION

logger = logging.getLogger(__name__)

_SERVER_NOT_INITIALIZED = -32002
_INVALID_REQUEST = -32600
_INVALID_PARAMS = -32602
_PARSE_ERROR = -32700


class Protocol(LanguageServerProtocol):
    """`LanguageServerProtocol` with the life cycle of the specification. `exit_code` is what the process ends with, `leave`
    is called when the client says `exit`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._phase: Literal["new", "running", "shut down"] = "new"
        super().__init__(*arguments, **options)
        self.leave: Callable[[], None] = lambda: None
        self._is_resumed = False

    @property
    def exit_code(self) -> int:
        """0 after `shutdown`, 1 where the client left without it."""
        return 0 if self._phase == "shut down" else 1

    def resume(self, initialize: bytes) -> None:
        """Takes over a session whose `initialize` was answered already. What that says of the client is lost where it is not what
        the protocol says."""
        message = json.loads(initialize)
        self._is_resumed, self._phase = True, "running"
        try:
            structured = super().structure_message(message)
        except JsonRpcException as error:
            logger.warning("the parameters of initialize could not be read: %s", error)
            nothing: Any = {"processId": None, "rootUri": None, "capabilities": {}}
            structured = super().structure_message({**message, "params": nothing})
        super().handle_message(structured)

    # ---------------------------------------------------------------------------------------------- receiving

    def receive(self, body: bytes) -> None:
        """Handles the body of one message, whatever it is."""
        try:
            message = _parsed(body)
        except (ValueError, RecursionError) as error:
            logger.warning("a message is not JSON: %s", error)
            self.refuse(None, _PARSE_ERROR, "the body of the message is not JSON")
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            self.refuse(None, _INVALID_REQUEST, "a message is one JSON-RPC 2.0 object")
            return
        try:
            if "method" in message:
                self._receive(message["method"], message)
            else:
                self._answered(message)
        except Exception:
            logger.exception("a message could not be handled")

    def _answered(self, message: dict[str, Any]) -> None:
        """The answer to a request of ours. One that cannot be read counts as an error: somebody waits for it."""
        try:
            answer = super().structure_message(message)
        except JsonRpcException:
            error = types.ResponseError(_INVALID_PARAMS, "the answer is not what the protocol says")
            answer = types.ResponseErrorMessage(message.get("id"), error)
        super().handle_message(answer)

    def _receive(self, method: Any, message: dict[str, Any]) -> None:
        """A request or notification, where the life cycle allows it."""
        identity = message.get("id")
        if method == types.EXIT:
            self.leave()
        elif self._phase == "new" and method != types.INITIALIZE:
            self._forbid(identity, _SERVER_NOT_INITIALIZED, f"{method} came before initialize")
        elif self._phase == "running" and method == types.INITIALIZE:
            self._forbid(identity, _INVALID_REQUEST, "initialize came a second time")
        elif self._phase == "shut down":
            self._forbid(identity, _INVALID_REQUEST, f"{method} came after shutdown")
        else:
            self._handle(method, identity, message)

    def _handle(self, method: Any, identity: Any, message: dict[str, Any]) -> None:
        try:
            structured = super().structure_message(_versioned(message))
        except JsonRpcException as error:
            logger.warning("%s could not be read: %s", method, error)
            self._forbid(identity, _INVALID_PARAMS, f"the parameters of {method} are not what the protocol says")
            return
        if method == types.INITIALIZE:
            self._phase = "running"
        super().handle_message(structured)
        if method == types.SHUTDOWN:
            self._phase = "shut down"

    def _forbid(self, identity: Any, code: int, message: str) -> None:
        """Answers a request with an error; a notification gets no answer."""
        if identity is not None:
            self.refuse(identity, code, message)

    def refuse(self, identity: Any, code: int, message: str) -> None:
        """Answers with an error."""
        self._send_data({"jsonrpc": self.VERSION, "id": identity, "error": {"code": code, "message": message}})

    # ------------------------------------------------------------------------------------------------ sending

    def send_body(self, body: bytes) -> None:
        """Sends a message that is encoded already."""
        if self.writer is not None:
            self.writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def _send_data(self, data: Any) -> None:
        if self._is_resumed and isinstance(getattr(data, "result", None), types.InitializeResult):
            return  # the client has it already
        self.send_body(json.dumps(data, default=self._serialize_message).encode())

    # ---------------------------------------------------------------------------------------------- documents

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Any:
        """Passes on to our own handler."""
        yield from self._pass_on(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Any:
        """Passes on to our own handler."""
        yield from self._pass_on(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Any:
        """Passes on to our own handler."""
        yield from self._pass_on(types.TEXT_DOCUMENT_DID_CLOSE, params)

    def _pass_on(self, method: str, params: Any) -> Any:
        handler = self.fm.features.get(method)
        if handler is not None:
            yield handler, (params,), None


def _parsed(body: bytes) -> Any:
    """The body as JSON. Bytes that are not UTF-8 are replaced: a message that is lost would cost more, for all changes of a
    document build on each other."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        logger.warning("a message is not UTF-8: %s", error)
        text = body.decode("utf-8", "replace")
    return json.loads(text)


def _versioned(message: dict[str, Any]) -> dict[str, Any]:
    """The message with a version of its document that can be read, where the client's cannot: its text counts all the same."""
    params = message.get("params")
    document = params.get("textDocument") if isinstance(params, dict) else None
    if message["method"] not in (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE) or not isinstance(document, dict):
        return message
    version = document.get("version")
    if isinstance(version, int) and -(2**31) < version < 2**31:
        return message
    return {**message, "params": {**params, "textDocument": {**document, "version": NO_VERSION}}}  # type: ignore[dict-item]
