"""SQL inside of Python values: `text("...")`, `func.lower("x")`, `desc("x")`, conditions, server defaults.

Expressions are normalised by Postgres's own parser, so that two equal ones have equal text.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec.structs import replace

from sqla_lsp.postgres.sql import read_sql
from sqla_lsp.readers.arguments import NOT_KNOWN, base_of, column_name, last_name, text_of
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.operations import AddConstraint, CreateIndex, Site
from sqla_lsp.schema.tables import Check, Default, Key, Text
from sqla_lsp.syntax.values import CallValue, DictValue, Instance, ListValue, Member, Symbol, Template, Value, path_of
from sqla_lsp.text.places import Place

_NOWHERE = Site(Place(0, 0), Place(0, 0), "")
_WITHOUT_PARENTHESES = frozenset(
    ["current_date", "current_time", "current_timestamp", "current_user", "localtime", "localtimestamp", "session_user", "user"]
)
_TEXTS = ("text", "literal_column", "DDL", "TextClause", "quoted_name")


def text_clause(value: Value) -> str | Template | Unknown:
    """The text of a string, `text("...")` or `literal_column("...")`."""
    if isinstance(value, str | Template):
        return value
    if isinstance(value, CallValue):
        if last_name(value) in _TEXTS and value.positional:
            return text_clause(value.positional[0])
        inner = base_of(value)
        if last_name(value) in ("bindparams", "columns", "execution_options") and isinstance(inner, CallValue):
            return text_clause(inner)
    text = text_of(value)
    return NOT_KNOWN if text is None else text


def sql_of(value: Value) -> str | Unknown:
    """An SQL expression as text, Unknown where some of it is."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = text_clause(value)
    if isinstance(text, str):
        return text
    if isinstance(value, Symbol | Member) and _is_column(value):
        name = column_name(value)
        return _quoted(name) if isinstance(name, str) else name
    if isinstance(value, Member):
        return _item_of(value)
    if not isinstance(value, CallValue):
        return NOT_KNOWN
    name = last_name(value)
    path = path_of(value) or ""
    if name in ("column", "Column") and value.positional and isinstance(value.positional[0], str):
        return _quoted(value.positional[0])
    if name in ("true", "false", "null") and not value.positional:
        return name
    if path.rpartition(".")[0].endswith(("func", "sql.functions")) or (
        isinstance(value.function, Member) and last_name(value.function.base) == "func"
    ):
        as_columns = all(isinstance(item, str) for item in value.positional)
        arguments = [_argument(item, as_columns) for item in value.positional]
        known = [a for a in arguments if isinstance(a, str)]
        if name.lower() in _WITHOUT_PARENTHESES and not arguments:
            return name.upper()
        return f"{name}({', '.join(known)})" if len(known) == len(arguments) else NOT_KNOWN
    return _operated(value, name, path)


_COMPARISONS = {"==": "=", "!=": "<>"} | {symbol: symbol for symbol in ("<", "<=", ">", ">=", "+", "-", "*", "/", "%")}
_JOINED = {"&": " AND ", "|": " OR ", "and_": " AND ", "or_": " OR "}
_OPPOSITE = {
    "is_": "is_not", "is_not": "is_", "isnot": "is_", "in_": "not_in", "not_in": "in_", "notin_": "in_", "like": "not_like",
    "not_like": "like", "notlike": "like",
}  # fmt: skip
_INFIX = {
    "is_distinct_from": "IS DISTINCT FROM",
    "is_not_distinct_from": "IS NOT DISTINCT FROM",
    "like": "LIKE",
    "ilike": "ILIKE",
    "not_like": "NOT LIKE",
    "notlike": "NOT LIKE",
}


