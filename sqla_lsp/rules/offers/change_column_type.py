"""What is offered where a change of type rewrites or scans a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from sqla_lsp.fixes.expand_contract.code import Piece as Text
from sqla_lsp.fixes.expand_contract.expansion import Expansion, expansion
from sqla_lsp.fixes.fix import Change, Fix, NotPossible, joined
from sqla_lsp.fixes.free_type_change import apart, without_needless_using
from sqla_lsp.fixes.migration import Piece, Rewrite, Spot, instead_of_nothing, rewritten
from sqla_lsp.fixes.revisions import following
from sqla_lsp.fixes.style import style_of
from sqla_lsp.fixes.transactions import with_transaction_per_migration
from sqla_lsp.rules.offers.migrations import can_be_rewritten
from sqla_lsp.rules.rule import Asked
from sqla_lsp.text.places import Place


def fixes(asked: Asked) -> Iterator[Fix]:
    """A free form where there is one, else expand and contract."""
    steps = asked.judgement.steps
    if len(steps) != 1 or not can_be_rewritten(steps, asked.context):
        return
    step, place = asked.step, asked.judgement.finding.place
    source = asked.project.data(asked.path)[place.start : place.end].decode()
    version = asked.context.settings.postgres_version
    style = style_of(asked.project, asked.path)
    make = partial(rewritten, asked.project, asked.path)
    free = without_needless_using(step, source, version)
    if free is not None:
        yield Fix("Take away the USING: without it the change is free", "safe", partial(make, {place: _texts([Text(free)])}))
        return
    beside = apart(step, source, style, version=version)
    if beside is not None:
        yield Fix(beside.title, "unsafe", partial(make, {place: _texts(beside.pieces)}))
        return
    found = expansion(step, source, style, version=version)
    if found is None:
        return
    try:
        edits_env = with_transaction_per_migration(asked.project, asked.path) is not None
    except NotPossible:
        return
    rest = ", with transaction_per_migration=True in env.py" if edits_env else ""
    yield Fix(found.title + rest, "unsafe", partial(_expanded, asked, place, found))


def _expanded(asked: Asked, place: Place, found: Expansion) -> Change:
    """The change in the revision itself, the revisions that follow, and env.py."""
    rewrites: dict[Place, Rewrite] = {place: _texts(found.upgrade)}
    if found.counterpart is not None:
        rewrites[found.counterpart.site.place] = _texts(found.downgrade)
        undone = Change()
    else:
        downgrade = asked.step.history.revision.downgrade.script
        pieces = _texts(found.downgrade)
        undone = instead_of_nothing(asked.project, asked.path, Place(downgrade.start, downgrade.end), pieces)
    return joined(
        [
            rewritten(asked.project, asked.path, rewrites),
            undone,
            following(asked.project, asked.path, found.drafts),
            with_transaction_per_migration(asked.project, asked.path) or Change(),
        ]
    )


def _texts(texts: Sequence[Text]) -> Rewrite:
    def rewrite(spot: Spot) -> Sequence[Piece]:
        return [Piece(spot.made(text.text), text.autocommit) for text in texts]

    return rewrite
