"""Elements between brackets, set off by commas: taking some out and putting one in, while everything else, comments included,
stays byte for byte as it is. It works on the syntax tree of a file, and knows no SQLAlchemy."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.style import Style
from sqla_lsp.text.edits import Edit, smallest

_BLANK = b" \t\f"
_OPENING = ("(", "[", "{")


@dataclass(frozen=True)
class Elements:
    """The elements of a call, tuple, list, dictionary or import. `start` is behind the opening bracket and `end` before the
    closing one; without brackets they are the ends of the whole. `commas` are their offsets by the number of the element that
    they follow."""

    data: bytes
    items: tuple[Node, ...]
    commas: dict[int, int]
    comments: tuple[Node, ...]
    start: int
    end: int
    bracketed: bool
    is_tuple: bool
    is_call: bool


def elements_of(data: bytes, node: Node, fields: str = "") -> Elements:
    """The elements of a node. `fields` names those children that are elements, where others are not."""
    items: list[Node] = []
    comments: list[Node] = []
    commas: dict[int, int] = {}
    start, end, bracketed = node.start_byte, node.end_byte, False
    for number, child in enumerate(node.children):
        kind = child.type
        if kind in _OPENING and not bracketed and not items:
            start, bracketed = child.end_byte, True
        elif kind in (")", "]", "}") and number == node.child_count - 1:
            end = child.start_byte
        elif kind == "comment":
            comments.append(child)
        elif kind == ",":
            commas[len(items) - 1] = child.start_byte
        elif child.is_named and (not fields or node.field_name_for_child(number) == fields):
            items.append(child)
    if fields and not bracketed and items:
        start = items[0].start_byte
    is_tuple = node.type in ("tuple", "expression_list")
    is_call = node.type == "argument_list"
    return Elements(data, tuple(items), commas, tuple(comments), start, end, bracketed, is_tuple, is_call)


def without(elements: Elements, numbers: Collection[int]) -> list[Edit]:
    """The edits that take elements out, with their commas. Comments beside them stay. All that is left of a tuple with one
    element keeps a comma."""
    removed = sorted(numbers)
    left = [number for number in range(len(elements.items)) if number not in numbers]
    if not left and not elements.comments:
        return [Edit(elements.start, elements.end, "")] if elements.bracketed else _emptied(elements)
    edits = [edit for run in _runs(elements, removed) for edit in _run_removed(elements, run, left)]
    if elements.is_tuple and len(left) == 1:
        item, comma = elements.items[left[0]], elements.commas.get(left[0])
        gone = comma is None or any(edit.start <= comma < edit.end for edit in edits)
        if gone:
            edits = [edit for edit in edits if edit.start != comma or edit.end != (comma or 0) + 1]
            edits = [
                Edit(comma + 1, edit.end, "") if comma is not None and edit.start <= comma < edit.end else edit for edit in edits
            ]
            edits += [Edit(item.end_byte, item.end_byte, ",")] if comma is None else []
    return sorted(edit for edit in edits if edit.start < edit.end or edit.text)


def _emptied(elements: Elements) -> list[Edit]:
    raise NotPossible("nothing would be left")


def _runs(elements: Elements, numbers: Sequence[int]) -> list[list[int]]:
    """Elements that follow each other on their lines with nothing but commas in between go together."""
    runs: list[list[int]] = []
    for number in numbers:
        last = runs[-1][-1] if runs else None
        if last is not None and last == number - 1 and not _fills_lines(elements, number) and not _fills_lines(elements, last):
            between = elements.items[last].end_byte, elements.items[number].start_byte
            if not _comments(elements, *between):
                runs[-1].append(number)
                continue
        runs.append([number])
    return runs


def _run_removed(elements: Elements, run: list[int], left: Sequence[int]) -> list[Edit]:
    data = elements.data
    first, last = elements.items[run[0]], elements.items[run[-1]]
    comma = elements.commas.get(run[-1])
    end = comma + 1 if comma is not None else last.end_byte
    if len(run) == 1 and _fills_lines(elements, run[0]):
        rest = _comment_after(data, end)
        if rest is not None:
            return [Edit(first.start_byte, rest, "")]
        return [Edit(line_start(data, first.start_byte), next_line(data, end), "")]
    before = elements.commas.get(run[0] - 1)
    after = elements.items[run[-1] + 1] if run[-1] + 1 < len(elements.items) else None
    same_line = after is not None and not _has_line_end(data, end, after.start_byte)
    if after is not None and not _comments(elements, end, after.start_byte) and (same_line or before is None):
        return [Edit(first.start_byte, after.start_byte, "")]
    if before is not None and not _comments(elements, before, first.start_byte):
        if comma is not None or after is not None:
            return [Edit(before + 1, end, "")]
        return [Edit(before, end, "")]
    if before is not None and after is None and comma is None and any(number < run[0] for number in left):
        return [Edit(before, before + 1, ""), Edit(first.start_byte, end, "")]
    return [Edit(first.start_byte, end, "")]


def with_last(elements: Elements, text: str, style: Style, *, before: int | None = None) -> list[Edit]:
    """The edits that put an element in at the end, or before one of the elements. `text` is written for the outermost level of
    indentation, with "\\n" at line ends."""
    data = elements.data
    number = len(elements.items) if before is None else before
    if not elements.items:
        comma = "," if elements.is_tuple else ""
        if _has_line_end(data, elements.start, elements.end) or elements.comments:
            raise NotPossible("nothing but comments stands between the brackets")
        return [Edit(elements.start, elements.end, written(text, indent_of(data, elements.start), style) + comma)]
    beside = elements.items[number - 1] if number else elements.items[0]
    if _stands_first(data, beside.start_byte) and elements.bracketed:
        return _on_own_line(elements, number, written(text, indent_of(data, beside.start_byte), style), style)
    if not _has_line_end(data, elements.start, elements.end) and "\n" not in text:
        length = _line_length(elements)
        if not length <= style.line_length < length + len(text) + 2 or not elements.bracketed:
            return _in_line(elements, number, text)
    elif not elements.bracketed:
        raise NotPossible("it stands on several lines without brackets")
    if _has_line_end(data, elements.start, elements.end):
        return _beside_first(elements, number, text, style)
    return _on_lines(elements, number, text, style)


def _in_line(elements: Elements, number: int, text: str) -> list[Edit]:
    if number < len(elements.items):
        at = elements.items[number].start_byte
        return [Edit(at, at, f"{text}, ")]
    last = len(elements.items) - 1
    comma = elements.commas.get(last)
    if comma is None:
        at = elements.items[last].end_byte
        return [Edit(at, at, f", {text}")]
    comma_too = "" if elements.is_tuple and len(elements.items) == 1 else ","
    return [Edit(comma + 1, comma + 1, f" {text}{comma_too}")]


def _on_own_line(elements: Elements, number: int, text: str, style: Style) -> list[Edit]:
    """Each element stands at the beginning of a line, and so does the new one."""
    data = elements.data
    if number == 0:
        at = elements.items[0].start_byte
        return [Edit(at, at, f"{text},{style.newline}{indent_of(data, at)}")]
    last = elements.items[number - 1]
    indent, comma = indent_of(data, last.start_byte), elements.commas.get(number - 1)
    if comma is not None:
        at = comma + 1
        comment = _comment_after(data, at)
        at = line_end(data, at) if comment is not None else at
        return [Edit(at, at, f"{style.newline}{indent}{text},")]
    at = line_end(data, last.end_byte) if _comment_after(data, last.end_byte) is not None else last.end_byte
    if at == last.end_byte:
        return [Edit(at, at, f",{style.newline}{indent}{text}")]
    return [Edit(last.end_byte, last.end_byte, ","), Edit(at, at, f"{style.newline}{indent}{text}")]


def _beside_first(elements: Elements, number: int, text: str, style: Style) -> list[Edit]:
    """The elements begin behind the bracket, and go on below it: so does the new one, below the first."""
    data = elements.data
    first = elements.items[0]
    column = data[line_start(data, first.start_byte) : first.start_byte].decode()
    indent = re.sub(r"[^\t]", " ", column)
    if number == 0:
        return [Edit(first.start_byte, first.start_byte, f"{written(text, indent, style)},{style.newline}{indent}")]
    last, comma = elements.items[number - 1], elements.commas.get(number - 1)
    at = comma + 1 if comma is not None else last.end_byte
    if _comment_after(data, at) is not None:
        edits = [Edit(at, at, ",")] if comma is None else []
        at = line_end(data, at)
        return [*edits, Edit(at, at, f"{style.newline}{indent}{written(text, indent, style)}{',' if comma is not None else ''}")]
    more = "," if number < len(elements.items) or (comma is not None and not (elements.is_tuple and number == 1)) else ""
    return [Edit(at, at, f"{'' if comma is not None else ','}{style.newline}{indent}{written(text, indent, style)}{more}")]


def _on_lines(elements: Elements, number: int, text: str, style: Style) -> list[Edit]:
    """What stood on one line is given a line for each element."""
    data = elements.data
    outer = indent_of(data, elements.start)
    indent = outer + style.indent
    line = style.newline + indent
    texts = [data[item.start_byte : item.end_byte].decode() for item in elements.items]
    texts.insert(number, text)
    if _fits_on_a_line(elements, texts, indent, style):
        return _replaced(elements, line + ", ".join(texts) + style.newline + outer)
    new = written(text, indent, style)
    edits: list[Edit] = []
    for at, item in enumerate(elements.items):
        start = elements.commas[at - 1] + 1 if at else elements.start
        edits.append(Edit(start, item.start_byte, f"{line}{new},{line}" if at == number else line))
    last = elements.items[-1]
    comma = elements.commas.get(len(elements.items) - 1)
    added = f"{line}{new}," if number == len(elements.items) else ""
    edits.append(Edit(comma if comma is not None else last.end_byte, elements.end, f",{added}{style.newline}{outer}"))
    return edits


def rewritten(elements: Elements, texts: Sequence[str], style: Style) -> list[Edit]:
    """The edits that give elements on one line other texts: on that line where it fits, else on a line each."""
    data, length = elements.data, _line_length(elements)
    flat = ", ".join(texts) + ("," if elements.is_tuple and len(texts) == 1 else "")
    room = max(style.line_length, length) - length + len(data[elements.start : elements.end].decode())
    if len(flat) <= room and "\n" not in flat:
        return _replaced(elements, flat)
    outer = indent_of(data, elements.start)
    inner, line = outer + style.indent, style.newline + outer + style.indent
    if _fits_on_a_line(elements, texts, inner, style):
        return _replaced(elements, line + ", ".join(texts) + style.newline + outer)
    lines = "".join(f"{line}{written(one, inner, style)}," for one in texts)
    return _replaced(elements, lines + style.newline + outer)


def _replaced(elements: Elements, text: str) -> list[Edit]:
    """The smallest edit that gives the whole another text."""
    edit = smallest(elements.data[elements.start : elements.end], text.encode())
    return [Edit(elements.start + edit.start, elements.start + edit.end, edit.text)] if edit is not None else []


def _fits_on_a_line(elements: Elements, texts: Sequence[str], indent: str, style: Style) -> bool:
    """Whether all arguments of a call have room on a line of their own, where formatters leave them."""
    flat = ", ".join(texts)
    return elements.is_call and "\n" not in flat and len(indent.expandtabs(4)) + len(flat) <= style.line_length


def _line_length(elements: Elements) -> int:
    """The length in characters of the one line that all of it stands on."""
    data = elements.data
    return len(data[line_start(data, elements.start) : line_end(data, elements.end)].decode().expandtabs(4))


def is_on_one_line(elements: Elements) -> bool:
    """Whether all of it, with its brackets, stands on one line without comments."""
    return not _has_line_end(elements.data, elements.start, elements.end)


def written(text: str, indent: str, style: Style) -> str:
    """A text of several lines as it is written behind an indentation, in a file of its own line ends."""
    return text.replace("\n", "\n" + indent).replace("\n", style.newline)


# ------------------------------------------------------------------------------------------------------------------- lines


def _fills_lines(elements: Elements, number: int) -> bool:
    """Whether nothing but a comment stands beside an element on its lines, which are not those of the brackets."""
    data, item = elements.data, elements.items[number]
    comma = elements.commas.get(number)
    end = comma + 1 if comma is not None else item.end_byte
    start = line_start(data, item.start_byte)
    if start < elements.start or data[start : item.start_byte].strip(_BLANK):
        return False
    rest = data[end : line_end(data, end)].strip(_BLANK)
    return (not rest or rest.startswith(b"#")) and line_end(data, end) <= elements.end


def _stands_first(data: bytes, at: int) -> bool:
    return not data[line_start(data, at) : at].strip(_BLANK)


def _comments(elements: Elements, start: int, end: int) -> bool:
    return any(start <= comment.start_byte < end for comment in elements.comments)


def _comment_after(data: bytes, at: int) -> int | None:
    """Where the comment begins that is all that follows on a line."""
    rest = data[at : line_end(data, at)]
    stripped = rest.lstrip(_BLANK)
    return at + len(rest) - len(stripped) if stripped.startswith(b"#") else None


def line_start(data: bytes, at: int) -> int:
    return max(data.rfind(b"\n", 0, at), data.rfind(b"\r", 0, at)) + 1


def line_end(data: bytes, at: int) -> int:
    ends = [end for end in (data.find(b"\n", at), data.find(b"\r", at)) if end >= 0]
    return min(ends, default=len(data))


def next_line(data: bytes, at: int) -> int:
    end = line_end(data, at)
    return end + 2 if data[end : end + 2] == b"\r\n" else min(end + 1, len(data))


def _has_line_end(data: bytes, start: int, end: int) -> bool:
    return b"\n" in data[start:end] or b"\r" in data[start:end]


def indent_of(data: bytes, at: int) -> str:
    """The blanks that the line of an offset begins with."""
    line = data[line_start(data, at) : line_end(data, at)]
    return line[: len(line) - len(line.lstrip(_BLANK))].decode()
