"""Calls: methods of columns and queries, and functions of the project, of which those of the same file are read in place."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_lsp.readers.queries.chains import STARTING
from sqla_lsp.readers.queries.conditions import METHODS
from sqla_lsp.readers.queries.library import NULLS, ORDERS, Library, entity_name
from sqla_lsp.readers.queries.tables import Arguments
from sqla_lsp.readers.queries.values import (
    PREDICATES,
    Building,
    Called,
    Choice,
    Closure,
    Items,
    Joined,
    Labelled,
    Mapping,
    Text,
    Value,
    choice,
    each,
    not_told,
    words,
)
from sqla_lsp.schema.queries import (
    Bound,
    Constant,
    Exists,
    GlobalName,
    NotTold,
    Opaque,
    Path,
    Source,
)
from sqla_lsp.syntax import code

_ADDING = words("filter apply restrict scope where constrain permission visible access authori tenant add_ with_ only_")
"""Words in the names of functions that most likely add conditions to the query that they are given."""
_QUERY_METHODS = STARTING | {
    "get",
    "first",
    "all",
    "one",
    "one_or_none",
    "count",
    "get_or_404",
    "first_or_404",
    "with_entities",
    "paginate",
}
_OPAQUE_METHODS = words("cast op collate concat as_string as_integer as_float as_boolean as_json astext")


class Calls(Library):
    """Reads calls."""

    def call(self, node: code.Call) -> Value:
        function = node.function
        start, end = self.place(node)
        if isinstance(function, code.Attribute):
            base = self.evaluate(function.value)
            known = self.known_attribute(base, function.name)
            if known is None:
                return self._method(node, base, function.name, start, end)
            return self.library(known, node, start, end)
        if isinstance(function, code.Name):
            bound = self.lookup(function.id)
            if bound is None:
                known = self.known_function(function.id)
                if known is not None:
                    return self.library(known, node, start, end)
                return self._plain(function.id, node, start, end)
            return self._called(bound, node, start, end)
        return self._called(self.evaluate(function), node, start, end)

    # ------------------------------------------------------------------------------------------------- methods

    def _method(self, node: code.Call, base: Value, name: str, start: int, end: int) -> Value:
        """`base.name(...)`."""
        if isinstance(base, Called) and (name in STARTING or name in ("subquery", "cte", "scalar_subquery", "exists")):
            base = self.force(base)
        if name in STARTING and isinstance(base, Called | Path):
            self.extended.add(_called_name(node) or name_of(base.path if isinstance(base, Called) else base))
        if isinstance(base, Choice):
            return self._method_of_several(node, base, name, start, end)
        return self._method_of(base, name, self.arguments(node), node, start, end)

    def _method_of_several(self, node: code.Call, base: Choice, name: str, start: int, end: int) -> Value:
        """A method of one of several values. Where the arguments are one of several too, which of them go together is guessed
        by their order, and the query is not complete."""
        given = self.arguments(node)
        several = [value for value in given.positional if isinstance(value, Choice)]
        if not several:
            return choice([self._method_of(item, name, given, node, start, end) for item in base.items])
        if any(len(value.items) != len(base.items) for value in several):
            given = Arguments(tuple([Bound() if value in several else value for value in given.positional]), given.keywords, True)
            return choice([self._method_of(item, name, given, node, start, end) for item in base.items])
        made: list[Value] = []
        for number, item in enumerate(base.items):
            picked = tuple([value.items[number] if isinstance(value, Choice) else value for value in given.positional])
            made.append(self._method_of(item, name, Arguments(picked, given.keywords, given.open), node, start, end))
        return choice([replace(item, complete=False) if isinstance(item, Building) else item for item in made])

    def _method_of(self, base: Value, name: str, given: Arguments, node: code.Call, start: int, end: int) -> Value:
        if isinstance(base, Building):
            return self.chained(base, name, given, start, end)
        if isinstance(base, Called) and name in STARTING:
            return self.chained(self._unknown_query(base, name, start, end), name, given, start, end)
        if isinstance(base, Path):
            made = self._method_of_path(base, name, given, node, start, end)
            if made is not None:
                return made
        elif isinstance(base, Items | Mapping | Constant):
            return self._python(base, name, given)
        elif isinstance(base, Joined) and name in ("join", "outerjoin") and given.positional:
            return self.core_join(base, given.positional, given.keywords, name == "outerjoin", start, end)
        elif isinstance(base, Joined) and name == "select":
            return self.step(self.begin("select", start, end), start, end, sources=base.sources)
        if name in ("any", "has") and given.keywords and not given.positional and not given.open:
            return each(base, lambda value: self.related_by(value, given.keywords, start, end))
        if name in METHODS and not isinstance(base, Bound):
            return self.method(base, name, given.positional, start, end, not given.open)
        if isinstance(base, Exists | Text) and name in ("select", "where", "bindparams", "select_from"):
            return base
        made = self._of_column(base, name, given, start, end)
        if made is not None:
            return made
        path = Path(base.root, (*base.names, name), start, end) if isinstance(base, Path) else None
        if isinstance(base, Called):
            path = not_told("the result of a call", (name,), start, end)
        return self._unknown_call(path, None, name, given, start, end)

    def _of_column(self, base: Value, name: str, given: Arguments, start: int, end: int) -> Value:
        """A method that a column or an expression has: what it makes of it; None for other methods."""
        if name in ORDERS or name in NULLS:
            return None if isinstance(base, Bound) else self.ordering(base, name, start, end)
        if name == "label":
            return Labelled(self._label(given), base)
        if name in ("self_group", "distinct", "of_type"):
            return given.positional[0] if name == "of_type" and given.positional else base
        if name in ("over", "filter", "within_group") and not isinstance(base, Path):
            return Opaque(tuple(self.paths(base)))
        if name in _OPAQUE_METHODS and not isinstance(base, Bound):
            return Opaque(tuple(self.paths(base)))
        return None

    def _method_of_path(self, base: Path, name: str, given: Arguments, node: code.Call, start: int, end: int) -> Value:
        """A method of something that is named, of which nothing is known but how it is spelt; None where it says nothing."""
        if name == "query" and self._selects(given):
            return self.beginning("query", given, start, end)
        if base.names[-1:] == ("query",) and name in _QUERY_METHODS:
            entity = Path(base.root, base.names[:-1], base.start, base.end)
            built = self.begin("query", start, end, complete=not isinstance(entity.root, NotTold))
            if not self._is_session(entity):
                built = self.selecting(built, Arguments((entity,)), "query")
            return self.chained(self.step(built, start, end), name, given, start, end)
        if base.names[-1:] == ("func",) or (not base.names and isinstance(base.root, GlobalName) and base.root.name == "func"):
            return self.sql_function(name, given)
        if name in ("select", "update", "delete", "insert") and self._is_table(base, name, given):
            return self._of_table(base, name, given, start, end)
        if name == "alias" and len(given.positional) < 2:
            return self.alias_of((base,), given.keywords, start, end)
        if name in ("join", "outerjoin") and self._is_core_join(base, given):
            return self.core_join(base, given.positional, given.keywords, name == "outerjoin", start, end)
        if name == "and_":
            parts = self.predicates(given.positional)[0]
            return Labelled(None, (base, parts)) if parts else base
        starts = name in STARTING and (name not in ("join", "options", "limit", "group_by") or self._is_query_like(base))
        if starts and (given.positional or given.keywords or given.open):
            return self.chained(self._unknown_query(base, name, start, end), name, given, start, end)
        return None

    def _is_session(self, entity: Path) -> bool:
        last = (entity.names or (getattr(entity.root, "name", "") or "",))[-1]
        return last.lower().endswith("session") or last in ("db", "sess", "s")

    def _is_query_like(self, base: Path) -> bool:
        last = (entity_name(base)).lower()
        return any(word in last for word in ("query", "stmt", "statement", "select", "qry", "base_q")) or last == "q"

    def _is_table(self, base: Path, name: str, given: Arguments) -> bool:
        """Whether `base.select()` and the like are those of a table: they have no argument, or a condition."""
        if isinstance(base.root, NotTold) and name != "insert":
            return False
        if given.keywords or given.open or len(given.positional) > 1:
            return False
        return not given.positional or (name in ("update", "delete", "select") and _is_condition(given.positional[0]))

    def _of_table(self, base: Path, name: str, given: Arguments, start: int, end: int) -> Value:
        made = self.begin(name, start, end)
        if name == "select":
            built = self.step(self.selecting(made, Arguments((base,)), name), start, end)
        else:
            built = self.step(made, start, end, sources=(Source(base, "from", start=base.start, end=base.end),))
        return self.chained(built, "where", given, start, end) if given.positional else built

    def _is_core_join(self, base: Path, given: Arguments) -> bool:
        values = given.positional
        if self._is_query_like(base) or not values or not isinstance(values[0], Path) or entity_name(base) == "path":
            return False
        return (len(values) > 1 and _is_condition(values[1])) or "onclause" in given.keywords or "isouter" in given.keywords

    def _selects(self, given: Arguments) -> bool:
        """Whether the arguments of `.query(...)` are those of a session: columns and entities."""
        if not given.positional or isinstance(given.positional[0], Constant):
            return False
        return not isinstance(given.positional[0], Bound | Text) and set(given.keywords) <= {"bind"}

    def _unknown_query(self, base: Value, name: str, start: int, end: int) -> Building:
        """A query whose beginning is not known; where one was handed to a call, it is most likely what the call adds to."""
        if isinstance(base, Called):
            for value in (*base.positional, *base.keywords.values()):
                if isinstance(value, Building):
                    return self.step(value, start, end, complete=False)
        kind = "query" if name in ("filter", "filter_by") else "select"
        return self.begin(kind, start, end, complete=False)

    # --------------------------------------------------------------------------------------------- unknown calls

    def _python(self, base: Value, name: str, given: Arguments) -> Value:
        """A method of a plain Python value."""
        if isinstance(base, Mapping):
            if name == "get" and given.positional and isinstance(given.positional[0], Constant):
                default = given.positional[1] if len(given.positional) > 1 else Constant(None)
                return base.items.get(str(given.positional[0].value), default if not base.open else Bound())
            if name in ("values", "items", "keys"):
                found = {"values": tuple(base.items.values()), "keys": tuple(Constant(key) for key in base.items)}
                pairs = tuple(Items((Constant(key), value)) for key, value in base.items.items())
                return Items(found.get(name, pairs), base.open)
            if name == "copy":
                return base
        if isinstance(base, Items) and name == "copy":
            return base
        for value in (*given.positional, *given.keywords.values()):
            self.use(value)
        return Bound()

    def _plain(self, name: str, node: code.Call, start: int, end: int) -> Value:
        """A call of a name of the module, or of a builtin."""
        given = self.arguments(node)
        values = given.positional
        if name == "getattr" and len(values) >= 2:
            if isinstance(values[1], Constant) and isinstance(values[1].value, str):
                return each(values[0], lambda base: self.attribute(base, str(values[1].value), start, end))
            return not_told("an attribute whose name is not known", ("?",), start, end)
        if name in ("list", "tuple", "set", "sorted", "reversed") and len(values) == 1 and isinstance(values[0], Items):
            return values[0]
        if name == "dict" and not values:
            return Mapping(given.keywords, given.open)
        if name == "cast" and len(values) == 2:
            return values[1]
        if name in ("super", "int", "str", "len", "float", "bool"):
            for value in values:
                self.use(value)
            return Bound()
        path = Path(GlobalName(name), (), start, end)
        return self._unknown_call(path, None, name, given, start, end)

    def attribute(self, base: Value, name: str, start: int, end: int) -> Value:
        raise NotImplementedError

    def _called(self, function: Value, node: code.Call, start: int, end: int) -> Value:
        given = self.arguments(node)
        path = function if isinstance(function, Path) else None
        closure = function if isinstance(function, Closure) else None
        return self._unknown_call(path, closure, "", given, start, end)

    def _unknown_call(
        self, path: Path | None, function: Closure | None, name: str, given: Arguments, start: int, end: int
    ) -> Value:
        """A call of something of the project or of another library. Queries that are handed to it are used, unless it is a
        helper of the same file."""
        called = Called(path, function, given.positional, given.keywords, start, end, not given.open)
        arguments = (*given.positional, *given.keywords.values())
        adds = self._adds(path, name)
        self.extended.update(name_of(value.path) for value in arguments if adds and isinstance(value, Called))
        values = [value for value in arguments if _holds_query(value)]
        if values:
            if self.is_helper(called):
                forced = self.force(called)
                if isinstance(forced, Building | Choice):
                    return forced
            for value in values:
                self.use(value, complete=not adds)
        for value in given.positional:
            if isinstance(value, Closure):
                self.read_closure(value)
        return called

    def _adds(self, path: Path | None, name: str) -> bool:
        """Whether a function most likely adds conditions to the query that it is given."""
        name = (name or name_of(path)).lower()
        return self.rebinds or any(word in name for word in _ADDING)

    def is_helper(self, called: Called) -> bool:
        raise NotImplementedError

    def read_closure(self, closure: Closure) -> None:
        """Reads a function for itself."""
        raise NotImplementedError


def _called_name(node: code.Call) -> str:
    """`base` of `super().base(x).where(...)`."""
    inner = node.function.value if isinstance(node.function, code.Attribute) else None
    function = inner.function if isinstance(inner, code.Call) else None
    return function.name if isinstance(function, code.Attribute) else ""


def name_of(path: Path | None) -> str:
    """The last name of a path, "" where there is none."""
    return "" if path is None else entity_name(path)


def _holds_query(value: Value) -> bool:
    if isinstance(value, Building):
        return True
    return isinstance(value, Choice | Items) and any(_holds_query(item) for item in value.items)


def _is_condition(value: Value) -> bool:
    return isinstance(value, PREDICATES)