def _operated(call: CallValue, name: str, path: str) -> str | Unknown:
    """Operators and methods of columns."""
    if path.startswith("operator.") and len(call.positional) == 2 and (symbol := path[9:-2]) in _COMPARISONS:
        left, right = operand_of(call.positional[0]), operand_of(call.positional[1])
        operator = _COMPARISONS[symbol]
        if call.positional[1] is None:
            operator = {"=": "IS", "<>": "IS NOT"}.get(operator, operator)
        return _with(f"{{}} {operator} {{}}", left, right)
    joined = _JOINED.get(path[9:-2] if path.startswith("operator.") else name)
    if joined is not None and call.positional and not call.open:
        parts = [sql_of(item) for item in call.positional]
        known = [f"({part})" for part in parts if isinstance(part, str)]
        return joined.join(known) if len(known) == len(parts) else NOT_KNOWN
    if (path == "operator.~()" or name == "not_") and len(call.positional) == 1:
        return _negated(call.positional[0])
    if name in ("cast", "type_coerce") and len(call.positional) == 2:
        return _cast(call.positional[0], call.positional[1], name)
    base = base_of(call)
    if base is None or (not call.positional and name not in ("desc", "asc")):
        return NOT_KNOWN
    first = call.positional[0] if call.positional else None
    if name in ("is_", "is_not", "isnot"):
        return _with(f"{{}} IS {'' if name == 'is_' else 'NOT '}{{}}", sql_of(base), sql_of(first))
    if name in ("in_", "not_in", "notin_"):
        items = (
            list(first) if isinstance(first, tuple) else first.items if isinstance(first, ListValue) and not first.open else []
        )
        texts = [operand_of(item) for item in items]
        known = [text for text in texts if isinstance(text, str)]
        if not known or len(known) != len(texts):
            return NOT_KNOWN
        return _with(f"{{}} {'IN' if name == 'in_' else 'NOT IN'} ({', '.join(known)})", sql_of(base))
    if name == "between" and len(call.positional) == 2:
        return _with("{} BETWEEN {} AND {}", sql_of(base), operand_of(first), operand_of(call.positional[1]))
    if name in ("startswith", "endswith", "contains") and isinstance(first, str) and not call.keywords:
        before, after = "'%' || " * (name != "startswith"), " || '%'" * (name != "endswith")
        return _with(f"{{}} LIKE {before}{{}}{after}", sql_of(base), operand_of(first))
    if name in _INFIX:
        return _with(f"{{}} {_INFIX[name]} {{}}", sql_of(base), operand_of(first))
    return NOT_KNOWN


def _negated(value: Value) -> str | Unknown:
    """`~value`, in the words that SQLAlchemy has for it."""
    if isinstance(value, CallValue):
        opposite = _OPPOSITE.get(last_name(value))
        if opposite is not None and isinstance(value.function, Member):
            function = Member(value.function.base, opposite)
            return sql_of(CallValue(function, value.positional, value.keywords, value.place, value.open))
        symbol = {"operator.==()": "!=", "operator.!=()": "=="}.get(path_of(value) or "")
        if symbol is not None:
            return sql_of(CallValue(Symbol(f"operator.{symbol}"), value.positional, {}, value.place))
    return _with("NOT ({})", sql_of(value))


def _cast(value: Value, kind: Value, name: str) -> str | Unknown:
    """`cast(x, Integer)`, of types that no project defines."""
    from sqla_lsp.readers.sqlalchemy_types import library_type

    inner = sql_of(value)
    if name == "type_coerce":
        return inner
    made = library_type(kind)
    return NOT_KNOWN if isinstance(made, Unknown) else _with(f"CAST({{}} AS {made})", inner)


def _item_of(value: Member) -> str | Unknown:
    """`c["key"]` and `c["key"].astext` of JSON."""
    inner, operator = (value.base, "->>") if value.name == "astext" else (value, "->")
    if not isinstance(inner, Member) or not inner.name.startswith("[") or inner.name[1:-1].isdecimal() or inner.name == "[]":
        return NOT_KNOWN
    return _with(f"({{}} {operator} {_literal(inner.name[1:-1])})", sql_of(inner.base))


def operand_of(value: Value) -> str | Unknown:
    """A side of a comparison as SQL: strings and members of enums are literals there."""
    if isinstance(value, Instance) and value.enum_name is not None:
        return _literal(value.enum_name)
    return _literal(value) if isinstance(value, str) else sql_of(value)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _with(template: str, *parts: str | Unknown) -> str | Unknown:
    known = [part for part in parts if isinstance(part, str)]
    return template.format(*known) if len(known) == len(parts) else NOT_KNOWN


