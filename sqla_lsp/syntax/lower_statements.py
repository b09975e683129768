"""Statements of a syntax tree as code. It never raises: what does not parse is `Inert`, the statements around it are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec
from tree_sitter import Node

from sqla_lsp.syntax import code
from sqla_lsp.syntax.lazy import Body, LazyBody
from sqla_lsp.syntax.lower_expressions import Expressions
from sqla_lsp.syntax.lowering import EXTRAS, IDENTIFIER, MAX_DEPTH, kind, solids, swallows_line
from sqla_lsp.syntax.tree import parse

_ASSIGNMENT = kind("assignment")
_AUGMENTED = kind("augmented_assignment")
_BLOCK = kind("block")
_ELIF = kind("elif_clause")
_ELSE = kind("else_clause")
_EXCEPT = kind("except_clause")
_FINALLY = kind("finally_clause")
_CASE = kind("case_clause")
_CASE_PATTERN = kind("case_pattern")
_AS = kind("as_pattern")
_BRACKETS = kind("parenthesized_expression")
_ATTRIBUTE = kind("attribute")
_SUBSCRIPT = kind("subscript")
_DOTTED = kind("dotted_name")
_ALIASED = kind("aliased_import")
_RELATIVE = kind("relative_import")
_PREFIX = kind("import_prefix")
_WILDCARD = kind("wildcard_import")
_DECORATOR = kind("decorator")
_FUNCTION = kind("function_definition")
_CLASS = kind("class_definition")
_TYPE_PARAMETER = kind("type_parameter")
_TYPE_ALIAS = kind("type_alias_statement")
_EXPRESSION_LIST = kind("expression_list")
_WITH_CLAUSE = kind("with_clause")
_WITH_ITEM = kind("with_item")
_UNION_PATTERN = kind("union_pattern")
_TUPLE_PATTERN = kind("tuple_pattern")
_PARTS = frozenset({_ELIF, _ELSE, _EXCEPT, _FINALLY, _CASE, _FUNCTION, _CLASS})
"""Nodes inside of a compound statement that have a header and a body of their own."""
_VALUE_PATTERNS = frozenset(
    {kind("string"), kind("concatenated_string"), kind("integer"), kind("float"), kind("none"), kind("true"), kind("false")}
)


class Statements(Expressions):
    """Lowers one block, a top-level statement."""

    __slots__ = ("in_class",)

    def __init__(self, data: bytes, base: int, *, is_lazy: bool = False) -> None:
        super().__init__(data, base, is_lazy=is_lazy)
        self.in_class = False

    def statement(self, node: Node) -> code.Statement | None:
        """A statement; None for what is none: a comment."""
        kind_id = node.kind_id
        if kind_id in EXTRAS:
            return None
        lower = _STATEMENTS.get(kind_id)
        if node.has_error and kind_id != _TYPE_ALIAS and (kind_id not in _COMPOUND or not _has_clean_header(node)):
            self.broken = True
            lower = None
        elif kind_id not in _COMPOUND and swallows_line(self.data, node):
            self.broken = True
        if lower is None or self.depth >= MAX_DEPTH:
            return self._inert(node)
        self.depth += 1
        lowered = lower(self, node)
        self.depth -= 1
        return lowered

    def body(self, node: Node | None) -> Body:
        """The statements of an indented block (or of what stands after the colon). None and an empty one are broken."""
        statements: list[code.Statement] = []
        for child in node.named_children if node is not None else ():
            statement = self.statement(child)
            if statement is not None:
                statements.append(statement)
        if not statements:
            self.broken = True
        return tuple(statements)

    def _inert(self, node: Node) -> code.Inert:
        return code.Inert(node.start_byte - self.base, node.end_byte - self.base)

    # ----------------------------------------------------------------------------------------- simple statements

    def _expression_statement(self, node: Node) -> code.Statement:
        children = solids(node)
        only = children[0]
        start, end = node.start_byte - self.base, node.end_byte - self.base
        if len(children) == 1:
            if only.kind_id == _ASSIGNMENT:
                return self._assignment(only, start, end)
            if only.kind_id == _AUGMENTED:
                target, operator, value = solids(only)[:3]
                lowered = self.expression(target)
                return code.AugmentedAssign(start, end, lowered, operator.type[:-1], self.expression(value))
        return code.Evaluate(start, end, self.one_or_tuple(children))

    def _assignment(self, node: Node, start: int, end: int) -> code.Statement:
        targets: list[code.Expression] = []
        annotation: code.Expression | None = None
        value: code.Expression | None = None
        following: Node | None = node
        while following is not None:
            children = solids(following)
            following = None
            targets.append(self.expression(children[0]))
            if children[1].type == ":":
                annotation = self.expression(children[2])
            if len(children) in (3, 5) and children[-2].type == "=":
                if children[-1].kind_id == _ASSIGNMENT:
                    following = children[-1]
                else:
                    value = self.expression(children[-1])
        return code.Assign(start, end, tuple(targets), value, annotation)

    def _return(self, node: Node) -> code.Statement:
        children = solids(node)[1:]
        value = self.one_or_tuple(children) if children else None
        return code.Return(node.start_byte - self.base, node.end_byte - self.base, value)

    def _raise(self, node: Node) -> code.Statement:
        children = solids(node)[1:]
        value = self.expression(children[0]) if children and children[0].type != "from" else None
        return code.Raise(node.start_byte - self.base, node.end_byte - self.base, value)

    def _break(self, node: Node) -> code.Statement:
        return code.Jump(node.start_byte - self.base, node.end_byte - self.base, "break")

    def _continue(self, node: Node) -> code.Statement:
        return code.Jump(node.start_byte - self.base, node.end_byte - self.base, "continue")

    def _delete(self, node: Node) -> code.Statement:
        children = solids(node)[1:]
        if len(children) == 1 and children[0].kind_id == _EXPRESSION_LIST:
            targets = self.many(children[0].named_children)
        else:
            targets = self.many(child for child in children if child.is_named)
        return code.Delete(node.start_byte - self.base, node.end_byte - self.base, targets)

    def _scope(self, node: Node) -> code.Statement:
        scope: Literal["global", "nonlocal"] = "global" if node.children[0].type == "global" else "nonlocal"
        names = tuple([self.name(child) for child in node.named_children if child.kind_id == IDENTIFIER])
        return code.Scope(node.start_byte - self.base, node.end_byte - self.base, scope, names)

    def _type_alias(self, node: Node) -> code.Statement:
        """`type X = ...`; and `type(x).y = ...`, which the grammar takes for one too: read again under another name."""
        children = solids(node)
        left = children[1].children[0] if len(children) > 1 and children[1].children else node
        if left.kind_id not in (_ATTRIBUTE, _SUBSCRIPT):
            return self._inert(node)
        start = node.start_byte
        text = self.data[start : node.end_byte]
        statement = parse(b"_" * len(b"type") + text[len(b"type") :]).root_node.children[0]
        if statement.has_error or statement.kind_id == node.kind_id:
            return self._inert(node)
        data, base = self.data, self.base
        self.data, self.base = text, base - start
        lowered = self.statement(statement)
        self.data, self.base = data, base
        return lowered or self._inert(node)

    # --------------------------------------------------------------------------------------------------- imports

    def _import(self, node: Node) -> code.Statement:
        names = self._imported(node.named_children, whole=True)
        return code.Import(node.start_byte - self.base, node.end_byte - self.base, names)

    def _import_from(self, node: Node) -> code.Statement:
        start, end = node.start_byte - self.base, node.end_byte - self.base
        children = [child for child in node.named_children if child.kind_id not in EXTRAS]
        module, level = "__future__", 0
        if node.kind_id == _IMPORT_FROM:
            source = children.pop(0)
            if source.kind_id == _RELATIVE:
                module = ""
                for child in source.named_children:
                    if child.kind_id == _PREFIX:
                        level = self.text(child).count(".")
                    elif child.kind_id == _DOTTED:
                        module = self._dotted(child)
            else:
                module = self._dotted(source)
        return code.ImportFrom(start, end, module, level, self._imported(children, whole=False))

    def _imported(self, nodes: list[Node], *, whole: bool) -> tuple[code.ImportedName, ...]:
        """Names of an import. `import a.b` (whole) binds "a"."""
        names: list[code.ImportedName] = []
        for node in nodes:
            if node.kind_id == _DOTTED:
                name = self._dotted(node)
                names.append(code.ImportedName(name, name.partition(".")[0] if whole else name))
            elif node.kind_id == _ALIASED:
                names.append(code.ImportedName(self._dotted(node.children[0]), self.name(node.children[-1])))
            elif node.kind_id == _WILDCARD:
                names.append(code.ImportedName("*", "*"))
        return tuple(names)

    def _dotted(self, node: Node) -> str:
        return ".".join([self.name(child) for child in node.named_children if child.kind_id == IDENTIFIER])

    # --------------------------------------------------------------------------------------- compound statements

    def _if(self, node: Node) -> code.Statement:
        start = node.start_byte - self.base
        test = self._field(node, "condition")
        then = self.body(node.child_by_field_name("consequence"))
        arms: list[Node] = []
        otherwise: Body = ()
        for child in node.named_children:
            if child.kind_id == _ELIF:
                arms.append(child)
            elif child.kind_id == _ELSE:
                otherwise = self._clause_body(child)
        room = MAX_DEPTH - self.depth
        if len(arms) > room:
            otherwise = (self._inert(arms[room]),)
            del arms[room:]
        for arm in reversed(arms):
            arm_test = self._field(arm, "condition")
            arm_body = self.body(arm.child_by_field_name("consequence"))
            arm_end = self._end(arm, otherwise or arm_body)
            otherwise = (code.If(arm.start_byte - self.base, arm_end, arm_test, arm_body, otherwise),)
        return code.If(start, self._end(node, otherwise or then), test, then, otherwise)

    def _for(self, node: Node) -> code.Statement:
        target, iterable = self._field(node, "left"), self._field(node, "right")
        body, otherwise = self.body(node.child_by_field_name("body")), self._otherwise(node)
        return code.For(node.start_byte - self.base, self._end(node, otherwise or body), target, iterable, body, otherwise)

    def _while(self, node: Node) -> code.Statement:
        test = self._field(node, "condition")
        body, otherwise = self.body(node.child_by_field_name("body")), self._otherwise(node)
        return code.While(node.start_byte - self.base, self._end(node, otherwise or body), test, body, otherwise)

    def _with(self, node: Node) -> code.Statement:
        clauses = [child for child in node.named_children if child.kind_id == _WITH_CLAUSE]
        nodes = [item for clause in clauses for item in clause.named_children if item.kind_id == _WITH_ITEM]
        items = [self._with_item(item.children[0]) for item in nodes]
        body = self.body(node.child_by_field_name("body"))
        return code.With(node.start_byte - self.base, self._end(node, body), tuple(items), body)

    def _with_item(self, value: Node) -> tuple[code.Expression, code.Expression | None]:
        """`a as b`. The grammar reads `(a as b)` as a value in brackets, and `a if b else c as d` as `a if b else (c as d)`."""
        children = solids(value)
        if value.kind_id == _BRACKETS and children[1].kind_id == _AS:
            value = children[1]
        named = value
        while named.kind_id != _AS and named.child_count:
            named = named.children[-1]
        manager = self.expression(value)
        if named.kind_id != _AS:
            return manager, None
        end = named.children[0].end_byte - self.base
        if manager.end > end:
            manager = msgspec.structs.replace(manager, end=end)
        return manager, self.expression(named.children[-1])

    def _try(self, node: Node) -> code.Statement:
        handlers: list[code.Handler] = []
        otherwise: Body = ()
        final: Body = ()
        body = self.body(node.child_by_field_name("body"))
        for child in node.named_children:
            if child.kind_id == _EXCEPT:
                handlers.append(self._handler(child))
            elif child.kind_id == _ELSE:
                otherwise = self._clause_body(child)
            elif child.kind_id == _FINALLY:
                final = self._clause_body(child)
        last = final or otherwise or (handlers[-1].body if handlers else body)
        return code.Try(node.start_byte - self.base, self._end(node, last), body, tuple(handlers), otherwise, final)

    def _handler(self, node: Node) -> code.Handler:
        """`except type as name:`, `except* type:`, `except a, b:` (a tuple without brackets)."""
        body = self._clause_body(node)
        name: str | None = None
        children = node.children_by_field_name("value")
        if not children:
            return code.Handler(None, None, body)
        last = children[-1]
        if last.kind_id == _AS:
            name = self.name(last.children[-1])
            children[-1] = last.children[0]
        return code.Handler(self.one_or_tuple(children), name, body)

    def _match(self, node: Node) -> code.Statement:
        subjects = node.children_by_field_name("subject")
        block = node.child_by_field_name("body")
        cases = [self._case(child) for child in (block.named_children if block is not None else ()) if child.kind_id == _CASE]
        subject = self.one_or_tuple(subjects)
        end = self._end(node, cases[-1].body if cases else ())
        return code.Match(node.start_byte - self.base, end, subject, tuple(cases))

    def _case(self, node: Node) -> code.Case:
        patterns = [child for child in node.named_children if child.kind_id == _CASE_PATTERN]
        if len(patterns) == 1 and not any(child.type == "," for child in node.children):
            pattern = self._pattern(patterns[0])
        else:
            pattern = code.Opaque(patterns[0].start_byte - self.base, patterns[-1].end_byte - self.base)
        guard = node.child_by_field_name("guard")
        condition = self.expression(guard.children[-1]) if guard is not None else None
        return code.Case(pattern, condition, self.body(node.child_by_field_name("consequence")))

    def _pattern(self, node: Node) -> code.Expression:
        """What a case compares with, see `code.Case`. `node` is a case pattern or what it consists of."""
        start, end = node.start_byte - self.base, node.end_byte - self.base
        if node.kind_id == _CASE_PATTERN:
            children = solids(node)
            if len(children) == 2 and children[0].type == "-":
                return code.Unary(start, end, "-", self.expression(children[1]))
            if len(children) != 1:
                return self.opaque(node)
            node = children[0]
        if node.kind_id == _DOTTED:
            return self._dotted_value(node)
        if node.kind_id == _TUPLE_PATTERN and len(inner := solids(node)) == 3 and inner[1].kind_id == _CASE_PATTERN:
            return self._pattern(inner[1])
        if node.kind_id == _UNION_PATTERN:
            alternatives = [child for child in solids(node) if child.type != "|"]
            return code.Sequence(start, end, "set", tuple([self._pattern(child) for child in alternatives]))
        if node.type == "_":
            return code.Name(start, end, "_")
        return self.expression(node) if node.kind_id in _VALUE_PATTERNS else self.opaque(node)

    def _dotted_value(self, node: Node) -> code.Expression:
        """`a.b.c` of a pattern as an expression."""
        value: code.Expression | None = None
        start = node.start_byte - self.base
        for child in node.named_children:
            if child.kind_id == IDENTIFIER:
                name, end = self.name(child), child.end_byte - self.base
                value = code.Name(start, end, name) if value is None else code.Attribute(start, end, value, name)
        return value if value is not None else self.opaque(node)

    # ----------------------------------------------------------------------------------------------- definitions

    def _decorated(self, node: Node) -> code.Statement:
        decorators: list[code.Expression] = []
        for child in node.named_children:
            if child.kind_id == _DECORATOR:
                decorators.append(self._inner(child))
            elif child.kind_id == _FUNCTION:
                return self._function(child, node.start_byte, tuple(decorators))
            elif child.kind_id == _CLASS:
                return self._class(child, node.start_byte, tuple(decorators))
        self.broken = True
        return self._inert(node)

    def _function(self, node: Node, start: int = -1, decorators: tuple[code.Expression, ...] = ()) -> code.Statement:
        """A function begins at its first decorator, whose offset `start` is."""
        parameters = node.child_by_field_name("parameters")
        returns = node.child_by_field_name("return_type")
        yields, self.yields = self.yields, False
        block = node.child_by_field_name("body")
        body = self.method_body(block) if self.is_lazy and self.in_class and block is not None else self.body(block)
        is_generator, self.yields = self.yields, yields
        return code.Function(
            (node.start_byte if start < 0 else start) - self.base,
            self._end(node, body),
            self._name_of(node),
            self.parameters(parameters) if parameters is not None else (),
            self.expression(returns) if returns is not None else None,
            decorators,
            body,  # type: ignore[arg-type]
            node.children[0].type == "async",
            is_generator,
        )

    def method_body(self, block: Node) -> Body | LazyBody:
        """The body of a method in code that is lowered when somebody needs it."""
        if self.data.find(b"yield", block.start_byte, block.end_byte) >= 0:
            return self.body(block)
        data, base = self.data, self.base
        return LazyBody(lambda: Statements(data, base).body(block), block.end_byte - base)

    def _class(self, node: Node, start: int = -1, decorators: tuple[code.Expression, ...] = ()) -> code.Statement:
        """A class begins at its first decorator, whose offset `start` is."""
        bases = node.child_by_field_name("superclasses")
        arguments = self.arguments(bases) if bases is not None else ()
        outer, self.in_class = self.in_class, True
        body = self.body(node.child_by_field_name("body"))
        self.in_class = outer
        begin = (node.start_byte if start < 0 else start) - self.base
        return code.Class(begin, self._end(node, body), self._name_of(node), arguments, decorators, body)

    def _name_of(self, node: Node) -> str:
        name = node.child_by_field_name("name")
        return self.name(name) if name is not None else ""

    # --------------------------------------------------------------------------------------------------- helpers

    def _field(self, node: Node, field: str) -> code.Expression:
        child = node.child_by_field_name(field)
        return self.expression(child) if child is not None else self.opaque(node)

    def _end(self, node: Node, last: Body | LazyBody) -> int:
        """Where a compound statement ends: with its last statement, not with the comments after it."""
        if isinstance(last, LazyBody):
            return last.end
        return last[-1].end if last else node.end_byte - self.base

    def _clause_body(self, node: Node) -> Body:
        """The body of `else`, `except` and `finally`, which is their last child."""
        return self.body(next((child for child in reversed(node.named_children) if child.kind_id == _BLOCK), None))

    def _otherwise(self, node: Node) -> Body:
        for child in node.named_children:
            if child.kind_id == _ELSE:
                return self._clause_body(child)
        return ()


def _has_clean_header(node: Node) -> bool:
    """Whether all errors of a compound statement lie in its bodies (or where nobody looks: in type parameters)."""
    for child in node.children:
        if child.is_error or child.is_missing:
            return False
        if not child.has_error or child.kind_id in (_BLOCK, _TYPE_PARAMETER):
            continue
        if child.kind_id not in _PARTS or not _has_clean_header(child):
            return False
    return True


_Lower = Callable[[Statements, Node], code.Statement]
_SIMPLE: dict[str, _Lower] = {
    "expression_statement": Statements._expression_statement,
    "return_statement": Statements._return,
    "raise_statement": Statements._raise,
    "break_statement": Statements._break,
    "continue_statement": Statements._continue,
    "delete_statement": Statements._delete,
    "global_statement": Statements._scope,
    "nonlocal_statement": Statements._scope,
    "import_statement": Statements._import,
    "import_from_statement": Statements._import_from,
    "future_import_statement": Statements._import_from,
    "type_alias_statement": Statements._type_alias,
}
_WITH_BODIES: dict[str, _Lower] = {
    "if_statement": Statements._if,
    "for_statement": Statements._for,
    "while_statement": Statements._while,
    "with_statement": Statements._with,
    "try_statement": Statements._try,
    "match_statement": Statements._match,
    "function_definition": Statements._function,
    "class_definition": Statements._class,
    "decorated_definition": Statements._decorated,
}
_COMPOUND = frozenset(kind(name) for name in _WITH_BODIES)
_STATEMENTS: dict[int, _Lower] = {kind(name): lower for name, lower in (_SIMPLE | _WITH_BODIES).items()}
_IMPORT_FROM = kind("import_from_statement")
