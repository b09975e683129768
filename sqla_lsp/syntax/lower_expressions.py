"""Expressions of a syntax tree as code. It takes trees without errors and never raises: what it does not know is `Opaque`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from tree_sitter import Node

from sqla_lsp.syntax import code
from sqla_lsp.syntax.lower_strings import float_number, identifier, number, string_text
from sqla_lsp.syntax.tree import LANGUAGE

MAX_DEPTH = 150
"""How deep code may be nested before it becomes `Opaque`, so that whoever walks over it needs no guard of their own."""


def kind(name: str, *, named: bool = True) -> int:
    """The number of a kind of node. Raises `LookupError` when the grammar does not have it."""
    number = LANGUAGE.id_for_node_kind(name, named)
    if number is None:
        raise LookupError(name)
    return number


IDENTIFIER = kind("identifier")
COMMENT = kind("comment")
EXTRAS = frozenset({COMMENT, kind("line_continuation")})
_COMMA = kind(",", named=False)
_COLON = kind(":", named=False)
_FOR = kind("for_in_clause")
_IF = kind("if_clause")
_PAIR = kind("pair")
_KEYWORD = kind("keyword_argument")
_STAR = kind("list_splat")
_STARS = kind("dictionary_splat")
_GENERATOR = kind("generator_expression")
_CONTENT = kind("string_content")
_INTERPOLATION = kind("interpolation")
_CONVERSION = kind("type_conversion")
_FORMAT = kind("format_specifier")
_FORMAT_HOLE = kind("format_expression")
_PARAMETERS = kind("lambda_parameters")
_POSITIONAL_SEPARATOR = kind("positional_separator")
_KEYWORD_SEPARATOR = kind("keyword_separator")
_DEFAULT = frozenset({kind("default_parameter"), kind("typed_default_parameter")})
_TYPED = frozenset({kind("typed_parameter"), kind("typed_default_parameter")})
_ARGS = kind("list_splat_pattern")
_KWARGS = kind("dictionary_splat_pattern")

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"})


def solids(node: Node) -> list[Node]:
    """The children without comments and line continuations."""
    return [child for child in node.children if child.kind_id not in EXTRAS]


class Expressions:
    """Lowers the expressions of one block, whose start all positions are relative to."""

    __slots__ = ("base", "broken", "data", "depth", "yields")

    def __init__(self, data: bytes, base: int) -> None:
        self.data = data
        self.base = base
        self.depth = 0
        self.yields = False
        """Whether a `yield` of the function at hand was seen."""
        self.broken = False
        """Whether something was left out because it does not parse."""

    def expression(self, node: Node) -> code.Expression:
        kind_id = node.kind_id
        if kind_id == IDENTIFIER:
            start, end = node.start_byte, node.end_byte
            base = self.base
            return code.Name(start - base, end - base, identifier(self.data[start:end].decode("utf-8", "replace")))
        lower = _EXPRESSIONS.get(kind_id)
        if lower is None or self.depth >= MAX_DEPTH:
            return self.opaque(node)
        self.depth += 1
        lowered = lower(self, node)
        self.depth -= 1
        return lowered

    def opaque(self, node: Node) -> code.Opaque:
        return code.Opaque(node.start_byte - self.base, node.end_byte - self.base)

    def text(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def name(self, node: Node) -> str:
        return identifier(self.text(node))

    def many(self, nodes: Iterable[Node]) -> tuple[code.Expression, ...]:
        return tuple([self.expression(node) for node in nodes if node.kind_id not in EXTRAS])

    def one_or_tuple(self, nodes: list[Node]) -> code.Expression:
        """`a` or `a, b` or `a,`, of all children of an unbracketed list, commas included."""
        if not nodes:
            return code.Opaque(0, 0)
        if len(nodes) == 1:
            return self.expression(nodes[0])
        items = self.many([node for node in nodes if node.kind_id != _COMMA])
        return code.Sequence(nodes[0].start_byte - self.base, nodes[-1].end_byte - self.base, "tuple", items)

    # ------------------------------------------------------------------------------------------------ literals

    def _string(self, node: Node) -> code.Expression:
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
            prefix = self.text(opening).rstrip("\"'").lower()
            if "b" in prefix:
                return code.Bytes(start, end)
            if "t" in prefix:
                return code.Opaque(start, end)
            raw = "r" in prefix
            if "f" in prefix:
                if not self._pieces(parts, children[1:-1], raw):
                    return code.Opaque(start, end)
            elif not self._piece(parts, opening.end_byte, closing.start_byte, raw=raw, doubled=False):
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

    # ----------------------------------------------------------------------------------- names, calls, subscripts

    def _attribute(self, node: Node) -> code.Expression:
        children = node.children
        value = self.expression(children[0])
        return code.Attribute(node.start_byte - self.base, node.end_byte - self.base, value, self.name(children[-1]))

    def _call(self, node: Node) -> code.Expression:
        children = node.children
        function = self.expression(children[0])
        arguments = self.arguments(children[-1])
        return code.Call(node.start_byte - self.base, node.end_byte - self.base, function, arguments)

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
            arguments.append(code.Argument(child.start_byte - base, child.end_byte - base, keyword, stars, lowered))
        return tuple(arguments)

    def _subscript(self, node: Node) -> code.Expression:
        children = solids(node)
        value = self.expression(children[0])
        index = self.one_or_tuple(children[2:-1]) if len(children) > 3 else self.opaque(node)
        return code.Subscript(node.start_byte - self.base, node.end_byte - self.base, value, index)

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
        return code.Binary(start, end, operator.type, self.expression(left), self.expression(right))

    def _boolean(self, node: Node) -> code.Expression:
        left, operator, right = self._three(node)
        start, end = node.start_byte - self.base, node.end_byte - self.base
        name: Literal["and", "or"] = "and" if operator.type == "and" else "or"
        return code.Boolean(start, end, name, self.expression(left), self.expression(right))

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
        then, _, test, _, otherwise = map(self.expression, solids(node)[:5])
        return code.Conditional(node.start_byte - self.base, node.end_byte - self.base, test, then, otherwise)

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
            children = children[1:]
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
        if any(child.kind_id == _COMMA for child in node.children):
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
        inside = solids(children[-1])[1:-1]
        index = self.one_or_tuple(inside) if inside else self.opaque(node)
        return code.Subscript(node.start_byte - self.base, node.end_byte - self.base, self.expression(children[0]), index)

    def _union_type(self, node: Node) -> code.Expression:
        children = solids(node)
        left, right = self.expression(children[0]), self.expression(children[-1])
        return code.Binary(node.start_byte - self.base, node.end_byte - self.base, "|", left, right)

    def _list_of(self, node: Node) -> code.Expression:
        """`a, b` without brackets."""
        return self._bracketed(node, "tuple")


ParameterKind = Literal["normal", "positional-only", "keyword-only", "args", "kwargs"]

_COMPREHENSIONS: dict[int, Literal["list", "set", "dict", "generator"]] = {
    kind("list_comprehension"): "list",
    kind("set_comprehension"): "set",
    kind("dictionary_comprehension"): "dict",
    _GENERATOR: "generator",
}

_Lower = Callable[[Expressions, Node], code.Expression]
_BY_NAME: dict[str, _Lower] = {
    "string": Expressions._string,
    "concatenated_string": Expressions._concatenated,
    "integer": Expressions._integer,
    "float": Expressions._float,
    "true": Expressions._true,
    "false": Expressions._false,
    "none": Expressions._none,
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
_EXPRESSIONS: dict[int, _Lower] = {kind(name): lower for name, lower in _BY_NAME.items()}
