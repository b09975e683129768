"""Models: what classes and `Table` objects of the project declare of the database, with the places where they do.

One `Model` is one mapped class, one `Table(...)`, or a mixin or abstract base (then `table` is None). A `Place` whose `path` is
"" lies in the file that the model belongs to; what comes from a mixin or base elsewhere names its file.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.tables import Column, Constraint, Flag, Index
from sqla_lsp.text.places import Place


class ClassName(msgspec.Struct, frozen=True, array_like=True):
    """A class or variable of a module's top level, by its file ("" for the file at hand)."""

    path: str
    name: str


class ModelColumn(msgspec.Struct, frozen=True, array_like=True):
    """A column as a model has it. `attribute` is its name in Python (the key in `.c` of a `Table`), `column.name` the one in the
    database. `place` is the call that makes it (`mapped_column(...)`, `Column(...)`, `Field(...)`), or the whole declaration
    where there is no call; `statement` is the statement around it. `table` is the table that it lies in where that is not the
    model's own: a column that joined inheritance brings along."""

    attribute: str
    column: Column
    place: Place
    statement: Place
    table: TableName | None = None
    primary_key: Flag = False
    is_enum: bool = False
    """Whether it holds one of a few values: an enum type, also one that is stored as text."""


class ModelIndex(msgspec.Struct, frozen=True, array_like=True):
    """An index that a model declares; the keys are columns of the database. `place` is the `Index(...)` call, or the argument
    `index=True`; `statement` the statement around it. `written` tells which of them. The name is the one in the database, None
    where it cannot be told."""

    index: Index
    place: Place
    statement: Place
    written: Literal["Index", "index=True"] = "Index"


class ModelConstraint(msgspec.Struct, frozen=True, array_like=True):
    """A constraint that a model declares. `written` is the argument ("unique=True", "primary_key=True", "ForeignKey") or the
    class ("UniqueConstraint", ...) that does."""

    constraint: Constraint
    place: Place
    statement: Place
    written: str = ""


class Relationship(msgspec.Struct, frozen=True, array_like=True):
    """`relationship(...)`. `target` is the class as it is named ("Order", "app.models.Order"), "" where it is not known, or
    `target_class` where the name was looked up. `columns` are the foreign key columns of `foreign_keys=`, where they are given;
    `secondary` is the table between the two. `backref` is the relationship that it gives the other side. `many_to_one` says
    which side has the foreign key, None where nothing says so."""

    attribute: str
    target: str
    place: Place
    target_class: ClassName | None = None
    columns: tuple[str, ...] | None = None
    secondary: TableName | None = None
    backref: str | None = None
    many_to_one: bool | None = None


class Model(msgspec.Struct, frozen=True, array_like=True):
    """A mapped class, a `Table`, a mixin or an abstract base.

    `columns` are all columns that can be asked for on it, inherited ones included; `indexes` and `constraints` only those of its
    own `table` that this model declares (those of mixins and abstract bases included, those of a parent with a table not).
    `place` is the name in `class Name` or the call of `Table(...)`. `bases` are the classes of the project that it inherits
    from, nearest first. `synonyms` are other attributes of a column (`synonym("x")`, hybrid properties that return a column).
    `complete` is False where some of its columns, indexes or constraints could not be read.
    """

    name: str
    table: TableName | None
    place: Place
    columns: tuple[ModelColumn, ...] = ()
    indexes: tuple[ModelIndex, ...] = ()
    constraints: tuple[ModelConstraint, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    bases: tuple[ClassName, ...] = ()
    synonyms: tuple[tuple[str, str], ...] = ()
    kind: Literal["class", "table"] = "class"
    partitioned: bool = False
    complete: bool = True
    of_table: ClassName | None = None
    """The variable of the `Table` that a class is mapped to (`__table__ = users`, `map_imperatively(User, users)`)."""
    parent_table: TableName | None = None
    """The table of the nearest parent that has one; equal to `table` for single-table inheritance."""
    index_template: str | None = None
    """How the naming convention of the metadata names indexes, None where it says nothing of them."""

    def attribute(self, name: str) -> ModelColumn | None:
        """The column of an attribute, also under another name of it."""
        name = dict(self.synonyms).get(name, name)
        return next((column for column in self.columns if column.attribute == name), None)

    def column(self, name: str) -> ModelColumn | None:
        """The column of the model's own table with a name of the database."""
        return next((column for column in self.columns if column.column.name == name and column.table is None), None)

    def relationship(self, name: str) -> Relationship | None:
        return next((relationship for relationship in self.relationships if relationship.attribute == name), None)


class Models(msgspec.Struct, frozen=True, array_like=True):
    """The models of one file. `added` are indexes that the file declares on models of other files. `read` and `outside` are as in
    `Revision`: what it depends on beside the file's own bytes."""

    models: tuple[Model, ...] = ()
    added: tuple[tuple[ClassName, ModelIndex], ...] = ()
    outside: tuple[tuple[str, int], ...] = ()
    read: tuple[str, ...] = ()

    def model(self, name: str) -> Model | None:
        """The model of a class or variable name."""
        return next((model for model in self.models if model.name == name), None)
