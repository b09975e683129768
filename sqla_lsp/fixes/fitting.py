"""Calls broken over lines as black and ruff do it, where they have become too long."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from sqla_lsp.fixes.calls import code, expression, has_comment, with_newlines
from sqla_lsp.fixes.style import Style


def fitted(call: cst.Call, style: Style, depth: int, *, behind: int = 0, known: str = "") -> cst.Call:
    """The call as it is, or broken over lines where a line is longer than it may be at so many levels of indentation and with so
    many characters behind it. One that has comments inside, or that its author broke in another way, stays as it is. Texts that
    are not `known` may be parted, too."""
    source = code(call)
    indent = len(style.indent.expandtabs(4)) * depth
    lines = source.splitlines()
    widths = [len(line.expandtabs(4)) + indent for line in lines]
    widths[-1] += behind
    if max(widths) <= style.line_length or has_comment(call) or any(_is_broken(arg) for arg in call.args):
        return call
    made = expression(with_newlines(_broken(call, style, indent, "", known), style))
    assert isinstance(made, cst.Call)
    return made


def _is_broken(arg: cst.Arg) -> bool:
    return "\n" in code(arg.value).replace("\r", "\n")


def _broken(node: cst.BaseExpression, style: Style, column: int, prefix: str, known: str) -> str:
    """The source of an expression that does not fit on a line behind a prefix, from the column on at which the line begins."""
    brackets = _brackets(node)
    if brackets is None:
        return _parted(node, style, column, prefix, known)
    opening, items, closing = brackets
    inner = column + len(style.indent.expandtabs(4))
    flat = ", ".join(text for text, _ in items)
    if inner + len(flat) <= style.line_length and items:
        return f"{prefix}{opening}\n{style.indent}{flat}\n{closing}"
    comma = "," if len(items) > 1 else ""
    lines = []
    for text, value in items:
        fits = inner + len(text) + len(comma) <= style.line_length
        key = text[: len(text) - len(code(value))]
        lines.append(text if fits else _broken(value, style, inner, key, known if len(items) == 1 else text))
    body = "".join(f"{line}{comma}\n" for line in lines)
    return f"{prefix}{opening}\n{_indented(body, style.indent)}{closing}"


def _brackets(node: cst.BaseExpression) -> tuple[str, Sequence[tuple[str, cst.BaseExpression]], str] | None:
    """What stands before, between and behind the brackets of a call, list or tuple: for each item its source and its value."""
    no_comma = cst.MaybeSentinel.DEFAULT
    match node:
        case cst.Call(func=function, args=args) if args:
            plain = [arg.with_changes(comma=no_comma, whitespace_after_arg=cst.SimpleWhitespace("")) for arg in args]
            return f"{code(function)}(", [(code(arg).strip(), arg.value) for arg in plain], ")"
        case cst.List(elements=elements) if elements:
            return "[", [(code(element.with_changes(comma=no_comma)), element.value) for element in elements], "]"
        case cst.Tuple(elements=elements, lpar=[_]) if len(elements) > 1:
            return "(", [(code(element.with_changes(comma=no_comma)), element.value) for element in elements], ")"
        case _:
            return None


def _indented(lines: str, indent: str) -> str:
    return "".join(f"{indent}{line}" for line in lines.splitlines(keepends=True))


def _parted(node: cst.BaseExpression, style: Style, column: int, prefix: str, known: str) -> str:
    """A text in parts that fit, where it is a new one; else as it is."""
    source = code(node)
    is_plain = isinstance(node, cst.SimpleString) and not node.prefix and len(node.quote) == 1
    is_ours = isinstance(node, cst.FormattedString) and len(node.start) == len('f"')
    if prefix or not (is_plain or is_ours) or source in known:
        return prefix + source
    return "\n".join(style.parted(source, style.line_length - column))
