"""Conditions: what operators, methods of columns and functions like `and_` mean."""

from __future__ import annotations

from sqla_lsp.readers.queries.reader import Reader
from sqla_lsp.readers.queries.values import (
    PREDICATES,
    ArrayOf,
    Building,
    Called,
    Choice,
    Closure,
    Items,
    Labelled,
    RowOf,
    Text,
    Value,
    choice,
    words,
)
from sqla_lsp.schema.queries import (
    And,
    Bound,
    Comparison,
    Constant,
    Exists,
    Expression,
    Flagged,
    Keyword,
    Not,
    NotTold,
    OfClass,
    Opaque,
    Operand,
    Operator,
    Or,
    Path,
    Predicate,
    Related,
    Unread,
)

_OPERATORS: dict[str, Operator] = {"==": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SWAPPED: dict[Operator, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
NEGATED = {
    "is_not": "is_",
    "isnot": "is_",
    "not_in": "in_",
    "notin_": "in_",
    "not_like": "like",
    "notlike": "like",
    "not_ilike": "ilike",
    "notilike": "ilike",
}
OTHER = words(
    "ilike istartswith iendswith endswith contains icontains regexp_match match is_distinct_from contained_by "
    "is_not_distinct_from isnot_distinct_from "
    "has_key has_all has_any overlap overlaps op bool_op path_exists path_match not_regexp_match iregexp_match "
    "bitwise_and within intersects"
)
METHODS = frozenset({"is_", "in_", "between", "like", "startswith", "any", "has"}) | set(NEGATED) | OTHER
UNKNOWN_VALUE = "a value that is only known when the code runs"


class Conditions(Reader):
    """Makes conditions of values."""

    def predicate(self, value: Value) -> Predicate:
        """A value where a condition stands. One of several is not known here: see `alternatives`."""
        value = self.force(value)
        if isinstance(value, PREDICATES):
            return value
        if isinstance(value, Path):
            if isinstance(value.root, NotTold):
                return Unread(value.root.reason)
            if self.instance and isinstance(value.root, OfClass) and len(value.names) == 1:
                return Unread(UNKNOWN_VALUE)
            return Flagged(value)
        if isinstance(value, Called):
            if value.path is None or isinstance(value.path.root, NotTold):
                return Unread("the result of a call", tuple(self.paths(value)))
            arguments = tuple([self.operand(item) for item in (*value.positional, *value.keywords.values())])
            return Flagged(value.path, arguments)
        if isinstance(value, Constant):
            if value.value is True or value.value is None:
                return And(())
            return Or(()) if value.value is False else self.raw(Text(value.value if isinstance(value.value, str) else None, 0, 0))
        if isinstance(value, Text):
            return self.raw(value)
        if isinstance(value, Building) and value.kind == "exists":
            return Exists(self.part(value, "value"))
        if isinstance(value, Labelled):
            return self.predicate(value.value)
        if isinstance(value, Closure) and not value.function.parameters:
            return self.predicate(self.force(Called(None, value, (), {}, *self.place(value.function))))
        if isinstance(value, Choice):
            return Unread("one of several conditions", tuple(self.paths(value)))
        return Unread(UNKNOWN_VALUE if isinstance(value, Bound) else "an expression", tuple(self.paths(value)))

    def raw(self, text: Text) -> Predicate:
        """A condition in SQL."""
        if text.sql is None:
            return Unread("SQL that is not known")
        from sqla_lsp.readers.queries.raw import raw_predicate

        return raw_predicate(text.sql, text.start, text.end)

    def predicates(self, values: tuple[Value, ...]) -> tuple[tuple[Predicate, ...], ...]:
        """The alternatives of a list of conditions."""
        found: list[tuple[Predicate, ...]] = [()]
        for value in values:
            value = self.force(value)
            if isinstance(value, Choice) and len(found) * len(value.items) <= 8:
                made = [self._parts(item) for item in value.items]
                found = [(*before, *parts) for before in found for parts in made]
            else:
                parts = self._parts(value)
                found = [(*before, *parts) for before in found]
        return tuple(dict.fromkeys(found))

    def _parts(self, value: Value) -> tuple[Predicate, ...]:
        predicate = self.predicate(value)
        return predicate.parts if isinstance(predicate, And) else (predicate,)

    def joined(self, values: tuple[Value, ...], *, any_of: bool) -> Value:
        """`and_(...)`, `or_(...)`."""
        if not values:
            return And(())
        if any_of:
            made = [Or(parts) if len(parts) != 1 else parts[0] for parts in self._each(values)]
        else:
            made = [And(parts) if len(parts) != 1 else parts[0] for parts in self.predicates(values)]
        return choice(made)

    def _each(self, values: tuple[Value, ...]) -> list[tuple[Predicate, ...]]:
        found: list[tuple[Predicate, ...]] = [()]
        for value in values:
            value = self.force(value)
            items = value.items if isinstance(value, Choice) and len(found) * len(value.items) <= 8 else (value,)
            made = [self.predicate(item) for item in items]
            found = [(*before, *(part.parts if isinstance(part, Or) else (part,))) for before in found for part in made]
        return found

    def negated(self, value: Value) -> Value:
        if isinstance(value, Choice):
            return choice([self.negated(item) for item in value.items])
        predicate = self.predicate(value)
        return predicate.part if isinstance(predicate, Not) else Not(predicate)

    # ------------------------------------------------------------------------------------------------- comparisons

    def compare(self, operator: str, left: Value, right: Value, start: int, end: int) -> Value:
        """`left operator right`, one of Python's."""
        if isinstance(left, Choice):
            return choice([self.compare(operator, item, right, start, end) for item in left.items])
        if isinstance(right, Choice) and not isinstance(self.operand(right), Bound):
            return choice([self.compare(operator, left, item, start, end) for item in right.items])
        if not self._is_sql(left) and not self._is_sql(right):
            return Bound()
        if operator == "!=":
            return Not(self._compared("=", left, right, start, end))
        if operator not in _OPERATORS:
            return Bound()
        return self._compared(_OPERATORS[operator], left, right, start, end)

    def _is_sql(self, value: Value) -> bool:
        """Whether a value may be a column, so that comparing it makes a condition."""
        if isinstance(value, Path):
            return not isinstance(value.root, NotTold) or bool(value.names)
        return not isinstance(value, Constant | Bound | Items)

    def _compared(self, operator: Operator, left: Value, right: Value, start: int, end: int) -> Predicate:
        if isinstance(right, ArrayOf) and operator == "=":
            return Comparison("in", self.side(left), (self.value(right.value),), start, end)
        if isinstance(left, ArrayOf) and operator == "=":
            return Comparison("in", self.side(right), (self.value(left.value),), start, end)
        if isinstance(left, Constant | Bound) and not isinstance(right, Constant | Bound):
            left, right, operator = right, left, _SWAPPED.get(operator, operator)
        if isinstance(right, Constant) and right.value is None and operator == "=":
            return Comparison("null", self.side(left), (), start, end)
        return Comparison(operator, self.side(left), (self.value(right),), start, end)

    def side(self, value: Value) -> Operand:
        """The left side of a comparison."""
        return self.operand(self.force(value))

    def value(self, value: Value) -> Operand:
        """The right side of a comparison. An expression without columns is a value."""
        operand = self.operand(value)
        if isinstance(operand, Opaque) and not operand.paths and not isinstance(value, Text | Building):
            return Bound()
        if isinstance(operand, Expression) and not any(isinstance(part, Path) for part in operand.parts):
            return Bound()
        return operand

    def method(self, left: Value, name: str, arguments: tuple[Value, ...], start: int, end: int, whole: bool = True) -> Value:
        """A method of a column: `left.in_(...)`. `whole` says that all arguments are known."""
        if isinstance(left, Choice):
            return choice([self.method(item, name, arguments, start, end, whole) for item in left.items])
        if arguments and isinstance(arguments[0], Choice) and not isinstance(self.operand(arguments[0]), Bound):
            others = arguments[1:]
            return choice([self.method(left, name, (item, *others), start, end, whole) for item in arguments[0].items])
        if name in NEGATED:
            positive = NEGATED[name]
            return Not(self.method(left, positive, arguments, start, end, whole))
        if name in ("any", "has"):
            return self._related(left, arguments, start, end)
        if not arguments or not whole:
            return Comparison("other", self.side(left), (Bound(),), start, end)
        first = arguments[0]
        match name:
            case "=":
                return self._compared("=", left, first, start, end)
            case "is_":
                if isinstance(first, Constant) and (first.value is None or isinstance(first.value, bool)):
                    return self._compared("=", left, first, start, end)
                return Comparison("other", self.side(left), (self.value(first),), start, end)
            case "in_":
                return self._in(left, first, start, end)
            case "between":
                right = tuple([self.value(item) for item in arguments[:2]])
                return Comparison("between" if len(right) == 2 else "other", self.side(left), right, start, end)
            case "startswith":
                operand = self.value(first)
                simple = isinstance(operand, Bound) or (isinstance(operand, Constant) and _begins_plainly(operand.value))
                return Comparison("prefix" if simple else "other", self.side(left), (operand,), start, end)
            case "like" if isinstance(first, Constant) and isinstance(first.value, str) and not set(first.value) & set("%_\\"):
                return self._compared("=", left, first, start, end)
            case "like":
                return Comparison(_like(first), self.side(left), (self.value(first),), start, end)
            case _:
                return Comparison("other", self.side(left), tuple([self.value(item) for item in arguments[:1]]), start, end)

    def _in(self, left: Value, right: Value, start: int, end: int) -> Predicate:
        if isinstance(left, RowOf):
            operand = self.operand(right) if isinstance(right, Building | Path) else Bound()
            given = operand if not isinstance(operand, Path) else Bound()
            return And(tuple([Comparison("in", self.side(item), (given,), start, end) for item in left.items]))
        right = self.force(right)
        if isinstance(right, Items):
            known = tuple([self.value(item) for item in right.items])
            return Comparison("in", self.side(left), (*known, Bound()) if right.open else known, start, end)
        return Comparison("in", self.side(left), (self.value(right),), start, end)

    def related_by(self, left: Value, keywords: dict[str, Value], start: int, end: int) -> Value:
        """`User.orders.any(state=value)`."""
        if not isinstance(left, Path) or isinstance(left.root, NotTold):
            return Unread("a relationship that is not known")
        parts = tuple([Keyword(name, self.value(value), 0, start, end) for name, value in keywords.items()])
        return Related(left, And(parts) if len(parts) != 1 else parts[0], start, end)

    def _related(self, left: Value, arguments: tuple[Value, ...], start: int, end: int) -> Value:
        """`User.orders.any(condition)`; of an array column it is something else, which has a plain value."""
        if not isinstance(left, Path) or isinstance(left.root, NotTold):
            return Unread("a relationship that is not known")
        if not arguments:
            return Related(left, None, start, end)
        first = arguments[0]
        if isinstance(first, Constant | Bound):
            return Comparison("other", left, (self.value(first),), start, end)
        return choice([Related(left, And(p) if len(p) != 1 else p[0], start, end) for p in self.predicates(arguments)])


def _like(pattern: Value) -> Operator:
    """LIKE with a pattern that certainly begins with plain characters, or has no wildcard at all."""
    text = pattern.value if isinstance(pattern, Constant) else pattern.prefix if isinstance(pattern, Bound) else ""
    return "prefix" if _begins_plainly(text) else "other"


def _begins_plainly(text: object) -> bool:
    """Whether a pattern begins with a character that stands for itself."""
    return isinstance(text, str) and text[:1] not in ("", "%", "_", "\\")
