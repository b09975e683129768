"""A server for the tests of this folder, if one can be started here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres.server import EMBEDDED, NoServer, Server, binaries_of, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    reasons = []
    for name in reversed(EMBEDDED):
        made = None
        try:
            context = server(binaries_of(name))
            made = context.__enter__()
        except NoServer as error:
            reasons.append(f"{name}: {error}")
            continue
        try:
            yield made
        finally:
            context.__exit__(None, None, None)
        return
    pytest.skip(f"no Postgres server can be started here: {'; '.join(reasons)}")
