"""A unique constraint or primary key in two revisions: one builds the index, the next makes the constraint of it."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from sqla_lsp.fixes.calls import expression
from sqla_lsp.fixes.concurrently import drop_if_exists
from sqla_lsp.fixes.fix import Change, joined
from sqla_lsp.fixes.migration import Piece, Rewrite, Spot, rewritten
from sqla_lsp.fixes.revisions import Draft, following
from sqla_lsp.fixes.style import style_of
from sqla_lsp.fixes.using_index import constraint_sql, keyed, using_index
from sqla_lsp.project.history import Step
from sqla_lsp.project.project import Project
from sqla_lsp.schema.tables import Unique
from sqla_lsp.text.places import Place


def in_two_revisions(project: Project, path: str, place: Place, steps: Sequence[Step], undoing: Step | None) -> Change:
    """The change that leaves the index here and adds a revision with the constraint. `undoing` is where the downgrade drops the
    constraint: it drops the index then. Raises `NotPossible`."""
    found = keyed(steps)
    style = style_of(project, path)
    name, table = style.string(found.name), style.string(str(found.table.name))
    schema = style.string(found.table.schema) if isinstance(found.table.schema, str) else None
    arg = None if schema is None else cst.Arg(expression(schema))

    def index_alone(spot: Spot) -> Sequence[Piece]:
        return [Piece(spot.made(drop_if_exists(spot, name, table, arg)), True)]

    rewrites: dict[Place, Rewrite] = {place: using_index(steps, index_alone=True)}
    if undoing is not None:
        rewrites[undoing.operation.site.place] = index_alone
    kind = "unique" if isinstance(found.constraint, Unique) else "primary"
    arguments = [name, table, f"type_={style.string(kind)}", f"schema={schema}" if schema is not None else ""]
    draft = Draft(
        f"constraint {found.name}",
        f"make {found.name} of its index",
        "\n".join(style.execute("op", sql) for sql in constraint_sql(found)),
        style.call("op.drop_constraint", arguments),
    )
    return joined([rewritten(project, path, rewrites), following(project, path, [draft])])
