"""Expressions of a syntax tree as code. It takes trees without errors and never raises: what it does not know is `Opaque`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from tree_sitter import Node

from sqla_lsp.syntax import code
from sqla_lsp.syntax.lower_literals import Literals
from sqla_lsp.syntax.lowering import COMMA, EXTRAS, HANDLERS, IDENTIFIER, kind, solids

_COLON = kind(":", named=False)
_FOR = kind("for_in_clause")
_IF = kind("if_clause")
_PAIR = kind("pair")
_KEYWORD = kind("keyword_argument")
_STAR = kind("list_splat")
_STARS = kind("dictionary_splat")
_GENERATOR = kind("generator_expression")
_NAMED = kind("named_expression")
_PARAMETERS = kind("lambda_parameters")
_POSITIONAL_SEPARATOR = kind("positional_separator")
_KEYWORD_SEPARATOR = kind("keyword_separator")
_DEFAULT = frozenset({kind("default_parameter"), kind("typed_default_parameter")})
_TYPED = frozenset({kind("typed_parameter"), kind("typed_default_parameter")})
_ARGS = kind("list_splat_pattern")
_KWARGS = kind("dictionary_splat_pattern")

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"})


class Expressions(Literals):
    """Lowers expressions."""

    __slots__ = ()

    # ----------------------------------------------------------------------------------- names, calls, subscripts

    def _attribute(self, node: Node) -> code.Expression:
        children = node.children
        value = self.expression(children[0])
        made = code.Attribute(node.start_byte - self.base, node.end_byte - self.base, value, self.name(children[-1]))
        return _outward(made, "value") if value.__class__ is code.Starred else made

    def _call(self, node: Node) -> code.Expression:
        children = node.children
        function = self.expression(children[0])
        arguments = self.arguments(children[-1])
        made = code.Call(node.start_byte - self.base, node.end_byte - self.base, function, arguments)
        return _outward(made, "function") if function.__class__ is code.Starred else made

    def arguments(self, node: Node) -> tuple[code.Argument, ...]:
        """The arguments of a call or the bases of a class: an argument list, or a generator expression that stands for one."""
        base = self.base
        if node.kind_id == _GENERATOR:
            return (code.Argument(node.start_byte - base, node.end_byte - base, None, 0, self.expression(node)),)
        arguments: list[code.Argument] = []
        for child in node.named_children:
            kind_id = child.kind_id
            keyword: str | None = None
            stars = 0
            value = child
            if kind_id == _KEYWORD:
                children = child.children
                keyword = self.name(children[0])
                value = children[-1]
            elif kind_id in (_STAR, _STARS):
                stars = 1 if kind_id == _STAR else 2
                value = child.children[-1]
            elif kind_id in EXTRAS:
                continue
            lowered = self.expression(value)
            if isinstance(lowered, code.Starred):
                stars, lowered = 1, lowered.value
            arguments.append(code.Argument(child.start_byte - base, child.end_byte - base, keyword, stars, lowered))
        return tuple(arguments)

    def _subscript(self, node: Node) -> code.Expression:
        children = solids(node)
        value = self.expression(children[0])
        index = self._index(children[2:-1])
        made = code.Subscript(node.start_byte - self.base, node.end_byte - self.base, value, index)
        return _outward(made, "value") if value.__class__ is code.Starred else made

    def _index(self, nodes: list[Node]) -> code.Expression:
        """What stands between the brackets: `a[*b]` means `a[(*b,)]`."""
        index = self.one_or_tuple(nodes)
        return code.Sequence(index.start, index.end, "tuple", (index,)) if isinstance(index, code.Starred) else index

    def _slice(self, node: Node) -> code.Expression:
        bounds: list[code.Expression | None] = [None, None, None]
        at = 0
        for child in solids(node):
            if child.kind_id == _COLON:
                at = min(at + 1, 2)
            else:
                bounds[at] = self.expression(child)
        return code.Slice(node.start_byte - self.base, node.end_byte - self.base, *bounds)

    # ------------------------------------------------------------------------------------------------- operators

    def _binary(self, node: Node) -> code.Expression:
        left, operator, right = self._three(node)
        start, end = node.start_byte - self.base, node.end_byte - self.base
        made = code.Binary(start, end, operator.type, self.expression(left), self.expression(right))
        return _outward(made, "left") if made.left.__class__ is code.Starred else made

    def _boolean(self, node: Node) -> code.Expression:
        left, operator, right = self._three(node)
        start, end = node.start_byte - self.base, node.end_byte - self.base
        name: Literal["and", "or"] = "and" if operator.type == "and" else "or"
        made = code.Boolean(start, end, name, self.expression(left), self.expression(right))
        return _outward(made, "left") if made.left.__class__ is code.Starred else made

    def _three(self, node: Node) -> list[Node]:
        children = node.children
        return children if len(children) == 3 else solids(node)[:3]

    def _unary(self, node: Node) -> code.Expression:
        children = node.children
        operand = self.expression(children[-1])
        return code.Unary(node.start_byte - self.base, node.end_byte - self.base, children[0].type, operand)

    def _compare(self, node: Node) -> code.Expression:
        children = solids(node)
        operators = tuple([operator.type for operator in children[1::2]])
        if not _COMPARISONS.issuperset(operators):
            return self.opaque(node)
        start, end = node.start_byte - self.base, node.end_byte - self.base
        return code.Compare(start, end, self.expression(children[0]), operators, self.many(children[2::2]))

    def _conditional(self, node: Node) -> code.Expression:
        children = solids(node)
        then, test, otherwise = map(self.expression, children[:5:2])
        made = code.Conditional(node.start_byte - self.base, node.end_byte - self.base, test, then, otherwise)
        misread = then.__class__ is code.Starred or children[0].kind_id == _NAMED
        return _outward(made, "then") if misread else made

    def _named(self, node: Node) -> code.Expression:
        children = node.children
        target, value = self.name(children[0]), self.expression(children[-1])
        return code.NamedExpression(node.start_byte - self.base, node.end_byte - self.base, target, value)

    def _await(self, node: Node) -> code.Expression:
        return code.Await(node.start_byte - self.base, node.end_byte - self.base, self.expression(node.children[-1]))

    def _yield(self, node: Node) -> code.Expression:
        self.yields = True
        children = solids(node)[1:]
        if children and children[0].type == "from":
            inner = self.expression(children[-1])
            value: code.Expression | None = code.Starred(inner.start, inner.end, inner)
            return code.Yield(node.start_byte - self.base, node.end_byte - self.base, value)
        value = self.one_or_tuple(children) if children else None
        return code.Yield(node.start_byte - self.base, node.end_byte - self.base, value)

    def _starred(self, node: Node) -> code.Expression:
        return code.Starred(node.start_byte - self.base, node.end_byte - self.base, self.expression(node.children[-1]))

    # ------------------------------------------------------------------------------------------------ containers

    def _bracketed(self, node: Node, sequence: Literal["list", "tuple", "set"]) -> code.Expression:
        items = self.many(node.named_children)
        return code.Sequence(node.start_byte - self.base, node.end_byte - self.base, sequence, items)

    def _list(self, node: Node) -> code.Expression:
        return self._bracketed(node, "list")

    def _set(self, node: Node) -> code.Expression:
        return self._bracketed(node, "set")

    def _tuple(self, node: Node) -> code.Expression:
        return self._bracketed(node, "tuple")

    def _tuple_pattern(self, node: Node) -> code.Expression:
        """`(a, b)` as a target; without a comma it is `a` in brackets."""
        if any(child.kind_id == COMMA for child in node.children):
            return self._bracketed(node, "tuple")
        inner = solids(node)[1:-1]
        return self.expression(inner[0]) if inner else self._bracketed(node, "tuple")

    def _inner(self, node: Node) -> code.Expression:
        """Brackets around one expression, and other nodes that only wrap one."""
        for child in node.named_children:
            if child.kind_id not in EXTRAS:
                return self.expression(child)
        return self.opaque(node)

    def _dictionary(self, node: Node) -> code.Expression:
        items: list[tuple[code.Expression | None, code.Expression]] = []
        for child in node.named_children:
            kind_id = child.kind_id
            if kind_id == _PAIR:
                children = child.children
                items.append((self.expression(children[0]), self.expression(children[-1])))
            elif kind_id == _STARS:
                items.append((None, self.expression(child.children[-1])))
        return code.Dictionary(node.start_byte - self.base, node.end_byte - self.base, tuple(items))

    def _comprehension(self, node: Node) -> code.Expression:
        children = [child for child in node.named_children if child.kind_id not in EXTRAS]
        value: code.Expression | None = None
        body = children[0]
        if body.kind_id == _PAIR:
            element, value = self.expression(body.children[0]), self.expression(body.children[-1])
        else:
            element = self.expression(body)
        clauses: list[code.Clause] = []
        for child in children[1:]:
            if child.kind_id == _FOR:
                clauses.append(self._clause(child))
            elif child.kind_id == _IF and clauses:
                last = clauses[-1]
                conditions = (*last.conditions, self.expression(child.children[-1]))
                clauses[-1] = code.Clause(last.target, last.iterable, conditions)
        made = _COMPREHENSIONS[node.kind_id]
        return code.Comprehension(node.start_byte - self.base, node.end_byte - self.base, made, element, value, tuple(clauses))

    def _clause(self, node: Node) -> code.Clause:
        children = solids(node)
        at = next((index for index, child in enumerate(children) if child.type == "in"), 0)
        first = next((index for index, child in enumerate(children) if child.type == "for"), 0)
        return code.Clause(self.one_or_tuple(children[first + 1 : at]), self.one_or_tuple(children[at + 1 :]), ())

    # ------------------------------------------------------------------------------------ lambdas and annotations

    def _lambda(self, node: Node) -> code.Expression:
        yields, self.yields = self.yields, False
        children = node.named_children
        first = children[0]
        parameters = self.parameters(first) if first.kind_id == _PARAMETERS else ()
        body = self.expression(node.children[-1])
        self.yields = yields
        return code.Lambda(node.start_byte - self.base, node.end_byte - self.base, parameters, body)

    def parameters(self, node: Node) -> tuple[code.Parameter, ...]:
        """The parameters of a function or lambda. A pattern of Python 2 in their place has the name ""."""
        parameters: list[code.Parameter] = []
        normal: ParameterKind = "normal"
        for child in node.named_children:
            kind_id = child.kind_id
            if kind_id in EXTRAS:
                continue
            if kind_id == _POSITIONAL_SEPARATOR:
                parameters = [code.Parameter(p.name, "positional-only", p.annotation, p.default) for p in parameters]
            elif kind_id == _KEYWORD_SEPARATOR:
                normal = "keyword-only"
            else:
                parameter = self._parameter(child, kind_id, normal)
                if parameter.kind == "args":
                    normal = "keyword-only"
                parameters.append(parameter)
        return tuple(parameters)

    def _parameter(self, node: Node, kind_id: int, normal: ParameterKind) -> code.Parameter:
        named, annotation, default = node, None, None
        if kind_id in _DEFAULT or kind_id in _TYPED:
            children = solids(node)
            named = children[0]
            if kind_id in _TYPED:
                annotation = self.expression(children[2])
            if kind_id in _DEFAULT:
                default = self.expression(children[-1])
        kind_id = named.kind_id
        if kind_id in (_ARGS, _KWARGS):
            name = self.name(named.children[-1])
            return code.Parameter(name, "args" if kind_id == _ARGS else "kwargs", annotation, default)
        return code.Parameter(self.name(named) if kind_id == IDENTIFIER else "", normal, annotation, default)

    def _generic_type(self, node: Node) -> code.Expression:
        """`list[int]` where a type stands."""
        children = solids(node)
        index = self._index(solids(children[-1])[1:-1])
        return code.Subscript(node.start_byte - self.base, node.end_byte - self.base, self.expression(children[0]), index)

    def _union_type(self, node: Node) -> code.Expression:
        """`a | b | c` where a type stands."""
        operands: list[code.Expression] = []
        for child in solids(node)[::2]:
            operand = self.expression(child)
            following: list[code.Expression] = []
            while isinstance(operand, code.Binary) and operand.operator == "|":  # the grammar binds to the right
                following.append(operand.right)
                operand = operand.left
            operands += (operand, *reversed(following))
        union = operands[0]
        for operand in operands[1:]:
            union = code.Binary(union.start, operand.end, "|", union, operand)
        return union

    def _list_of(self, node: Node) -> code.Expression:
        """`a, b` without brackets."""
        return self._bracketed(node, "tuple")


def _outward(made: code.Expression, field: str) -> code.Expression:
    """`*a.b` and `x := a if b else c`, which the grammar reads as `(*a).b` and `(x := a) if b else c`, as Python reads them."""
    first: Any = getattr(made, field)
    inner = msgspec.structs.replace(made, **{"start": first.value.start, field: first.value})
    if isinstance(first, code.NamedExpression):
        return code.NamedExpression(made.start, made.end, first.target, inner)
    return code.Starred(made.start, made.end, inner)


ParameterKind = Literal["normal", "positional-only", "keyword-only", "args", "kwargs"]

_COMPREHENSIONS: dict[int, Literal["list", "set", "dict", "generator"]] = {
    kind("list_comprehension"): "list",
    kind("set_comprehension"): "set",
    kind("dictionary_comprehension"): "dict",
    _GENERATOR: "generator",
}

_BY_NAME: dict[str, Callable[[Expressions, Node], code.Expression]] = {
    "attribute": Expressions._attribute,
    "member_type": Expressions._attribute,
    "call": Expressions._call,
    "subscript": Expressions._subscript,
    "slice": Expressions._slice,
    "binary_operator": Expressions._binary,
    "boolean_operator": Expressions._boolean,
    "not_operator": Expressions._unary,
    "unary_operator": Expressions._unary,
    "comparison_operator": Expressions._compare,
    "conditional_expression": Expressions._conditional,
    "named_expression": Expressions._named,
    "await": Expressions._await,
    "yield": Expressions._yield,
    "list_splat": Expressions._starred,
    "list_splat_pattern": Expressions._starred,
    "splat_type": Expressions._starred,
    "list": Expressions._list,
    "list_pattern": Expressions._list,
    "set": Expressions._set,
    "tuple": Expressions._tuple,
    "tuple_pattern": Expressions._tuple_pattern,
    "expression_list": Expressions._list_of,
    "pattern_list": Expressions._list_of,
    "parenthesized_expression": Expressions._inner,
    "as_pattern": Expressions._inner,
    "type": Expressions._inner,
    "as_pattern_target": Expressions._inner,
    "dictionary": Expressions._dictionary,
    "list_comprehension": Expressions._comprehension,
    "set_comprehension": Expressions._comprehension,
    "dictionary_comprehension": Expressions._comprehension,
    "generator_expression": Expressions._comprehension,
    "lambda": Expressions._lambda,
    "generic_type": Expressions._generic_type,
    "union_type": Expressions._union_type,
}
HANDLERS.update((kind(name), lower) for name, lower in _BY_NAME.items())
