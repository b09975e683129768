"""The queries of one file with everything resolved that the project knows."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sqla_lsp.postgres.index_use import bound_by_constants
from sqla_lsp.project.catalog import ColumnUse, ResolvedQuery
from sqla_lsp.project.columns import QueryColumns
from sqla_lsp.project.names import Target
from sqla_lsp.project.terms import OUTER, ColumnTerm, ExpressionTerm, Reference, Scope, Term
from sqla_lsp.project.trees import QueryTrees
from sqla_lsp.project.use import led_by
from sqla_lsp.project.world import World
from sqla_lsp.schema.predicates import All, Any, Atom, NotKnown, Order, Tree, atoms
from sqla_lsp.schema.queries import OrderKey, Path, Predicate, Query, QueryBlock, Rows, Source
from sqla_lsp.text.places import Place


class FileQueries(msgspec.Struct, frozen=True):
    """The resolved queries of a file, the paths in their predicates that may be columns, and the files that their meaning was
    read from."""

    queries: tuple[ResolvedQuery, ...] = ()
    references: tuple[Reference, ...] = ()
    read: frozenset[str] = frozenset()


def resolve(path: str, blocks: Sequence[QueryBlock], world: World) -> FileQueries:
    """The queries of a file's blocks."""
    queries: list[ResolvedQuery] = []
    references: list[Reference] = []
    read: set[str] = {path}
    inlined: list[ResolvedQuery] = []
    for block in blocks:
        of_block = _Block(path, block, world)
        found = of_block.resolved()
        _find_forms(found)
        queries += found
        inlined += [of_block.made[number] for number, query in enumerate(block.queries) if query.inlined]
        for reading in of_block.readings:
            references += reading.references
            read |= reading.read
    if inlined:
        _find_repeated(queries, inlined)
    return FileQueries(tuple(queries), tuple(dict.fromkeys(references)), frozenset(read))


def _find_forms(queries: list[ResolvedQuery]) -> None:
    """Tells each query which ones before it stand at its place."""
    at: dict[tuple[str, Place], list[ResolvedQuery]] = {}
    for query in queries:
        before = at.setdefault((query.kind, query.place), [])
        query.other_forms = tuple(before)
        before.append(query)


def _find_repeated(queries: list[ResolvedQuery], inlined: list[ResolvedQuery]) -> None:
    """Marks the queries that come from functions of the file which have the same."""
    ids = set(map(id, inlined))
    known = {_signature(query) for query in queries if id(query) not in ids and query.complete}
    for query in inlined:
        query.is_repeated = _signature(query) in known


def _signature(query: ResolvedQuery) -> object:
    """What a query asks of its tables, places left out."""
    tables = [id(table.mapped) if table is not None else None for table in query.tables]
    return query.kind, query.reduced, query.limited, *tables, _placeless(query.tree)


def _placeless(tree: Tree) -> object:
    if isinstance(tree, Atom):
        return tree.table, tree.column, tree.expression, tree.operator, tree.depends, tree.outer
    return (type(tree), *map(_placeless, tree.parts)) if isinstance(tree, All | Any) else type(tree)


class _Block:
    """The queries of one block; those inside of others are resolved with them."""

    def __init__(self, path: str, block: QueryBlock, world: World) -> None:
        self.scope = Scope(path, block.start)
        self.block = block
        self.world = world
        self.readings: list[_Reading] = []
        self.made: dict[int, ResolvedQuery] = {}
        self.under_way: set[int] = set()
        self.joined = _joined_rows(block)
        self.related: list[ResolvedQuery] = []

    def resolved(self) -> list[ResolvedQuery]:
        for number in range(len(self.block.queries)):
            self.query(number, None)
        return [*[self.made[number] for number in sorted(self.made)], *self.related]

    def query(self, number: int, outer: _Reading | None, is_list: bool = False) -> ResolvedQuery | None:
        """A query of the block, resolved once: first where it stands inside of another one."""
        if number in self.made:
            return self.made[number]
        if number in self.under_way or number >= len(self.block.queries):
            return None
        asked = self.block.queries[number]
        if outer is None and asked.outer is not None and asked.outer not in self.under_way:
            self.query(asked.outer, None)
            if number in self.made:
                return self.made[number]
        self.under_way.add(number)
        reading = _Reading(self, outer, is_list=is_list, is_joined=number in self.joined)
        made = self.made[number] = reading.read_query(asked)
        self.under_way.discard(number)
        if outer is not None:
            outer.inside.append(made)
        for inner in reading.inside:
            inner.outer = made
        return made


