"""Queries under construction: what each method of a select, a Query, an update or an insert adds."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_lsp.readers.queries.tables import Arguments, Tables
from sqla_lsp.readers.queries.values import (
    Building,
    Choice,
    Items,
    Labelled,
    Value,
    choice,
    not_told,
    words,
)
from sqla_lsp.schema.queries import (
    Bound,
    Conflict,
    Constant,
    Exists,
    Expression,
    Keyword,
    Operand,
    OrderKey,
    Path,
    Predicate,
    Rows,
    Subquery,
    Unread,
)

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
UNIONS = frozenset({"union", "union_all", "intersect", "intersect_all", "except_", "except_all"})
_ROWS = frozenset({"subquery", "cte", "alias", "lateral", "table_valued"})
_SCALAR = frozenset({"scalar_subquery", "as_scalar"})
_SELECTING = frozenset({"with_entities", "with_only_columns", "add_columns", "add_column", "add_entity", "column"})
_METHODS = frozenset(
    {"where", "filter", "filter_by", "join", "outerjoin", "join_from", "outerjoin_from", "select_from", "order_by"}
)


class Chains(Tables):
    """Adds parts to queries."""

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
        if name in UNIONS:
            return self.union((building, *given.positional), start, end)
        if name in _ROWS:
            return Path(Rows(self.part(building, "rows")), (), start, end)
        if name in _SCALAR:
            return Subquery(self.part(building, "value"))
        if name == "label":
            return Labelled(self._label(given), Subquery(self.part(building, "value")))
        if name == "exists":
            return Exists(self.part(building, "value"))
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
            if not start <= place[0] <= end:
                place = (start, end)
            parts.append(Keyword(name, self.value(value), source, *place))
        if given.open:
            parts.append(Unread("keywords that are not known"))
        return self.step(building, start, end, where=(*building.where, *parts))

    keyword_places: dict[int, tuple[int, int]] = {}  # noqa: RUF012

    def _filtered_source(self, building: Building) -> int:
        """The number of the entity that `filter_by` speaks of: the one joined last, else the first of FROM."""
        joins = [(source.start, number) for number, source in enumerate(building.sources) if source.how != "from"]
        return max(joins)[1] if joins else 0

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
