"""Changes of one call: arguments added and taken out as its author writes them, comments and trailing commas kept."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.style import Style

_EMPTY = cst.Module([])


def code(node: cst.CSTNode) -> str:
    """A node as source."""
    return _EMPTY.code_for_node(node)


def expression(source: str) -> cst.BaseExpression:
    """An expression of its source."""
    return cst.parse_expression(source)


def last_name(node: cst.BaseExpression) -> str:
    """`create_index` of `op.create_index`; "" for what has no name."""
    match node:
        case cst.Attribute(attr=cst.Name(value=name)) | cst.Name(value=name):
            return name
        case _:
            return ""


def keyword(call: cst.Call, *names: str) -> cst.Arg | None:
    """The argument that is given by one of the names."""
    return next((arg for arg in call.args if arg.keyword is not None and arg.keyword.value in names), None)


def positional(call: cst.Call, at: int) -> cst.Arg | None:
    """The argument at a position; None where it is given by its name, or where a star makes positions uncertain."""
    given = [arg for arg in call.args if arg.keyword is None and arg.star != "**"]
    if any(arg.star for arg in given[: at + 1]) or at >= len(given):
        return None
    return given[at]


def argument(call: cst.Call, at: int, *names: str) -> cst.BaseExpression | None:
    """The value of an argument, by position or name."""
    found = keyword(call, *names) or positional(call, at)
    return None if found is None else found.value


def without(call: cst.Call, *removed: cst.Arg) -> cst.Call:
    """The call without some of its arguments. A comment behind one of them stays, on a line of its own. Raises `NotPossible`
    where there is no place for it."""
    kept: list[cst.Arg] = []
    for arg in call.args:
        if not any(arg is other for other in removed):
            kept.append(arg)
        elif kept:
            kept[-1] = _with_comments_of(kept[-1], arg)
        elif has_comment(arg):
            raise NotPossible("a comment stands beside the argument")
    if kept and any(call.args[-1] is other for other in removed):  # what stood behind the last one stands behind the new last one
        kept[-1] = _ending_as(kept[-1], call.args[-1])
    return call.with_changes(args=kept)


def _with_comments_of(kept: cst.Arg, removed: cst.Arg) -> cst.Arg:
    """The item with the comments behind another one."""
    if not has_comment(removed):
        return kept
    here = kept.comma
    before, behind = _lines_behind(here), _lines_behind(removed.comma)
    if not isinstance(here, cst.Comma) or before is None or behind is None or has_comment(removed.value):
        raise NotPossible("a comment stands beside the argument")
    comment = behind.first_line.comment
    moved = [cst.EmptyLine(before.indent, before.last_line, comment)] if comment is not None else []
    lines = [*before.empty_lines, *moved, *behind.empty_lines]
    return kept.with_changes(comma=here.with_changes(whitespace_after=before.with_changes(empty_lines=lines)))


def _lines_behind(comma: object) -> cst.ParenthesizedWhitespace | None:
    """The line end and what else stands behind a comma, up to the next item."""
    behind = comma.whitespace_after if isinstance(comma, cst.Comma) else None
    return behind if isinstance(behind, cst.ParenthesizedWhitespace) else None


def _ending_as(arg: cst.Arg, last: cst.Arg) -> cst.Arg:
    """The argument with what stands behind another one, which was the last, up to the bracket; its comments stay."""
    here, there = arg.comma, last.comma
    if not has_comment(arg) or not isinstance(here, cst.Comma):
        return arg.with_changes(comma=there, whitespace_after_arg=last.whitespace_after_arg)
    before = here.whitespace_after
    behind = there.whitespace_after if isinstance(there, cst.Comma) else last.whitespace_after_arg
    if isinstance(before, cst.ParenthesizedWhitespace) and isinstance(behind, cst.ParenthesizedWhitespace):
        after = before.with_changes(indent=behind.indent, last_line=behind.last_line)
        return arg.with_changes(comma=here.with_changes(whitespace_after=after))
    raise NotPossible("a comment stands beside the argument")


def has_comment(node: cst.CSTNode) -> bool:
    """Whether a comment stands inside."""
    return "#" in code(node) and any(isinstance(child, cst.Comment) or has_comment(child) for child in node.children)


def comments_in(node: cst.CSTNode) -> list[cst.Comment]:
    """The comments inside of a node, in order."""
    return [node] if isinstance(node, cst.Comment) else [one for child in node.children for one in comments_in(child)]


def with_value(call: cst.Call, arg: cst.Arg, value: str) -> cst.Call:
    """The call with another value for one of its arguments."""
    return call.with_changes(
        args=[a.with_changes(value=expression(value)) if a is arg else a for a in call.args],
    )


def with_keyword(call: cst.Call, name: str, value: str) -> cst.Call:
    """The call with a keyword argument more, or with another value for it."""
    given = keyword(call, name)
    if given is not None:
        return with_value(call, given, value)
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    arg = cst.Arg(expression(value), cst.Name(name), equal)
    stars = [number for number, other in enumerate(call.args) if other.star == "**"]
    return _inserted(call, arg, stars[0] if stars else len(call.args))


def with_positional(call: cst.Call, at: int, value: cst.BaseExpression) -> cst.Call:
    """The call with a positional argument inserted."""
    if positional(call, at - 1) is None and at > 0:
        raise NotPossible("the arguments are not given by position")
    return _inserted(call, cst.Arg(value), at)


def _inserted(call: cst.Call, arg: cst.Arg, at: int) -> cst.Call:
    """The call with an argument put before another, or behind the last."""
    args = list(call.args)
    if not args:
        return call.with_changes(args=[arg])
    if at < len(args):
        between = next((a.comma for a in args if isinstance(a.comma, cst.Comma)), None)
        comma = between if between is not None else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        return call.with_changes(args=[*args[:at], arg.with_changes(comma=_plain(comma)), *args[at:]])
    last = args[-1]
    between = _plain(args[-2].comma) if len(args) > 1 and isinstance(args[-2].comma, cst.Comma) else None
    own_lines = isinstance(last.comma, cst.Comma) and "\n" in code(last.comma).replace("\r", "\n")
    if own_lines:  # one argument on each line, and a comma behind the last
        inner = call.whitespace_before_args
        between = cst.Comma(whitespace_after=inner) if isinstance(inner, cst.ParenthesizedWhitespace) else between
        assert isinstance(last.comma, cst.Comma)
        return call.with_changes(args=[*args[:-1], _with_line(last, inner), arg.with_changes(comma=_plain(last.comma))])
    separator = between if between is not None else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    new = arg.with_changes(whitespace_after_arg=last.whitespace_after_arg)
    if isinstance(last.comma, cst.Comma):
        new = new.with_changes(comma=last.comma)
    return call.with_changes(
        args=[*args[:-1], last.with_changes(comma=separator, whitespace_after_arg=cst.SimpleWhitespace("")), new]
    )


def _with_line(last: cst.Arg, inner: cst.BaseParenthesizableWhitespace) -> cst.Arg:
    """The argument that was the last: what follows it is indented as the arguments are, its comment stays beside it."""
    comma = last.comma
    if not isinstance(comma, cst.Comma) or not isinstance(inner, cst.ParenthesizedWhitespace):
        return last
    after = comma.whitespace_after
    if isinstance(after, cst.ParenthesizedWhitespace):
        after = after.with_changes(indent=inner.indent, last_line=inner.last_line)
    return last.with_changes(comma=comma.with_changes(whitespace_after=after))


def _plain(comma: cst.Comma) -> cst.Comma:
    """A comma with what follows it, without comments."""
    after = comma.whitespace_after
    if isinstance(after, cst.ParenthesizedWhitespace):
        line = cst.TrailingWhitespace(newline=after.first_line.newline)
        after = after.with_changes(first_line=line, empty_lines=[])
    return comma.with_changes(whitespace_after=after)


def with_newlines(source: str, style: Style) -> str:
    return source.replace("\n", style.newline)


def statements(source: str, style: Style) -> Sequence[cst.BaseStatement]:
    """Statements of their source, whose lines end with "\\n"."""
    config = cst.PartialParserConfig(default_indent=style.indent, default_newline=style.newline)
    return [
        statement
        for statement in cst.parse_module(with_newlines(source, style), config).body
        if isinstance(statement, cst.BaseCompoundStatement | cst.SimpleStatementLine)
    ]
