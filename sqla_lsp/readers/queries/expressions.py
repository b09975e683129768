"""Expressions of a function as values. It never raises: what it does not know is `Bound` or a path that is not told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from sqla_lsp.readers.queries.calls import Calls
from sqla_lsp.readers.queries.tables import Arguments
from sqla_lsp.readers.queries.values import (
    PREDICATES,
    Building,
    Called,
    Choice,
    Closure,
    Held,
    Items,
    Joined,
    Mapping,
    Value,
    choice,
    merged,
    not_told,
)
from sqla_lsp.schema.queries import (
    Bound,
    Constant,
    Expression,
    GlobalName,
    NotTold,
    OfClass,
    Opaque,
    Path,
    Rows,
    Subquery,
)
from sqla_lsp.syntax import code

_PLAIN = (Constant, Bound)
_COLUMNS = frozenset({"c", "columns", "selected_columns", "exported_columns"})


class Expressions(Calls):
    """Evaluates expressions."""

    def bind(self, name: str, value: Value) -> None:
        raise NotImplementedError

    def closure(self, node: code.Lambda) -> Closure:
        raise NotImplementedError

    def bind_target(self, target: code.Expression, value: Value) -> None:
        raise NotImplementedError

    def inner_scope(self) -> Any:
        raise NotImplementedError

    def leave_scope(self, scope: Any) -> None:
        raise NotImplementedError

    def evaluate(self, node: code.Expression) -> Value:
        handler = _HANDLERS.get(type(node))
        return Bound() if handler is None else handler(self, node)

    def arguments(self, node: code.Call) -> Arguments:
        positional: list[Value] = []
        keywords: dict[str, Value] = {}
        is_open = False
        for argument in node.arguments:
            value = self.evaluate(argument.value)
            if argument.stars == 1:
                value = self.force(value)
                if isinstance(value, Choice) and all(isinstance(item, Items) for item in value.items):
                    value = max(value.items, key=lambda item: len(item.items))
                    is_open = True
                if isinstance(value, Items):
                    positional += value.items
                    is_open = is_open or value.open
                else:
                    is_open = True
            elif argument.stars == 2:
                if isinstance(value, Mapping):
                    keywords.update(value.items)
                    is_open = is_open or value.open
                else:
                    is_open = True
            elif argument.keyword is not None:
                keywords[argument.keyword] = value
                if not self.depth:
                    self.keyword_places[id(value)] = (argument.start, argument.end)
            else:
                positional.append(value)
        return Arguments(tuple(positional), keywords, is_open)

    def _constant(self, node: code.Constant) -> Value:
        return Constant(node.value)

    def _joined_string(self, node: code.JoinedString) -> Value:
        for part in node.parts:
            if isinstance(part, code.Hole):
                self.evaluate(part.value)
        first = node.parts[0] if node.parts else None
        return Bound(first.value if isinstance(first, code.Constant) and isinstance(first.value, str) else "")

    def _name(self, node: code.Name) -> Value:
        value = self.lookup(node.id)
        start, end = self.place(node)
        if value is None:
            return Path(GlobalName(node.id), (), start, end)
        return replace(value, start=start, end=end) if isinstance(value, Path) else value

    def _attribute(self, node: code.Attribute) -> Value:
        start, end = self.place(node)
        if isinstance(node.value, code.Name):
            kept = self.lookup(f"{node.value.id}.{node.name}")
            if kept is not None:
                return replace(kept, start=start, end=end) if isinstance(kept, Path) else kept
        return self.attribute(self.evaluate(node.value), node.name, start, end)

    def attribute(self, base: Value, name: str, start: int, end: int) -> Value:
        if isinstance(base, Called):
            base = self.force(base) if name in _COLUMNS else base
        if isinstance(base, Path):
            if isinstance(base.root, Rows) and not base.names and name in _COLUMNS:
                return replace(base, start=start, end=end)
            return Path(base.root, (*base.names, name), start, end)
        if isinstance(base, Choice):
            return choice([self.attribute(item, name, start, end) for item in base.items])
        if isinstance(base, Building):
            if name not in _COLUMNS:
                return not_told("a part of a query", (name,))
            return Path(Rows(self.part(base, "rows")), (), start, end)
        if isinstance(base, Joined) and name in _COLUMNS:
            return not_told("a column of a join", (), start, end)
        if isinstance(base, Called):
            return not_told("the result of a call", (name,), start, end)
        if isinstance(base, Expression | Opaque):
            return Opaque(tuple(self.paths(base)))
        if isinstance(base, Held) and name[:1].isupper():
            return Path(base.of.root, (*base.of.names, name), start, end)
        return Bound()

    def _subscript(self, node: code.Subscript) -> Value:
        base = self.evaluate(node.value)
        start, end = self.place(node)
        if isinstance(base, Called):
            base = self.force(base)
        if isinstance(base, Building):
            self.use(self.step(base, start, end, limited=True))
            return not_told("a row", (), start, end)
        index = self.evaluate(node.index) if not isinstance(node.index, code.Slice) else None
        if isinstance(base, Path):
            if isinstance(base.root, NotTold) or _is_annotation(base):
                return not_told("an item", (), start, end)
            if base.names and base.names[-1] in (*_COLUMNS, "tables") and isinstance(index, Constant):
                return self.attribute(base, str(index.value), start, end)
            if isinstance(base.root, Rows) and not base.names and isinstance(index, Constant):
                return self.attribute(base, str(index.value), start, end)
            return Opaque((base,)) if base.names else not_told("an item", (), start, end)
        if isinstance(base, Opaque | Expression):
            return Opaque(tuple(self.paths(base)))
        if isinstance(base, Mapping) and isinstance(index, Constant) and str(index.value) in base.items:
            return base.items[str(index.value)]
        if isinstance(base, Mapping) and base.items and not base.open:
            return choice(base.items.values()) if len(base.items) <= 4 else not_told("an item", (), start, end)
        if isinstance(base, Items) and isinstance(index, Constant) and isinstance(index.value, int):
            if -len(base.items) <= index.value < len(base.items):
                return base.items[index.value]
            return not_told("an item", (), start, end)
        return Bound() if isinstance(base, Bound | Constant) else not_told("an item", (), start, end)

    def _sequence(self, node: code.Sequence) -> Value:
        found: list[Value] = []
        is_open = False
        for item in node.items:
            if isinstance(item, code.Starred):
                value = self.evaluate(item.value)
                if isinstance(value, Items):
                    found += value.items
                    is_open = is_open or value.open
                else:
                    is_open = True
            else:
                found.append(self.evaluate(item))
        return Items(tuple(found), is_open)

    def _dictionary(self, node: code.Dictionary) -> Value:
        found: dict[str, Value] = {}
        is_open = False
        for key, item in node.items:
            value = self.evaluate(item)
            if key is None and isinstance(value, Mapping):
                found.update(value.items)
                is_open = is_open or value.open
            elif isinstance(key, code.Constant):
                found[str(key.value)] = value
            else:
                is_open = True
        return Mapping(found, is_open)

    def _binary(self, node: code.Binary) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        operator = node.operator
        is_sql = not all(isinstance(side, _PLAIN) for side in (left, right))
        if operator in ("&", "|") and is_sql and not any(isinstance(side, Items | Mapping) for side in (left, right)):
            return self.joined((left, right), any_of=operator == "|")
        if operator == "+" and isinstance(left, Items) and isinstance(right, Items):
            return Items((*left.items, *right.items), left.open or right.open)
        if operator == "+" and isinstance(left, Items):
            return Items(left.items, True)
        if operator == "|" and isinstance(left, Mapping) and isinstance(right, Mapping):
            return Mapping({**left.items, **right.items}, left.open or right.open)
        if operator in ("+", "%") and isinstance(left, Constant) and isinstance(left.value, str):
            paths = tuple(self.paths(right))
            prefix = left.value if operator == "+" else left.value.partition("%")[0]
            return Bound(prefix) if not any(path for path in paths if not isinstance(path.root, NotTold)) else Opaque(paths)
        paths = (*self.paths(self.operand(left)), *self.paths(self.operand(right)))
        known = tuple(path for path in paths if not isinstance(path.root, NotTold))
        if (
            not known
            and not isinstance(left, Opaque | Subquery | Building)
            and not isinstance(right, Opaque | Subquery | Building)
        ):
            return Bound()
        return Opaque(known)

    def _unary(self, node: code.Unary) -> Value:
        value = self.evaluate(node.operand)
        if node.operator == "~":
            return self.negated(value)
        if node.operator == "-" and isinstance(value, Constant) and isinstance(value.value, int | float):
            return Constant(-value.value)
        if node.operator == "not":
            self.use(value)
            return Bound()
        paths = tuple(self.paths(value))
        return Opaque(paths) if paths else Bound()

    def _boolean(self, node: code.Boolean) -> Value:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        if node.operator == "or" and isinstance(left, Path) and isinstance(right, Path) and not isinstance(right.root, NotTold):
            if isinstance(left.root, NotTold):
                return not_told("one of several values", left.names[:0], *self.place(node))
            return choice([left, right])
        if isinstance(left, PREDICATES) or isinstance(right, PREDICATES):
            return choice([left, right]) if node.operator == "or" else right
        if isinstance(right, Building):
            return right
        if isinstance(right, Items) and not right.items and isinstance(left, Items):
            return left
        if isinstance(left, _PLAIN) and isinstance(right, _PLAIN):
            return Bound()
        return not_told("one of several values", (), *self.place(node))

    def _compare(self, node: code.Compare) -> Value:
        left = self.evaluate(node.left)
        rights = [self.evaluate(item) for item in node.right]
        if len(node.operators) != 1:
            return Bound()
        start, end = self.place(node)
        return self.compare(node.operators[0], left, rights[0], start, end)

    def _conditional(self, node: code.Conditional) -> Value:
        self.evaluate(node.test)
        then, otherwise = self.evaluate(node.then), self.evaluate(node.otherwise)
        if isinstance(then, _PLAIN) and isinstance(otherwise, _PLAIN):
            return Bound()
        return merged(then, otherwise)

    def _lambda(self, node: code.Lambda) -> Value:
        return self.closure(node)

    def _comprehension(self, node: code.Comprehension) -> Value:
        scope = self.inner_scope()
        one: list[Value] = []
        literal: Items | None = None
        for clause in node.clauses:
            iterable = self.evaluate(clause.iterable)
            self.use(iterable)
            if isinstance(iterable, Items) and not iterable.open and len(node.clauses) == 1 and len(iterable.items) <= 8:
                literal = iterable
            else:
                self.bind_target(clause.target, self.item_of(iterable))
            for condition in clause.conditions:
                self.evaluate(condition)
        if literal is not None and node.kind != "dict" and not node.clauses[0].conditions:
            for item in literal.items:
                self.bind_target(node.clauses[0].target, item)
                one.append(self.evaluate(node.element))
            self.leave_scope(scope)
            return Items(tuple(one))
        if literal is not None:
            self.bind_target(node.clauses[0].target, self.item_of(literal))
        element = self.evaluate(node.element)
        if node.value is not None:
            self.evaluate(node.value)
        self.leave_scope(scope)
        if node.kind == "dict":
            return Mapping({}, True)
        if isinstance(element, _PLAIN) or (isinstance(element, Path) and isinstance(element.root, NotTold)):
            return not_told("a list", (), *self.place(node))
        return Items((element,), not isinstance(element, PREDICATES))

    def item_of(self, iterable: Value) -> Value:
        """What one round of a loop has."""
        if isinstance(iterable, Items) and iterable.items and not iterable.open:
            if all(isinstance(item, Constant) for item in iterable.items):
                return Bound()
            return choice(iterable.items)
        return not_told("an item of a loop")

    def _named(self, node: code.NamedExpression) -> Value:
        value = self.evaluate(node.value)
        self.bind(node.target, value)
        return value

    def _await(self, node: code.Await) -> Value:
        value = self.evaluate(node.value)
        if isinstance(value, Building):
            self.use(value)
        return value

    def _yield(self, node: code.Yield) -> Value:
        if node.value is not None:
            self.use(self.evaluate(node.value), handed=True)
        return Bound()

    def _starred(self, node: code.Starred) -> Value:
        return self.evaluate(node.value)


def _is_annotation(path: Path) -> bool:
    return (
        not path.names
        and isinstance(path.root, GlobalName | OfClass)
        and path.root.name in ("list", "dict", "set", "tuple", "type")
    )


_HANDLERS: dict[type, Callable[[Any, Any], Value]] = {
    code.Constant: Expressions._constant,
    code.JoinedString: Expressions._joined_string,
    code.Name: Expressions._name,
    code.Attribute: Expressions._attribute,
    code.Subscript: Expressions._subscript,
    code.Call: Expressions.call,
    code.Sequence: Expressions._sequence,
    code.Dictionary: Expressions._dictionary,
    code.Binary: Expressions._binary,
    code.Unary: Expressions._unary,
    code.Boolean: Expressions._boolean,
    code.Compare: Expressions._compare,
    code.Conditional: Expressions._conditional,
    code.Lambda: Expressions._lambda,
    code.Comprehension: Expressions._comprehension,
    code.NamedExpression: Expressions._named,
    code.Await: Expressions._await,
    code.Yield: Expressions._yield,
    code.Starred: Expressions._starred,
}
