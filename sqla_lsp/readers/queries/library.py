"""Functions of SQLAlchemy: `select`, `and_`, `aliased`, `func.lower` and their like."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_lsp.readers.queries.chains import UNIONS, Chains
from sqla_lsp.readers.queries.tables import Arguments
from sqla_lsp.readers.queries.values import (
    ArrayOf,
    Building,
    Choice,
    Items,
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
_DISTINCT_NAMES = words(
    "and_ or_ not_ func text literal_column literal bindparam case cast type_coerce aliased desc asc nulls_first "
    "nulls_last nullsfirst nullslast tuple_ any_ all_ true false null extract distinct col collate "
    "with_loader_criteria within_group try_cast over"
)
"""Functions of SQLAlchemy that are told by their names alone."""
ORDERS = {"desc": True, "asc": False}
NULLS = {"nulls_first": True, "nullsfirst": True, "nulls_last": False, "nullslast": False}


class Library(Chains):
    """Reads calls of SQLAlchemy's functions."""

    def lookup(self, name: str) -> Value:
        """What a name of the function is bound to; None where it is one of the module or of nobody."""
        raise NotImplementedError

    def arguments(self, node: code.Call) -> Arguments:
        raise NotImplementedError

    def helper(self, name: str) -> bool:
        """Whether the file has a function of this name."""
        raise NotImplementedError

    def known_function(self, name: str) -> str | None:
        """The function of SQLAlchemy that a name of the module is."""
        known = self.vocabulary.names.get(name)
        if known is not None:
            return known
        if self.helper(name):
            return None
        return name if name in _DISTINCT_NAMES or name in ("select", "exists") else None

    def known_attribute(self, base: Value, name: str) -> str | None:
        """As `known_function`, of an attribute of a module."""
        if not isinstance(base, Path) or base.names or not isinstance(base.root, GlobalName | ImportedName):
            if (
                isinstance(base, Path)
                and name in _DISTINCT_NAMES
                and name not in ("desc", "asc", "cast", "distinct") | NULLS.keys()
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
            return self.beginning(name, given, start, end)
        if name in UNIONS:
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
                return self.alias_of(values, given.keywords, start, end)
            case "desc" | "asc" | "nulls_first" | "nullsfirst" | "nulls_last" | "nullslast":
                return each(first, lambda value: self.ordering(value, name, start, end)) if values else Bound()
            case "type_coerce" | "col" | "distinct" | "cast_to":
                return first if values else Bound()
            case "between" if len(values) > 2:
                return self.method(first, "between", values[1:], start, end, not given.open)
            case "tuple_":
                return RowOf(values)
            case "any_" | "all_":
                return ArrayOf(first) if name == "any_" and values else Opaque(tuple(self.paths(values)))
            case "join" | "outerjoin" if len(values) > 1:
                return self.core_join(values[0], values[1:], given.keywords, name == "outerjoin", start, end)
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

    def beginning(self, name: str, given: Arguments, start: int, end: int) -> Value:
        made = self.begin(name, start, end)
        values = given.positional
        if name == "exists":
            if values and isinstance(values[0], Building):
                return Exists(self.part(values[0], "value"))
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

    def alias_of(self, values: tuple[Value, ...], keywords: dict[str, Value], start: int, end: int) -> Value:
        if not values:
            return not_told("an alias", (), start, end)
        if len(values) > 1 and isinstance(values[1], Path) and isinstance(values[1].root, Rows):
            return Path(values[1].root, (), start, end)
        if isinstance(values[0], Choice):
            return choice([self.alias_of((item, *values[1:]), keywords, start, end) for item in values[0].items])
        of = self.as_entity(values[0], start, end)
        if isinstance(of.root, NotTold | Rows):
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
        if name in ORDERS:
            return replace(key, descending=ORDERS[name])
        return replace(key, nulls_first=NULLS[name])

    def sql_function(self, name: str, given: Arguments) -> Value:
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


def entity_name(path: Path) -> str:
    """The last name of a path."""
    if path.names:
        return path.names[-1]
    root = path.root
    if isinstance(root, NotTold):
        return root.reason.rpartition(" ")[2]
    return (getattr(root, "name", None) or "") if not isinstance(root, OfClass) else ""


def _literal(constant: Constant) -> str:
    value = constant.value
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
