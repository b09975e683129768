"""The text of a new revision, laid out as that of another one: what Alembic's template would have written there, told from what
it did write, since no template is run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

import msgspec
from tree_sitter import Node

from sqla_lsp.fixes import imports
from sqla_lsp.fixes.docstrings import Moment, docstring
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.imports import Block, Import
from sqla_lsp.fixes.style import Style
from sqla_lsp.fixes.written import HEADER, Written, is_pragma, names_used, walk

_TEMPLATE = Written(b'''"""message

Revision ID: a
Revises: b

"""

# revision identifiers, used by Alembic.
revision = "a"
down_revision = "b"
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
''')
"""The layout where no file has one that could be taken."""

_LICENCE = re.compile(r"copyright|licen[cs]e|spdx", re.IGNORECASE)
_COOKIE = re.compile(r"#.*?coding[:=][ \t]*(?!utf-?8)[-\w.]+", re.IGNORECASE)
_BUILTIN = frozenset({"str", "None", "tuple", "list", "set", "int", "dict", "object", "bool"})


class NewRevision(msgspec.Struct, frozen=True):
    """What is to be written. `imports` are statements; `date` is None where its neighbour tells none that can be read."""

    revision: str
    down_revision: str
    date: Moment | None
    message: str
    upgrade: str
    downgrade: str
    imports: tuple[str, ...] = ()


def new_text(follows: Written, relatives: Sequence[Written], style: Style, new: NewRevision) -> bytes:
    """The text of a new revision, in the manner of the one that it follows; what that one does not show is told by its
    relatives, the nearest first. Raises `NotPossible`."""
    around = [follows, *relatives]
    layout = next((written for written in around if {"revision", "down_revision"} <= written.assigned.keys()), _TEMPLATE)
    text = _File(layout, around, style, new).text()
    return text.replace("\n", style.newline).encode()


class _File:
    """`layout` is the file that is taken for a model, `around` are all that may be."""

    def __init__(self, layout: Written, around: Sequence[Written], style: Style, new: NewRevision) -> None:
        self.layout = layout
        self.around = around
        self.others = [written for written in around if written is not layout]
        self.style = style
        self.new = new
        quotes = re.search("[\"']", layout.text(layout.assigned["revision"]))
        self.quote = quotes[0] if quotes is not None else style.quote

    def text(self) -> str:
        upgrade, downgrade = self._function("upgrade", self.new.upgrade), self._function("downgrade", self.new.downgrade)
        head = self._head(f"{upgrade}{downgrade}")
        lines = "".join("\n" * (block.gap if number else 0) + block.text + "\n" for number, block in enumerate(head))
        return "".join([lines, *("\n\n" + function + "\n" for function in (upgrade, downgrade) if function)])

    # -------------------------------------------------------------------------------------------------------------- head

    def _head(self, functions: str) -> list[Block]:
        """Everything above the functions."""
        needed = self._needed(functions)
        model = next((written for written in self.around if imports.brings(written, needed)), self.layout)
        blocks: list[Block] = []
        dropped = 0
        written_imports = False
        for node in self.layout.nodes:
            gap = self.layout.blank_lines_before(node)
            if node in self.layout.imports:
                made = self._imports(model, needed, gap) if not written_imports else []
                written_imports = True
            elif node.start_byte > self._end_of_head and node.type == "comment":
                made = []
            else:
                made = self._block(node, gap)
            if not made:
                dropped = max(dropped, gap)
                continue
            if dropped:
                made[0].gap = max(made[0].gap, min(dropped, 1))
            dropped = 0
            blocks += made
        if self.layout.docstring is None:
            self._tell(blocks)
        have = {name for block in blocks if block.module for name in block.bound}
        sa_first = imports.sqlalchemy_first(self.around)
        for statement in self._statements(functions):
            if not {found.bound for found in imports.read(statement)} <= have:
                imports.insert(blocks, statement, sa_first=sa_first)
        return blocks

    @cached_property
    def _end_of_head(self) -> int:
        """Where the last statement above the functions ends."""
        functions = min([node.start_byte for node in self._signatures()], default=len(self.layout.data))
        return max(
            [node.end_byte for node in self.layout.nodes if node.type != "comment" and node.end_byte <= functions], default=0
        )

    def _tell(self, blocks: list[Block]) -> None:
        """Says what the revision is, where the layout has no place for it."""
        at = next((index for index, block in enumerate(blocks) if not block.text.startswith("#")), len(blocks))
        blocks.insert(
            at, Block(docstring("", self.new.message, {}, ""), blocks[at].gap if at < len(blocks) and at else 0, "", ("",))
        )
        if at + 1 < len(blocks):
            blocks[at + 1].gap = 1

    def _imports(self, model: Written, needed: Sequence[Import], first: int) -> list[Block]:
        """The imports, as the model has them: where they stand, `first` lines below, is told by the layout."""
        found = [imports.kept(model, node, needed, self.style) for node in model.imports]
        blocks: list[Block] = []
        dropped = 0
        for node, block in zip(model.imports, found, strict=True):
            gap = min(1, model.blank_lines_before(node))
            if block is None:
                dropped = max(dropped, gap)
                continue
            block.gap = max(gap, dropped)
            dropped = 0
            blocks.append(block)
        if blocks:
            blocks[0].gap = first
        return blocks

    def _statements(self, functions: str) -> list[str]:
        """The imports that the bodies need, as one would write them."""
        used = names_used(functions)
        needs = [imports.OP] if "op" in used and "op" not in self._parameters() else []
        needs += [imports.SA] if "sa" in used else []
        return [*needs, *self.new.imports]

    def _needed(self, functions: str) -> list[Import]:
        """The names that the new file needs."""
        needed = [found for statement in self._statements(functions) for found in imports.read(statement)]
        annotations = [self._annotation(name) for name in HEADER if name in self.layout.assigned]
        used = {name for annotation in annotations if annotation for name in names_used(annotation)}
        used |= {name for node in self._signatures() for name in self._annotation_names(node)}
        return [*needed, *(found for found in imports.all_imports(self.layout) if found.bound in used)]

    def _block(self, node: Node, gap: int) -> list[Block]:
        """A statement of the new header for one of the layout's; nothing where it has no counterpart."""
        if self.layout.docstring is not None and node.children[:1] == [self.layout.docstring]:
            return [Block(self._docstring(), gap, "", ("",))]
        if node.type == "comment":
            text = self.layout.text(node)
            return [Block(text, gap)] if self._keeps(node, text) else []
        assigned = [name for name, assignment in self.layout.assigned.items() if [assignment] == node.children[:1]]
        text = self._assignment(assigned[0]) if assigned else ""
        return [Block(text + self.layout.pragma(node), gap)] if text else []

    def _docstring(self) -> str:
        assert self.layout.docstring is not None
        fields = {"Revision ID": self.new.revision, "Revises": self.new.down_revision}
        if self.new.date is not None:
            fields["Create Date"] = str(self.new.date)
        literal = self.layout.text(self.layout.docstring)
        others = [written.text(written.docstring) for written in self.others if written.docstring is not None]
        return docstring(literal, self.new.message, fields, self._old(), others)

    def _old(self) -> str:
        value = self.layout.value("revision")
        return self.layout.text(value).strip("\"'") if value is not None else ""

    def _keeps(self, node: Node, text: str) -> bool:
        """Whether a comment belongs to the layout: a licence, a note for tools, or what others have too."""
        row = node.start_point[0]
        if (_COOKIE.match(text) and row < 2) or text.startswith("#!") or "sqla-lsp" in text:
            return False
        if any(other.end_point[0] == row and other.type != "comment" for other in self.layout.nodes):
            return False  # it stands behind a statement
        if "revision identifiers" in text or (is_pragma(text) and not self.others):
            return True
        if self._opens(node) and _LICENCE.search(self._opening()):
            return True
        return any(f"\n{text}\n".encode() in b"\n" + written.data.replace(b"\r\n", b"\n") for written in self.others)

    def _opens(self, node: Node) -> bool:
        """Whether a comment stands above everything else."""
        return all(other.type == "comment" for other in self.layout.nodes if other.start_byte < node.start_byte)

    def _opening(self) -> str:
        first = next((node.start_byte for node in self.layout.nodes if node.type != "comment"), 0)
        return self.layout.between(0, first)

    # ------------------------------------------------------------------------------------------------------- assignments

    def _assignment(self, name: str) -> str:
        """A line of the header; "" for one that is the other revision's own."""
        assignment = self.layout.assigned[name]
        right = self.layout.value(name)
        assert right is not None
        values = {"revision": self.new.revision, "down_revision": self.new.down_revision}
        if name in HEADER:
            value = f"{self.quote}{values[name]}{self.quote}" if name in values else "None"
            return f"{self._target(name, assignment, right)}{value}"
        same = [written.value(name) for written in self.others[:3]]
        if right.type != "string" or not same or None in same:
            return ""
        return self.layout.text(assignment)

    def _target(self, name: str, assignment: Node, right: Node) -> str:
        """What stands left of the value. An annotation that does not fit is left out."""
        annotated = assignment.child_by_field_name("type") is not None
        if annotated and self._annotation(name) is None:
            return f"{name} = "
        return self.layout.between(assignment.start_byte, right.start_byte)

    def _annotation(self, name: str) -> str | None:
        """The annotation of a line of the header, which may be ""; None for one that does not fit, or has names that no import
        binds."""
        annotation = self.layout.assigned[name].child_by_field_name("type")
        text = self.layout.text(annotation) if annotation is not None else ""
        narrow = name == "down_revision" and re.match(r"(typing\.)?(tuple|list|None\b)", text, re.IGNORECASE) is not None
        return text if names_used(text) <= self._bound and not narrow else None

    @cached_property
    def _bound(self) -> set[str]:
        """The names that annotations may speak of."""
        return {*_BUILTIN, *(found.bound for found in imports.all_imports(self.layout))}

    # --------------------------------------------------------------------------------------------------------- functions

    def _signatures(self) -> list[Node]:
        """The functions of the layout."""
        return [node for name in ("upgrade", "downgrade") if (node := self.layout.function(name)) is not None]

    def _signature(self, node: Node) -> str:
        """The parameters and what is returned."""
        parameters, returned = node.child_by_field_name("parameters"), node.child_by_field_name("return_type")
        text = self.layout.text(parameters) if parameters is not None else "()"
        return f"{text} -> {self.layout.text(returned)}" if returned is not None else text

    def _parameters(self) -> set[str]:
        node = self.layout.function("upgrade")
        parameters = node.child_by_field_name("parameters") if node is not None else None
        if parameters is None:
            return set()
        return {self.layout.text(child) for child in walk(parameters) if child.type == "identifier"}

    def _function(self, name: str, body: str) -> str:
        """One of the functions; "" for a downgrade where nobody around has one."""
        node = self.layout.function(name)
        if node is None:
            if name == "downgrade" and len(self.around) > 1 and not any(w.function(name) is not None for w in self.around):
                return ""
            other = self.layout.function("upgrade")
            signature = self._signature(other) if other is not None else "()"
            return f"def {name}{signature}:\n{self._indented(body)}"
        inner = self.layout.text(node)
        if "globals()" in inner:
            raise NotPossible("its upgrade() calls one function for each database")
        signature = self._signature(node)
        if re.search(r"\bop\b[^,]*=", signature) is not None:
            raise NotPossible(f"its {name}() may be called without op")
        if not self._annotation_names(node) <= self._bound:
            raise NotPossible(f"its {name}() is annotated with names that it does not import")
        told = self._told(name, node)
        return f"def {name}{signature}:\n{told}{self._indented(body)}"

    def _annotation_names(self, function: Node) -> set[str]:
        """The names in the annotations of a function."""
        parameters, returned = function.child_by_field_name("parameters"), function.child_by_field_name("return_type")
        types = [child for child in walk(parameters) if child.type == "type"] if parameters is not None else []
        types += [returned] if returned is not None else []
        return {name for node in types for name in names_used(self.layout.text(node))}

    def _told(self, name: str, node: Node) -> str:
        """The docstring of a function, where others have the same."""
        string = self._docstring_of(self.layout, node)
        if not string:
            return ""
        others = [(written, written.function(name)) for written in self.others]
        same = any(self._docstring_of(written, other) == string for written, other in others if other is not None)
        return f"{self.style.indent}{string}\n" if same else ""

    @staticmethod
    def _docstring_of(written: Written, node: Node) -> str:
        body = node.child_by_field_name("body")
        first = body.children[0] if body is not None and body.children else None
        is_string = first is not None and first.type == "expression_statement" and first.children[0].type == "string"
        return written.text(first) if first is not None and is_string else ""

    def _indented(self, body: str) -> str:
        """The body of a function. Lines inside of strings stay as they are."""
        body = body.strip("\n") or "pass"
        strings = [node for root in Written(body.encode()).nodes for node in walk(root) if node.type == "string"]
        inside = {row for node in strings for row in range(node.start_point[0] + 1, node.end_point[0] + 1)}
        lines = body.split("\n")
        return "\n".join(
            line if number in inside or not line.strip() else self.style.indent + line for number, line in enumerate(lines)
        )
