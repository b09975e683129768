"""The edit of an env.py after which each revision has a transaction of its own: `transaction_per_migration=True` in the calls of
`context.configure`, which are otherwise left as they are written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from sqla_lsp.fixes.fix import Change, NotPossible
from sqla_lsp.fixes.imports import all_imports
from sqla_lsp.fixes.style import Style, style_of
from sqla_lsp.fixes.written import Written, walk
from sqla_lsp.project.project import Project
from sqla_lsp.text.edits import Edit

_NAME = "transaction_per_migration"
_ARGUMENT = f"{_NAME}=True"
_TELLING = frozenset({"connection", "target_metadata", "dialect_name", "literal_binds"})
"""Arguments that only Alembic's `configure` has."""

_HELD = re.compile(rb"\bset\s+local\b|\bpg_(?:try_)?advisory_xact_lock\b|\block\s+table\b", re.IGNORECASE)
"""What lasts until the end of the transaction: where each revision has its own, only the first would see it."""


def with_transaction_per_migration(project: Project, path: str) -> Change | None:
    """The edit of the env.py of a revision's environment that gives each revision a transaction of its own; None where it has
    that already. Raises `NotPossible`."""
    if project.history(path) is None:
        raise NotPossible("it is no revision")
    environment = project.environments.of(path)
    if environment.facts.transaction_per_migration:
        return None
    at = os.path.join(environment.folder, "env.py")
    written = Written(project.data(at))
    if not written.nodes:
        raise NotPossible("its env.py is not found")
    calls = list(_calls(written))
    if not calls:
        raise NotPossible("its env.py leaves the call of context.configure() to another module")
    if _begins_outside(written, calls):
        raise NotPossible("its env.py begins a transaction around all revisions")
    held = _HELD.search(written.data)
    if held is not None:
        raise NotPossible(f"its env.py says {held[0].decode()} for the one transaction of all revisions")
    style = style_of(project, at)
    edits = [edit for call in calls for edit in _Call(written, call, style).edits()]
    return Change({at: tuple(sorted(edits))}) if edits else None


def _calls(written: Written) -> Iterator[Node]:
    """The calls of Alembic's `configure`."""
    contexts = {each.bound for each in all_imports(written) if (each.module, each.name) in _CONTEXT} | {"alembic.context"}
    for root in written.nodes:
        for node in walk(root):
            function = node.child_by_field_name("function") if node.type == "call" else None
            if function is None:
                continue
            base, _, name = written.text(function).rpartition(".")
            if name == "configure" and (base in contexts or (base and _names(written, node) & _TELLING)):
                yield node


_CONTEXT = frozenset({("alembic", "context"), ("alembic.context", "")})


def _names(written: Written, call: Node) -> set[str]:
    arguments = call.child_by_field_name("arguments")
    keywords = [node for node in arguments.children if node.type == "keyword_argument"] if arguments is not None else []
    return {written.text(node.children[0]) for node in keywords}


def _begins_outside(written: Written, calls: Sequence[Node]) -> bool:
    """Whether a transaction is begun around the migrations, in which those of Alembic have no effect (POSTGRES.md 1.10)."""
    running = {"configure", "run_migrations", "run_sync", *(name for call in calls if (name := _function_around(written, call)))}
    runs = re.compile(rf"\b(?:{'|'.join(sorted(running))})\b")
    for root in written.nodes:
        for node in walk(root):
            if node.type != "call" or re.search(r"\.begin\(\s*\)\Z", written.text(node)) is None:
                continue
            block = node.parent
            while block is not None and block.type not in ("with_item", "block"):
                block = block.parent
            if block is None or block.type == "block":
                return True
            while block is not None and block.type != "with_statement":
                block = block.parent
            if block is None or runs.search(written.text(block)) is not None:
                return True
    return False


def _function_around(written: Written, node: Node) -> str:
    """The name of the function that a node stands in, "" where it stands in none."""
    parent = node.parent
    while parent is not None and parent.type != "function_definition":
        parent = parent.parent
    name = parent.child_by_field_name("name") if parent is not None else None
    return written.text(name) if name is not None else ""


