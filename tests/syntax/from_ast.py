"""CPython's own `ast` as code: what lowering is compared with. Inside of f-strings places do not count."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import msgspec

from sqla_lsp.syntax import code

_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**", ast.MatMult: "@",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^",
    ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.And: "and", ast.Or: "or",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip
_CONVERSIONS = {-1: "", 115: "s", 114: "r", 97: "a"}


def module_from_ast(data: bytes) -> list[code.Statement]:
    """The top-level statements of a file, positions relative to each one's start. Raises what `ast.parse` raises."""
    tree = ast.parse(data)
    return [Converter(data, statement).statement(statement) for statement in tree.body]


def difference(ours: Any, theirs: Any, path: str = "", *, places: bool = True) -> str | None:
    """Where two pieces of code first differ, and how; None when they mean the same."""
    places_inside = places and not isinstance(ours, code.JoinedString)
    if type(ours) is not type(theirs):
        return f"{path}: {ours!r} != {theirs!r}"
    if isinstance(ours, msgspec.Struct):
        for name in ours.__struct_fields__:
            if name in ("start", "end") and not (places and _placed(ours)):
                continue
            found = difference(getattr(ours, name), getattr(theirs, name), f"{path}.{name}", places=places_inside)
            if found:
                return found
        return None
    if isinstance(ours, tuple | list):
        if len(ours) != len(theirs):
            return f"{path}: {len(ours)} items != {len(theirs)}: {ours!r} != {theirs!r}"
        for index, pair in enumerate(zip(ours, theirs, strict=True)):
            found = difference(*pair, f"{path}[{index}]", places=places_inside)
            if found:
                return found
        return None
    return None if ours == theirs else f"{path}: {ours!r} != {theirs!r}"


def _placed(node: Any) -> bool:
    """Whether both sides agree on places: those of `a` in `f((a))` do not count, nor those within `a and b and c`."""
    return not isinstance(node, code.Boolean) and not (isinstance(node, code.Argument) and not node.keyword and not node.stars)


