"""Queries under construction: what each method of a select, a Query, an update or an insert adds."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from sqla_lsp.readers.queries.conditions import Conditions
from sqla_lsp.readers.queries.values import (
    Building,
    Called,
    Choice,
    Items,
    Joined,
    Labelled,
    Text,
    Value,
    choice,
    not_told,
    words,
)
from sqla_lsp.schema.queries import (
    Alias,
    And,
    Bound,
    Conflict,
    Constant,
    Exists,
    Expression,
    Keyword,
    NotTold,
    OfClass,
    Operand,
    OrderKey,
    Path,
    Predicate,
    Rows,
    Source,
    Subquery,
    Unread,
)


class Arguments(NamedTuple):
    """The arguments of a call. `open` says that there may be more than these."""

    positional: tuple[Value, ...] = ()
    keywords: dict[str, Value] = {}  # noqa: RUF012
    open: bool = False


STARTING = frozenset(
    {"where", "filter", "filter_by", "order_by", "select_from", "outerjoin", "join", "options", "group_by", "limit"}
)
"""Methods by which something that is not known is seen to be a query."""
_NEUTRAL = words(
    "options execution_options with_for_update prefix_with suffix_with params yield_per populate_existing "
    "enable_eagerloads correlate correlate_except with_hint with_statement_hint add_cte returning values "
    "set_label_style with_labels apply_labels autoflush enable_assertions with_session execute_options self_group "
    "unique inline ordered_values return_defaults with_dialect_options compile_options set_ offset bindparams "
    "cache_ok merge_result with_lockmode"
)
_EXECUTORS_OF_ONE = frozenset({"first"})
_PARTS = frozenset({"union", "union_all", "intersect", "intersect_all", "except_", "except_all"})
_ROWS = frozenset({"subquery", "cte", "alias", "lateral", "table_valued"})
_SCALAR = frozenset({"scalar_subquery", "as_scalar"})
_SELECTING = frozenset({"with_entities", "with_only_columns", "add_columns", "add_column", "add_entity", "column"})
_METHODS = frozenset(
    {"where", "filter", "filter_by", "join", "outerjoin", "join_from", "outerjoin_from", "select_from", "order_by"}
)


class Chains(Conditions):
    """Adds parts to queries."""

    def step(self, building: Building, start: int, end: int, **changes: object) -> Building:
        """A query that has more than the one that it is made of."""
        places = {} if self.depth else {"start": start, "end": end, "statement": self.statement}
        return self.build(replace(building, parent=building, inlined=False, **places, **changes))

    def begin(self, kind: str, start: int, end: int, *, complete: bool = True) -> Building:
        """The beginning of a query, which is none yet."""
        return Building(kind, start=start, end=end, statement=self.statement, complete=complete, inlined=self.depth > 0)

    def chained(self, building: Building, name: str, given: Arguments, start: int, end: int) -> Value:
        """`building.name(...)`."""
        if name in _NEUTRAL:
            return self._neutral(building, name, given, start, end)
        if name in _METHODS:
            return getattr(self, f"_{name}")(building, given, start, end)
        if name in ("limit", "fetch"):
            first = (*given.positional, *given.keywords.values(), Bound())[0]
            return self.step(building, start, end, limited=first != Constant(None))
        if name in ("group_by", "distinct", "having"):
            return self.step(building, start, end, reduced=True)
        if name == "slice":
            return self.step(building, start, end, limited=True)
        if name in _SELECTING:
            kept = () if name.startswith("with") else building.selected
            return self.step(self.selecting(replace(building, selected=kept), given, building.kind), start, end)
        if name in _PARTS:
            return self.union((building, *given.positional), start, end)
        if name in _ROWS:
            return Path(Rows(self.number(building)), (), start, end)
        if name in _SCALAR:
            return Subquery(self.number(building))
        if name == "label":
            return Labelled(self._label(given), Subquery(self.number(building)))
        if name == "exists":
            return Exists(self.number(building))
        if name in ("in_", "any", "has", "is_", "is_not", "between", "desc", "asc"):
            return Bound()
        if name in ("update", "delete") and building.kind in ("select", "query"):
            return self.step(building, start, end, kind=name, selected=())
        if name in ("on_conflict_do_update", "on_conflict_do_nothing"):
            return self.step(building, start, end, conflict=self._conflict(given))
        if name in ("select", "from_self", "from_statement", "reset_joins", "select_entity_from", "from_select"):
            return self.step(building, start, end, complete=False)
        return self._executed(building, name, given, start, end)

    def _neutral(self, building: Building, name: str, given: Arguments, start: int, end: int) -> Building:
        for value in (*given.positional, *given.keywords.values()):
            if name in ("values", "set_", "ordered_values"):
                self.operand(value) if isinstance(value, Building) else self.use(value)
        return self.step(building, start, end)

    def _executed(self, building: Building, name: str, given: Arguments, start: int, end: int) -> Value:
        """The end of a query, and methods that are not known."""
        for value in (*given.positional, *given.keywords.values()):
            self.use(value)
        if name in _EXECUTORS_OF_ONE and building.kind == "query":
            building = self.step(building, start, end, limited=True)
        elif name in ("get", "get_or_404"):
            building = self.step(building, start, end, complete=False)
        elif name == "count" and building.kind == "query":
            building = self.step(building, start, end, reduced=True)
        self.use(building)
        return not_told("the result of a query", (), start, end)

    def _label(self, given: Arguments) -> str | None:
        first = given.positional[0] if given.positional else given.keywords.get("name")
        return first.value if isinstance(first, Constant) and isinstance(first.value, str) else None

    # ------------------------------------------------------------------------------------------------------ where

    def _where(self, building: Building, given: Arguments, start: int, end: int) -> Value:
        made = []
        for parts in self.predicates((*given.positional, *given.keywords.values())):
            if given.open:
                parts = (*parts, Unread("a list of conditions that is not known"))
            made.append(self.step(building, start, end, where=(*building.where, *parts)))
        return choice(made)

    _filter = _where

    def _filter_by(self, building: Building, given: Arguments, start: int, end: int) -> Value:
        source = self._filtered_source(building)
        parts: list[Predicate] = []
        for name, value in given.keywords.items():
            place = self.keyword_places.get(id(value), (start, end))
            parts.append(Keyword(name, self.value(value), source, *place))
        if given.open:
            parts.append(Unread("keywords that are not known"))
        return self.step(building, start, end, where=(*building.where, *parts))

    keyword_places: dict[int, tuple[int, int]] = {}  # noqa: RUF012

    def _filtered_source(self, building: Building) -> int:
        """The number of the entity that `filter_by` speaks of: the one joined last, else the first of FROM."""
        joins = [(source.start, number) for number, source in enumerate(building.sources) if source.how != "from"]
        return max(joins)[1] if joins else 0

    # ------------------------------------------------------------------------------------------------------- FROM

    def selecting(self, building: Building, given: Arguments, kind: str) -> Building:
        """The query with more of what it selects, and the tables that this brings along."""
        selected = list(building.selected)
        sources = list(building.sources)
        where: list[Predicate] = list(building.where)
        values = list(given.positional)
        if values and isinstance(values[0], Items):  # select([a, b], whereclause) of 1.3
            for other in values[1:2]:
                where += [part for parts in self.predicates((other,))[:1] for part in parts]
            values = [*values[0].items]
        complete = building.complete and not given.open
        for value in values:
            value = self.force(value)
            name: str | None = None
            if isinstance(value, Labelled):
                name, value = value.name, value.value
            if isinstance(value, Path) and not (isinstance(value.root, Rows) and not value.names):
                operand: Operand = value
            elif isinstance(value, Path):
                sources.append(Source(value, "from", start=value.start, end=value.end))
                continue
            else:
                operand = self.operand(value)
            if isinstance(value, Called | Choice | Items | Text) or (isinstance(value, Path) and isinstance(value.root, NotTold)):
                complete = False
            selected.append((name, operand))
            for path in (value,) if isinstance(value, Path) else tuple(self.paths(operand)):
                self._add_source(sources, path)
        return replace(
            building, selected=tuple(selected), sources=tuple(sources), where=tuple(where), complete=complete, kind=kind
        )

    def _add_source(self, sources: list[Source], path: Path) -> None:
        entity = entity_of(path)
        if not any(source.entity.root == entity.root and source.entity.names == entity.names for source in sources):
            sources.append(Source(entity, "from", start=path.start, end=path.end))

    def _select_from(self, building: Building, given: Arguments, start: int, end: int) -> Value:
        sources = list(building.sources)
        complete = building.complete and not given.open and not any(isinstance(part, Keyword) for part in building.where)
        positional = tuple([self.force(value) for value in given.positional])
        for number, value in enumerate(positional):
            if isinstance(value, Choice):
                others = [
                    Arguments((*positional[:number], item, *positional[number + 1 :]), {}, given.open) for item in value.items
                ]
                return choice([self._select_from(building, other, start, end) for other in others])
        for value in positional:
            if isinstance(value, Joined):
                sources = [*value.sources, *(s for s in sources if not _same(s.entity, value.sources))]
                continue
            entity = self.as_entity(value, start, end)
            sources = [Source(entity, "from", start=entity.start, end=entity.end), *(
                s for s in sources if (s.entity.root, s.entity.names) != (entity.root, entity.names)
            )]  # fmt: skip
            complete = complete and not isinstance(entity.root, NotTold)
        return self.step(building, start, end, sources=tuple(sources), complete=complete)

    def _join(self, building: Building, given: Arguments, start: int, end: int, *, outer: bool = False) -> Value:
        keywords = given.keywords
        outer = outer or keywords.get("isouter") == Constant(True) or keywords.get("full") == Constant(True)
        positional = given.positional or tuple([keywords[name] for name in ("target", "right") if name in keywords])
        if len(positional) == 1 and isinstance(positional[0], Items):
            positional = positional[0].items
        if not positional:
            return self.step(building, start, end, complete=False)
        onclause = positional[1] if len(positional) > 1 else keywords.get("onclause")
        known = building.complete and not given.open
        made = [
            self.step(building, start, end, sources=_with_join(building.sources, source), complete=known and _is_told(source))
            for source in self.joins(positional[0], onclause, outer, start, end)
        ]
        for extra in positional[2:]:  # Query.join(A.bs, B.cs, C.ds)
            if isinstance(extra, Path):
                source = Source(extra, "join", start=extra.start, end=extra.end)
                made = [replace(one, sources=(*one.sources, source)) for one in made]
        return choice(made)

    def _outerjoin(self, building: Building, given: Arguments, start: int, end: int) -> Value:
        return self._join(building, given, start, end, outer=True)

    def _join_from(self, building: Building, given: Arguments, start: int, end: int, *, outer: bool = False) -> Value:
        if len(given.positional) < 2:
            return self.step(building, start, end, complete=False)
        rest = Arguments(given.positional[1:], given.keywords, given.open)
        first = Arguments(given.positional[:1])
        started = self._select_from(building, first, start, end)
        return self._join(started, rest, start, end, outer=outer)

    def _outerjoin_from(self, building: Building, given: Arguments, start: int, end: int) -> Value:
        return self._join_from(building, given, start, end, outer=True)

    def joins(self, target: Value, onclause: Value, outer: bool, start: int, end: int) -> list[Source]:
        """The alternatives of a join's table."""
        target = self.force(target)
        how = "outer" if outer else "join"
        if isinstance(target, Choice):
            return [source for item in target.items for source in self.joins(item, onclause, outer, start, end)]
        if isinstance(target, Labelled) and isinstance(target.value, tuple):  # User.orders.and_(condition)
            path, parts = target.value
            return [Source(path, how, And(parts), start=path.start, end=path.end)]  # type: ignore[arg-type]
        entity = self.as_entity(target, start, end)
        place = (entity.start, entity.end) if entity.end else (start, end)
        onclause = self.force(onclause)
        if onclause is None:
            return [Source(entity, how, start=place[0], end=place[1])]  # type: ignore[arg-type]
        if isinstance(onclause, Path) and not isinstance(onclause.root, NotTold):
            return [Source(entity, how, through=onclause, start=place[0], end=place[1])]  # type: ignore[arg-type]
        return [
            Source(entity, how, And(parts) if len(parts) != 1 else parts[0], start=place[0], end=place[1])  # type: ignore[arg-type]
            for parts in self.predicates((onclause,))
        ]

    def union(self, parts: tuple[Value, ...], start: int, end: int) -> Building:
        """`union(a, b)`, whose parts are queries of their own."""
        for part in parts:
            forced = self.force(part)
            if isinstance(forced, Building):
                self.number(forced)
            else:
                self.use(forced)
        made = self.begin("select", start, end, complete=False)
        return self.step(made, start, end, reduced=True)

    # -------------------------------------------------------------------------------------------------- ORDER BY

    def _order_by(self, building: Building, given: Arguments, start: int, end: int) -> Value:
        values: list[Value] = []
        for value in given.positional:
            value = self.force(value)
            values += value.items if isinstance(value, Items) else [value]
        if len(values) == 1 and isinstance(values[0], Constant) and not isinstance(values[0].value, str):
            return self.step(building, start, end, order=())
        if any(isinstance(value, Choice) for value in values) and len(values) == 1:
            return choice([self._ordered(building, [value], given.open, start, end) for value in values[0].items])
        return self._ordered(building, values, given.open, start, end)

    def _ordered(self, building: Building, values: list[Value], is_open: bool, start: int, end: int) -> Building:
        keys = tuple([self.order_key(value, building, start, end) for value in values])
        complete = building.complete and not is_open and not any(isinstance(key.operand, Bound) for key in keys)
        return self.step(building, start, end, order=(*building.order, *keys), complete=complete)

    def order_key(self, value: Value, building: Building | None, start: int, end: int) -> OrderKey:
        """A value where a key of ORDER BY stands."""
        if isinstance(value, OrderKey):
            if isinstance(value.operand, Constant):
                operand = self._named_key(value.operand, building, value.start, value.end)
                return replace(value, operand=operand)
            return value
        if isinstance(value, Constant):
            return OrderKey(self._named_key(value, building, start, end), False, None, start, end)
        place = (value.start, value.end) if isinstance(value, Path | Expression) else (start, end)
        return OrderKey(self.operand(value), False, None, *place)

    def _named_key(self, constant: Constant, building: Building | None, start: int, end: int) -> Operand:
        """`order_by("name")`: something that is selected, or an attribute of the only entity."""
        name = constant.value
        if building is None or not isinstance(name, str) or not name.isidentifier():
            return Bound()
        for label, operand in building.selected:
            if label == name or (isinstance(operand, Path) and operand.names[-1:] == (name,)):
                return operand
        if len(building.sources) == 1:
            entity = building.sources[0].entity
            return Path(entity.root, (*entity.names, name), start, end)
        return Bound()

    # ----------------------------------------------------------------------------------------------- ON CONFLICT

    def _conflict(self, given: Arguments) -> Conflict:
        keywords = given.keywords
        constraint = keywords.get("constraint")
        elements = self.force(keywords.get("index_elements", Items()))
        found: list[str | Path] = []
        for item in elements.items if isinstance(elements, Items) else ():
            if isinstance(item, Constant) and isinstance(item.value, str):
                found.append(item.value)
            elif isinstance(item, Path):
                found.append(item)
        name = constraint.value if isinstance(constraint, Constant) and isinstance(constraint.value, str) else None
        return Conflict(tuple(found), name)


