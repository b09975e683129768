"""New revisions: written in the style of the one that they follow, with an id that is always the same for the same purpose."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sqla_lsp.fixes.fix import Change
from sqla_lsp.project.environment import Environment
from sqla_lsp.project.project import Project


class Draft(msgspec.Struct, frozen=True):
    """A revision that is to be written. `purpose` tells it from others after the same revision, `message` is what Alembic calls
    the message: the first line of its docstring, and its slug in the file name. `upgrade` and `downgrade` are the bodies of the
    functions, not indented, with "\\n" at line ends, without a line end at the end; they speak of `op` and `sa`. `imports` are
    the import statements that they need beside those."""

    purpose: str
    message: str
    upgrade: str
    downgrade: str
    imports: tuple[str, ...] = ()


def following(project: Project, path: str, drafts: Sequence[Draft]) -> Change:
    """New revisions, one after the other, between a revision and those that follow it now. Raises `NotPossible`."""
    raise NotImplementedError


def at_head(project: Project, environment: Environment, drafts: Sequence[Draft], after: str | None = None) -> Change:
    """New revisions at the head of an environment; of several heads at the one that has the revision `after` (a path) in its
    history. Raises `NotPossible`."""
    raise NotImplementedError


def with_transaction_per_migration(project: Project, path: str) -> Change | None:
    """The edit of the env.py of a revision's environment that gives each revision a transaction of its own; None where it has
    that already. Raises `NotPossible`."""
    raise NotImplementedError
