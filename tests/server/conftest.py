"""Servers for the tests: one for a whole module where tests can share it, or as many as a test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.client import Client, Message


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace folder of the shared server."""
    return tmp_path_factory.mktemp("workspace").resolve()


@pytest.fixture(scope="module")
def server(root: Path, cache: None) -> Iterator[Client]:
    """A server that the tests of a module share; it must end well."""
    client = Client()
    try:
        client.initialize(root)
        yield client
        assert client.shutdown() == 0, client.errors.decode()
    finally:
        client.kill()


@pytest.fixture
def folder(root: Path) -> Path:
    """A folder of one test in the workspace."""
    path = root / f"folder_{len(list(root.iterdir()))}"
    path.mkdir()
    return path


class Servers:
    """Starts servers, and always one more than is asked for: it imports its modules while a test waits for another one."""

    def __init__(self) -> None:
        self._spare: Client | None = None

    def take(self) -> Client:
        """A server that nobody has spoken to."""
        taken, self._spare = self._spare or Client(), Client()
        return taken

    def end(self) -> None:
        """Ends the one that is left."""
        if self._spare is not None:
            self._spare.kill()


@pytest.fixture(scope="session")
def servers(cache: None) -> Iterator[Servers]:
    """All servers of one's own that tests start."""
    servers = Servers()
    yield servers
    servers.end()


@pytest.fixture
def start(servers: Servers) -> Iterator[Callable[..., Client]]:
    """Starts servers of one test's own: `start(root, capabilities, **initialize)`; `start()` initializes nothing."""
    clients: list[Client] = []

    def started(root: Path | None = None, capabilities: Message | None = None, **more: Any) -> Client:
        own = {name: more.pop(name) for name in ("cwd", "environment") if name in more}
        client = Client(**own) if own else servers.take()
        clients.append(client)
        if root is not None or more:
            client.initialize(root, capabilities, **more)
        return client

    yield started
    for client in clients:
        client.kill()