def _argument(value: Value, as_column: bool) -> str | Unknown:
    """An argument of `func.f(...)` in an index. A string is a literal, as it renders, beside a column; where there are strings
    alone (`as_column`) people mean columns: no index is made of literals."""
    if isinstance(value, str) and as_column:
        return _quoted(value)
    return operand_of(value)


def _quoted(name: str) -> str:
    from sqla_lsp.postgres.identifiers import quote

    return quote(name)


def _is_column(value: Symbol | Member) -> bool:
    """`table.c.x`"""
    if isinstance(value, Member):
        return last_name(value.base) in ("c", "columns")
    return value.path.rpartition(".")[0].rpartition(".")[2] in ("c", "columns")


def default_of(value: Value) -> Default | None:
    """A `server_default`."""
    if value is None:
        return None
    if isinstance(value, CallValue) and last_name(value) in ("Identity", "Computed", "FetchedValue"):
        return computed(value)
    if isinstance(value, str):
        return Default("'" + value.replace("'", "''") + "'")
    return Default(sql_of(value))


def computed(value: CallValue) -> Default:
    """`Identity()`, `Computed("...")`."""
    match last_name(value):
        case "Identity":
            always = value.keywords.get("always", value.positional[0] if value.positional else False)
            return Default("ALWAYS" if always is True else "BY DEFAULT", "identity")
        case "Computed":
            persisted = value.keywords.get("persisted", value.positional[1] if len(value.positional) > 1 else None)
            sql = sql_of(value.positional[0]) if value.positional else NOT_KNOWN
            return Default(sql, "virtual" if persisted is False else "stored")
        case _:
            return Default(NOT_KNOWN)


# -------------------------------------------------------------------------------------------------------------- indexes


@lru_cache(maxsize=4096)
def parsed_index(keys: str, where: str | None) -> CreateIndex | None:
    """What Postgres's parser makes of the keys and the predicate of an index."""
    sql = f"CREATE INDEX i ON t ({keys})" + (f" WHERE {where}" if where is not None else "")
    operations = read_sql(sql, _NOWHERE, binds=False)
    return operations[0] if len(operations) == 1 and isinstance(operations[0], CreateIndex) else None


def expression_key(sql: str) -> str | None:
    """An expression as the key of an index that holds it (the form of `Key.expression`); None for what no index holds."""
    parsed = parsed_index(sql, None) or parsed_index(f"({sql})", None)
    keys = parsed.index.keys if parsed is not None else ()
    expression = keys[0].expression if isinstance(keys, tuple) and len(keys) == 1 else None
    return expression if isinstance(expression, str) else None


def key_of(value: Value) -> Key:
    """One element of an index: a column or an expression with its order."""
    if isinstance(value, str):
        return Key(value)
    if isinstance(value, CallValue):
        name = last_name(value)
        if name in ("desc", "asc", "nulls_first", "nullsfirst", "nulls_last", "nullslast"):
            inner = base_of(value)
            if inner is None or (isinstance(value.function, Member) and not isinstance(inner, CallValue | Member)):
                inner = value.positional[0] if value.positional else inner
            return _ordered(key_of(inner), name)
        if name in ("Column", "column", "mapped_column") and value.positional and isinstance(value.positional[0], str):
            return Key(value.positional[0])
        if name in ("label", "self_group"):
            return key_of(base_of(value))
        if name == "collate":
            return _collated(value)
        if name == "op":
            return Key(NOT_KNOWN)
    if isinstance(value, Symbol | Member) and _is_column(value):
        return Key(column_name(value))
    sql = sql_of(value)
    if isinstance(sql, Unknown):
        return Key(sql) if not _is_expression(value) else Key(None, sql)
    parsed = parsed_index(sql, None) or parsed_index(f"({sql})", None)
    if parsed is None or isinstance(parsed.index.keys, Unknown) or len(parsed.index.keys) != 1:
        return Key(None, sql)
    return parsed.index.keys[0]


