"""Calls: functions of SQLAlchemy, methods of columns and queries, and helpers of the same file, which are read in place."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_lsp.readers.queries.chains import STARTING, Arguments, Chains
from sqla_lsp.readers.queries.conditions import METHODS
from sqla_lsp.readers.queries.values import (
    ArrayOf,
    Building,
    Called,
    Choice,
    Closure,
    Items,
    Joined,
    Labelled,
    Mapping,
    RowOf,
    Text,
    Value,
    choice,
    each,
    not_told,
    words,
)
from sqla_lsp.schema.queries import (
    Alias,
    Bound,
    Constant,
    Exists,
    Expression,
    GlobalName,
    ImportedName,
    NotTold,
    OfClass,
    Opaque,
    OrderKey,
    Path,
    Rows,
    Source,
    Subquery,
)
from sqla_lsp.syntax import code

_BEGINNING = frozenset({"select", "update", "delete", "insert", "exists", "query"})
_UNIONS = frozenset({"union", "union_all", "intersect", "intersect_all", "except_", "except_all"})
_DISTINCT_NAMES = words(
    "and_ or_ not_ func text literal_column literal bindparam case cast type_coerce aliased desc asc nulls_first "
    "nulls_last nullsfirst nullslast tuple_ any_ all_ true false null extract distinct col collate "
    "with_loader_criteria within_group try_cast over"
)
"""Functions of SQLAlchemy that are told by their names alone."""
_ORDERS = {"desc": True, "asc": False}
_NULLS = {"nulls_first": True, "nullsfirst": True, "nulls_last": False, "nullslast": False}
_EXECUTING = (
    "execute",
    "scalar",
    "stream",
    "exec",
    "fetch",
    "all",
    "first",
    "one",
    "count",
    "print",
    "len",
    "str",
    "list",
    "read_sql",
    "run",
)
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


class Calls(Chains):
    """Reads calls."""

    def call(self, node: code.Call) -> Value:
        function = node.function
        start, end = self.place(node)
        if isinstance(function, code.Attribute):
            base = self.evaluate(function.value)
            known = self._library(base, function.name)
            if known is None:
                return self._method(node, base, function.name, start, end)
            return self.library(known, node, start, end)
        if isinstance(function, code.Name):
            bound = self.lookup(function.id)
            if bound is None:
                known = self._vocabulary(function.id)
                if known is not None:
                    return self.library(known, node, start, end)
                return self._plain(function.id, node, start, end)
            return self._called(bound, node, start, end)
        return self._called(self.evaluate(function), node, start, end)

    def lookup(self, name: str) -> Value:
        """What a name of the function is bound to; None where it is one of the module or of nobody."""
        raise NotImplementedError

    def arguments(self, node: code.Call) -> Arguments:
        raise NotImplementedError

    def helper(self, name: str) -> bool:
        """Whether the file has a function of this name."""
        raise NotImplementedError

    def _vocabulary(self, name: str) -> str | None:
        """The function of SQLAlchemy that a name of the module is."""
        known = self.vocabulary.names.get(name)
        if known is not None:
            return known
        if self.helper(name):
            return None
        return name if name in _DISTINCT_NAMES or name in ("select", "exists") else None

    def _library(self, base: Value, name: str) -> str | None:
        """As `_vocabulary`, of an attribute of a module."""
        if not isinstance(base, Path) or base.names or not isinstance(base.root, GlobalName | ImportedName):
            if (
                isinstance(base, Path)
                and name in _DISTINCT_NAMES
                and name not in ("desc", "asc", "cast", "distinct") | _NULLS.keys()
            ):
                return (
                    name
                    if isinstance(base.root, GlobalName | ImportedName) and base.root.name in self.vocabulary.modules
                    else None
                )
            return None
        root = base.root
        module = root.name if isinstance(root, GlobalName) else (root.name or root.module)
        if module in self.vocabulary.modules or (
            isinstance(root, ImportedName) and root.module.partition(".")[0] == "sqlalchemy"
        ):
            return name
        if self.vocabulary.names.get(module or "") in ("sql", "orm", "expression", "postgresql", "dialects", "sqltypes"):
            return name
        return None

    # ----------------------------------------------------------------------------------- functions of SQLAlchemy

    def library(self, name: str, node: code.Call, start: int, end: int) -> Value:
        """A call of a function of SQLAlchemy."""
        given = self.arguments(node)
        values = given.positional
        first = values[0] if values else None
        if name in _BEGINNING:
            return self._beginning(name, given, start, end)
        if name in _UNIONS:
            return self.union(values, start, end)
        match name:
            case "and_" | "or_":
                return self._joined_conditions(name, given)
            case "not_":
                return self.negated(first) if values else Bound()
            case "true" | "false":
                return Constant(name == "true")
            case "null":
                return Constant(None)
            case "text" | "literal_column":
                sql = first.value if isinstance(first, Constant) and isinstance(first.value, str) else None
                return Text(sql, start, end) if name == "text" else Opaque()
            case "literal":
                return first if isinstance(first, Constant) else Bound()
            case "bindparam":
                return Bound()
            case "aliased" | "alias":
                return self._aliased(values, given.keywords, start, end)
            case "desc" | "asc" | "nulls_first" | "nullsfirst" | "nulls_last" | "nullslast":
                return each(first, lambda value: self.ordering(value, name, start, end)) if values else Bound()
            case "type_coerce" | "col" | "distinct" | "cast_to":
                return first if values else Bound()
            case "tuple_":
                return RowOf(values)
            case "any_" | "all_":
                return ArrayOf(first) if name == "any_" and values else Opaque(tuple(self.paths(values)))
            case "join" | "outerjoin" if len(values) > 1:
                return self._core_join(values[0], values[1:], given.keywords, name == "outerjoin", start, end)
            case "Session" | "sessionmaker" | "scoped_session":
                return not_told("a session", (), start, end)
            case "cast" | "try_cast":
                return Opaque(tuple(self.paths(tuple(self.operand(value) for value in values[:1]))))
            case "case" | "extract" | "collate" | "within_group" | "over":
                return Opaque(tuple(self.paths(tuple(self.operand(v) for v in self._flat(values)))))
            case "column":
                return Opaque()
        for value in (*values, *given.keywords.values()):
            self.use(value)
        return Opaque(tuple(self.paths(values))) if name.islower() else not_told("the result of a call", (), start, end)

    def _flat(self, values: tuple[Value, ...]) -> list[Value]:
        found: list[Value] = []
        for value in values:
            found += self._flat(value.items) if isinstance(value, Items) else [value]
        return found

    def _joined_conditions(self, name: str, given: Arguments) -> Value:
        values = tuple(self._flat(given.positional))
        if given.open:
            values = (*values, Bound())
        return self.joined(values, any_of=name == "or_")

    def _beginning(self, name: str, given: Arguments, start: int, end: int) -> Value:
        made = self.begin(name, start, end)
        values = given.positional
        if name == "exists":
            if values and isinstance(values[0], Building):
                return Exists(self.number(values[0]))
            return self.step(self.selecting(made, given, "exists"), start, end)
        if name in ("select", "query"):
            whereclause = given.keywords.get("whereclause")
            if len(values) == 1 and isinstance(values[0], Choice):
                picked = [self.selecting(made, Arguments((item,), {}, given.open), name) for item in values[0].items]
                return choice([self.step(item, start, end) for item in picked])
            built = self.step(self.selecting(made, given, name), start, end)
            return built if whereclause is None else self.chained(built, "where", Arguments((whereclause,)), start, end)
        table = values[0] if values else given.keywords.get("table")
        return each(table, lambda value: self._changing(made, name, value, values[1:], start, end))

    def _changing(self, made: Building, name: str, table: Value, rest: tuple[Value, ...], start: int, end: int) -> Value:
        """`update(table)`, `delete(table)`, `insert(table)`."""
        entity = self.as_entity(table, start, end)
        source = Source(entity, "from", start=entity.start, end=entity.end)
        complete = not isinstance(entity.root, NotTold)
        built = self.step(made, start, end, kind=name, sources=(source,), complete=complete)
        return self.chained(built, "where", Arguments(rest[:1]), start, end) if rest and name != "insert" else built

    def _aliased(self, values: tuple[Value, ...], keywords: dict[str, Value], start: int, end: int) -> Value:
        if not values:
            return not_told("an alias", (), start, end)
        if len(values) > 1 and isinstance(values[1], Path) and isinstance(values[1].root, Rows):
            return Path(values[1].root, (), start, end)
        if isinstance(values[0], Choice):
            return choice([self._aliased((item, *values[1:]), keywords, start, end) for item in values[0].items])
        of = self.as_entity(values[0], start, end)
        if isinstance(of.root, NotTold):
            return of
        self.aliases += 1
        return Path(Alias(f"alias {self.aliases}", of), (), start, end)

    def ordering(self, value: Value, name: str, start: int, end: int) -> OrderKey:
        """`desc(value)`, `value.nulls_last()` and the like."""
        value = self.force(value)
        if isinstance(value, OrderKey):
            key = replace(value, start=start, end=end)
        else:
            operand = value if isinstance(value, Constant) else self.operand(value)
            key = OrderKey(operand, False, None, start, end)
        if name in _ORDERS:
            return replace(key, descending=_ORDERS[name])
        return replace(key, nulls_first=_NULLS[name])

    def _core_join(
        self, left: Value, right: tuple[Value, ...], keywords: dict[str, Value], outer: bool, start: int, end: int
    ) -> Joined:
        first = left.sources if isinstance(left, Joined) else (Source(self.as_entity(left, start, end), "from"),)
        onclause = right[1] if len(right) > 1 else keywords.get("onclause")
        outer = outer or keywords.get("isouter") == Constant(True)
        return Joined((*first, *self.joins(right[0], onclause, outer, start, end)[:1]))

    # ------------------------------------------------------------------------------------------------- methods

    def _method(self, node: code.Call, base: Value, name: str, start: int, end: int) -> Value:
        """`base.name(...)`."""
        if isinstance(base, Called) and (name in STARTING or name in ("subquery", "cte", "scalar_subquery", "exists")):
            base = self.force(base)
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
            return self._core_join(base, given.positional, given.keywords, name == "outerjoin", start, end)
        elif isinstance(base, Joined) and name == "select":
            return self.step(self.begin("select", start, end), start, end, sources=base.sources)
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
        if name in _ORDERS or name in _NULLS:
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
            return self._beginning("query", given, start, end)
        if base.names[-1:] == ("query",) and name in _QUERY_METHODS:
            entity = Path(base.root, base.names[:-1], base.start, base.end)
            built = self.begin("query", start, end, complete=not isinstance(entity.root, NotTold))
            if not self._is_session(entity):
                built = self.selecting(built, Arguments((entity,)), "query")
            return self.chained(self.step(built, start, end), name, given, start, end)
        if base.names[-1:] == ("func",) or (not base.names and isinstance(base.root, GlobalName) and base.root.name == "func"):
            return self._sql_function(name, given)
        if name in ("select", "update", "delete", "insert") and self._is_table(base, name, given):
            return self._of_table(base, name, given, start, end)
        if name == "alias" and len(given.positional) < 2:
            return self._aliased((base,), given.keywords, start, end)
        if name in ("join", "outerjoin") and self._is_core_join(base, given):
            return self._core_join(base, given.positional, given.keywords, name == "outerjoin", start, end)
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

    def _sql_function(self, name: str, given: Arguments) -> Value:
        """`func.name(...)`."""
        if name.lower() == "cast":
            return Opaque(tuple(self.paths(tuple(self.operand(item) for item in given.positional[:1]))))
        parts: list[str | Path] = [f"{name}("]
        for number, value in enumerate(given.positional):
            operand = self.operand(self.force(value))
            if number:
                parts.append(", ")
            if isinstance(operand, Expression):
                parts += operand.parts
            elif isinstance(operand, Path):
                parts.append(operand)
            elif isinstance(operand, Constant):
                parts.append(_literal(operand))
            elif isinstance(operand, Subquery):
                return Opaque()
            elif any(True for _ in self.paths(given.positional)):
                aggregate = name.lower() in (
                    "count",
                    "sum",
                    "min",
                    "max",
                    "avg",
                    "array_agg",
                    "json_agg",
                    "jsonb_agg",
                    "string_agg",
                )
                if not aggregate:
                    return Opaque(tuple(self.paths(tuple(self.operand(item) for item in given.positional))))
                paths = tuple(self.paths(operand))
                parts += paths or ("…",)
            else:
                parts.append("…")
        parts.append(")")
        glued: list[str | Path] = []
        for part in parts:
            if isinstance(part, str) and glued and isinstance(glued[-1], str):
                glued[-1] += part
            else:
                glued.append(part)
        places = [(p.start, p.end) for p in glued if isinstance(p, Path)]
        return Expression(tuple(glued), min((p[0] for p in places), default=0), max((p[1] for p in places), default=0))

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
        values = [value for value in (*given.positional, *given.keywords.values()) if _holds_query(value)]
        if values:
            if self.is_helper(called):
                forced = self.force(called)
                if isinstance(forced, Building | Choice):
                    return forced
            executing = any(word in name.lower() for word in _EXECUTING)
            for value in values:
                self.use(value, complete=executing)
        for value in given.positional:
            if isinstance(value, Closure):
                self.read_closure(value)
        return called

    def is_helper(self, called: Called) -> bool:
        raise NotImplementedError

    def read_closure(self, closure: Closure) -> None:
        """Reads a function for itself."""
        raise NotImplementedError


def entity_name(path: Path) -> str:
    """The last name of a path."""
    if path.names:
        return path.names[-1]
    root = path.root
    if isinstance(root, NotTold):
        return root.reason.rpartition(" ")[2]
    return (getattr(root, "name", None) or "") if not isinstance(root, OfClass) else ""


def _holds_query(value: Value) -> bool:
    if isinstance(value, Building):
        return True
    return isinstance(value, Choice | Items) and any(_holds_query(item) for item in value.items)


def _is_condition(value: Value) -> bool:
    from sqla_lsp.readers.queries.values import PREDICATES

    return isinstance(value, PREDICATES)


def _literal(constant: Constant) -> str:
    value = constant.value
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
