"""The edit of an env.py after which each revision has a transaction of its own."""

from __future__ import annotations

from sqla_lsp.fixes.fix import Change
from sqla_lsp.project.project import Project


def with_transaction_per_migration(project: Project, path: str) -> Change | None:
    """The edit of the env.py of a revision's environment that gives each revision a transaction of its own; None where it has
    that already. Raises `NotPossible`."""
    raise NotImplementedError
