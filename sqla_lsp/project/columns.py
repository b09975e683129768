"""The tables of one query, and which of their columns its paths mean."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from msgspec.structs import replace

from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.project.catalog import MappedModel, QueryTable
from sqla_lsp.project.names import Found, Target
from sqla_lsp.project.relations import ancestors, local_columns, primary_key
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
from sqla_lsp.project.world import World
from sqla_lsp.readers.sql_values import expression_key
from sqla_lsp.schema.models import Model, ModelColumn, Relationship
from sqla_lsp.schema.predicates import Atom
from sqla_lsp.schema.queries import (
    Bound,
    Condition,
    Constant,
    Expression,
    GlobalName,
    OfClass,
    Opaque,
    Operand,
    Path,
    Query,
    QueryBlock,
    Rows,
    Subquery,
)
from sqla_lsp.text.places import Place

ANY_MODEL = "*"
"""Stands among the files that the meaning of a query was read from where it depends on all models."""
HELPERS = 4
"""How deep helpers of the project are followed."""
_OF_CLASSES = {("__name__",), ("__qualname__",), ("__tablename__",), ("__class__",)}
"""Attributes of classes that are no columns."""

Key = tuple[str, str, str]


class QueryColumns:
    """Resolves the operands of one query. `outer` is the query around it, whose tables it may be correlated with."""

    def __init__(self, world: World, scope: Scope, block: QueryBlock, outer: QueryColumns | None = None) -> None:
        self.world = world
        self.scope = scope
        self.block = block
        self.outer = outer
        self.tables: list[QueryTable | None] = []
        self.links: list[Atom] = []
        """The joins of tables that joined inheritance keeps apart."""
        self.references: list[Reference] = []
        self.uses: list[tuple[MappedModel, str, Place]] = []
        self.read: set[str] = set()
        self._numbers: dict[Key | int, int] = {}
        self._inner: dict[int, QueryColumns] = {}
        self._helpers = 0

    # ------------------------------------------------------------------------------------------------------------- tables

    def has(self, key: Key | int) -> bool:
        """Whether a table is one of this query's own."""
        return key in self._numbers

    def add(self, target: Target) -> int | None:
        """The number of a table of the query's own, which is added where it is not there yet; None for what is no model."""
        key = (target.alias, target.path, target.name)
        number = self._numbers.get(key)
        if number is not None:
            return number
        mapped = self.world.model(target)
        if mapped is None:
            return None
        number = self._numbers[key] = len(self.tables)
        self.tables.append(QueryTable(mapped, self.world.entry) if mapped.model.table is not None else None)
        return number

    def add_rows(self, query: int) -> int:
        """The number of a subquery among the tables."""
        if query not in self._numbers:
            self._numbers[query] = len(self.tables)
            self.tables.append(None)
        return self._numbers[query]

    def number_of(self, target: Target) -> int | None:
        """The number of a table that a condition names: of the query's own, else of one around it (OUTER), else it is added."""
        key = (target.alias, target.path, target.name)
        if not self.has(key):
            around = self.outer
            while around is not None:
                if around.has(key):
                    return OUTER
                around = around.outer
        return self.add(target)

    def keys(self) -> list[tuple[Key, int]]:
        """The tables that have names, with their numbers."""
        return [(key, number) for key, number in self._numbers.items() if not isinstance(key, int)]

    def aliases(self, number: int) -> list[str]:
        """The names that aliases of a table have."""
        return [key[0] for key, at in self.keys() if at == number and key[0]]

    def mapped(self, number: int) -> MappedModel | None:
        """The model of a table."""
        table = self.tables[number]
        return None if table is None else table.mapped

    # ----------------------------------------------------------------------------------------------------------- operands

    def term(self, operand: Operand, scope: Scope) -> Term:
        """What an operand is."""
        match operand:
            case Path():
                return self.of_path(operand, scope)
            case Constant():
                return ValueTerm(operand)
            case Bound():
                return ValueTerm()
            case Subquery(query):
                return RowsTerm(query)
            case Expression():
                return self._expression(operand, scope)
            case Opaque(paths):
                return OpaqueTerm(self.named_in(paths, scope))

    def named_in(self, paths: Sequence[Path], scope: Scope) -> frozenset[int]:
        """The tables whose columns some paths name."""
        terms = [self.of_path(path, scope) for path in paths]
        tables = frozenset([term.table for term in terms if isinstance(term, ColumnTerm)])
        if not tables:
            self.missing(*terms)
        return tables

    def _expression(self, expression: Expression, scope: Scope) -> Term:
        parts: list[str] = []
        columns: list[ColumnTerm] = []
        for part in expression.parts:
            if isinstance(part, str):
                parts.append(part)
                continue
            term = self.of_path(part, scope)
            if not isinstance(term, ColumnTerm) or not isinstance(term.column.column.name, str):
                return term if isinstance(term, UnknownTerm) else OpaqueTerm()
            columns.append(term)
            parts.append(quote(term.column.column.name))
        tables = {term.table for term in columns}
        if len(tables) != 1:
            return OpaqueTerm(frozenset(tables)) if tables else ValueTerm()
        names = tuple(dict.fromkeys(str(term.column.column.name) for term in columns))
        return ExpressionTerm(tables.pop(), expression_key("".join(parts)), names)

    def of_path(self, path: Path, scope: Scope) -> Term:
        """The column that a path means; ColumnTerm, UnknownTerm, or what a helper gives."""
        if isinstance(path.root, GlobalName) and path.root.name in scope.parameters:
            return self._argument(path, scope)
        if path.names[-1:] in _OF_CLASSES:
            return ValueTerm()
        term = self._of_rows(path.root.query, path) if isinstance(path.root, Rows) else self._of_name(path, scope)
        if isinstance(term, ColumnTerm):
            self.references.append(Reference(".".join(path.names), scope.place(path.start, path.end)))
            number = term.table
            mapped = self.mapped(number) if number >= 0 else None
            if mapped is not None and isinstance(term.column.column.name, str):
                self.uses.append((mapped, term.column.column.name, scope.place(path.start, path.end)))
        elif isinstance(term, UnknownTerm) and path.names:
            root = getattr(path.root, "name", None) or type(path.root).__name__
            place = scope.place(path.start, path.end)
            return UnknownTerm(term.reason, Reference(".".join([str(root), *path.names]), place, term.reason))
        return term

    def missing(self, *terms: Term) -> None:
        """Notes what may have been a column, where no other side of it is one."""
        self.references += [term.reference for term in terms if isinstance(term, UnknownTerm) and term.reference is not None][:1]

    def _argument(self, path: Path, scope: Scope) -> Term:
        """A parameter of a helper."""
        assert isinstance(path.root, GlobalName)
        given, around = scope.parameters[path.root.name]
        if not path.names:
            return self.term(given, around)
        if isinstance(given, Path):
            return self.of_path(Path(given.root, (*given.names, *path.names), given.start, given.end), around)
        return ValueTerm()

    def _of_rows(self, query: int, path: Path) -> Term:
        """A column of a subquery: the one that it selects under that name."""
        number = self.add_rows(query)
        if query >= len(self.block.queries) or not path.names:
            return UnknownTerm("a subquery that is not known")
        column = self.selected(query, path.names[-1])
        if column is not None:
            return ColumnTerm(number, column)
        is_told = any(shown == path.names[-1] for shown, _ in self.block.queries[query].selected)
        reason = "" if is_told else "a column of a subquery that is not known"
        self.references.append(Reference(".".join(path.names), self.scope.place(path.start, path.end), reason))
        return ExpressionTerm(number, None, ())

    def selected(self, query: int, name: str) -> ModelColumn | None:
        """The column that a query of the block gives out under a name."""
        inner = self._inner.get(query)
        if inner is None:
            inner = self._inner[query] = QueryColumns(self.world, self.scope, self.block, None)
        asked: Query = self.block.queries[query]
        for shown, operand in asked.selected:
            found = self._given_out(inner, shown, operand, name)
            if found is not None:
                return found
        for source in asked.sources:
            if isinstance(source.entity.root, Rows) and source.entity.root.query != query:
                found = self.selected(source.entity.root.query, name) if source.entity.root.query < query else None
                if found is not None:
                    return found
        return None

    def _given_out(self, inner: QueryColumns, shown: str | None, operand: Operand, name: str) -> ModelColumn | None:
        if not isinstance(operand, Path):
            return None
        if shown is not None and shown != name:
            return None
        found = self._followed(operand, self.scope)
        if found.target is not None and found.target.kind == "model" and not found.rest:
            mapped = self.world.model(found.target)
            return None if mapped is None else _by_key(mapped.model, name)
        term = inner.of_path(operand, self.scope)
        if not isinstance(term, ColumnTerm):
            return None
        names = (term.column.attribute, term.column.column.name)
        return term.column if shown == name or name in names else None

    # -------------------------------------------------------------------------------------------------------------- names

    def _followed(self, path: Path, scope: Scope) -> Found:
        if scope.of_class is not None and isinstance(path.root, OfClass):
            return Found(scope.of_class, path.names)
        found = self.world.names.follow(scope.path, path)
        self.read |= found.read
        return self._through_property(found)

    def _through_property(self, found: Found) -> Found:
        """What a property of a class that is no model leads to: `db.Flow.id`, where `db` is an object whose `Flow` returns the
        model."""
        target = found.target
        if target is None or target.kind != "class" or not found.rest:
            return found
        condition = self.world.condition(target.path, f"{target.name}.{found.rest[0]}")
        if condition is None or not isinstance(condition.operand, Path) or isinstance(condition.operand.root, OfClass):
            return found
        operand = condition.operand
        again = self.world.names.follow(target.path, Path(operand.root, (*operand.names, *found.rest[1:]), 0, 0))
        self.read |= again.read | {target.path}
        return again

    def followed(self, path: Path, scope: Scope) -> Found:
        """What a path means, with parameters of helpers taken for what they stand for."""
        if isinstance(path.root, GlobalName) and path.root.name in scope.parameters:
            given, around = scope.parameters[path.root.name]
            if not isinstance(given, Path):
                return Found(None)
            return self.followed(Path(given.root, (*given.names, *path.names), path.start, path.end), around)
        return self._followed(path, scope)

    def _of_name(self, path: Path, scope: Scope) -> Term:
        found = self._followed(path, scope)
        target, rest = found.target, found.rest
        if target is None:
            return ValueTerm() if self._is_of_python(path, scope) else UnknownTerm("the name is not known in the project")
        if target.kind != "model":
            return UnknownTerm("it is no attribute of a model")
        mapped = self.world.model(target)
        if mapped is None:
            return UnknownTerm("the model is not known")
        core = mapped.model.kind == "table" or rest[:1] in (("__table__",), ("__mapper__",))
        for before in (("__table__", "__mapper__"), ("c", "columns")):  # each once: a column may be called c
            rest = rest[1:] if core and rest and rest[0] in before else rest
        if not rest:
            return UnknownTerm("a model is no column")
        column = _by_key(mapped.model, rest[0]) if core else mapped.model.attribute(rest[0])
        if column is None and len(rest) == 1:
            return self._of_attribute(mapped, target, rest[0], scope, path)
        if column is None or len(rest) > 1:
            return UnknownTerm("the model has no such column") if column is None else OpaqueTerm()
        return self._column(target, mapped, column)

    def _is_of_python(self, path: Path, scope: Scope) -> bool:
        """Whether a path begins in the standard library: `timezone.utc`."""
        name = path.root.name if isinstance(path.root, GlobalName) else ""
        module = self.world.names.imported_from(scope.path, name)
        return module is not None and module.partition(".")[0] in sys.stdlib_module_names

    def _column(self, target: Target, mapped: MappedModel, column: ModelColumn) -> Term:
        number = self.number_of(target)
        if number is None:
            return UnknownTerm("the model is not known")
        if column.table is None or number == OUTER:
            return ColumnTerm(number, column)
        above = self.parent(mapped, column)
        if above is None:
            return UnknownTerm("the table that the column comes from is not known")
        parent = self.add(Target("model", above.path, above.model.name, target.alias or f"of {target.name}"))
        if parent is None:
            return UnknownTerm("the table that the column comes from is not known")
        self._link(number, mapped, parent, above)
        return ColumnTerm(parent, replace(column, table=None))

    def parent(self, mapped: MappedModel, column: ModelColumn) -> MappedModel | None:
        """The model above one that declares the table of an inherited column."""
        above = (base for _, base in ancestors(mapped, self.world.model) if base is not None)
        return next((b for b in above if b.model.table == column.table and b.model.parent_table != column.table), None)

    def _link(self, child: int, of_child: MappedModel, parent: int, of_parent: MappedModel) -> None:
        place = Place(0, 0, self.scope.path)
        for one, other in zip(primary_key(of_child), primary_key(of_parent), strict=False):
            atoms = (
                Atom(child, one, "=", place, values=(None,), depends=frozenset({parent}), other=other),
                Atom(parent, other, "=", place, values=(None,), depends=frozenset({child}), other=one),
            )
            self.links += [atom for atom in atoms if atom not in self.links]

    def _of_attribute(self, mapped: MappedModel, target: Target, name: str, scope: Scope, path: Path) -> Term:
        """An attribute that is no column: a many-to-one relationship stands for its foreign key, a hybrid property for what it
        returns."""
        relationship = self.relationship(mapped, name)
        if relationship is not None:
            other = self.world.other_end(mapped, relationship)
            local = local_columns(relationship, mapped, other) if other is not None else ()
            column = mapped.model.column(local[0]) if len(local) == 1 else None
            return UnknownTerm("a relationship") if column is None else self._column(target, mapped, column)
        condition = self.helper(mapped, target, name)
        if condition is None or condition[0].operand is None or self._helpers >= HELPERS:
            return UnknownTerm("the model has no such column")
        self._helpers += 1
        term = self.term(condition[0].operand, replace(condition[1], shown=scope.place(path.start, path.end)))
        self._helpers -= 1
        return term

    def helper(self, mapped: MappedModel, target: Target, name: str) -> tuple[Condition, Scope] | None:
        """What a hybrid property or a method of a model returns, with the scope of its names: `cls` is the target."""
        own = Target("model", mapped.path, mapped.model.name)
        for cls in (own, *(base for base, _ in ancestors(mapped, self.world.model))):
            condition = self.world.condition(cls.path, f"{cls.name}.{name}")
            if condition is not None:
                return condition, Scope(cls.path, 0, of_class=target)
        return None

    def relationship(self, mapped: MappedModel, name: str) -> Relationship | None:
        """A relationship of a model."""
        if mapped.model.relationship(name) is None:
            self.read.add(ANY_MODEL)  # any other model may give it one
        return self.world.relationship(mapped, name)


def _by_key(model: Model, name: str) -> ModelColumn | None:
    """The column that `.c.name` means: by its key, which is its name in the database where none is given."""
    return next((column for column in model.columns if name in (column.attribute, column.column.name)), None)
