"""The life cycle of the protocol, where pygls is more lenient than the specification, and documents of our own.

A request before `initialize` or after `shutdown` gets an error, a message that cannot be read gets an error and costs nothing
else, and the exit code tells whether `shutdown` came before `exit`. pygls's own copies of documents are switched off: they count
lines as `str.splitlines` does, which editors do not (see `documents`).
"""

from __future__ import annotations

import logging
import os
from typing import Any, Literal

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.language_server import lsp_method

logger = logging.getLogger(__name__)

_SERVER_NOT_INITIALIZED = -32002
_INVALID_REQUEST = -32600
_INVALID_PARAMS = -32602
_PARSE_ERROR = -32700


class Unreadable:
    """Stands for a message that could not be read and was already answered."""


class Protocol(LanguageServerProtocol):
    """`LanguageServerProtocol` with the life cycle of the specification. `exit_code` is what the process ends with."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._phase: Literal["new", "running", "shut down"] = "new"

    @property
    def exit_code(self) -> int:
        """0 after `shutdown`, 1 where the client left without it."""
        return 0 if self._phase == "shut down" else 1

    @property
    def running(self) -> bool:
        """Whether anything may still be sent of our own accord."""
        return self._phase == "running"

    def structure_message(self, data: dict[str, Any]) -> Any:
        """The message as an object of lsprotocol; a request that is none is answered with an error here."""
        if "jsonrpc" not in data:
            return data
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "method" in data and "id" in data:
                self.refuse(data["id"], _INVALID_PARAMS, f"the parameters of {data['method']} are not what the protocol says")
            else:
                logger.warning("a message could not be read: %s", error)
            return Unreadable()

    def handle_message(self, message: Any) -> None:
        """Passes a message on where the life cycle allows it."""
        if isinstance(message, Unreadable):
            return
        method = getattr(message, "method", None)
        identity = getattr(message, "id", None)
        if method is None:
            if isinstance(message, dict | list) or not hasattr(message, "jsonrpc"):
                self.refuse(None, _INVALID_REQUEST, "a message is one JSON-RPC object")
                return
            super().handle_message(message)
        elif method == types.EXIT:
            super().handle_message(message)
        elif self._phase == "new" and method != types.INITIALIZE:
            if identity is not None:
                self.refuse(identity, _SERVER_NOT_INITIALIZED, f"{method} came before initialize")
        elif self._phase == "running" and method == types.INITIALIZE:
            self.refuse(identity, _INVALID_REQUEST, "initialize came a second time")
        elif self._phase == "shut down":
            if identity is not None:
                self.refuse(identity, _INVALID_REQUEST, f"{method} came after shutdown")
        else:
            if method == types.INITIALIZE:
                self._phase = "running"
            super().handle_message(message)
            if method == types.SHUTDOWN:
                self._phase = "shut down"

    def refuse(self, identity: int | str | None, code: int, message: str) -> None:
        """Answers a request with an error."""
        error = {"code": code, "message": message}
        self._send_data({"jsonrpc": self.VERSION, "id": identity, "error": error})

    def parse_error(self) -> None:
        """Answers a body that is no JSON."""
        self.refuse(None, _PARSE_ERROR, "the body of the message is not JSON in UTF-8")

    def _send_data(self, data: Any) -> None:
        """Sends, unless the client is gone."""
        try:
            super()._send_data(data)
        except (BrokenPipeError, ConnectionError, ValueError):
            logger.info("the client has gone")
            os._exit(self.exit_code)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Any:
        yield from self._pass_on(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Any:
        yield from self._pass_on(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Any:
        yield from self._pass_on(types.TEXT_DOCUMENT_DID_CLOSE, params)

    def _pass_on(self, method: str, params: Any) -> Any:
        handler = self.fm.features.get(method)
        if handler is not None:
            yield handler, (params,), None
