"""Rewrites statements of a migration: what takes the place of a call, and what becomes of the blocks around it.

A call is replaced by pieces: statements, each of which stands in an autocommit block or outside of one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst
from tree_sitter import Node

from sqla_lsp.fixes.blocks import Instead, Placed, Writer, batch_of
from sqla_lsp.fixes.calls import code, comments_in, last_name, statements
from sqla_lsp.fixes.excerpt import end_of
from sqla_lsp.fixes.fix import Change, NotPossible
from sqla_lsp.fixes.fragment import Fragment, definition_around
from sqla_lsp.fixes.own_lines import on_own_lines
from sqla_lsp.fixes.sql_in_code import with_holes
from sqla_lsp.fixes.style import Style, style_of, without_binds
from sqla_lsp.project.installed import Release
from sqla_lsp.project.project import Project
from sqla_lsp.schema.operations import Operation
from sqla_lsp.text.edits import Edit, apply, between
from sqla_lsp.text.places import Place

_IMPORTED = re.compile(rb"^[ \t]*from[ \t]+alembic[ \t]+import\b[^\n#]*?\bop\b(?:[ \t]+as[ \t]+(\w+))?", re.MULTILINE)


_OPERATIONS = frozenset({"op", "operations", "alembic_op"})
"""Names under which `upgrade(op)` gets Alembic's operations."""


@dataclass(frozen=True)
class Piece:
    """Statements in order. `autocommit` says that they stand in an autocommit block. `comments` are those of what is taken away
    without anything in its place, which stay."""

    statements: Sequence[cst.BaseStatement]
    autocommit: bool = False
    comments: Sequence[cst.Comment] = ()


@dataclass(frozen=True)
class Spot:
    """A call that is to be replaced, as it is written. `op` is what Alembic's operations are called there; `batch` is the
    `batch_alter_table(...)` that the call is sent through; `alembic` is the release that the project has, where that is known."""

    statement: cst.SimpleStatementLine
    call: cst.Call
    op: str
    batch: cst.Call | None
    style: Style
    alembic: Release | None = None

    @property
    def name(self) -> str:
        """The last name of the function: "create_index"."""
        return last_name(self.call.func)

    @property
    def sent_by(self) -> str:
        """What the function is called on: "op", "batch_op"."""
        return code(self.call.func.value) if isinstance(self.call.func, cst.Attribute) else ""

    def again(self, call: cst.Call) -> cst.SimpleStatementLine:
        """The statement with another call in place of this one; its comments stay with it."""
        found = self.statement.deep_replace(self.call, call)
        assert isinstance(found, cst.SimpleStatementLine)
        return found

    def made(self, source: str) -> Sequence[cst.BaseStatement]:
        """New statements."""
        return statements(source, self.style)

    def execute(self, sql: str) -> Sequence[cst.BaseStatement]:
        """A statement that sends SQL, on one line."""
        return self.made(f"{self.op}.execute({with_holes(self.style.string(without_binds(sql)))})")


Rewrite = Callable[[Spot], Sequence[Piece]]
"""What takes the place of a call. Raises `NotPossible`."""


def taken_out(spot: Spot) -> Sequence[Piece]:
    """Nothing takes the place of the call. Its comments stay."""
    gone = spot.statement.with_changes(leading_lines=[])  # those above it stay by themselves
    return [Piece([], comments=comments_in(gone))]


def needs_block(operation: Operation) -> bool:
    """Whether what Postgres runs only outside of a transaction needs an autocommit block where an operation stands. After COMMIT
    it does as well: psycopg begins another transaction by itself (POSTGRES.md 1.9)."""
    transaction = operation.site.transaction
    return transaction.autocommit is not True or transaction.means == "commit"


def rewritten(project: Project, path: str, rewrites: Mapping[Place, Rewrite]) -> Change:
    """The change that replaces calls of a file, given by their places, by what is made of them. Raises `NotPossible`."""
    data = project.data(path)
    style, alembic = style_of(project, path), project.installed(path, "alembic")
    definitions: dict[int, Node] = {}
    rewrites_in: dict[int, dict[Place, Rewrite]] = defaultdict(dict)
    for place, rewrite in rewrites.items():
        definition = definition_around(data, place.start, place.end)
        definitions[definition.start_byte] = definition
        rewrites_in[definition.start_byte][place] = rewrite
    edits = [
        edit for start, here in sorted(rewrites_in.items()) for edit in _edits(data, definitions[start], here, style, alembic)
    ]
    return Change({path: tuple(edits)} if edits else {})


def _edits(
    data: bytes, definition: Node, rewrites: Mapping[Place, Rewrite], style: Style, alembic: Release | None
) -> Iterator[Edit]:
    """The edits of one definition. Statements that share a line are parted before, and only then written anew."""
    start, end = definition.start_byte, end_of(data, definition)
    local = {Place(place.start - start, place.end - start): rewrite for place, rewrite in rewrites.items()}
    equal, moved = on_own_lines(data[start:end], [*local], style)
    here = {Place(moved[place].start + start, moved[place].end + start): rewrite for place, rewrite in local.items()}
    text = data[:start] + equal + data[end:]
    definition = definition_around(text, start, start + len(equal))
    edits = list(_Definition(Fragment(text, definition, here), _op_in(text), style, alembic).edits(here))
    if text == data:
        yield from edits
        return
    new = apply(text, edits)
    for edit in between(data[start:end], new[start : len(new) - (len(data) - end)]):
        yield Edit(start + edit.start, start + edit.end, edit.text)


