"""Raw SQL as operations: `read_sql` reads every statement of a text with Postgres's own grammar, and never raises.

The parser costs 0.15 s when it is first used, so that text which begins like a query never meets it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from sqla_lsp.postgres.sql_blocks import BodyStatement, body_statements
from sqla_lsp.postgres.sql_gaps import with_gaps
from sqla_lsp.postgres.sql_grammar import TOO_DEEP, NoParse, Parsed, statements
from sqla_lsp.postgres.sql_plain import kind_of, plain_statement
from sqla_lsp.postgres.sql_statement import Statement
from sqla_lsp.postgres.sql_statements import read_statement
from sqla_lsp.postgres.sql_text import Holes, masked, prepare, trimmed
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.operations import AnyOperation, NotKnown, OtherStatement, Site
from sqla_lsp.syntax.values import Template

_MODELLED = ("CREATE TABLE", "ALTER TABLE", "DROP TABLE", "CREATE INDEX", "DROP INDEX", "ALTER INDEX", "CREATE UNIQUE", "REINDEX")
_DEEPEST = 8
"""How many DO blocks are read one inside of the other."""


def read_sql(sql: str | Template | Unknown, site: Site, *, binds: bool = True) -> tuple[AnyOperation, ...]:
    """The operations that the SQL means, in order, each at `site` with the text of its own statement as `site.sql`.

    `binds` says that `:name` is a bind parameter, as in `text()`. Statements of a DO block have `site.body`. What cannot be
    read is a `NotKnown` with the reason; text without a statement is no operation.
    """
    if isinstance(sql, Unknown):
        return (NotKnown(site, sql.reason or "the SQL is not known"),)
    text, holes = prepare(sql, binds=binds)
    return tuple(_operations(text, holes, site, 0))


def _operations(text: str, holes: Holes, site: Site, depth: int) -> Iterator[AnyOperation]:
    text = trimmed(text)
    if not text:
        return
    plain = None if ";" in masked(text) else plain_statement(text, holes)
    if plain is not None:
        yield OtherStatement(replace(site, sql=holes.show(text)), *plain)
        return
    for parsed in statements(text, holes):
        yield from _statement(parsed, holes, replace(site, sql=holes.show(parsed.text)), depth)


def _statement(parsed: Parsed, holes: Holes, site: Site, depth: int) -> Iterator[AnyOperation]:
    if parsed.node is None:
        yield _unread(parsed, site, holes)
    elif parsed.kind == "do_stmt":
        yield from _block(parsed, holes, site, depth)
    else:
        operations = read_statement(parsed.kind, Statement(parsed.node, parsed.text, holes, site))
        yield from with_gaps(operations, parsed.text, holes)


def _unread(parsed: Parsed, site: Site, holes: Holes) -> AnyOperation:
    """A statement that does not parse; one that is only too deep for us is known by its first words."""
    kind = kind_of(parsed.text)
    if parsed.reason == TOO_DEEP and kind not in _MODELLED:
        return OtherStatement(site, *(plain_statement(parsed.text, holes) or (kind,)))
    return NotKnown(site, holes.show(parsed.reason))


def _block(parsed: Parsed, holes: Holes, site: Site, depth: int) -> Iterator[AnyOperation]:
    """The statements of a DO block, or the block itself where it has none."""
    options = {item.def_elem.defname: item.def_elem.arg.string.sval for item in parsed.node.args}
    if options.get("language", "plpgsql").lower() != "plpgsql" or depth >= _DEEPEST:
        yield OtherStatement(site, "DO")
        return
    try:
        body = body_statements(parsed.text, holes)
    except NoParse as error:
        yield NotKnown(site, f"the body of the DO block does not parse: {holes.show(error.reason)}")
        return
    inside = [operation for statement in body for operation in _body_operations(statement, holes, site, depth)]
    yield from inside or (OtherStatement(site, "DO"),)


def _body_operations(statement: BodyStatement, holes: Holes, site: Site, depth: int) -> Iterator[AnyOperation]:
    site = replace(site, body=True, sql=holes.show(trimmed(statement.text)))
    if statement.kind:
        yield OtherStatement(site, statement.kind)
    else:
        yield from _operations(statement.text, holes, site, depth + 1)
