"""Ways into tables and conditions of queries in short texts.

Indexes are SQL without its beginning: `a, b DESC`, `unique a`, `lower(a) where b > 0`, `using hash a`, `pk id`, `uq a, b`,
`invalid a`. What is not known is `?`.

A tree is SQL: `a = 1 and (b in (1, 2) or c like 'x%')`. `:x` is bound at run time, `t1.a` is the column of table 1 (table 0
without), `silent(a) = true` is a flag, `not_servable`, `not_known` and `outer_value` are what they say.
"""

from __future__ import annotations

import re
from typing import Any as Node

from sqla_lsp.postgres.sql import read_sql
from sqla_lsp.postgres.sql_expressions import columns_of, member, sql_of, strings
from sqla_lsp.postgres.sql_grammar import statements
from sqla_lsp.postgres.sql_text import Holes
from sqla_lsp.schema.access import AccessPath, path_of_constraint
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.operations import CreateIndex
from sqla_lsp.schema.predicates import All, Any, Atom, NotKnown, NotServable, Order, Tree
from sqla_lsp.schema.queries import Constant
from sqla_lsp.schema.tables import Index, PrimaryKey, Unique
from sqla_lsp.text.places import Place
from tests.postgres.sql_told import SITE

NOT_KNOWN = Unknown("it is not known")
PLACE = Place(0, 1)


def index_sql(text: str, table: str, name: str) -> str:
    """CREATE INDEX of a short text; a constraint is a unique index."""
    text = re.sub(r"^(pk|uq)\b", "unique", text.removeprefix("invalid "))
    unique, using, keys, rest = re.fullmatch(
        r"(unique )?(?:using (\w+) )?(.*?)((?: include| where| nulls not distinct).*)?", text
    ).groups()  # type: ignore[union-attr]
    return f"CREATE {unique or ''}INDEX {name} ON {table} USING {using or 'btree'} ({keys}){rest or ''}"


def path(text: str, name: str = "ix") -> AccessPath:
    """A way into a table."""
    text = text.strip()
    if "?" in text:
        return AccessPath(Index(name, NOT_KNOWN)) if text == "?" else _unknown_parts(text, name)
    if kind := re.match(r"(pk|uq|deferrable) ", text):
        columns = tuple(column.strip() for column in text[kind.end() :].split(","))
        if kind[1] == "pk":
            return path_of_constraint(PrimaryKey(name, columns))
        return path_of_constraint(Unique(name, columns, deferrable=kind[1] == "deferrable"))
    (operation,) = read_sql(index_sql(text, "t", name), SITE, binds=False)
    assert isinstance(operation, CreateIndex), text
    index = operation.index
    if text.startswith("invalid "):
        index = Index(index.name, index.keys, valid=False)
    return AccessPath(index)


def _unknown_parts(text: str, name: str) -> AccessPath:
    """`a where ?`, `unique? a`, `using ? a`, `a include ?`."""
    keys = path(re.sub(r"\s*(where \?|unique\?|using \?|include \?)\s*", "", text), name).index.keys
    return AccessPath(
        Index(
            name,
            keys,
            NOT_KNOWN if "unique?" in text else False,
            NOT_KNOWN if "using ?" in text else "btree",
            NOT_KNOWN if "include ?" in text else (),
            NOT_KNOWN if "where ?" in text else None,
        )
    )


def paths(text: str) -> list[AccessPath]:
    """Ways that semicolons part, named i0, i1, ..."""
    return [path(part, f"i{number}") for number, part in enumerate(text.split(";")) if part.strip()]


def tree(text: str) -> Tree:
    """The tree of a condition."""
    if not text:
        return All(())
    text = re.sub(r":\w+", "bound_value", text)
    (parsed,) = statements(f"SELECT 1 WHERE {text}", Holes())
    assert parsed.node is not None, parsed.reason
    return _tree(parsed.node.where_clause)


def _tree(node: Node) -> Tree:
    match node.WhichOneof("node"):
        case "bool_expr":
            parts = tuple(_tree(part) for part in node.bool_expr.args)
            match member(node.bool_expr, "boolop"):
                case "AND_EXPR":
                    return All(parts)
                case "OR_EXPR":
                    return Any(parts)
            (atom,) = parts
            assert isinstance(atom, Atom)
            return Atom(atom.table, atom.column, "=", PLACE, values=(Constant(False),), silent=atom.silent)
        case "null_test":
            is_null = member(node.null_test, "nulltesttype") == "IS_NULL"
            return _atom(node.null_test.arg, "null", []) if is_null else NotServable()
        case "column_ref":
            name = strings(node.column_ref.fields)[-1]
            if name == "not_servable":
                return NotServable()
            return NotKnown() if name == "not_known" else _atom(node, "=", [True])
        case "a_expr":
            return _comparison(node.a_expr)
        case other:
            raise AssertionError(other)


def _comparison(node: Node) -> Tree:
    kind, operator = member(node, "kind"), strings(node.name)[0]
    right = list(node.rexpr.list.items) if node.rexpr.WhichOneof("node") == "list" else [node.rexpr]
    if kind == "AEXPR_LIKE":
        return _atom(node.lexpr, "prefix", right)
    operator = {"AEXPR_IN": "in", "AEXPR_BETWEEN": "between"}.get(kind, operator)
    return NotServable() if operator not in ("=", "in", "<", "<=", ">", ">=", "between") else _atom(node.lexpr, operator, right)


def _atom(left: Node, operator: Node, right: list[Node]) -> Atom:
    silent = left.WhichOneof("node") == "func_call" and strings(left.func_call.funcname) == ("silent",)
    left = left.func_call.args[0] if silent else left
    column, expression, names = None, None, columns_of(left, Holes()) or ()
    table = 0
    if left.WhichOneof("node") == "column_ref":
        *before, column = strings(left.column_ref.fields)
        table = int(before[0][1:]) if before else 0
    else:
        expression = str(sql_of(left, Holes()))
    values: list[Constant | None] = []
    depends: set[int] = set()
    outer, other = False, None
    for item in right:
        if isinstance(item, bool):
            values.append(Constant(item))
        elif item.WhichOneof("node") == "column_ref":
            *before, name = strings(item.column_ref.fields)
            depends |= {int(before[0][1:])} if before else set()
            outer = outer or name == "outer_value"
            other = name if before else None
            values.append(None)
        else:
            while item.WhichOneof("node") == "type_cast":
                item = item.type_cast.arg
            kind = item.a_const.WhichOneof("val")
            value = getattr(getattr(item.a_const, kind), kind)
            values.append(Constant(float(value) if kind == "fval" else value))
    return Atom(table, column, operator, PLACE, expression, names, tuple(values), frozenset(depends), outer, silent, other=other)


def order(text: str) -> tuple[Order, ...]:
    """`a DESC NULLS LAST, b`."""
    keys = path(text).index.keys
    assert isinstance(keys, tuple)
    return tuple(
        Order(
            0,
            str(key.column) if key.column else None,
            key.expression and str(key.expression),
            key.descending,
            key.nulls_first,
            PLACE,
        )
        for key in keys
    )
