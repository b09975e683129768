"""Runs commands and measures wall time, CPU time of the process and its children, and peak resident memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and CPU time, and peak resident memory in megabytes (of the largest process)."""

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str], environment: dict[str, str] | None = None, cwd: str | None = None) -> Cost:
    """One run of a command; its output is thrown away, any exit code counts as done."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | (environment or {}), cwd=cwd
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        print(f"exit {process.returncode}: {' '.join(command)}", file=sys.stderr)
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def median(runs: int, command: Sequence[str], before: Callable[[], None] | None = None, **options: str | None) -> Cost:
    """The medians of several runs, `before` called ahead of each."""
    costs = []
    for _ in range(runs):
        if before:
            before()
        costs.append(run(command, cwd=options.get("cwd")))
    return Cost(*(statistics.median(values) for values in zip(*((c.wall, c.cpu, c.memory) for c in costs), strict=True)))
