"""`index=True` put into the code of a column."""

from __future__ import annotations

from tree_sitter import Node

from sqla_lsp.fixes.brackets import elements_of, with_last
from sqla_lsp.fixes.code_file import CodeFile, keyword, text
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.index_code import COLUMNS
from sqla_lsp.fixes.sqlalchemy_names import spelled
from sqla_lsp.text.edits import Edit
from sqla_lsp.text.places import Place

_FLAG = "index=True"


def with_flag(file: CodeFile, place: Place) -> list[Edit]:
    """The edits that give the column at a place an index of its own. Raises `NotPossible`."""
    node = file.at(place, "call", "assignment")
    return _in_call(file, node) if node.type == "call" else _in_declaration(file, node)


def _in_call(file: CodeFile, call: Node) -> list[Edit]:
    kind = file.meaning(call.child_by_field_name("function"))
    arguments = call.child_by_field_name("arguments")
    if kind not in COLUMNS or arguments is None or arguments.type != "argument_list":
        raise NotPossible("a helper makes the column")
    inner = keyword(call, "sa_column") if kind == "Field" else None
    if inner is not None:
        value = inner.child_by_field_name("value")
        if value is None or value.type != "call":
            raise NotPossible("the column of the field stands elsewhere")
        return _in_call(file, value)
    given = keyword(call, "index")
    if given is not None:
        value = given.child_by_field_name("value")
        if value is None or value.type not in ("false", "none"):
            raise NotPossible("whether the column has an index is decided elsewhere")
        return [Edit(value.start_byte, value.end_byte, "True")]
    elements = elements_of(file.data, arguments)
    if any(item.type == "dictionary_splat" for item in elements.items):
        raise NotPossible("some arguments of the column stand elsewhere")
    return with_last(elements, _FLAG, file.style)


def _in_declaration(file: CodeFile, node: Node) -> list[Edit]:
    """`name: Mapped[str]`, and SQLModel's `name: str = "x"`."""
    left, kind, right = (node.child_by_field_name(name) for name in ("left", "type", "right"))
    if left is None or kind is None or left.type != "identifier":
        raise NotPossible("the column is not declared there")
    is_mapped = file.meaning(kind.named_children[0].named_children[0] if _is_generic(kind) else None) == "Mapped"
    if is_mapped:
        if right is not None:
            raise NotPossible("the column has a value that no call makes")
        name, edits = spelled(file, "mapped_column")
        return sorted([*edits, Edit(node.end_byte, node.end_byte, f" = {name}({_FLAG})")])
    field = next((bound for bound, path in file.bindings.items() if path in ("sqlmodel.Field", "sqlmodel.main.Field")), None)
    if field is None:
        raise NotPossible("nothing that makes a column is imported")
    if right is None:
        return [Edit(node.end_byte, node.end_byte, f" = {field}({_FLAG})")]
    if "\n" in text(right):
        raise NotPossible("the default value is written on several lines")
    return [
        Edit(right.start_byte, right.start_byte, f"{field}(default="),
        Edit(right.end_byte, right.end_byte, f", {_FLAG})"),
    ]


def _is_generic(kind: Node) -> bool:
    return bool(kind.named_children) and kind.named_children[0].type in ("generic_type", "subscript")
