"""String and number literals of a syntax tree as code, f-strings with their holes. Bytes and t-strings keep no value."""

from __future__ import annotations

import re

from tree_sitter import Node

from sqla_lsp.syntax import code
from sqla_lsp.syntax.lower_strings import float_number, number, string_text
from sqla_lsp.syntax.lowering import HANDLERS, Lowering, kind, solids

_CONTENT = kind("string_content")
_INTERPOLATION = kind("interpolation")
_CONVERSION = kind("type_conversion")
_FORMAT = kind("format_specifier")
_FORMAT_HOLE = kind("format_expression")
_PLAIN = re.compile(rb"\"[^\"\\\r\n]*\"|'[^'\\\r\n]*'")
"""The usual string, whose text is its value."""


class Literals(Lowering):
    """Lowers literals."""

    __slots__ = ()

    def _string(self, node: Node) -> code.Expression:
        start, end = node.start_byte, node.end_byte
        plain = _PLAIN.fullmatch(self.data, start, end)
        if plain is not None and not node.has_error:
            return code.Constant(start - self.base, end - self.base, self.data[start + 1 : end - 1].decode("utf-8", "replace"))
        return self._literals(node, [node])

    def _concatenated(self, node: Node) -> code.Expression:
        return self._literals(node, solids(node))

    def _literals(self, node: Node, strings: list[Node]) -> code.Expression:
        """Adjacent literals, of which one that is bytes, a template, or wrong decides for all."""
        start, end = node.start_byte - self.base, node.end_byte - self.base
        parts: list[code.Expression] = []
        for string in strings:
            children = string.children
            if len(children) < 2:
                return code.Opaque(start, end)
            opening, closing = children[0], children[-1]
            mark = self.text(opening)
            prefix = mark.rstrip("\"'").lower()
            content_end = closing.end_byte - len(mark) + len(prefix)  # a raw string's closing node can begin with \"
            if "b" in prefix:
                return code.Bytes(start, end)
            if "t" in prefix:
                return code.Opaque(start, end)
            raw = "r" in prefix
            if "f" in prefix:
                good = self._pieces(parts, children[1:-1], raw)
                good = good and self._piece(parts, closing.start_byte, content_end, raw=raw, doubled=True)
            else:
                good = self._piece(parts, opening.end_byte, content_end, raw=raw, doubled=False)
            if not good:
                return code.Opaque(start, end)
        return self._joined(start, end, parts)

    def _joined(self, start: int, end: int, parts: list[code.Expression]) -> code.Expression:
        """One constant where there are no holes, else constants and holes with no two constants side by side."""
        joined: list[code.Expression] = []
        for part in parts:
            last = joined[-1] if joined else None
            if isinstance(part, code.Constant) and isinstance(last, code.Constant):
                joined[-1] = code.Constant(last.start, part.end, f"{last.value}{part.value}")
            else:
                joined.append(part)
        if not joined:
            return code.Constant(start, end, "")
        if len(joined) == 1 and isinstance(joined[0], code.Constant):
            return code.Constant(start, end, joined[0].value)
        kept = tuple(part for part in joined if not isinstance(part, code.Constant) or part.value)
        return code.JoinedString(start, end, kept)

    def _pieces(self, parts: list[code.Expression], children: list[Node], raw: bool) -> bool:
        """The contents and holes of an f-string, appended to `parts`; False when one of them is wrong."""
        for child in children:
            kind_id = child.kind_id
            if kind_id == _INTERPOLATION:
                self._hole(parts, child, raw)
            elif kind_id == _CONTENT and not self._piece(parts, child.start_byte, child.end_byte, raw=raw, doubled=True):
                return False
        return True

    def _piece(self, parts: list[code.Expression], start: int, end: int, *, raw: bool, doubled: bool) -> bool:
        content = self.data[start:end]
        if doubled:
            content = content.replace(b"{{", b"{").replace(b"}}", b"}")
        text = string_text(content, raw=raw)
        if text is None:
            return False
        parts.append(code.Constant(start - self.base, end - self.base, text))
        return True

    def _hole(self, parts: list[code.Expression], node: Node, raw: bool) -> None:
        """`{value=!conversion:format}`, appended to `parts`; the text that `=` stands for goes before the hole."""
        children = solids(node)
        conversion = ""
        format_: code.Expression | None = None
        shown: tuple[int, int] | None = None
        for index in range(2, len(children)):
            child = children[index]
            kind_id = child.kind_id
            if kind_id == _CONVERSION:
                conversion = self.text(child)[1:].strip()
            elif kind_id == _FORMAT:
                format_ = self._format(child, raw)
            elif child.type == "=":
                following = children[index + 1] if index + 1 < len(children) else child
                shown = (children[0].end_byte, following.start_byte)
        if shown is not None:
            text = string_text(self.data[shown[0] : shown[1]], raw=True)
            parts.append(code.Constant(shown[0] - self.base, shown[1] - self.base, text))
            if not conversion and format_ is None:
                conversion = "r"
        value = self.expression(children[1]) if len(children) > 2 else self.opaque(node)
        parts.append(code.Hole(node.start_byte - self.base, node.end_byte - self.base, value, conversion, format_))

    def _format(self, node: Node, raw: bool) -> code.Expression:
        parts: list[code.Expression] = []
        position = node.start_byte + 1
        end = node.end_byte
        for child in node.children:
            if child.kind_id in (_FORMAT_HOLE, _INTERPOLATION):
                if child.start_byte > position:
                    self._piece(parts, position, child.start_byte, raw=raw, doubled=False)
                self._hole(parts, child, raw)
                position = child.end_byte
        if end > position:
            self._piece(parts, position, end, raw=raw, doubled=False)
        return self._joined(node.start_byte - self.base, end - self.base, parts)

    def _integer(self, node: Node) -> code.Expression:
        value = number(self.text(node))
        return self.opaque(node) if value is None else self._constant(node, value)

    def _float(self, node: Node) -> code.Expression:
        value = float_number(self.text(node))
        return self.opaque(node) if value is None else self._constant(node, value)

    def _constant(self, node: Node, value: str | int | float | bool | None) -> code.Constant:
        return code.Constant(node.start_byte - self.base, node.end_byte - self.base, value)

    def _true(self, node: Node) -> code.Expression:
        return self._constant(node, True)

    def _false(self, node: Node) -> code.Expression:
        return self._constant(node, False)

    def _none(self, node: Node) -> code.Expression:
        return self._constant(node, None)


for _name, _lower in {
    "string": Literals._string,
    "concatenated_string": Literals._concatenated,
    "integer": Literals._integer,
    "float": Literals._float,
    "true": Literals._true,
    "false": Literals._false,
    "none": Literals._none,
}.items():
    HANDLERS[kind(_name)] = _lower
