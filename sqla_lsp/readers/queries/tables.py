"""The tables of a query: what is selected, FROM and joins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from sqla_lsp.readers.queries.conditions import Conditions, conjunction
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
)
from sqla_lsp.schema.queries import (
    Alias,
    And,
    Constant,
    Keyword,
    NotTold,
    OfClass,
    Operand,
    Path,
    Predicate,
    Rows,
    Source,
)


class Arguments(NamedTuple):
    """The arguments of a call. `open` says that there may be more than these."""

    positional: tuple[Value, ...] = ()
    keywords: dict[str, Value] = {}  # noqa: RUF012
    open: bool = False


class Tables(Conditions):
    """Adds tables to queries."""

    def step(self, building: Building, start: int, end: int, **changes: object) -> Building:
        """A query that has more than the one that it is made of."""
        places = {} if self.depth else {"start": start, "end": end, "statement": self.statement}
        return self.build(replace(building, parent=building, inlined=False, **places, **changes))

    def begin(self, kind: str, start: int, end: int, *, complete: bool = True) -> Building:
        """The beginning of a query, which is none yet."""
        return Building(kind, start=start, end=end, statement=self.statement, complete=complete, inlined=self.depth > 0)

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
        if not _has(sources, entity):
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
            if isinstance(value, Called):
                value = self._joined_by_call(value)
            if isinstance(value, Joined):
                sources = [*value.sources, *(s for s in sources if not _has(value.sources, s.entity))]
                continue
            entity = self.as_entity(value, start, end)
            sources = [Source(entity, "from", start=entity.start, end=entity.end), *(
                s for s in sources if not _is_same(s.entity, entity)
            )]  # fmt: skip
            complete = complete and not isinstance(entity.root, NotTold)
        return self.step(building, start, end, sources=tuple(sources), complete=complete)

    def _joined_by_call(self, value: Called) -> Value:
        """`users.join(orders)` in FROM, which nothing but its place tells from other calls."""
        path = value.path
        if path is None or isinstance(path.root, NotTold) or path.names[-1:] not in (("join",), ("outerjoin",)):
            return value
        if not value.certain or not value.positional:
            return value
        left, is_outer = replace(path, names=path.names[:-1]), path.names[-1] == "outerjoin"
        return self.core_join(left, value.positional, value.keywords, is_outer, value.start, value.end)

    def core_join(
        self, left: Value, right: tuple[Value, ...], keywords: dict[str, Value], outer: bool, start: int, end: int
    ) -> Joined:
        """`left.join(right, onclause)` of tables."""
        first = left.sources if isinstance(left, Joined) else (Source(self.as_entity(left, start, end), "from"),)
        onclause = right[1] if len(right) > 1 else keywords.get("onclause")
        outer = outer or keywords.get("isouter") == Constant(True)
        return Joined((*first, *self.joins(right[0], onclause, outer, start, end)[:1]))

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
            Source(entity, how, conjunction(parts), start=place[0], end=place[1])  # type: ignore[arg-type]
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
        if number and source.how == "from" and _is_same(source.entity, entity):
            return (*sources[:number], joined, *sources[number + 1 :])
    return (*sources, joined)


def _is_same(one: Path, other: Path) -> bool:
    """Whether two paths are of one table, wherever they stand."""
    return one.root == other.root and one.names == other.names


def _has(sources: Iterable[Source], entity: Path) -> bool:
    return any(_is_same(source.entity, entity) for source in sources)


def _is_told(source: Source) -> bool:
    return not isinstance(source.entity.root, NotTold)
