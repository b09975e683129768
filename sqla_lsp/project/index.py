"""Reads many files at once, in worker processes where that pays, and remembers what it read by content.

A record is what one file declares, and for revisions and models that import modules of the project what they are together with
them. It is good for as long as the bytes of the file, and of the modules that it was read with, stay the same.
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from sqla_lsp.postgres.sql_grammar import load_grammar
from sqla_lsp.project.discovery import Found
from sqla_lsp.project.modules import ProjectModules, digest
from sqla_lsp.readers.files import NOTHING, FileFacts, Linked, read_file
from sqla_lsp.readers.revisions import Revision
from sqla_lsp.schema.models import Models

logger = logging.getLogger(__name__)

_BATCH = 150
_WORTH_WORKERS = 400
"""Fewer files are read faster than workers start."""

Progress = Callable[[int, int], None]


class Record(msgspec.Struct, frozen=True, array_like=True):
    """What is known of one file: `size` and `mtime_ns` as they were, the digest of its content (b"" where it declares nothing),
    its facts, and what needs the project's modules, with the digests of these modules. `queries` says whether its queries were
    read."""

    size: int
    mtime_ns: int
    digest: bytes
    facts: FileFacts = NOTHING
    linked: Linked | None = None
    modules: tuple[tuple[str, bytes], ...] = ()
    queries: bool = True

    @property
    def revision(self) -> Revision | None:
        """The revision, read as well as it can be."""
        return (self.linked or self.facts).revision

    @property
    def models(self) -> Models | None:
        """The models, read as well as they can be."""
        return (self.linked or self.facts).models


Records = dict[str, Record]
_decoder = msgspec.msgpack.Decoder(list[tuple[str, Record]])
_encode = msgspec.msgpack.Encoder().encode


ReadsQueries = Callable[[str], bool]
"""Whether the queries of a file count, by its path."""
_Job = tuple[Found, bool]


def read_files(
    found: Sequence[Found], known: Records, reads_queries: ReadsQueries, jobs: int | None, progress: Progress
) -> Records:
    """The records of files. What `known` has of an unchanged file is taken as it is."""
    records: Records = {}
    fresh: list[_Job] = []
    for file in found:
        record = known.get(file.path)
        queries = reads_queries(file.path)
        is_same = record is not None and record.size == file.size and record.mtime_ns == file.mtime_ns
        if record is not None and is_same and record.queries == queries:
            records[file.path] = record
        else:
            fresh.append((file, queries))
    done = len(found) - len(fresh)
    progress(done, len(found))
    for batch in _read_batches(fresh, jobs):
        for path, record in batch:
            records[path] = record
        done += len(batch)
        progress(done, len(found))
    return records


def _read_batches(files: Sequence[_Job], jobs: int | None) -> Iterator[list[tuple[str, Record]]]:
    workers = min(jobs or os.cpu_count() or 1, 8)
    if len(files) < _WORTH_WORKERS or workers < 2:
        modules = ProjectModules(read_bytes)
        for chunk in _chunks(files):
            yield [(file.path, read_record(file, modules, queries)) for file, queries in chunk]
        return
    import multiprocessing
    import threading
    from concurrent.futures import ProcessPoolExecutor, as_completed

    try:
        # A process with threads must not fork: locks that they hold would stay locked.
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1 else "spawn"
        if method == "fork":
            load_grammar()  # once, instead of once in each worker
        gc.collect()
        gc.freeze()
        with ProcessPoolExecutor(workers, multiprocessing.get_context(method), initializer=_start_worker) as pool:
            for future in as_completed([pool.submit(_work, chunk) for chunk in _chunks(files)]):
                yield _decoder.decode(future.result())
    finally:
        gc.unfreeze()


def _chunks(files: Sequence[_Job]) -> Iterable[list[_Job]]:
    return [list(files[at : at + _BATCH]) for at in range(0, len(files), _BATCH)]


_worker_modules = ProjectModules(lambda path: b"")
"""Of a worker: the modules that it has read."""


def _start_worker() -> None:
    global _worker_modules
    gc.disable()
    _worker_modules = ProjectModules(read_bytes)


def _work(files: list[_Job]) -> bytes:
    """In a worker: a batch of files, as bytes."""
    return _encode([(file.path, read_record(file, _worker_modules, queries)) for file, queries in files])


def read_bytes(path: str) -> bytes:
    """The content of a file on disk. Raises OSError."""
    with open(path, "rb", buffering=0) as file:
        return file.read()


def read_record(file: Found, modules: ProjectModules, queries: bool) -> Record:
    """The record of one file. It never raises: what goes wrong costs this file alone."""
    size, mtime_ns = file.size, file.mtime_ns
    try:
        raw = read_bytes(file.path)
    except OSError as error:
        return Record(size, mtime_ns, b"", FileFacts(error=error.strerror or str(error)), queries=queries)
    try:
        facts, linked = read_file(file.path, raw, modules, queries)
    except Exception as error:
        logger.exception("%s could not be read", file.path)
        facts, linked = FileFacts(error=f"{type(error).__name__}: {error}"), None
    if facts is NOTHING and linked is None:
        return Record(size, mtime_ns, b"", queries=queries)
    read = () if linked is None else tuple([(path, modules.digest(path)) for path in linked.read])
    return Record(size, mtime_ns, digest(raw), facts, linked, read, queries)
