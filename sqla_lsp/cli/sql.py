"""`sqla-lsp sql`: the SQL that migrations emit, without running them, and what each statement does to others."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqla_lsp.cli.main import CLEAN, FAILED
from sqla_lsp.cli.output.style import harmless, tolerant, write
from sqla_lsp.cli.run import Unreadable, opened, shown
from sqla_lsp.project.configuration import ConfigurationError

if TYPE_CHECKING:
    from sqla_lsp.preview.migration import Direction
    from sqla_lsp.project.project import Project

_NEEDED = ("alembic", "sqlalchemy")


class _NoRevision(Exception):
    """A name on the command line that is neither a path nor a revision."""


def run(options: argparse.Namespace) -> int:
    """Prints the migrations in the order in which Alembic runs them."""
    tolerant(sys.stdout)
    tolerant(sys.stderr)
    gc.disable()  # the process ends before there would be anything to collect
    named = [name for name in options.paths if not os.path.exists(name) and not _is_path(name)]
    paths = [name for name in options.paths if name not in named]
    try:
        reading, given = opened(paths or ["."], config=options.config)
        chosen = _named(reading.project, named) if named else []
        if paths or not named:
            chosen += [path for path in _in_order(reading.project, reading.chosen()) if path not in chosen]
        from sqla_lsp.cli.output import preview_json, preview_text
        from sqla_lsp.preview.migration import preview
    except (ConfigurationError, Unreadable, _NoRevision) as error:
        return _failed(str(error))
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        return _failed(f"Alembic 1.13 and SQLAlchemy 2.0, or later ones, are needed to render SQL: {error}")
    previews = (made for path in chosen if (made := preview(reading.project, path)) is not None)
    if options.output_format == "json":
        sys.stdout.write(preview_json.text(previews, reading.project.data, lambda path: shown(path, given)) + "\n")
    else:
        direction: Direction = "downgrade" if options.downgrade else "upgrade"
        write(preview_text.lines(previews, direction, reading.project.data, lambda path: shown(path, given)), sys.stdout)
    return CLEAN


def _is_path(name: str) -> bool:
    """Whether a name that is not there was meant as a path."""
    return os.sep in name or name.endswith(".py")


def _named(project: Project, names: Sequence[str]) -> list[str]:
    """The files of revisions by their ids, or by the beginnings of these. Raises `_NoRevision`."""
    revisions = {path: history.header.revision for path in project.revisions() if (history := project.history(path)) is not None}
    chosen: list[str] = []
    for name in names:
        found = [path for path, revision in revisions.items() if revision == name]
        found = found or [path for path, revision in revisions.items() if revision.startswith(name)]
        if not found:
            raise _NoRevision(f"{name}: there is no such file, folder or revision")
        ids = sorted({revisions[path] for path in found})
        if len(ids) > 1:
            raise _NoRevision(f"{name}: several revisions begin like that: {', '.join(ids)}")
        chosen += found
    return chosen


def _in_order(project: Project, paths: Sequence[str]) -> Iterator[str]:
    """Revisions in the order in which Alembic runs them, environment by environment."""
    wanted = set(paths)
    for environment in project.environments.all():
        for path in sorted(environment.revisions, key=environment.graph.order.__getitem__):
            if path in wanted:
                wanted.discard(path)
                yield path


def _failed(reason: str) -> int:
    for line in reason.splitlines():
        print(f"sqla-lsp: {harmless(line)}", file=sys.stderr)
    return FAILED