class Converter:
    def __init__(self, data: bytes, top: ast.stmt) -> None:
        self.starts = [0, *accumulate(map(len, data.splitlines(keepends=True)))]  # of bytes: \n, \r\n and \r alone
        self.base = 0
        self.base = self.start(top)

    def start(self, node: Any) -> int:
        decorators = getattr(node, "decorator_list", None)
        if decorators:
            return self._before(decorators[0])
        return self.starts[node.lineno - 1] + node.col_offset - self.base

    def _before(self, decorator: ast.expr) -> int:
        """The offset of the @: on the line of its expression, as far as real code goes."""
        return self.starts[decorator.lineno - 1] + decorator.col_offset - 1 - self.base

    def place(self, node: Any) -> tuple[int, int]:
        return self.start(node), self.starts[node.end_lineno - 1] + node.end_col_offset - self.base

    # -------------------------------------------------------------------------------------------- statements

    def body(self, nodes: list[ast.stmt]) -> tuple[code.Statement, ...]:
        return tuple(self.statement(node) for node in nodes)

    def statement(self, node: ast.stmt) -> code.Statement:
        place = self.place(node)
        each, body = self.each, self.body
        match node:
            case ast.Expr(value=value):
                return code.Evaluate(*place, self.expression(value))
            case ast.Assign():
                return code.Assign(*place, each(node.targets), self.expression(node.value), None)
            case ast.AnnAssign():
                return code.Assign(
                    *place, (self.expression(node.target),), self.maybe(node.value), self.expression(node.annotation)
                )
            case ast.AugAssign():
                return code.AugmentedAssign(
                    *place, self.expression(node.target), _OPERATORS[type(node.op)], self.expression(node.value)
                )
            case ast.If():
                return code.If(*place, self.expression(node.test), body(node.body), body(node.orelse))
            case ast.For() | ast.AsyncFor():
                target, items = self.expression(node.target), self.expression(node.iter)
                return code.For(*place, target, items, body(node.body), body(node.orelse))
            case ast.While():
                return code.While(*place, self.expression(node.test), body(node.body), body(node.orelse))
            case ast.With() | ast.AsyncWith():
                items = tuple((self.expression(item.context_expr), self.maybe(item.optional_vars)) for item in node.items)
                return code.With(*place, items, body(node.body))
            case ast.Try() | ast.TryStar():
                handlers = tuple(code.Handler(self.maybe(h.type), h.name, body(h.body)) for h in node.handlers)
                return code.Try(*place, body(node.body), handlers, body(node.orelse), body(node.finalbody))
            case ast.Match():
                cases = tuple(code.Case(self.pattern(c.pattern), self.maybe(c.guard), body(c.body)) for c in node.cases)
                return code.Match(*place, self.expression(node.subject), cases)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return code.Function(
                    *place, node.name, self.parameters(node.args), self.maybe(node.returns), each(node.decorator_list),
                    body(node.body), isinstance(node, ast.AsyncFunctionDef), any(map(is_yield, own_nodes(node.body))),
                )  # fmt: skip
            case ast.ClassDef():
                return code.Class(
                    *place, node.name, self.arguments(node.bases, node.keywords), each(node.decorator_list), body(node.body)
                )
            case ast.Return(value=value):
                return code.Return(*place, self.maybe(value))
            case ast.Raise(exc=value):
                return code.Raise(*place, self.maybe(value))
            case ast.Break():
                return code.Jump(*place, "break")
            case ast.Continue():
                return code.Jump(*place, "continue")
            case ast.Import(names=names):
                return code.Import(*place, tuple(code.ImportedName(n.name, n.asname or n.name.partition(".")[0]) for n in names))
            case ast.ImportFrom(names=names):
                imported = tuple(code.ImportedName(n.name, n.asname or n.name) for n in names)
                return code.ImportFrom(*place, node.module or "", node.level, imported)
            case ast.Delete(targets=targets):
                return code.Delete(*place, each(targets))
            case ast.Global(names=names):
                return code.Scope(*place, "global", tuple(names))
            case ast.Nonlocal(names=names):
                return code.Scope(*place, "nonlocal", tuple(names))
            case _:
                return code.Inert(*place)

    def pattern(self, node: ast.pattern) -> code.Expression:
        place = self.place(node)
        match node:
            case ast.MatchValue(value=ast.BinOp()):
                return code.Opaque(*place)
            case ast.MatchValue(value=value):
                return self.expression(value)
            case ast.MatchSingleton(value=value):
                return code.Constant(*place, value)
            case ast.MatchAs(pattern=None, name=name):
                return code.Name(*place, name or "_")
            case ast.MatchOr(patterns=patterns):
                return code.Sequence(*place, "set", tuple(map(self.pattern, patterns)))
            case _:
                return code.Opaque(*place)

    def parameters(self, node: ast.arguments) -> tuple[code.Parameter, ...]:
        parameters: list[code.Parameter] = []
        normal = [(arg, "positional-only") for arg in node.posonlyargs] + [(arg, "normal") for arg in node.args]
        defaults = [None] * (len(normal) - len(node.defaults)) + node.defaults
        for (arg, kind), default in zip(normal, defaults, strict=True):
            parameters.append(code.Parameter(arg.arg, kind, self.maybe(arg.annotation), self.maybe(default)))
        if node.vararg:
            parameters.append(code.Parameter(node.vararg.arg, "args", self.maybe(node.vararg.annotation), None))
        for arg, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
            parameters.append(code.Parameter(arg.arg, "keyword-only", self.maybe(arg.annotation), self.maybe(default)))
        if node.kwarg:
            parameters.append(code.Parameter(node.kwarg.arg, "kwargs", self.maybe(node.kwarg.annotation), None))
        return tuple(parameters)

    def arguments(self, positional: list[ast.expr], keywords: list[ast.keyword]) -> tuple[code.Argument, ...]:
        arguments = []
        for value in positional:
            if isinstance(value, ast.Starred):
                arguments.append(code.Argument(*self.place(value), None, 1, self.expression(value.value)))
            else:
                arguments.append(code.Argument(*self.place(value), None, 0, self.expression(value)))
        for keyword in keywords:
            stars = 0 if keyword.arg else 2
            arguments.append(code.Argument(*self.place(keyword), keyword.arg, stars, self.expression(keyword.value)))
        return tuple(sorted(arguments, key=lambda argument: argument.start))

    # ------------------------------------------------------------------------------------------- expressions

    def maybe(self, node: ast.expr | None) -> code.Expression | None:
        return None if node is None else self.expression(node)

    def each(self, nodes: list[ast.expr]) -> tuple[code.Expression, ...]:
        return tuple(map(self.expression, nodes))

    def expression(self, node: ast.expr) -> code.Expression:
        place = self.place(node)
        each, of = self.each, self.expression
        match node:
            case ast.Constant(value=value):
                return constant(value, place)
            case ast.JoinedStr():
                return self.joined(node)
            case ast.FormattedValue():
                return code.Hole(*place, of(node.value), _CONVERSIONS[node.conversion], self.maybe(node.format_spec))
            case ast.Name(id=name):
                return code.Name(*place, name)
            case ast.Attribute(value=value, attr=name):
                return code.Attribute(*place, of(value), name)
            case ast.Subscript(value=value, slice=index):
                return code.Subscript(*place, of(value), of(index))
            case ast.Slice():
                return code.Slice(*place, self.maybe(node.lower), self.maybe(node.upper), self.maybe(node.step))
            case ast.Call():
                return code.Call(*place, of(node.func), self.arguments(node.args, node.keywords))
            case ast.List(elts=items):
                return code.Sequence(*place, "list", each(items))
            case ast.Tuple(elts=items):
                return code.Sequence(*place, "tuple", each(items))
            case ast.Set(elts=items):
                return code.Sequence(*place, "set", each(items))
            case ast.Starred(value=value):
                return code.Starred(*place, of(value))
            case ast.Dict():
                return code.Dictionary(*place, tuple((self.maybe(k), of(v)) for k, v in zip(node.keys, node.values, strict=True)))
            case ast.BinOp():
                return code.Binary(*place, _OPERATORS[type(node.op)], of(node.left), of(node.right))
            case ast.UnaryOp():
                return code.Unary(*place, _OPERATORS[type(node.op)], of(node.operand))
            case ast.BoolOp(values=[first, *rest]):
                left = of(first)
                for value in rest:
                    left = code.Boolean(place[0], self.place(value)[1], _OPERATORS[type(node.op)], left, of(value))
                return left
            case ast.Compare():
                return code.Compare(*place, of(node.left), tuple(_OPERATORS[type(o)] for o in node.ops), each(node.comparators))
            case ast.IfExp():
                return code.Conditional(*place, of(node.test), of(node.body), of(node.orelse))
            case ast.Lambda():
                return code.Lambda(*place, self.parameters(node.args), of(node.body))
            case ast.ListComp():
                return code.Comprehension(*place, "list", of(node.elt), None, self.clauses(node.generators))
            case ast.SetComp():
                return code.Comprehension(*place, "set", of(node.elt), None, self.clauses(node.generators))
            case ast.DictComp():
                return code.Comprehension(*place, "dict", of(node.key), of(node.value), self.clauses(node.generators))
            case ast.GeneratorExp():
                return code.Comprehension(*place, "generator", of(node.elt), None, self.clauses(node.generators))
            case ast.NamedExpr(target=target, value=value):
                return code.NamedExpression(*place, target.id, of(value))
            case ast.Await(value=value):
                return code.Await(*place, of(value))
            case ast.Yield(value=value):
                return code.Yield(*place, self.maybe(value))
            case ast.YieldFrom(value=value):
                inner = of(value)
                return code.Yield(*place, code.Starred(inner.start, inner.end, inner))
            case _:
                return code.Opaque(*place)

    def clauses(self, nodes: list[ast.comprehension]) -> tuple[code.Clause, ...]:
        return tuple(code.Clause(self.expression(n.target), self.expression(n.iter), self.each(n.ifs)) for n in nodes)

    def joined(self, node: ast.JoinedStr) -> code.Expression:
        """Constants side by side are one, as `ast` of 3.11 to 3.13 does not always have it."""
        place = self.place(node)
        parts: list[code.Expression] = []
        for part in self.each(node.values):
            if isinstance(part, code.Opaque):
                return code.Opaque(*place)
            if isinstance(part, code.Constant) and parts and isinstance(parts[-1], code.Constant):
                part = code.Constant(*place, f"{parts.pop().value}{part.value}")
            parts.append(part)
        parts = [part for part in parts if not (isinstance(part, code.Constant) and part.value == "")]
        if not parts:
            return code.Constant(*place, "")
        if len(parts) == 1 and isinstance(parts[0], code.Constant):
            return code.Constant(*place, parts[0].value)
        return code.JoinedString(*place, tuple(parts))


def constant(value: object, place: tuple[int, int]) -> code.Expression:
    if isinstance(value, bytes):
        return code.Bytes(*place)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return code.Opaque(*place)
        return code.Constant(*place, value)
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and value < 2**64):
        return code.Constant(*place, value)
    return code.Opaque(*place)


def own_nodes(nodes: list[Any]) -> Iterator[ast.AST]:
    """The nodes of a function that belong to no other function inside of it."""
    for node in nodes:
        yield node
        if isinstance(node, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield from own_nodes(list(ast.iter_child_nodes(node)))


def is_yield(node: ast.AST) -> bool:
    return isinstance(node, ast.Yield | ast.YieldFrom)
