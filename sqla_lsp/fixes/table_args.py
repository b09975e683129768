"""Indexes put among the elements of a table: into `__table_args__` in whatever shape a class has it, or the arguments of a
`Table(...)`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from sqla_lsp.fixes.brackets import elements_of, indent_of, line_end, line_start, next_line, with_last, written
from sqla_lsp.fixes.code_file import CodeFile, code_file, nodes_in, text
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.statements import with_statement
from sqla_lsp.project.catalog import MappedModel
from sqla_lsp.project.names import Target
from sqla_lsp.project.project import Project
from sqla_lsp.project.relations import ancestors
from sqla_lsp.text.edits import Edit
from sqla_lsp.text.places import Place

_ARGS = "__table_args__"


def holder_of(file: CodeFile, mapped: MappedModel) -> Node:
    """The class, or the call of `Table(...)`, that declares a model. Raises `NotPossible`."""
    place = Place(mapped.model.place.start, mapped.model.place.end)
    if mapped.model.kind == "table":
        call = file.at(place, "call")
        if not file.meaning(call.child_by_field_name("function")).endswith("Table"):
            raise NotPossible("a helper makes the table")
        return call
    node = file.root.descendant_for_byte_range(place.start, place.end)
    if node is not None and node.type == "decorated_definition":
        node = node.child_by_field_name("definition")
    while node is not None and node.type != "class_definition":
        node = node.parent
    if node is None or node.child_by_field_name("body") is None:
        raise NotPossible("the class is not written there")
    return node


def with_indexes(project: Project, file: CodeFile, mapped: MappedModel, indexes: Sequence[str]) -> list[Edit]:
    """The edits that give a model some indexes, each an `Index(...)` as text. Raises `NotPossible`."""
    holder = holder_of(file, mapped)
    if holder.type == "call":
        return _in_call(file, holder, indexes)
    if holder.has_error:
        raise NotPossible("the class cannot be read")
    if any(True for _ in _defined(holder, "__table__")):
        raise NotPossible("the class is mapped to a table that it does not declare")
    own = list(_defined(holder, _ARGS))
    if len(own) > 1 or any(node.parent is None or node.parent.parent != holder for node in own):
        raise NotPossible("__table_args__ is set under conditions")
    if own and own[0].type != "expression_statement" and _is_handed_down(project, mapped):
        raise NotPossible("the tables of classes below would get the index too")
    if own:
        return _in_value(file, _value(own[0]), indexes)
    if _inherits(project, mapped):
        raise NotPossible("__table_args__ comes from a class above, and would be lost")
    return _new(file, holder, indexes)


def names_in(holder: Node) -> list[str]:
    """The names that a class body binds: they hide those of the module in it."""
    body = holder.child_by_field_name("body")
    found: list[str] = []
    for statement in body.named_children if body is not None and holder.type == "class_definition" else ():
        node = statement.named_children[-1] if statement.type == "decorated_definition" else statement
        if node.type == "expression_statement" and node.named_children:
            found.append(text(node.named_children[0].child_by_field_name("left")))
        else:
            found.append(text(node.child_by_field_name("name")))
    return found


def _defined(holder: Node, name: str) -> Iterator[Node]:
    """The statements of a class body that give a name its value, also under conditions."""
    body = holder.child_by_field_name("body")
    waiting = [body] if body is not None else []
    while waiting:
        for statement in waiting.pop().named_children:
            node = statement.named_children[-1] if statement.type == "decorated_definition" else statement
            if node.type == "expression_statement" and node.named_children:
                if text(node.named_children[0].child_by_field_name("left")) == name:
                    yield statement
            elif node.type == "function_definition":
                if text(node.child_by_field_name("name")) == name:
                    yield statement
            elif node.type != "class_definition":
                waiting.append(node)


def _value(statement: Node) -> Node:
    """The value of `__table_args__`: what is assigned, or what the one `return` of the function gives."""
    node = statement.named_children[-1] if statement.type == "decorated_definition" else statement
    if node.type == "expression_statement":
        value = node.named_children[0].child_by_field_name("right")
    else:
        returns = list(_returns(node))
        value = returns[0].named_children[0] if len(returns) == 1 and returns[0].named_children else None
    if value is None:
        raise NotPossible("it is not plain to see what __table_args__ is")
    return value


def _returns(function: Node) -> Iterator[Node]:
    waiting = [function]
    while waiting:
        node = waiting.pop()
        for child in node.named_children:
            if child.type == "return_statement":
                yield child
            elif child.type not in ("function_definition", "lambda", "class_definition"):
                waiting.append(child)


def _in_value(file: CodeFile, value: Node, indexes: Sequence[str]) -> list[Edit]:
    """The edits that put indexes into a value of `__table_args__`."""
    match value.type:
        case "tuple" | "list" | "expression_list":
            return _in_sequence(file, value, indexes)
        case "dictionary":
            return _around_options(file, value, indexes)
        case "call" if text(value.child_by_field_name("function")) == "dict":
            return _around_options(file, value, indexes)
        case "parenthesized_expression" if len(value.named_children) == 1:
            return _in_value(file, value.named_children[0], indexes)
        case "binary_operator" if text(value.child_by_field_name("operator")) == "+":
            return _in_sum(file, value, indexes)
        case "call" if text(value.child_by_field_name("function")) == "tuple":
            arguments = value.child_by_field_name("arguments")
            inner = arguments.named_children if arguments is not None else []
            if len(inner) == 1 and inner[0].type in ("list", "tuple"):
                return _in_sequence(file, inner[0], indexes)
        case _:
            pass
    raise NotPossible("__table_args__ is not written there as a tuple")


def _around_options(file: CodeFile, value: Node, indexes: Sequence[str]) -> list[Edit]:
    """A dictionary becomes the end of a tuple."""
    style, start, end = file.style, value.start_byte, value.end_byte
    has_brackets = value.parent is not None and value.parent.type == "parenthesized_expression"
    opening, closing = ("", "") if has_brackets else ("(", ")")
    flat = ", ".join(indexes)
    line = file.data[line_start(file.data, start) : min(line_end(file.data, start), end)].decode().expandtabs(4)
    if "\n" not in flat and len(line) + len(flat) + 4 <= style.line_length:
        edits = [Edit(start, start, f"{opening}{flat}, "), Edit(end, end, closing)]
        return [edit for edit in edits if edit.text]
    outer = indent_of(file.data, start)
    indent = outer + style.indent
    lines = "".join(f"{style.newline}{indent}{written(one, indent, style)}," for one in indexes)
    before = f"{opening}{lines}{style.newline}{indent}"
    after = f",{style.newline}{outer}{closing}"
    return [Edit(start, start, before), *_moved_right(file, value), Edit(end, end, after)]


def _moved_right(file: CodeFile, value: Node) -> Iterator[Edit]:
    """The edits that indent the lines of a value by one level more, but for what strings hold."""
    strings = [(node.start_byte, node.end_byte) for node in nodes_in(value, "string")]
    at = next_line(file.data, value.start_byte)
    while at <= value.end_byte:
        is_blank = not file.data[at : line_end(file.data, at)].strip()
        if not is_blank and not any(start < at < end for start, end in strings):
            yield Edit(at, at, file.style.indent)
        at = next_line(file.data, at)


def _in_sequence(file: CodeFile, value: Node, indexes: Sequence[str]) -> list[Edit]:
    """Options, and what may hold some, stay the last element."""
    elements = elements_of(file.data, value)
    last = elements.items[-1] if elements.items else None
    is_item = last is None or (last.type == "call" and _makes_item(file, last))
    return with_last(elements, ",\n".join(indexes), file.style, before=None if is_item else len(elements.items) - 1)


def _makes_item(file: CodeFile, call: Node) -> bool:
    """Whether a call makes an index or constraint, perhaps for one database."""
    function = call.child_by_field_name("function")
    if file.meaning(function) == "ddl_if" and function is not None:
        inner = function.child_by_field_name("object")
        return inner is not None and inner.type == "call" and _makes_item(file, inner)
    return file.meaning(function).endswith(("Index", "Constraint"))


def _in_sum(file: CodeFile, value: Node, indexes: Sequence[str]) -> list[Edit]:
    """`(...) + Base.__table_args__`: the first tuple takes them."""
    for side in ("left", "right"):
        node = value.child_by_field_name(side)
        if node is not None and node.type in ("tuple", "list"):
            return _in_sequence(file, node, indexes)
        if node is not None and node.type == "binary_operator" and text(node.child_by_field_name("operator")) == "+":
            return _in_sum(file, node, indexes)
    raise NotPossible("__table_args__ is a sum of what stands elsewhere")


def _in_call(file: CodeFile, call: Node, indexes: Sequence[str]) -> list[Edit]:
    """Before the options of a `Table(...)`."""
    arguments = call.child_by_field_name("arguments")
    assert arguments is not None
    elements = elements_of(file.data, arguments)
    options = [at for at, item in enumerate(elements.items) if item.type in ("keyword_argument", "dictionary_splat")]
    return with_last(elements, ",\n".join(indexes), file.style, before=options[0] if options else None)


def _new(file: CodeFile, holder: Node, indexes: Sequence[str]) -> list[Edit]:
    """A new `__table_args__`, below `__tablename__`, else at the beginning of the class."""
    style = file.style
    body = holder.child_by_field_name("body")
    assert body is not None
    depth = len(indent_of(file.data, body.named_children[0].start_byte).expandtabs(4))
    flat = f"{_ARGS} = ({', '.join(indexes)}{',' if len(indexes) == 1 else ''})"
    if "\n" in flat or depth + len(flat) > style.line_length:
        lines = "".join(f"{style.indent}{_indented(one, style.indent)},\n" for one in indexes)
        flat = f"{_ARGS} = (\n{lines})"
    named = [node for node in _defined(holder, "__tablename__") if node.type == "expression_statement"]
    if named and named[0].parent == body:
        return with_statement(file, named[0], flat)
    statements = [child for child in body.named_children if child.type != "comment"]
    first = statements[0]
    is_docstring = first.type == "expression_statement" and first.named_children[0].type == "string"
    if is_docstring and len(statements) == 1:
        return with_statement(file, first, flat, blank=True)
    return with_statement(file, statements[1] if is_docstring else first, flat, below=False)


def _inherits(project: Project, mapped: MappedModel) -> bool:
    """Whether a class above has `__table_args__` that counts for this one: that of a parent with a table of its own does not,
    unless it is a declared attribute."""
    for target, above in ancestors(mapped, project.catalog.model):
        node = _class_named(code_file(project, target.path), target)
        if node is None:
            continue
        own = list(_defined(node, _ARGS))
        has_table = above is not None and above.model.table is not None
        if own and not (has_table and all(statement.type == "expression_statement" for statement in own)):
            return True
    return False


def _is_handed_down(project: Project, mapped: MappedModel) -> bool:
    """Whether a class with another table inherits from the model: it gets what a declared attribute gives."""
    return any(
        above is mapped
        for other in project.catalog.models()
        if other is not mapped and other.model.table != mapped.model.table
        for _, above in ancestors(other, project.catalog.model)
    )


def _class_named(file: CodeFile, target: Target) -> Node | None:
    waiting = [file.root]
    while waiting:
        for child in waiting.pop().named_children:
            node = child.named_children[-1] if child.type == "decorated_definition" else child
            if node.type == "class_definition" and text(node.child_by_field_name("name")) == target.name:
                return node
            if node.type in ("if_statement", "try_statement", "block", "else_clause", "except_clause"):
                waiting.append(node)
    return None


def _indented(one: str, indent: str) -> str:
    return one.replace("\n", "\n" + indent)
