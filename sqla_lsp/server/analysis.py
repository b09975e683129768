"""The analysis of one session: a project in a thread of its own, fed with the newest texts, asked for findings.

The event loop never waits for it. Documents that change while it is busy are taken together, the newest text counts, and what is
published is always about the text that the client has now: a result that a newer text has overtaken is thrown away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import check_file
from sqla_lsp.rules.finding import Finding
from sqla_lsp.text.lines import LineIndex

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """The findings of one file, about the text `data`. `lines` holds the line index of every file that they name."""

    path: str
    data: bytes | None
    findings: tuple[Finding, ...]
    lines: dict[str, LineIndex]


class Analysis:
    """Runs on the event loop, but for what is named `_work…`, which runs in the thread of the project."""

    def __init__(self, deliver: Callable[[Sequence[Result]], None], wanted: Callable[[], Iterable[str]]) -> None:
        """`deliver` gets results on the event loop; `wanted` names the paths whose findings are shown (asked for in the
        project's thread: it reads one immutable value)."""
        self._deliver = deliver
        self._wanted = wanted
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqla-lsp-project")
        self._texts: dict[str, bytes | None] = {}
        self._disk: set[str] = set()
        self._sweep = False
        self._recheck = False
        self._scheduled = False
        self._project: Project | None = None

    async def start(self, make: Callable[[], Project], progress: Callable[[int, int], None]) -> None:
        """Reads the project (again). Texts that came in the meantime are judged as soon as it is read."""
        await self._loop.run_in_executor(self._thread, self._work_load, make, progress)
        self._recheck = True
        self._schedule()

    def text(self, path: str, data: bytes | None) -> None:
        """The newest text of an open document; None when it was closed."""
        self._texts[path] = data
        self._schedule()

    def disk(self, paths: Iterable[str]) -> None:
        """Files that were created, changed or deleted on disk."""
        self._disk.update(paths)
        self._schedule()

    def sweep(self) -> None:
        """Looks for changes on disk, for clients that do not watch files."""
        self._sweep = True
        self._schedule()

    def recheck(self) -> None:
        """Judges everything that is shown afresh."""
        self._recheck = True
        self._schedule()

    def stop(self) -> None:
        """Ends the thread as soon as it is idle; nothing is delivered any more."""
        self._deliver = lambda results: None
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _schedule(self) -> None:
        """Starts a round unless one is waiting to start: everything that comes until then is part of it."""
        if not self._scheduled:
            self._scheduled = True
            self._thread.submit(self._work_round)

    def _take(self) -> tuple[dict[str, bytes | None], set[str], bool, bool]:
        taken = (self._texts, self._disk, self._sweep, self._recheck)
        self._texts, self._disk, self._sweep, self._recheck = {}, set(), False, False
        self._scheduled = False
        return taken

    def _work_load(self, make: Callable[[], Project], progress: Callable[[int, int], None]) -> None:
        self._project = None
        project = make()
        project.load(progress)
        self._project = project

    def _work_round(self) -> None:
        try:
            self._work()
        except Exception:
            logger.exception("the analysis failed")

    def _work(self) -> None:
        project = self._project
        if project is None:
            self._scheduled = False
            return
        taken = asyncio.run_coroutine_threadsafe(self._taken(), self._loop).result()
        texts, disk, sweep, recheck = taken
        stale: set[str] = set()
        for path, data in texts.items():
            stale |= project.drop_document(path) if data is None else project.set_document(path, data)
        self._judge(project, [path for path in texts if texts[path] is not None])
        if disk:
            stale |= project.refresh(disk)
        if sweep:
            stale |= project.sweep()
        wanted = self._wanted()
        self._judge(project, [path for path in wanted if path not in texts and (recheck or path in stale)])

    async def _taken(self) -> tuple[dict[str, bytes | None], set[str], bool, bool]:
        return self._take()

    def _judge(self, project: Project, paths: Iterable[str]) -> None:
        results = [self._result(project, path) for path in paths]
        if results:
            self._loop.call_soon_threadsafe(self._deliver, results)

    @staticmethod
    def _result(project: Project, path: str) -> Result:
        findings = tuple(check_file(project, path))
        named = {path, *(f.place.path for f in findings), *(r.place.path for f in findings for r in f.related)}
        lines = {name: LineIndex(project.data(name)) for name in named}
        return Result(path, project.data(path), findings, lines)
