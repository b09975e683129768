"""Small projects for the tests: an environment, and migrations with findings that are easy to count."""

from __future__ import annotations

from pathlib import Path

from tests.server.client import Client

RULE = "only-concurrent-indexes"
INDEX = '    op.create_index("ix_{name}", "{name}", ["a"])\n'
ENVIRONMENT = 'from alembic import context\n\ncontext.configure(url="postgresql://localhost/x")\n'


def migration(*tables: str, revision: str = "0001", parent: str | None = None, before: str = "") -> str:
    """A migration that builds an index on each table: as many findings of `RULE`."""
    body = "".join(INDEX.format(name=table) for table in tables) or "    pass\n"
    return (
        f'"""{revision}"""\nimport sqlalchemy as sa\nfrom alembic import op\n{before}\nrevision = "{revision}"\n'
        f"down_revision = {parent!r}\n\n\ndef upgrade():\n{body}\n\ndef downgrade():\n    pass\n"
    )


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Files below a folder; gives the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def project(folder: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """A project with an environment and one migration that has one finding, and more files; gives the path of the migration."""
    first = "migrations/versions/0001_first.py"
    write(folder, {"migrations/env.py": ENVIRONMENT, first: migration("orders"), **(files or {})})
    return folder / first


def works(client: Client, folder: Path) -> None:
    """Asserts that the server still serves: a new document gets its findings, and a request an answer."""
    path = project(folder / "still_works")
    uri = client.open(path)
    assert client.codes(uri) == [RULE]
    client.close(uri)
    assert client.request("textDocument/unheardOf")["error"]["code"] == -32601
