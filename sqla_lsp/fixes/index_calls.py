"""Indexes as code of a migration: the calls of `op` that create and drop one concurrently, with all that is known of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqla_lsp.fixes.style import Style, without_binds
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import Index, Key

_CALL = re.compile(r"(?:\w+\.)*[A-Za-z_]\w*\(")


def is_told(table: TableName, index: Index) -> bool:
    """Whether all of an index is known, so that it can be created again."""
    values = [index.name, index.keys, index.unique, index.method, index.include, index.where, index.nulls_not_distinct]
    keys = index.keys if isinstance(index.keys, tuple) else ()
    values += [value for key in keys for value in (key.column, key.expression, key.opclass, key.collation)]
    if any(isinstance(value, Unknown) for value in values) or not table.known or not index.name or not keys:
        return False
    if index.stored_otherwise:
        return False
    return all(isinstance(key.column, str) or isinstance(key.expression, str) for key in keys)


def concurrently(style: Style, calls: Sequence[str]) -> str:
    """Calls in an autocommit block: the body of `upgrade` or `downgrade`."""
    if any(call.startswith("op.create_index") for call in calls):
        # The build waits for old transactions: cut short by a lock_timeout, it leaves an invalid index behind (POSTGRES.md 1.5).
        around = [style.execute("op", sql, depth=2) for sql in ("SET lock_timeout = 0", "RESET lock_timeout")]
        calls = [around[0], *calls, around[1]]
    lines = [f"{style.indent}{line}" for call in calls for line in call.splitlines()]
    return "\n".join(["with op.get_context().autocommit_block():", *lines])


def drop(style: Style, table: TableName, index: Index) -> str:
    """`op.drop_index(...)`, which may be run again."""
    arguments = [style.string(str(index.name)), f"table_name={style.string(str(table.name))}"]
    return style.call(
        "op.drop_index", [*arguments, _schema(style, table), "if_exists=True", "postgresql_concurrently=True"], depth=2
    )


def create(style: Style, table: TableName, index: Index) -> str:
    """`op.create_index(...)`. All of the index must be known."""
    assert isinstance(index.keys, tuple)
    keys = ", ".join(_element(style, key) for key in index.keys)
    ops = {str(key.column): key.opclass for key in index.keys if _is_column(key) and isinstance(key.opclass, str)}
    arguments = [
        style.string(str(index.name)),
        style.string(str(table.name)),
        f"[{keys}]",
        "unique=True" if index.unique is True else "",
        _schema(style, table),
        f"postgresql_using={style.string(index.method)}" if isinstance(index.method, str) and index.method != "btree" else "",
        f"postgresql_ops={{{', '.join(f'{style.string(c)}: {style.string(o)}' for c, o in ops.items())}}}" if ops else "",
        f"postgresql_include={style.strings(index.include)}" if isinstance(index.include, tuple) and index.include else "",
        f"postgresql_where={sql_text(style, index.where)}" if isinstance(index.where, str) else "",
        "postgresql_nulls_not_distinct=True" if index.nulls_not_distinct is True else "",
        "postgresql_concurrently=True",
    ]
    return style.call("op.create_index", arguments, depth=2)


def build(style: Style, table: TableName, index: Index) -> list[str]:
    """The calls that create an index so that a run which failed can be repeated (POSTGRES.md 6 a)."""
    return [drop(style, table, index), create(style, table, index)]


def sql_text(style: Style, sql: str, sa: str = "sa.text") -> str:
    """`sa.text("...")` of SQL that is taken as it stands."""
    return f"{sa}({style.string(without_binds(sql))})"


def key_sql(key: Key) -> str:
    """A key of an index as CREATE INDEX writes it."""
    parts = [quote(key.column) if isinstance(key.column, str) else _grouped(str(key.expression))]
    if isinstance(key.collation, str):
        parts.append(f"COLLATE {_collation(key.collation)}")
    if isinstance(key.opclass, str):
        parts.append(key.opclass)
    if key.descending:
        parts.append("DESC")
    if key.nulls_first != key.descending:
        parts.append("NULLS FIRST" if key.nulls_first else "NULLS LAST")
    return " ".join(parts)


def _element(style: Style, key: Key) -> str:
    return style.string(str(key.column)) if _is_column(key) else sql_text(style, key_sql(key))


def _is_column(key: Key) -> bool:
    """Whether the name of the column says all of a key, but for its operator class."""
    return isinstance(key.column, str) and not (key.descending or key.nulls_first or key.collation)


def _grouped(expression: str) -> str:
    """An expression in parentheses, which a call may do without."""
    call = _CALL.match(expression)
    if call is not None:
        depth, quoted = 0, False
        for at, letter in enumerate(expression):
            quoted ^= letter == "'"
            depth += 0 if quoted else (letter == "(") - (letter == ")")
            if letter == ")" and depth == 0 and not quoted:
                return expression if at == len(expression) - 1 else f"({expression})"
    return f"({expression})"


def _collation(name: str) -> str:
    """A collation as SQL writes it. The names of some have a point in them; those of Postgres's own schema may be qualified."""
    schema, rest = ("pg_catalog.", name.removeprefix("pg_catalog.")) if name.startswith("pg_catalog.") else ("", name)
    return schema + quote(rest)


def _schema(style: Style, table: TableName) -> str:
    return f"schema={style.string(table.schema)}" if isinstance(table.schema, str) else ""