class _Call:
    """One call of `configure`, and what makes it say `transaction_per_migration=True`."""

    def __init__(self, written: Written, call: Node, style: Style) -> None:
        self.written = written
        self.style = style
        arguments = call.child_by_field_name("arguments")
        assert arguments is not None
        self.list = arguments
        self.items = [node for node in arguments.children if node.is_named and node.type != "comment"]
        self.start_row = call.start_point[0]

    def edits(self) -> list[Edit]:
        for item in self.items:
            if item.type == "keyword_argument" and self.written.text(item.children[0]) == _NAME:
                return self._set(item)
        spread = [item for item in self.items if item.type == "dictionary_splat"]
        if any(item.type == "list_splat" for item in self.items) or len(spread) > 1:
            raise NotPossible("its env.py passes arguments to context.configure() that are not known")
        if spread:
            return self._merged(spread[0])
        if not self.items:
            return [Edit(self.list.start_byte + 1, self.list.start_byte + 1, _ARGUMENT)]
        return self._added()

    def _set(self, item: Node) -> list[Edit]:
        """The argument is there: its value is made True."""
        value = item.child_by_field_name("value")
        if value is None or value.type not in ("true", "false", "none"):
            raise NotPossible(f"its env.py computes {_NAME}")
        return [] if value.type == "true" else [Edit(value.start_byte, value.end_byte, "True")]

    def _merged(self, spread: Node) -> list[Edit]:
        """`**arguments` may hold the argument too, which nobody may pass twice: what is added to them replaces it."""
        key = f"{self.style.quote}{_NAME}{self.style.quote}"
        inner = spread.children[-1]
        if inner.type == "dictionary":
            raise NotPossible("its env.py passes arguments to context.configure() in a dictionary")
        return [Edit(inner.start_byte, inner.start_byte, "{**"), Edit(inner.end_byte, inner.end_byte, f", {key}: True}}")]

    def _added(self) -> list[Edit]:
        last = self.items[-1]
        close = self.list.children[-1]
        comma = next((node for node in self.list.children if node.type == "," and node.start_byte >= last.end_byte), None)
        open_row, close_row, last_row = self.list.start_point[0], self.list.end_point[0], last.end_point[0]
        if comma is not None:
            if comma.end_point[0] == close_row:
                return [Edit(comma.end_byte, comma.end_byte, f" {_ARGUMENT},")]
            at = self._line_end(comma.end_byte)
            return [Edit(at, at, f"{self.style.newline}{self._indent(last)}{_ARGUMENT},")]
        if open_row == close_row:
            fits = self._width(last_row) + len(f", {_ARGUMENT}") <= self.style.line_length
            return [Edit(last.end_byte, last.end_byte, f", {_ARGUMENT}")] if fits else self._broken()
        one_line = self.items[0].start_point[0] == last_row and not self._has_comments()
        if one_line and last_row != open_row and last_row != close_row:
            if self._width(last_row) + len(f", {_ARGUMENT}") <= self.style.line_length:
                return [Edit(last.end_byte, last.end_byte, f", {_ARGUMENT}")]
            return self._broken()
        if close.start_point[0] == last_row != last.start_point[0]:
            return [Edit(last.end_byte, last.end_byte, f", {_ARGUMENT}")]
        line = f"{self.style.newline}{self._indent(last)}{_ARGUMENT}"
        if close.start_point[0] == last_row:
            return [Edit(last.end_byte, last.end_byte, f",{line}")]
        at = self._line_end(last.end_byte)
        if at == last.end_byte:
            return [Edit(at, at, f",{line}")]
        return [Edit(last.end_byte, last.end_byte, ","), Edit(at, at, line)]

    def _broken(self) -> list[Edit]:
        """The arguments, which stood on one line, on one or more of their own."""
        outer = self._leading(self.start_row)
        inner = outer + self.style.indent
        texts = [*(self.written.text(item) for item in self.items), _ARGUMENT]
        flat = inner + ", ".join(texts)
        lines: Sequence[str] = [f"{inner}{text}," for text in texts]
        if len(flat.expandtabs(4)) <= self.style.line_length:
            lines = [flat]
        newline = self.style.newline
        text = newline + "".join(f"{line}\n" for line in lines).replace("\n", newline) + outer
        return [Edit(self.list.start_byte + 1, self.list.end_byte - 1, text)]

    # --------------------------------------------------------------------------------------------------------- positions

    def _has_comments(self) -> bool:
        return any(node.type == "comment" for node in walk(self.list))

    def _line(self, row: int) -> str:
        return re.split(rb"\r\n?|\n", self.written.data)[row].decode("utf-8", "replace")

    def _width(self, row: int) -> int:
        """How many columns a line has."""
        return len(self._line(row).expandtabs(4))

    def _leading(self, row: int) -> str:
        line = self._line(row)
        return line[: len(line) - len(line.lstrip())]

    def _indent(self, item: Node) -> str:
        """The indentation of an argument on a line of its own: that of the line on which this one begins, or under it."""
        row = item.start_point[0]
        if row != self.list.start_point[0]:
            return self._leading(row)
        line = self.written.data[: item.start_byte].rpartition(b"\n")[2].decode("utf-8", "replace")
        leading = line[: len(line) - len(line.lstrip())]
        return leading + " " * (len(line) - len(leading))

    def _line_end(self, offset: int) -> int:
        """The end of the line of an offset, before its line end and the blanks there."""
        match = re.compile(rb"[^\r\n]*").match(self.written.data, offset)
        assert match is not None
        return offset + len(match[0].rstrip())
