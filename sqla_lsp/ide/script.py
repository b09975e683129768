"""The SQL of one function of a migration as a script to read, with what each statement does to others above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from sqla_lsp.preview.migration import Direction, Preview, Statement
from sqla_lsp.preview.words import lifetime, sentences, summary
from sqla_lsp.text.lines import LineIndex

_BEGINS, _ENDS = ("BEGIN", "START TRANSACTION"), ("COMMIT", "END")


def script(made: Preview, direction: Direction, data: bytes) -> str:
    """The script. `data` is the migration's text."""
    statements = made.statements(direction)
    return "\n".join(
        [_said(f"{direction} {made.revision}: {summary(statements)}"), *_lines(statements, made, LineIndex(data)), ""]
    )


def _said(words: str) -> str:
    """Words as a comment on one line: names may have line ends in them."""
    return f"-- {' '.join(words.split())}"


def _lines(statements: Sequence[Statement], made: Preview, rows: LineIndex) -> Iterator[str]:
    for transaction, group in groupby(statements, key=lambda statement: statement.transaction):
        sent = list(group)
        yield from ("", _said(lifetime(transaction, made)))
        is_transaction = transaction.autocommit is False
        if is_transaction and not _is(sent[0], _BEGINS):
            yield "BEGIN;"
        for statement in sent:
            yield ""
            yield from _statement(statement, rows)
        if is_transaction and not _is(sent[-1], _ENDS):
            yield from ("", "COMMIT;")


def _statement(statement: Statement, rows: LineIndex) -> Iterator[str]:
    where = f"line {rows.row(statement.place.start) + 1}" if statement.place.end else "in another file"
    condition = ", may be left out" if statement.conditional else ""
    if statement.sql is None:
        said = "" if statement.fails else f"what {statement.source} sends is not known: "
        yield _said(f"{where}{condition}: {said}{statement.reason}")
        return
    first, *others = sentences(statement)
    yield _said(f"{where}{condition}: {first}")
    yield from (_said(other) for other in others)
    yield statement.sql


def _is(statement: Statement, words: tuple[str, ...]) -> bool:
    """Whether a statement begins or ends a transaction by itself."""
    return (statement.sql or "").strip().upper().startswith(words)
