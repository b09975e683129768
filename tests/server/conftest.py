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


@pytest.fixture
def start() -> Iterator[Callable[..., Client]]:
    """Starts servers of one test's own; `start(root, capabilities, **initialize)`, or `start()` for one that is not initialized."""
    clients: list[Client] = []

    def started(root: Path | None = None, capabilities: Message | None = None, **more: Any) -> Client:
        client = Client(cwd=more.pop("cwd", None), environment=more.pop("environment", None))
        clients.append(client)
        if root is not None or more:
            client.initialize(root, capabilities, **more)
        return client

    yield started
    for client in clients:
        client.kill()
