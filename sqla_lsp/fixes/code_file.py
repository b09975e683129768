"""A Python file as fixes look at it: its text, its tree, and what the names mean that its imports bind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tree_sitter import Node

from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.style import Style, style_in
from sqla_lsp.project.formatting import Formatting
from sqla_lsp.project.project import Project
from sqla_lsp.syntax.tree import parse
from sqla_lsp.text.places import Place

_BRANCHES = ("if_statement", "try_statement", "else_clause", "elif_clause", "except_clause", "finally_clause", "block")


@dataclass(frozen=True)
class CodeFile:
    """A file of the project. Offsets are those of `data`."""

    path: str
    data: bytes
    root: Node
    style: Style

    def at(self, place: Place, *kinds: str) -> Node:
        """The node of one of some kinds that is just the place. Raises `NotPossible`, also where its statement does not parse."""
        node = self.root.descendant_for_byte_range(place.start, place.end)
        while node is not None and node.type not in kinds and node.parent is not None and _same_range(node, node.parent):
            node = node.parent
        if node is None or (node.start_byte, node.end_byte) != (place.start, place.end) or node.type not in kinds:
            raise NotPossible("it is not written as a call there")
        if statement_of(node).has_error:
            raise NotPossible("the statement cannot be read")
        return node

    @cached_property
    def bindings(self) -> dict[str, str]:
        """What the imports at the top level bind, by name, as dotted paths."""
        found: dict[str, str] = {}
        for statement in imports_in(self.root):
            module = module_of(statement)
            for name in statement.children_by_field_name("name"):
                dotted, bound = imported(name)
                if statement.type == "import_statement":
                    found[bound.partition(".")[0]] = dotted if bound != dotted else bound.partition(".")[0]
                else:
                    found[bound] = f"{module}.{dotted}"
        return found

    def meaning(self, function: Node | None) -> str:
        """The last name of what a call calls, behind the names that imports and simple assignments give it."""
        if function is None:
            return ""
        if function.type == "attribute":
            return text(function.child_by_field_name("attribute"))
        if function.type == "subscript":
            return self.meaning(function.child_by_field_name("value"))
        name = text(function)
        return self.bindings.get(name, self._assigned.get(name, name)).rpartition(".")[2]

    @cached_property
    def _assigned(self) -> dict[str, str]:
        """Other names: `_Column = mapped_column`."""
        found: dict[str, str] = {}
        for statement in self.root.named_children:
            assignment = statement.named_children[0] if statement.type == "expression_statement" else None
            if assignment is not None and assignment.type == "assignment":
                left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
                if (
                    left is not None
                    and right is not None
                    and left.type == "identifier"
                    and right.type in ("identifier", "attribute")
                ):
                    value = text(right)
                    found[text(left)] = self.bindings.get(value, value)
        return found


def code_file(project: Project, path: str) -> CodeFile:
    """A file as it stands now."""
    return _read(path, project.data(path), project.formatting(path))


@lru_cache(maxsize=16)
def _read(path: str, data: bytes, formatting: Formatting) -> CodeFile:
    """A fix looks at few files, but at each of them many times."""
    return CodeFile(path, data, parse(data).root_node, style_in(data, formatting))


def text(node: Node | None) -> str:
    """What is written at a node, "" where there is none."""
    return node.text.decode() if node is not None and node.text is not None else ""


def string_of(node: Node | None) -> str | None:
    """The value of a plain string literal."""
    if node is None or node.type != "string" or len(node.named_children) != 3 or text(node)[:1] not in "\"'":
        return None if node is None or text(node) not in ('""', "''") else ""
    content = node.named_children[1]
    return text(content) if content.type == "string_content" and not content.named_children else None


def statement_of(node: Node) -> Node:
    """The statement that a node stands in: the largest one on whose lines nothing else begins."""
    while node.parent is not None and node.parent.type not in ("block", "module"):
        node = node.parent
    return node


def enclosing(node: Node, kind: str) -> Node | None:
    """The nearest node of a kind around one."""
    around = node.parent
    while around is not None and around.type != kind:
        around = around.parent
    return around


def keyword(call: Node, name: str) -> Node | None:
    """A keyword argument of a call."""
    arguments = call.child_by_field_name("arguments")
    for argument in arguments.named_children if arguments is not None else ():
        if argument.type == "keyword_argument" and text(argument.child_by_field_name("name")) == name:
            return argument
    return None


def imports_in(node: Node) -> Iterator[Node]:
    """The import statements of a module's top level, also under conditions, but not what is for type checkers alone."""
    for child in node.named_children:
        if child.type == "if_statement" and "TYPE_CHECKING" in text(child.child_by_field_name("condition")):
            continue
        if child.type in ("import_statement", "import_from_statement"):
            yield child
        elif child.type in _BRANCHES:
            yield from imports_in(child)


def module_of(statement: Node) -> str:
    """The module that an import names."""
    return text(statement.child_by_field_name("module_name"))


def imported(name: Node) -> tuple[str, str]:
    """What an import names, and by which name it is known then."""
    if name.type != "aliased_import":
        return text(name), text(name)
    return text(name.child_by_field_name("name")), text(name.child_by_field_name("alias"))


def nodes_in(root: Node, *kinds: str) -> Iterator[Node]:
    """All nodes of some kinds."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type in kinds:
            yield node
        waiting += node.children


def _same_range(one: Node, other: Node) -> bool:
    return (one.start_byte, one.end_byte) == (other.start_byte, other.end_byte)
