"""What is to be said of a project after it was read, as plain data."""

from __future__ import annotations

from typing import NamedTuple


class Failure(NamedTuple):
    """A file or folder that could not be read, and why."""

    path: str
    reason: str


class Statistics(NamedTuple):
    """What was read: Python files, models, queries, revisions, operations, and how many of these are not known statically."""

    files: int
    models: int
    queries: int
    revisions: int
    operations: int
    not_known: int
