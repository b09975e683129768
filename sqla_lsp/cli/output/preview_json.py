"""What migrations send as one JSON list, in the shape that DESIGN.md promises to programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from sqla_lsp.preview.migration import Preview, Statement
from sqla_lsp.preview.words import waits
from sqla_lsp.text.lines import LineIndex


def text(previews: Iterable[Preview], data: Callable[[str], bytes], shown: Callable[[str], str]) -> str:
    """The list, indented, without a line end."""
    described = [_object(made, LineIndex(data(made.path)), shown) for made in previews]
    return msgspec.json.format(msgspec.json.encode(described), indent=2).decode()


def _object(made: Preview, lines: LineIndex, shown: Callable[[str], str]) -> dict[str, object]:
    return {
        "filename": shown(made.path),
        "revision": made.revision,
        "upgrade": [_statement(statement, lines) for statement in made.upgrade],
        "downgrade": [_statement(statement, lines) for statement in made.downgrade],
    }


def _statement(statement: Statement, lines: LineIndex) -> dict[str, object]:
    row = lines.row(statement.place.start) + 1
    if statement.sql is None:
        return {"row": row, "sql": None, "reason": statement.reason, "conditional": statement.conditional}
    done = statement.effect
    return {
        "row": row,
        "sql": statement.sql,
        "locks": [{"relation": lock.relation, "mode": lock.mode} for lock in done.locks],
        "waits": list(waits(statement)),
        "rewrites": None if done.rewrites is None else list(done.rewrites),
        "scans": None if done.scans is None else list(done.scans),
        "builds": list(done.builds),
        "autocommit": statement.transaction.autocommit,
        "transaction": statement.transaction.number,
        "conditional": statement.conditional,
        "not_known": list(done.not_known),
    }