def entity_of(path: Path) -> Path:
    """The table or class of a column, where spelling tells it; else the path itself, which begins with the entity."""
    names = path.names
    if isinstance(path.root, Rows | Alias):
        return Path(path.root, (), path.start, path.end)
    for number, name in enumerate(names):
        if name in ("c", "columns", "__table__"):
            return Path(path.root, names[:number], path.start, path.end)
    first = "" if isinstance(path.root, OfClass) else getattr(path.root, "name", None) or ""
    chain = (first, *names)
    if names and names[-1][:1].islower() and chain[-2][:1].isupper() and not chain[-2].isupper():
        return Path(path.root, names[:-1], path.start, path.end)
    return path


def _with_join(sources: tuple[Source, ...], joined: Source) -> tuple[Source, ...]:
    """The tables with one more. `select(User, Order).join(Order)` has Order once: it takes the place of the one selected."""
    entity = joined.entity
    for number, source in enumerate(sources):
        if number and source.how == "from" and (source.entity.root, source.entity.names) == (entity.root, entity.names):
            return (*sources[:number], joined, *sources[number + 1 :])
    return (*sources, joined)


def _same(entity: Path, sources: tuple[Source, ...]) -> bool:
    return any(source.entity.root == entity.root and source.entity.names == entity.names for source in sources)


def _is_told(source: Source) -> bool:
    return not isinstance(source.entity.root, NotTold)
