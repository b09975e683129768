"""A revision file as it is written: its docstring, imports, header and functions as nodes of its tree, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from tree_sitter import Node

from sqla_lsp.syntax.tree import parse

HEADER = ("revision", "down_revision", "branch_labels", "depends_on")
"""What Alembic reads of a revision."""

_LINE_END = re.compile(r"\r\n?")
_REST_OF_LINE = re.compile(rb"[^\r\n]*")
_PRAGMA = re.compile(r"#\s*(noqa|type:|pylint:|isort:|mypy:|ruff:|flake8:|pyright:|fmt:|nosec|pragma:)")
_IMPORTS = frozenset({"import_statement", "import_from_statement", "future_import_statement"})


class Written:
    """`data` is the text as UTF-8; offsets are those of it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.nodes: list[Node] = parse(data).root_node.children

    def text(self, node: Node) -> str:
        """The text of a node, whose lines end with "\\n"."""
        return self.between(node.start_byte, node.end_byte)

    def between(self, start: int, end: int) -> str:
        """A part of the text, whose lines end with "\\n"."""
        return _LINE_END.sub("\n", self.data[start:end].decode("utf-8", "replace"))

    @cached_property
    def docstring(self) -> Node | None:
        """The string that tells what the revision is: that of the module, wherever it stands."""
        strings = [node.children[0] for node in self.nodes if _is_string(node)]
        return next((node for node in strings if b"Revision ID" in self.data[node.start_byte : node.end_byte]), None) or (
            strings[0] if strings and not self._before(strings[0]) else None
        )

    def _before(self, node: Node) -> bool:
        """Whether code stands before a node."""
        return any(other.end_byte <= node.start_byte for other in self.nodes if other.type != "comment")

    @cached_property
    def assigned(self) -> dict[str, Node]:
        """The assignments of the top level to single names, the last of each; without those of no value."""
        found: dict[str, Node] = {}
        for node in self.nodes:
            assignment = assignment_of(node)
            if assignment is not None:
                found[self.text(assignment.children[0])] = assignment
        return found

    def value(self, name: str) -> Node | None:
        """What a name of the top level is set to."""
        assignment = self.assigned.get(name)
        return None if assignment is None else assignment.child_by_field_name("right")

    @cached_property
    def imports(self) -> list[Node]:
        """The import statements of the top level."""
        return [node for node in self.nodes if node.type in _IMPORTS]

    def function(self, name: str) -> Node | None:
        """A function of the top level, without its decorators."""
        for node in self.nodes:
            inner = node.child_by_field_name("definition") if node.type == "decorated_definition" else node
            if inner is not None and inner.type == "function_definition":
                named = inner.child_by_field_name("name")
                if named is not None and self.text(named) == name:
                    return inner
        return None

    def pragma(self, node: Node) -> str:
        """The comment for tools behind a statement or inside of it, with blanks before it; "" where there is none."""
        line = _REST_OF_LINE.match(self.data, node.end_byte)
        rest = line[0].decode("utf-8", "replace").strip() if line is not None else ""
        inside = [self.text(child) for child in node.children if child.type == "comment"]
        return next((f"  {comment}" for comment in (rest, *inside) if is_pragma(comment)), "")

    def blank_lines_before(self, node: Node) -> int:
        """How many empty lines stand directly above a node of the top level."""
        above = self.between(0, node.start_byte)
        return max(0, above[len(above.rstrip()) :].count("\n") - 1) if above.strip() else 0


def assignment_of(node: Node) -> Node | None:
    """The assignment of a value to one name that a statement is."""
    if node.type != "expression_statement" or node.child_count != 1 or node.children[0].type != "assignment":
        return None
    assignment = node.children[0]
    right = assignment.child_by_field_name("right")
    return (
        assignment if right is not None and right.type != "assignment" and assignment.children[0].type == "identifier" else None
    )


def _is_string(node: Node) -> bool:
    return node.type == "expression_statement" and node.child_count == 1 and node.children[0].type == "string"


def is_pragma(comment: str) -> bool:
    """Whether a comment is for tools."""
    return _PRAGMA.match(comment) is not None


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, in the order of the text, however deep it goes."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending += reversed(node.children)


def names_used(code: str) -> set[str]:
    """The names that code looks up: neither attributes nor keywords of calls."""
    used: set[str] = set()
    for node in walk(parse(code.encode()).root_node):
        if node.type == "identifier" and node.text is not None and not _is_label(node):
            used.add(node.text.decode())
    return used


def _is_label(node: Node) -> bool:
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "attribute":
        return parent.child_by_field_name("attribute") == node
    return parent.type == "keyword_argument" and parent.child_by_field_name("name") == node


def content(node: Node) -> tuple[int, int] | None:
    """The range between the quotes of a plain string; None for an f-string and for what is no string."""
    if node.type != "string" or any(child.type == "interpolation" for child in node.children):
        return None
    return node.children[0].end_byte, node.children[-1].start_byte