def instead_of_nothing(project: Project, path: str, function: Place, rewrite: Rewrite) -> Change:
    """The change that puts pieces in the place of the `pass` of a function that does nothing. Raises `NotPossible`."""
    data = project.data(path)
    fragment = Fragment(data, definition_around(data, function.start, function.end), [function])
    style = style_of(project, path)
    return Change({path: _Definition(fragment, _op_in(data), style).filled(rewrite)})


def body_of(pieces: Sequence[Piece], style: Style) -> str:
    """The body of a new function that consists of pieces: not indented, with "\\n" at line ends. Comments above the statements
    stay where they were. Raises `NotPossible` where they speak of more than `op`, `sa` and literals."""
    placed = [Placed(statement, piece.autocommit, True) for piece in pieces for statement in piece.statements]
    body = [statement.with_changes(leading_lines=[]) for statement in Writer({}, style).joined(placed)]
    names = {name for statement in body for name in _names(statement)}
    if not names <= _KNOWN_EVERYWHERE:
        raise NotPossible(f"{min(names - _KNOWN_EVERYWHERE)} is not known in another file")
    made = cst.Module([_in_module(statement) for statement in body], default_indent=style.indent, default_newline=style.newline)
    return made.code.replace(style.newline, "\n").rstrip("\n")


def _in_module(statement: cst.BaseStatement) -> cst.SimpleStatementLine | cst.BaseCompoundStatement:
    assert isinstance(statement, cst.SimpleStatementLine | cst.BaseCompoundStatement)
    return statement


_KNOWN_EVERYWHERE = frozenset({"op", "sa", "True", "False", "None"})


def _names(node: cst.CSTNode) -> Iterator[str]:
    """The names that code looks up."""
    match node:
        case cst.Name(value=name):
            yield name
        case cst.Attribute(value=value):
            yield from _names(value)
        case cst.Arg(value=value):
            yield from _names(value)
        case _:
            for child in node.children:
                yield from _names(child)


def _op_in(data: bytes) -> str | None:
    """What a file calls Alembic's operations."""
    found = _IMPORTED.search(data)
    if found is None:
        return None
    return found[1].decode() if found[1] else "op"


class _Definition:
    """One function that is rewritten."""

    def __init__(self, fragment: Fragment, op: str | None, style: Style, alembic: Release | None = None) -> None:
        self._fragment = fragment
        self._op = op
        self._style = style
        self._alembic = alembic

    def edits(self, rewrites: Mapping[Place, Rewrite]) -> Iterator[Edit]:
        made: dict[cst.BaseStatement, Instead] = {}
        for place, rewrite in rewrites.items():
            spot = self._spot(place)
            if spot.statement in made:
                raise NotPossible("several calls stand in one statement")
            made[spot.statement] = _instead(spot, rewrite(spot))
        writer = Writer(made, self._style, self._fragment.module.code)
        new = self._fragment.module.visit(writer)
        if writer.left:
            raise NotPossible("the statement stands where no other can")
        yield from self._fragment.edits(new)

    def filled(self, rewrite: Rewrite) -> tuple[Edit, ...]:
        """The edits that put pieces in the place of its only statement, which does nothing."""
        nothing = [
            statement
            for statement in self._fragment.all_of(cst.SimpleStatementLine)
            if not all(_is_docstring(small) for small in statement.body)
        ]
        if len(nothing) != 1 or not isinstance(nothing[0].body[0], cst.Pass) or self._op is None:
            raise NotPossible("the function does other things")
        [statement] = nothing
        spot = Spot(statement, cst.Call(cst.Name(self._op)), self._op, None, self._style)
        writer = Writer({statement: _instead(spot, rewrite(spot))}, self._style, self._fragment.module.code)
        return self._fragment.edits(self._fragment.module.visit(writer))

    def _spot(self, place: Place) -> Spot:
        call = self._fragment.at(cst.Call, place.start, place.end)
        statement = self._fragment.around(cst.SimpleStatementLine, place.start, place.end)
        if call is None or statement is None or len(statement.body) != 1:
            raise NotPossible("the call is not a statement of its own")
        match statement.body[0]:
            case cst.Expr(value=value) if value is call:
                pass
            case _:
                raise NotPossible("what the call gives is used")
        function = call.func
        sent_by = code(function.value) if isinstance(function, cst.Attribute) else ""
        batch = next((batch for name, batch in self._batches(place) if name == sent_by), None)
        if batch is not None:
            op = code(batch.func.value) if isinstance(batch.func, cst.Attribute) else "op"
            return Spot(statement, call, op, batch, self._style, self._alembic)
        if last_name(function).startswith(("create_", "drop_", "add_", "alter_")) and sent_by not in {self._op, *_OPERATIONS}:
            raise NotPossible("the call is not sent through alembic's op, nor through a batch that is opened there")
        called = sent_by if sent_by in _OPERATIONS else self._op
        if called is None:
            raise NotPossible("alembic's op is not imported")
        return Spot(statement, call, called, None, self._style, self._alembic)

    def _batches(self, place: Place) -> Iterator[tuple[str, cst.Call]]:
        """The batches around a place, the innermost first: their names, and the calls of `batch_alter_table`."""
        for block in self._fragment.all_around(cst.With, place.start, place.end):
            found = batch_of(block)
            if found is not None:
                yield found


def _instead(spot: Spot, pieces: Sequence[Piece]) -> Instead:
    placed = [Placed(one, piece.autocommit, True, spot.op) for piece in pieces for one in piece.statements]
    return Instead(placed, [comment for piece in pieces for comment in piece.comments])


def _is_docstring(statement: cst.BaseSmallStatement) -> bool:
    return isinstance(statement, cst.Expr) and isinstance(statement.value, cst.SimpleString | cst.ConcatenatedString)
