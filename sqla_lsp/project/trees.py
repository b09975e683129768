"""Predicates of one query as trees over its tables: names resolved, NOT pushed down, helpers and relationships followed."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from sqla_lsp.postgres.index_use import BYTEWISE
from sqla_lsp.project import relations
from sqla_lsp.project.catalog import MappedModel, ResolvedQuery
from sqla_lsp.project.columns import HELPERS, QueryColumns
from sqla_lsp.project.names import Target
from sqla_lsp.project.terms import (
    OUTER,
    ColumnTerm,
    ExpressionTerm,
    OpaqueTerm,
    Reference,
    RowsTerm,
    Scope,
    Term,
    UnknownTerm,
    ValueTerm,
)
from sqla_lsp.readers.sql_values import expression_key
from sqla_lsp.schema.models import ModelColumn, Relationship
from sqla_lsp.schema.predicates import All, Any, Atom, NotKnown, NotServable, Tree
from sqla_lsp.schema.queries import (
    And,
    Comparison,
    Condition,
    Constant,
    Exists,
    Flagged,
    Keyword,
    Not,
    Operand,
    Operator,
    Or,
    Predicate,
    Raw,
    Related,
    Source,
    Unread,
)
from sqla_lsp.schema.types import PgType
from sqla_lsp.text.places import Place

_MIRRORED: dict[Operator, Operator] = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NEGATED: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_NEUTRAL = All(())


class QueryTrees(QueryColumns):
    """Adds what the predicates of the query mean. `inner` resolves another query of the block as one inside of this one."""

    source_numbers: dict[int, int | None]
    """The numbers of the tables of the query's sources."""
    choices: int = 0
    """How many ORs there are around the part at hand."""
    existing: list[ResolvedQuery]
    """The queries of EXISTS that hold for every row, and that do not find their own rows through indexes."""

    def tree(self, predicate: Predicate, scope: Scope, negated: bool = False) -> Tree:
        """What a predicate asks of the tables."""
        match predicate:
            case And(parts) | Or(parts):
                is_choice = isinstance(predicate, And) is negated
                self.choices += is_choice
                trees = tuple([self.tree(part, scope, negated) for part in parts])
                self.choices -= is_choice
                return Any(trees) if is_choice else All(trees)
            case Not(part):
                return self.tree(part, scope, not negated)
            case Comparison("in", _, ()):  # IN an empty list
                return All(()) if negated else Any(())
            case Comparison(operator, left, right, start, end):
                first, terms = self.term(left, scope), [self.term(operand, scope) for operand in right]
                if not any(isinstance(term, ColumnTerm | ExpressionTerm | OpaqueTerm) for term in (first, *terms)):
                    self.missing(first, *terms)
                return self._compared(operator, first, terms, scope.place(start, end), negated)
            case Keyword():
                return self._keyword(predicate, scope, negated)
            case Flagged():
                return self._flagged(predicate, scope, negated)
            case Exists(query):
                return self._existing(self.inner(query), negated)
            case Related():
                return self._related(predicate, scope, negated)
            case Raw():
                return self._raw(predicate, scope, negated)
            case Unread(paths=paths):
                self.named_in(paths, scope)
                return NotKnown()

    def inner(self, number: int, *, is_list: bool = False) -> ResolvedQuery | None:
        """Another query of the block, seen as one inside of this one (`is_list`: whose rows are what IN compares with); None
        where there is none."""
        raise NotImplementedError

    def within(self, target: Target, part: Predicate | None, correlation: Tree, scope: Scope, place: Place) -> ResolvedQuery:
        """The query of an EXISTS over a relationship."""
        raise NotImplementedError

    # -------------------------------------------------------------------------------------------------------- comparisons

    def _compared(self, operator: Operator, left: Term, right: Sequence[Term], place: Place, negated: bool) -> Tree:
        if negated:
            if operator == "other":
                return NotKnown()
            negative = _NEGATED.get(operator)
            if negative is None:
                return NotServable()
            operator = negative
        if operator == "other" or isinstance(left, OpaqueTerm):
            return NotServable()
        if not isinstance(left, ColumnTerm | ExpressionTerm) or left.table == OUTER:
            return self._turned(operator, left, right, place)
        if self._is_rows(left) or any(isinstance(term, ColumnTerm | ExpressionTerm) and self._is_rows(term) for term in right):
            return NotKnown()
        if any(isinstance(term, RowsTerm) for term in right):
            bound = operator != "in" or all(self._is_bound(term) for term in right if isinstance(term, RowsTerm))
            if not bound:
                return NotKnown()
        return self._atoms(operator, left, right, place)

    def _turned(self, operator: Operator, left: Term, right: Sequence[Term], place: Place) -> Tree:
        """A comparison whose left side is no column of the query: its right side may be one."""
        if len(right) == 1 and isinstance(right[0], ColumnTerm | ExpressionTerm) and right[0].table != OUTER:
            mirrored = _MIRRORED.get(operator)
            return NotServable() if mirrored is None else self._compared(mirrored, right[0], [left], place, False)
        if isinstance(left, UnknownTerm) or any(isinstance(term, UnknownTerm) for term in right):
            return NotKnown()
        return _NEUTRAL

    def _is_rows(self, term: ColumnTerm | ExpressionTerm) -> bool:
        """Whether a column is one of a subquery's."""
        return term.table >= 0 and self.tables[term.table] is None

    def _is_bound(self, rows: RowsTerm) -> bool:
        query = self.inner(rows.query, is_list=True)
        return query is not None and self.world.is_driven(query)

    def _atoms(self, operator: Operator, left: ColumnTerm | ExpressionTerm, right: Sequence[Term], place: Place) -> Tree:
        depends: set[int] = set()
        for term in right:
            if isinstance(term, ColumnTerm | ExpressionTerm):
                depends.add(term.table)
            elif isinstance(term, OpaqueTerm):
                depends |= term.tables
        if left.table in depends:
            return NotServable()
        values = tuple([term.constant if isinstance(term, ValueTerm) else None for term in right])
        atom = self._atom(left, operator, values, frozenset(depends - {OUTER}), OUTER in depends, place)
        if isinstance(atom, Atom) and any(isinstance(term, UnknownTerm) for term in right):
            atom = replace(atom, untold=True)
        other = right[0] if len(right) == 1 else None
        if isinstance(other, ColumnTerm | ExpressionTerm) and operator in _MIRRORED:
            atom = _with_other(atom, other)
            if other.table != OUTER:
                back = self._atom(other, _MIRRORED[operator], (None,), frozenset({left.table}), False, place)
                return All((atom, _with_other(back, left)))
        return atom

    @staticmethod
    def _atom(
        term: ColumnTerm | ExpressionTerm,
        operator: Operator,
        values: tuple[Constant | None, ...],
        depends: frozenset[int],
        outer: bool,
        place: Place,
    ) -> Tree:
        if isinstance(term, ExpressionTerm):
            return Atom(term.table, None, operator, place, term.sql, term.columns, values, depends, outer)
        name = term.column.column.name
        if not isinstance(name, str):
            return NotKnown()
        pg_type = term.column.column.type
        bytewise = isinstance(pg_type, PgType) and pg_type.collation in BYTEWISE
        silent = is_silent(term.column)
        return Atom(term.table, name, operator, place, None, (name,), values, depends, outer, silent, bytewise=bytewise)

    # ------------------------------------------------------------------------------------------------------ other conditions

    def _keyword(self, keyword: Keyword, scope: Scope, negated: bool) -> Tree:
        place = scope.place(keyword.start, keyword.end)
        number = self.source_numbers.get(keyword.source)
        candidates = [number] if number is not None else []
        candidates += [other for other in range(len(self.tables)) if other not in candidates]
        for candidate in candidates:
            mapped = self.mapped(candidate)
            column = mapped.model.attribute(keyword.name) if mapped is not None else None
            if mapped is None or column is None:
                continue
            self.references.append(Reference(keyword.name, place))
            term = self._own(candidate, mapped, column)
            if isinstance(column.column.name, str):
                self.uses.append((mapped, column.column.name, place))
            return self._compared("=", term, [self.term(keyword.right, scope)], place, negated)
        mapped = self.mapped(number) if number is not None else None
        is_relation = mapped is not None and self.relationship(mapped, keyword.name) is not None
        reason = "a relationship" if is_relation else "the model has no such column" if mapped else "the model is not known"
        self.references.append(Reference(keyword.name, place, reason))
        self.term(keyword.right, scope)
        return NotKnown()

    def _own(self, number: int, mapped: MappedModel, column: ModelColumn) -> Term:
        if column.table is None:
            return ColumnTerm(number, column)
        target = next(Target("model", key[1], key[2], key[0]) for key, n in self.keys() if n == number)
        return self._column(target, mapped, column)

    def _flagged(self, flagged: Flagged, scope: Scope, negated: bool) -> Tree:
        path = flagged.path
        place = scope.place(path.start, path.end)
        helper = self._helper_of(flagged, scope)
        if helper is not None and self._helpers < HELPERS:
            condition, inside = helper
            self._helpers += 1
            try:
                if condition.predicate is not None:
                    return self.tree(condition.predicate, inside, negated)
                term = self.term(condition.operand, inside) if condition.operand is not None else UnknownTerm("")
            finally:
                self._helpers -= 1
        elif flagged.arguments is None:
            term = self.of_path(path, scope)
            self.missing(term)
        else:
            return NotKnown()
        if isinstance(term, ColumnTerm) and term.table != OUTER and not self._is_rows(term):
            return self._atom(term, "=", (Constant(not negated),), frozenset(), False, place)
        return NotServable() if isinstance(term, OpaqueTerm) else NotKnown()

    def _helper_of(self, flagged: Flagged, scope: Scope) -> tuple[Condition, Scope] | None:
        """The helper of the project that is called, with what its parameters stand for."""
        found = self.followed(flagged.path, scope)
        target = found.target
        shown = scope.place(flagged.path.start, flagged.path.end)
        if target is None:
            return None
        if target.kind == "model" and len(found.rest) == 1:
            mapped = self.world.model(target)
            if mapped is None or mapped.model.attribute(found.rest[0]) is not None:
                return None
            known = self.helper(mapped, target, found.rest[0])
            condition, inside = known if known is not None else (None, Scope(target.path, 0))
        elif target.kind == "function" and not found.rest and flagged.arguments is not None:
            condition, inside = self.world.condition(target.path, target.name), Scope(target.path, 0)
        else:
            return None
        if condition is None:
            return None
        given: dict[str, tuple[Operand, Scope]] = {
            name: (operand, scope) for name, operand in zip(condition.parameters, flagged.arguments or (), strict=False)
        }
        return condition, replace(inside, parameters=given, shown=shown)

    def _existing(self, query: ResolvedQuery | None, negated: bool) -> Tree:
        """EXISTS: it may lead to the rows where its own are found through indexes."""
        if query is not None:
            query.excludes = negated
        if negated:
            return NotServable()
        if query is None or not query.complete or self.world.is_driven(query):
            return NotKnown()
        if not self.choices:
            self.existing.append(query)
        return NotServable()

    def _related(self, related: Related, scope: Scope, negated: bool) -> Tree:
        place = scope.place(related.start, related.end)
        found = self.followed(related.path, scope)
        mapped = self.world.model(found.target) if found.target is not None and found.target.kind == "model" else None
        relationship = self.relationship(mapped, found.rest[0]) if mapped is not None and len(found.rest) == 1 else None
        other = self.world.other_end(mapped, relationship) if mapped is not None and relationship is not None else None
        if found.target is None or mapped is None or relationship is None or other is None:
            if related.part is not None:
                self.tree(related.part, scope)
            return NotServable() if negated else NotKnown()
        self.number_of(found.target)
        correlation = self._correlated(relationship, mapped, other, place)
        query = self.within(Target("model", other.path, other.model.name), related.part, correlation, scope, place)
        return self._existing(query, negated)

    @staticmethod
    def _correlated(relationship: Relationship, left: MappedModel, right: MappedModel, place: Place) -> Tree:
        """How the rows of a relationship belong to the row around them, on the side of the related table (number 0)."""
        join = relations.over(relationship, (1, left), (0, right), place) if relationship.secondary is None else None
        if join is None:
            return NotKnown()
        own = [atom for atom in join.parts if isinstance(atom, Atom) and atom.table == 0]
        return All(tuple([replace(atom, depends=frozenset(), outer=True) for atom in own]))

    def _raw(self, raw: Raw, scope: Scope, negated: bool) -> Tree:
        """A comparison in SQL text: its column belongs to the table that is named, or to the only one that has it."""
        place = scope.place(raw.start, raw.end)
        terms = [self.term(operand, scope) for operand in raw.right]
        found: list[ColumnTerm] = []
        for number, table in enumerate(self.tables):
            if table is None:
                continue
            model = table.mapped.model
            names = {str(model.table.name) if model.table is not None else "", *self.aliases(number)}
            column = model.column(raw.column) if raw.qualifier is None or raw.qualifier in names else None
            if column is not None:
                found.append(ColumnTerm(number, column))
        if len(found) != 1:
            self.references.append(Reference(raw.column, place, "a column of SQL text that no table of the query has"))
            return NotKnown()
        self.references.append(Reference(raw.column, place))
        mapped = self.mapped(found[0].table)
        if mapped is not None:
            self.uses.append((mapped, raw.column, place))
        term: Term = found[0]
        if raw.expression is not None:
            term = ExpressionTerm(found[0].table, expression_key(raw.expression), (raw.column,))
        return self._compared(raw.operator, term, terms, place, negated)

    # ---------------------------------------------------------------------------------------------------------------- joins

    def joined(self, source: Source, number: int | None, scope: Scope) -> Tree:
        """What the join of a table asks."""
        place = scope.place(source.start, source.end)
        if source.on is not None:
            tree = self.tree(source.on, scope)
            return _of_table(tree, number) if source.how == "outer" else tree
        if number is None or self.tables[number] is None:
            return NotKnown() if source.how != "from" else _NEUTRAL
        right = self.mapped(number)
        assert right is not None
        if source.through is not None:
            return self._through(source, number, right, scope, place)
        if source.how == "from":
            return _NEUTRAL
        for left in reversed(range(number)):
            mapped = self.mapped(left)
            join = relations.between((left, mapped), (number, right), place) if mapped is not None else None
            if join is not None:
                return _of_table(join, number) if source.how == "outer" else join
        return NotKnown()

    def _through(self, source: Source, number: int, right: MappedModel, scope: Scope, place: Place) -> Tree:
        """A join over a relationship, with the table in between where it has one."""
        assert source.through is not None
        found = self.followed(source.through, scope)
        mapped = self.world.model(found.target) if found.target is not None and found.target.kind == "model" else None
        relationship = self.relationship(mapped, found.rest[0]) if mapped is not None and len(found.rest) == 1 else None
        left = self.number_of(found.target) if found.target is not None else None
        if mapped is None or relationship is None or left is None or left == OUTER:
            return NotKnown()
        if relationship.secondary is not None:
            return self._through_secondary(relationship, (left, mapped), (number, right), place)
        join = relations.over(relationship, (left, mapped), (number, right), place)
        if join is None:
            return NotKnown()
        return _of_table(join, number) if source.how == "outer" else join

    def _through_secondary(self, relationship: Relationship, left: relations.Side, right: relations.Side, place: Place) -> Tree:
        secondary = (
            self.world.model_of_table(relationship.secondary, left[1].path) if relationship.secondary is not None else None
        )
        if secondary is None:
            return NotKnown()
        target = Target("model", secondary.path, secondary.model.name, f"between {left[0]} and {right[0]}")
        number = self.add(target)
        between = self.mapped(number) if number is not None else None
        if number is None or between is None:
            return NotKnown()
        joins = [relations.between((number, between), side, place) for side in (left, right)]
        return All(tuple([join if join is not None else NotKnown() for join in joins]))


def is_silent(column: ModelColumn) -> bool:
    """Whether nobody asks for an index on a column alone: it holds one of a few values."""
    pg_type = column.column.type
    return column.is_enum or (isinstance(pg_type, PgType) and (pg_type.name == "boolean" or pg_type.kind == "enum"))


def _with_other(atom: Tree, other: ColumnTerm | ExpressionTerm) -> Tree:
    """A comparison with what it compares its column with, where that is a column."""
    name = other.column.column.name if isinstance(other, ColumnTerm) else None
    return replace(atom, other=name) if isinstance(atom, Atom) and isinstance(name, str) else atom


def _of_table(tree: Tree, number: int | None) -> Tree:
    """What the ON of an outer join asks of the table that is joined: it says nothing of the rows on the other side."""
    if isinstance(tree, All):
        return All(tuple([_of_table(part, number) for part in tree.parts]))
    return _NEUTRAL if isinstance(tree, Atom) and tree.table != number else tree