def _joined_rows(block: QueryBlock) -> frozenset[int]:
    """The subqueries and CTEs of a block, but for those that a query reads as they are: others join them to something, or ask
    something of them, as far as is known."""
    found = {number for number, query in enumerate(block.queries) if query.part == "rows"}
    for query in block.queries:
        rows = [source.entity.root.query for source in query.sources if isinstance(source.entity.root, Rows)]
        if not query.where and len(query.sources) == 1:
            found.difference_update(rows)
    return frozenset(found)


class _Reading(QueryTrees):
    """One query being resolved. `is_list` says that IN compares with its rows, `is_joined` that they are joined to others."""

    def __init__(self, of_block: _Block, outer: QueryColumns | None, *, is_list: bool = False, is_joined: bool = False) -> None:
        super().__init__(of_block.world, of_block.scope, of_block.block, outer)
        self.is_list = is_list
        self.is_joined = is_joined
        self.of_block = of_block
        self.inside: list[ResolvedQuery] = []
        self.source_numbers = {}
        self.existing = []
        self.asked = Query("select")
        of_block.readings.append(self)

    def read_query(self, query: Query) -> ResolvedQuery:
        self.asked = query
        scope, complete = self.scope, query.complete and not (query.handed and self.block.extended)
        parts: list[Tree] = []
        for at, source in enumerate(query.sources):
            number, source = self._source(source)
            self.source_numbers[at] = number
            complete = complete and number is not None
            parts.append(self.joined(source, number, scope))
        own = max(1, len(self.tables))
        selected = [self.term(operand, scope) for _, operand in query.selected]
        del self.references[:]  # what is selected is no part of a predicate
        if self.is_list and len(selected) == 1:
            parts.append(self._listed(selected[0]))
        from_clause = len(self.tables)
        parts += [self.tree(predicate, scope) for predicate in query.where]
        parts += self._led_to(All((*parts, *self.links)))
        is_flat = not (query.reduced or query.limited)
        if query.part == "value" and not self._is_around_known() and len(self.tables) > own:
            complete = False  # what it is correlated with is not known
        is_product = bool(query.sources) and self._brings_in_unjoined(from_clause, All((*parts, *self.links)))
        if not complete or is_product or (self.is_joined and is_flat):  # what it is joined to may lead to its rows
            parts.append(NotKnown())
        order = self._order(query.order)
        conflict = query.conflict
        return ResolvedQuery(
            query.kind,
            scope.place(query.start, query.end),
            scope.place(*query.statement),
            tuple(self.tables),
            All((*parts, *self.links)),
            order,
            query.limited,
            query.reduced,
            complete,
            conflict_columns=self._conflict_columns(query) if conflict is not None else None,
            conflict_constraint=conflict.constraint if conflict is not None else None,
            uses=self._column_uses(),
        )

    def _led_to(self, tree: Tree) -> list[Tree]:
        """What the rows of an EXISTS bind, where this query's own constants find them."""
        bound = bound_by_constants(tree)
        found: list[Tree] = []
        for number, table in enumerate(self.tables):
            own = [atom for atom in bound if atom.table == number]
            if table is None or not own:
                continue
            for query in self.existing:
                columns = [column for column in led_by(query, own) if table.mapped.model.column(column) is not None]
                found += [Atom(number, column, "=", query.place, values=(None,), silent=True) for column in columns]
        return found

    def _is_around_known(self) -> bool:
        """Whether all queries around this one, of which there is one at least, are known with all their tables."""
        outer = self.outer
        if outer is None:
            return False
        while isinstance(outer, _Reading):
            if not outer.asked.complete:
                return False
            outer = outer.outer
        return True

    def _brings_in_unjoined(self, first: int, tree: Tree) -> bool:
        """Whether a condition is on a table (from number `first` on) that nothing joins to the others. Nobody asks for such a
        product: the condition belongs to another query, one that the same helper builds on another way."""
        joined = {number for atom in atoms(tree) if atom.depends for number in (atom.table, *atom.depends)}
        return any(number not in joined for number in range(first, len(self.tables)))

    def _listed(self, term: Term) -> Tree:
        """IN joins the column that its query selects to the row around it: an index on it serves, but is not asked for."""
        if not isinstance(term, ColumnTerm) or term.table == OUTER or not isinstance(term.column.column.name, str):
            return All(())
        place = Place(0, 0, self.scope.path)
        return Atom(term.table, term.column.column.name, "=", place, values=(None,), outer=True, silent=True)

    def _column_uses(self) -> tuple[ColumnUse, ...]:
        return tuple(dict.fromkeys(ColumnUse(mapped, column, place) for mapped, column, place in self.uses))

    def _source(self, source: Source) -> tuple[int | None, Source]:
        """The number of a source's table. A relationship that is joined is the way to its table."""
        if isinstance(source.entity.root, Rows):
            return self.add_rows(source.entity.root.query), source
        found = self.followed(source.entity, self.scope)
        target = found.target
        rest = [name for name in found.rest if name not in ("__table__", "c", "columns")]
        if target is None or target.kind != "model":
            return None, source
        if not rest:
            return self.add(target), source
        mapped = self.world.model(target)
        relationship = self.relationship(mapped, rest[0]) if mapped is not None else None
        if mapped is None or relationship is None:
            return self.add(target), source
        self.add(target)
        other = self.world.other_end(mapped, relationship)
        if other is None:
            return None, source
        number = self.add(Target("model", other.path, other.model.name))
        through = source.through or source.entity
        return number, Source(source.entity, source.how, source.on, through, source.start, source.end)

    def _order(self, keys: tuple[OrderKey, ...]) -> tuple[Order, ...] | None:
        found = [self._order_key(key) for key in keys]
        known = tuple([order for order in found if order is not None])
        return known if len(known) == len(found) else None

    def _order_key(self, key: OrderKey) -> Order | None:
        term = self.term(key.operand, self.scope)
        if not isinstance(term, ColumnTerm | ExpressionTerm) or term.table == OUTER or self.tables[term.table] is None:
            return None
        name = term.column.column.name if isinstance(term, ColumnTerm) else None
        column = name if isinstance(name, str) else None
        sql = term.sql if isinstance(term, ExpressionTerm) else None
        nulls_first = key.descending if key.nulls_first is None else key.nulls_first
        if column is None and sql is None:
            return None
        return Order(term.table, column, sql, key.descending, nulls_first, self.scope.place(key.start, key.end))

    def _conflict_columns(self, query: Query) -> tuple[str, ...]:
        assert query.conflict is not None
        mapped = self.mapped(0) if self.tables else None
        names: list[str] = []
        for element in query.conflict.elements:
            if isinstance(element, Path):
                term = self.of_path(element, self.scope)
                if isinstance(term, ColumnTerm) and isinstance(term.column.column.name, str):
                    names.append(term.column.column.name)
                continue
            column = mapped.model.attribute(element) if mapped is not None and mapped.model.column(element) is None else None
            names.append(str(column.column.name) if column is not None else element)
        return tuple(names)

    def inner(self, number: int, *, is_list: bool = False) -> ResolvedQuery | None:
        return self.of_block.query(number, self, is_list)

    def within(self, target: Target, part: Predicate | None, correlation: Tree, scope: Scope, place: Place) -> ResolvedQuery:
        reading = _Reading(self.of_block, self)
        number = reading.add(target)
        tree = reading.tree(part, scope) if part is not None else All(())
        parts = (tree, correlation, *reading.links) if number == 0 else (NotKnown(),)
        query = ResolvedQuery("exists", place, place, tuple(reading.tables), All(parts), uses=reading._column_uses())
        self.of_block.related.append(query)
        self.inside.append(query)
        return query
