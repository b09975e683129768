"""What migrations send, for people: the statements by transaction, each with what it does to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from sqla_lsp.cli.output.style import Styled
from sqla_lsp.preview.migration import Direction, Preview, Statement
from sqla_lsp.preview.words import lifetime, sentences, waits
from sqla_lsp.text.lines import LineIndex


def lines(
    previews: Iterable[Preview], direction: Direction, data: Callable[[str], bytes], shown: Callable[[str], str]
) -> Iterator[Styled]:
    """The migrations as styled lines."""
    for number, made in enumerate(previews):
        if number:
            yield ()
        yield ((f"{shown(made.path)}", "bold"), (f"  {direction} {made.revision}", ""))
        statements = made.statements(direction)
        if not statements:
            yield (("  sends nothing", ""),)
        rows = LineIndex(data(made.path))
        for transaction, group in groupby(statements, key=lambda statement: statement.transaction):
            yield ()
            yield ((f"  {lifetime(transaction, made)}", "cyan"),)
            yield from _group(list(group), rows)


def _group(statements: Sequence[Statement], rows: LineIndex) -> Iterator[Styled]:
    for statement in statements:
        row = rows.row(statement.place.start) + 1
        condition = "  -- may be left out" if statement.conditional else ""
        if statement.sql is None:
            said = "" if statement.fails else " is not known"
            yield ((f"{row:6}  ", "blue"), (f"-- {statement.source}{said}: {statement.reason}{condition}", "yellow"))
            continue
        first, *rest = statement.sql.splitlines() or [""]
        yield ((f"{row:6}  ", "blue"), (first, "bold"), (condition if not rest else "", "yellow"))
        for number, line in enumerate(rest):
            yield (("        ", ""), (line, "bold"), (condition if number == len(rest) - 1 else "", "yellow"))
        style = _style(statement)
        for sentence in sentences(statement):
            yield (("        ", ""), (f"-- {sentence}", style))


def _style(statement: Statement) -> str:
    waiting = waits(statement)
    if not (statement.effect.scans or statement.effect.rewrites or statement.effect.builds) or not waiting:
        return "green"
    return "red" if "reads" in waiting else "yellow"
