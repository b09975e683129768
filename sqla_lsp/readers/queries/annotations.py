"""What annotations of parameters and variables tell: `type[User]` is the class itself, `User` one of its rows."""

from __future__ import annotations

import re

from sqla_lsp.readers.queries.values import Held, Value, not_told, words
from sqla_lsp.schema.queries import Bound, GlobalName, Path
from sqla_lsp.syntax import code

_UNTOLD = words(
    "Any object Select Query Update Delete Executable Column ColumnElement ColumnExpressionArgument ColumnClause "
    "InstrumentedAttribute Mapped Table Subquery CTE Alias AliasedClass FromClause Selectable SelectBase Callable "
    "BinaryExpression BooleanClauseList ClauseElement SQLColumnExpression TSelect T ModelType Session AsyncSession "
    "Exists Insert DeclarativeBase DeclarativeMeta SelectOfScalar ReturningInsert Join QueryableAttribute "
    "KeyedColumnElement Self"
)
_TYPE_IN_TEXT = re.compile(r"\s*(?:typing\.)?(?:type|Type)\[\s*[\"']?([\w.]+)[\"']?\s*\]")


def annotated(annotation: code.Expression | None, described: str) -> Value:
    """What a name holds whose annotation this is; `described` is what it is: "the parameter model"."""
    if annotation is None:
        return not_told(described)
    annotation = _without_none(annotation)
    if isinstance(annotation, code.Constant) and isinstance(annotation.value, str):
        text = annotation.value
        found = _TYPE_IN_TEXT.match(text)
        if found:
            first, *names = found[1].split(".")
            return Path(GlobalName(first), tuple(names), 0, 0)
        last = re.split(r"[\[|]", text)[0].strip().rpartition(".")[2]
        return not_told(described) if last in _UNTOLD or not last.isidentifier() else Bound()
    if isinstance(annotation, code.Subscript):
        name = _last(annotation.value)
        if name in ("type", "Type"):
            return class_path(annotation.index) or not_told(described)
        if name in ("ClassVar", "Final", "Annotated", "Required"):
            inner = annotation.index.items[0] if isinstance(annotation.index, code.Sequence) and annotation.index.items else None
            return annotated(inner or annotation.index, described)
        return not_told(described) if name is None or name in _UNTOLD or _is_list(name) else Bound()
    name = _last(annotation)
    if name is None or name in _UNTOLD or _is_list(name):
        return not_told(described)
    of = class_path(annotation)
    return Bound() if of is None or name.islower() else Held(of=of)


def class_path(node: code.Expression) -> Path | None:
    """A dotted name, or one in a string."""
    if isinstance(node, code.Name):
        return Path(GlobalName(node.id), (), node.start, node.end)
    if isinstance(node, code.Attribute):
        base = class_path(node.value)
        return None if base is None else Path(base.root, (*base.names, node.name), node.start, node.end)
    if isinstance(node, code.Constant) and isinstance(node.value, str):
        first, *names = node.value.split(".")
        return Path(GlobalName(first), tuple(names), node.start, node.end) if first.isidentifier() else None
    return None


def _without_none(node: code.Expression) -> code.Expression:
    """`X | None` and `Optional[X]` as X."""
    if isinstance(node, code.Binary) and node.operator == "|":
        if isinstance(node.right, code.Constant) and node.right.value is None:
            return _without_none(node.left)
        if isinstance(node.left, code.Constant) and node.left.value is None:
            return _without_none(node.right)
    if isinstance(node, code.Subscript) and _last(node.value) == "Optional":
        return _without_none(node.index)
    return node


def _is_list(name: str) -> bool:
    """Lists may hold conditions or columns."""
    return name.lower() in ("list", "sequence", "iterable", "tuple", "collection", "iterator", "dict", "mapping", "union")


def _last(node: code.Expression) -> str | None:
    if isinstance(node, code.Name):
        return node.id
    if isinstance(node, code.Attribute):
        return node.name
    if isinstance(node, code.Subscript):
        return _last(node.value)
    return None
