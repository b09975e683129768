"""Statements that move from a revision to one of their own, which follows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqla_lsp.fixes.calls import statements
from sqla_lsp.fixes.fix import Change, joined
from sqla_lsp.fixes.migration import Piece, Rewrite, Spot, body_of, rewritten
from sqla_lsp.fixes.revisions import Draft, following
from sqla_lsp.fixes.style import style_of
from sqla_lsp.project.project import Project
from sqla_lsp.text.places import Place


def moved(
    project: Project,
    path: str,
    message: str,
    upgrade: Mapping[Place, Rewrite],
    downgrade: Mapping[Place, Rewrite],
    undone: Sequence[str] = (),
) -> Change:
    """Calls of `upgrade` and `downgrade`, given by their places, in a revision that follows; what they are there is what their
    rewrites make of them. `undone` are statements that its downgrade begins with. Raises `NotPossible`."""
    style = style_of(project, path)
    taken: dict[Place, Sequence[Piece]] = {}

    def taking(place: Place, rewrite: Rewrite) -> Rewrite:
        def take(spot: Spot) -> Sequence[Piece]:
            taken[place] = rewrite(spot)
            return []

        return take

    calls = {**upgrade, **downgrade}
    without = rewritten(project, path, {place: taking(place, rewrite) for place, rewrite in calls.items()})

    def body(places: Mapping[Place, Rewrite], first: Sequence[str] = ()) -> str:
        made = [piece for place in sorted(places, key=lambda place: place.start) for piece in taken[place]]
        made = [*(Piece(statements(source, style), True) for source in first), *made]
        return body_of(made, style) or "pass"

    draft = Draft(message, message, body(upgrade), body(downgrade, undone))
    return joined([without, following(project, path, [draft])])