def _is_expression(value: Value) -> bool:
    path = path_of(value) or ""
    is_call = isinstance(value, CallValue) and ("func." in path or path.startswith("operator.") or last_name(value) == "cast")
    return is_call or (isinstance(value, Member) and (value.name == "astext" or value.name.startswith("[")))


def _collated(call: CallValue) -> Key:
    """`User.name.collate("C")`, `collate(User.name, "C")`."""
    inner = base_of(call)
    is_method = inner is not None and len(call.positional) == 1
    key = key_of(inner if is_method else call.positional[0] if call.positional else NOT_KNOWN)
    collation = text_of(call.positional[-1]) if call.positional else NOT_KNOWN
    return replace(key, collation=NOT_KNOWN if collation is None else collation)


def _ordered(key: Key, order: str) -> Key:
    match order:
        case "desc":
            return Key(key.column, key.expression, key.columns, True, True, key.opclass, key.collation)
        case "nulls_first" | "nullsfirst":
            return Key(key.column, key.expression, key.columns, key.descending, True, key.opclass, key.collation)
        case "nulls_last" | "nullslast":
            return Key(key.column, key.expression, key.columns, key.descending, False, key.opclass, key.collation)
        case _:
            return key


def keys_of(value: Value, opclasses: Value) -> tuple[Key, ...] | Unknown:
    """The elements of an index."""
    items: list[Value]
    if isinstance(value, str):
        items = [value]
    elif isinstance(value, tuple):
        items = list(value)
    elif isinstance(value, ListValue) and not value.open:
        items = value.items
    else:
        return NOT_KNOWN
    keys = [(key, item) for item in items for key in _keys_of_text(item) or (key_of(item),)]
    named = opclasses.items if isinstance(opclasses, DictValue) else {}
    return tuple([_with_opclass(key, named.get(_name_in_options(key, item))) for key, item in keys])


def _name_in_options(key: Key, item: Value) -> str | None:
    """The name that `postgresql_ops` calls an element by: its column, its label or its text."""
    if isinstance(key.column, str):
        return key.column
    if isinstance(item, CallValue) and last_name(item) in ("label", "text") and item.positional:
        name = item.positional[0]
        return name if isinstance(name, str) else None
    return None


def _keys_of_text(value: Value) -> tuple[Key, ...]:
    """The elements of `text("a, b")`, which is rendered as it is written; () for a single one."""
    if not isinstance(value, CallValue) or last_name(value) not in ("text", "literal_column"):
        return ()
    sql = sql_of(value)
    parsed = parsed_index(sql, None) if isinstance(sql, str) else None
    keys = parsed.index.keys if parsed is not None else ()
    return keys if isinstance(keys, tuple) and len(keys) > 1 else ()


def _with_opclass(key: Key, found: Value) -> Key:
    if found is None:
        return key
    opclass = text_of(found)
    element = f"({key.expression})" if key.expression is not None else _quoted(str(key.column))
    parsed = parsed_index(f"{element} {opclass}", None) if isinstance(opclass, str) else None
    if parsed is not None and isinstance(parsed.index.keys, tuple):
        return parsed.index.keys[0]  # people write DESC there too
    return Key(key.column, key.expression, key.columns, key.descending, key.nulls_first, opclass, key.collation)


def predicate_of(value: Value) -> tuple[Text, tuple[str, ...] | None]:
    """The predicate of a partial index, normalised, and the columns that it names (None: not known)."""
    if value is None:
        return None, None
    sql = sql_of(value)
    if isinstance(sql, Unknown):
        return sql, None
    parsed = parsed_index("c", sql)
    return (sql, None) if parsed is None else (parsed.index.where, parsed.index.where_columns)


@lru_cache(maxsize=4096)
def check_of(name: str | Unknown | None, sql: str | Unknown, validated: bool | Unknown = True) -> Check:
    """A CHECK with the columns that it names."""
    if isinstance(sql, str):
        operations = read_sql(f"ALTER TABLE t ADD CHECK ({sql})", _NOWHERE, binds=False)
        if len(operations) == 1 and isinstance(operations[0], AddConstraint):
            parsed = operations[0].constraint
            if isinstance(parsed, Check):
                return Check(name, parsed.sql, parsed.columns, validated)
    return Check(name, sql, None, validated)
