"""A client that says to the server whatever a test wants, also what no editor would: bytes, wrong order, wrong versions."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from sqla_lsp.server.streams import messages

Message = dict[str, Any]
PUBLISH = "textDocument/publishDiagnostics"


class Client:
    """One server process over standard input and output. `messages` holds everything that it ever said, in order;
    `refuses` are the methods of requests that are answered with an error, `results` what others are answered with."""

    def __init__(
        self,
        command: Sequence[str] = (sys.executable, "-m", "sqla_lsp.cli.main", "server"),
        cwd: Path | None = None,
        environment: dict[str, str] | None = None,
        streams: tuple[IO[bytes], IO[bytes]] | None = None,
    ) -> None:
        """Starts a server; or speaks over `streams`, to read from and to write to, with one that runs already."""
        self.errors = bytearray()
        if streams is None:
            pipe = subprocess.PIPE
            variables = {**os.environ, **(environment or {})}
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=cwd, env=variables, bufsize=0)
            assert self.process.stdin
            assert self.process.stdout
            streams = (self.process.stdout, self.process.stdin)
            threading.Thread(target=self._read_errors, daemon=True).start()
        self._input, self._output = streams
        self.messages: list[Message] = []
        self.refuses: set[str] = set()
        self.results: dict[str, Any] = {}
        self._arrived: queue.Queue[Message] = queue.Queue()
        self._next = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # ------------------------------------------------------------------------------------------------ speaking

    def raw(self, body: bytes) -> None:
        """Sends a body as it is, under the right header."""
        self.push(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def push(self, data: bytes) -> None:
        """Sends bytes as they are."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._output.write(rest) :]
        self._output.flush()

    def send(self, message: Message) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def request(self, method: str, params: Any = None, timeout: float = 20) -> Message:
        """Sends a request and waits for its answer."""
        self._next += 1
        identity = self._next
        self.send({"id": identity, "method": method, "params": params})
        return self.wait(lambda m: m.get("id") == identity and "method" not in m, timeout)

    # ----------------------------------------------------------------------------------------------- listening

    def wait(self, wanted: Callable[[Message], bool], timeout: float = 20) -> Message:
        """The next message that `wanted` accepts; requests of the server are answered on the way."""
        deadline = time.monotonic() + timeout
        while True:
            ended = not self._reader.is_alive()
            try:
                message = self._arrived.get(timeout=0.001 if ended else 0.1)
            except queue.Empty:
                if ended or time.monotonic() > deadline:
                    when = "before the end" if ended else f"in {timeout} s"
                    raise AssertionError(f"nothing such came {when}; stderr: {self.errors.decode()[-4000:]}") from None
                continue
            self._answer(message)
            if wanted(message):
                return message

    def _answer(self, message: Message) -> None:
        if "id" in message and "method" in message:
            refused = message["method"] in self.refuses
            result = {"result": self.results.get(message["method"])}
            answer = {"error": {"code": -32601, "message": "no"}} if refused else result
            self.send({"id": message["id"], **answer})

    def diagnostics(self, uri: str, timeout: float = 20, version: int | None = None) -> list[Message]:
        """The next diagnostics of a document (of a version)."""

        def wanted(message: Message) -> bool:
            params = message.get("params") or {}
            return (
                message.get("method") == PUBLISH
                and params["uri"] == uri
                and (version is None or params.get("version") == version)
            )

        found: list[Message] = self.wait(wanted, timeout)["params"]["diagnostics"]
        return found

    def silence(self, seconds: float = 0.5) -> list[Message]:
        """Everything that comes within some time."""
        found = []
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = self._arrived.get(timeout=left)
            except queue.Empty:
                break
            self._answer(message)
            found.append(message)
        return found

    def published(self, uri: str, seconds: float = 0.3) -> list[Message]:
        """What is published for a document within some time."""
        said = [message["params"] for message in self.silence(seconds) if message.get("method") == PUBLISH]
        return [params for params in said if params["uri"] == uri]

    def codes(self, uri: str, version: int | None = None) -> list[str]:
        """The rules of the next diagnostics of a document."""
        return [diagnostic["code"] for diagnostic in self.diagnostics(uri, version=version)]

    def until(self, uri: str, *codes: str) -> None:
        """Waits for diagnostics of a document that are of just these rules; others may come before them."""

        def wanted(message: Message) -> bool:
            params = message.get("params") or {}
            is_ours = message.get("method") == PUBLISH and params["uri"] == uri
            return is_ours and sorted(found["code"] for found in params["diagnostics"]) == sorted(codes)

        self.wait(wanted)

    def told(self, *words: str) -> str:
        """The next message for the user that has all these words."""

        def wanted(message: Message) -> bool:
            return message.get("method") == "window/showMessage" and all(word in message["params"]["message"] for word in words)

        text: str = self.wait(wanted)["params"]["message"]
        return text

    # ---------------------------------------------------------------------------------------------- life cycle

    def initialize(self, root: Path | None, capabilities: Message | None = None, **more: Any) -> Message:
        """`initialize` and `initialized`."""
        uri = root.as_uri() if root else None
        folders = [{"uri": uri, "name": "root"}] if uri else None
        params = {"processId": None, "rootUri": uri, "workspaceFolders": folders, "capabilities": capabilities or {}, **more}
        answer = self.request("initialize", params)
        self.notify("initialized", {})
        return answer

    def open(self, path: Path, text: str | None = None, version: int = 1) -> str:
        """Opens a document; gives its URI."""
        uri = path.as_uri()
        content = path.read_text() if text is None else text
        item = {"uri": uri, "languageId": "python", "version": version, "text": content}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def change(self, uri: str, version: int, *changes: Message) -> None:
        self.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)})

    def save(self, uri: str) -> None:
        self.notify("textDocument/didSave", {"textDocument": {"uri": uri}})

    def close(self, uri: str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def watched(self, *paths: Path) -> None:
        """Tells that files changed on disk."""
        self.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": path.as_uri(), "type": 2} for path in paths]})

    def shutdown(self) -> int:
        """`shutdown`, `exit`, and the exit code."""
        assert self.request("shutdown").get("result", 0) is None
        return self.exit()

    def exit(self) -> int:
        self.notify("exit", None)
        return self.process.wait(timeout=10)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # a test closed it
            for body in messages(self._input.read):
                message = json.loads(body)
                self.messages.append(message)
                self._arrived.put(message)

    def _read_errors(self) -> None:
        assert self.process.stderr
        while more := self.process.stderr.read(65536):
            self.errors += more
