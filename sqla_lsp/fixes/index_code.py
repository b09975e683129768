"""Indexes as models write them: finding the code of one by its place, and taking it out of whatever shape it stands in."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from sqla_lsp.fixes.brackets import elements_of, without
from sqla_lsp.fixes.code_file import CodeFile, code_file, enclosing, keyword, nodes_in, text
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.sqlalchemy_names import left_over
from sqla_lsp.fixes.statements import without_statement
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.project.catalog import TableEntry
from sqla_lsp.project.project import Project
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.models import ModelConstraint
from sqla_lsp.text.edits import Edit
from sqla_lsp.text.places import Place

COLUMNS = ("Column", "mapped_column", "Field")
"""The calls that make a column."""

_KNOWN = frozenset(
    {"name", "unique", "quote", "info", "_table", "if_not_exists"}
    | {f"postgresql_{name}" for name in ("using", "where", "include", "ops", "nulls_not_distinct", "concurrently")}
)
"""The arguments of an index that facts tell; beside them, those of other databases make no difference."""
_OTHERS = ("sqlite_", "mysql_", "mariadb_", "oracle_", "mssql_")

Made = Sequence[tuple[TableEntry, AccessPath]]
"""The tables that an index of one place stands in, each with the index."""


def file_of(project: Project, place: Place, made: Made) -> CodeFile:
    """The file of an index. Raises `NotPossible` where its place makes other indexes too: a loop or a helper does."""
    own = {id(path) for _, path in made}
    for entry in project.catalog.entries_in(place.path):
        if any(_is_at(one, place, mapped.path) for mapped in entry.models for one in mapped.model.constraints):
            raise NotPossible("the same code makes a constraint too")
        if any(path.place == place and id(path) not in own and not _is_in(path, made) for path in entry.access):
            raise NotPossible("the same code makes other indexes too")
    return code_file(project, place.path)


def _is_at(declared: ModelConstraint, place: Place, path: str) -> bool:
    return (declared.place.start, declared.place.end, declared.place.path or path) == (place.start, place.end, place.path)


def _is_in(path: AccessPath, made: Made) -> bool:
    """Whether two models of one table bring the same index along."""
    return any(path.index == other.index for _, other in made)


def others(made: Made) -> str:
    """What a title says of the other tables that the same index stands in."""
    first, *rest = dict.fromkeys(str(entry.name) for entry, _ in made)
    return f", and the same of {', '.join(quote(name) for name in rest if name != first)}" if rest else ""


def index_call(file: CodeFile, place: Place) -> Node:
    """The `Index(...)` at a place. Raises `NotPossible`."""
    call = file.at(place, "call")
    if file.meaning(call.child_by_field_name("function")) != "Index":
        raise NotPossible("a helper makes the index")
    arguments = call.child_by_field_name("arguments")
    if arguments is None or arguments.type != "argument_list":
        raise NotPossible("a helper makes the index")
    return call


def is_plain(call: Node) -> bool:
    """Whether an `Index(...)` says nothing that facts do not tell."""
    arguments = call.child_by_field_name("arguments")
    for argument in arguments.named_children if arguments is not None else ():
        if argument.type == "dictionary_splat":
            return False
        name = text(argument.child_by_field_name("name")) if argument.type == "keyword_argument" else "name"
        if name not in _KNOWN and not name.startswith(_OTHERS):
            return False
    return True


def without_flag(file: CodeFile, place: Place, *, unique: bool) -> list[Edit]:
    """The edits that take `index=True` out of a column, and `unique=True` too, where the two make one unique index."""
    argument = file.at(place, "keyword_argument")
    arguments = argument.parent
    call = arguments.parent if arguments is not None else None
    if arguments is None or call is None or call.type != "call" or text(argument.child_by_field_name("name")) != "index":
        raise NotPossible("a helper makes the index")
    if file.meaning(call.child_by_field_name("function")) not in COLUMNS:
        raise NotPossible("a helper makes the column")
    gone = {argument.id}
    if unique:
        flag = keyword(call, "unique")
        if flag is None or text(flag.child_by_field_name("value")) != "True":
            raise NotPossible("it is not written there that the index is unique")
        gone.add(flag.id)
    elements = elements_of(file.data, arguments)
    return without(elements, [number for number, item in enumerate(elements.items) if item.id in gone])


def without_index(file: CodeFile, place: Place) -> list[Edit]:
    """The edits that take an `Index(...)`, or the call of a helper that makes one, out of the model, and its import where that is
    left over. Raises `NotPossible`."""
    node = call = file.at(place, "call")
    is_helper = file.meaning(call.child_by_field_name("function")) != "Index"
    if is_helper and (call.parent is None or call.parent.type not in ("tuple", "list", "expression_list")):
        raise NotPossible("a helper makes the index")
    while _is_method_of(node):
        node = node.parent.parent  # type: ignore[union-attr, assignment]
    edits, gone = _taken_out(file, node)
    imports = left_over(file, text(call.child_by_field_name("function")), [gone])
    apart = all(one.end <= other.start or other.end <= one.start for one in imports for other in edits)
    return sorted([*edits, *imports]) if apart else edits


def _is_method_of(node: Node) -> bool:
    """Whether a method is called of what the node makes: `Index(...).ddl_if(...)`."""
    around = node.parent
    return around is not None and around.type == "attribute" and around.parent is not None and around.parent.type == "call"


def _taken_out(file: CodeFile, node: Node) -> tuple[list[Edit], Node]:
    around = node.parent
    assert around is not None
    match around.type:
        case "tuple" | "list" | "expression_list":
            return _out_of_sequence(file, around, node)
        case "argument_list":
            call = around.parent
            if call is None or not file.meaning(call.child_by_field_name("function")).endswith("Table"):
                raise NotPossible("the index is an argument of something else than a table")
            return _out_of(file, around, node), node
        case "expression_statement":
            return without_statement(file, around), around
        case "assignment":
            return _assigned(file, around), around
        case _:
            raise NotPossible("the index stands in an expression that has no place for one less")


def _out_of(file: CodeFile, around: Node, node: Node) -> list[Edit]:
    elements = elements_of(file.data, around)
    return without(elements, [number for number, item in enumerate(elements.items) if item == node])


def _assigned(file: CodeFile, assignment: Node) -> list[Edit]:
    """A variable that nothing else speaks of goes with its index; one that is not private may be asked for elsewhere."""
    name = assignment.child_by_field_name("left")
    statement = assignment.parent
    if name is None or statement is None or name.type != "identifier" or not text(name).startswith("_"):
        raise NotPossible("other files may ask for the variable of the index")
    if any(text(other) == text(name) and other != name for other in nodes_in(file.root, "identifier", "string_content")):
        raise NotPossible("the variable of the index is used")
    return without_statement(file, statement)


def _out_of_sequence(file: CodeFile, around: Node, node: Node) -> tuple[list[Edit], Node]:
    elements = elements_of(file.data, around)
    if len(elements.items) > 1 or elements.comments:
        return _out_of(file, around, node), node
    owner = around.parent
    assert owner is not None
    is_args = owner.type == "assignment" and text(owner.child_by_field_name("left")) == "__table_args__"
    if is_args and owner.parent is not None and enclosing(owner, "class_definition") is not None:
        return without_statement(file, owner.parent), owner
    if owner.type == "binary_operator" and text(owner.child_by_field_name("operator")) == "+":
        left, right = owner.child_by_field_name("left"), owner.child_by_field_name("right")
        if left is not None and right is not None and not any(child.type == "comment" for child in owner.children):
            if right == around:
                return [Edit(left.end_byte, right.end_byte, "")], around
            return [Edit(left.start_byte, right.start_byte, "")], around
    if around.type == "expression_list":
        return [Edit(around.start_byte, around.end_byte, "()")], around
    return _out_of(file, around, node), node
