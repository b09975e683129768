"""Rewrites statements of a migration: what takes the place of a call, and what becomes of the blocks around it.

A call is replaced by pieces: statements, each of which stands in an autocommit block or outside of one. Neighbours that stand
in such a block share it, a block that is there already is joined, and a `batch_alter_table` is parted around what is taken out
of it, so that the order stays as it was.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import libcst as cst
from tree_sitter import Node

from sqla_lsp.fixes.calls import code, expression, fitted, last_name, statements
from sqla_lsp.fixes.fix import Change, NotPossible
from sqla_lsp.fixes.fragment import Fragment, definition_around
from sqla_lsp.fixes.style import Style, style_of
from sqla_lsp.project.project import Project
from sqla_lsp.text.edits import Edit
from sqla_lsp.text.places import Place

_IMPORTED = re.compile(rb"^[ \t]*from[ \t]+alembic[ \t]+import\b[^\n#]*?\bop\b(?:[ \t]+as[ \t]+(\w+))?", re.MULTILINE)


_OPERATIONS = frozenset({"op", "operations", "alembic_op"})
"""Names under which `upgrade(op)` gets Alembic's operations."""


@dataclass(frozen=True)
class Piece:
    """Statements in order. `autocommit` says that they stand in an autocommit block."""

    statements: Sequence[cst.BaseStatement]
    autocommit: bool = False


@dataclass(frozen=True)
class Spot:
    """A call that is to be replaced, as it is written. `op` is what Alembic's operations are called there; `batch` is the
    `batch_alter_table(...)` that the call is sent through."""

    statement: cst.SimpleStatementLine
    call: cst.Call
    op: str
    batch: cst.Call | None
    style: Style

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
        """A statement that sends SQL."""
        return self.made(self.style.execute(self.op, sql))


Rewrite = Callable[[Spot], Sequence[Piece]]
"""What takes the place of a call. Raises `NotPossible`."""


def rewritten(project: Project, path: str, rewrites: Mapping[Place, Rewrite]) -> Change:
    """The change that replaces calls of a file, given by their places, by what is made of them. Raises `NotPossible`."""
    data = project.data(path)
    style = style_of(project, path)
    definitions: dict[int, Node] = {}
    rewrites_in: dict[int, dict[Place, Rewrite]] = defaultdict(dict)
    for place, rewrite in rewrites.items():
        definition = definition_around(data, place.start, place.end)
        definitions[definition.start_byte] = definition
        rewrites_in[definition.start_byte][place] = rewrite
    edits = [
        edit
        for start, here in sorted(rewrites_in.items())
        for edit in _Definition(Fragment(data, definitions[start], here), _op_in(data), style).edits(here)
    ]
    return Change({path: tuple(edits)} if edits else {})


def instead_of_nothing(project: Project, path: str, function: Place, rewrite: Rewrite) -> Change:
    """The change that puts pieces in the place of the `pass` of a function that does nothing. Raises `NotPossible`."""
    data = project.data(path)
    fragment = Fragment(data, definition_around(data, function.start, function.end), [function])
    style = style_of(project, path)
    return Change({path: _Definition(fragment, _op_in(data), style).filled(rewrite)})


def body_of(pieces: Sequence[Piece], style: Style) -> str:
    """The body of a new function that consists of pieces: not indented, with "\\n" at line ends. Comments above the statements
    stay where they were. Raises `NotPossible` where they speak of more than `op`, `sa` and literals."""
    placed = [_Placed(statement, piece.autocommit, True) for piece in pieces for statement in piece.statements]
    body = [statement.with_changes(leading_lines=[]) for statement in _Writer({}, "op", style).joined(placed)]
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

    def __init__(self, fragment: Fragment, op: str | None, style: Style) -> None:
        self._fragment = fragment
        self._op = op
        self._style = style

    def edits(self, rewrites: Mapping[Place, Rewrite]) -> Iterator[Edit]:
        pieces: dict[cst.BaseStatement, Sequence[Piece]] = {}
        for place, rewrite in rewrites.items():
            spot = self._spot(place)
            if spot.statement in pieces:
                raise NotPossible("several calls stand in one statement")
            pieces[spot.statement] = rewrite(spot)
        writer = _Writer(pieces, self._op or "op", self._style)
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
        writer = _Writer({statement: rewrite(spot)}, self._op, self._style)
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
            return Spot(statement, call, op, batch, self._style)
        if last_name(function).startswith(("create_", "drop_", "add_", "alter_")) and sent_by not in {self._op, *_OPERATIONS}:
            raise NotPossible("the call is not sent through alembic's op, nor through a batch that is opened there")
        called = sent_by if sent_by in _OPERATIONS else self._op
        if called is None:
            raise NotPossible("alembic's op is not imported")
        return Spot(statement, call, called, None, self._style)

    def _batches(self, place: Place) -> Iterator[tuple[str, cst.Call]]:
        """The batches around a place, the innermost first: their names, and the calls of `batch_alter_table`."""
        for block in self._fragment.all_around(cst.With, place.start, place.end):
            found = _batch_of(block)
            if found is not None:
                yield found


def _is_docstring(statement: cst.BaseSmallStatement) -> bool:
    return isinstance(statement, cst.Expr) and isinstance(statement.value, cst.SimpleString | cst.ConcatenatedString)


def _batch_of(block: cst.With) -> tuple[str, cst.Call] | None:
    match block.items:
        case [cst.WithItem(item=cst.Call() as call, asname=cst.AsName(name=cst.Name(value=name)))]:
            return (name, call) if last_name(call.func) == "batch_alter_table" else None
        case _:
            return None


def _is_autocommit(statement: cst.BaseStatement) -> bool:
    match statement:
        case cst.With(items=[cst.WithItem(item=cst.Call(func=function))], body=cst.IndentedBlock()):
            return last_name(function) == "autocommit_block"
        case _:
            return False


@dataclass(frozen=True)
class _Placed:
    """A statement of a body that is being written anew."""

    statement: cst.BaseStatement
    autocommit: bool = False
    is_new: bool = False


class _Writer(cst.CSTTransformer):
    """Puts pieces in the places of statements. `left` are those whose place was not met."""

    def __init__(self, pieces: Mapping[cst.BaseStatement, Sequence[Piece]], op: str, style: Style) -> None:
        super().__init__()
        self._pieces = pieces
        self._op = op
        self._style = style
        self._depth = 0
        self._in_autocommit = 0
        self.left = set(pieces)

    def visit_With(self, node: cst.With) -> bool:
        is_batch = _batch_of(node) is not None
        self._in_autocommit += _is_autocommit(node)
        return not is_batch  # what is inside of a batch is parted by the block around it

    def leave_With(self, original_node: cst.With, updated_node: cst.With) -> cst.With:
        self._in_autocommit -= _is_autocommit(original_node)
        return updated_node

    def visit_IndentedBlock(self, node: cst.IndentedBlock) -> None:
        self._depth += 1

    def leave_IndentedBlock(self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock) -> cst.IndentedBlock:
        self._depth -= 1
        return self._rewritten(original_node, updated_node, self._placed)

    def _rewritten(
        self,
        old: cst.IndentedBlock,
        new: cst.IndentedBlock,
        place: Callable[[cst.BaseStatement, cst.BaseStatement], list[_Placed]],
    ) -> cst.IndentedBlock:
        """A body with what takes the place of each of its statements. Comments above what is taken away stay."""
        placed: list[_Placed] = []
        comments: list[cst.EmptyLine] = []
        for was, now in zip(old.body, new.body, strict=True):
            here = place(was, now)
            if not here:
                comments += [line for line in getattr(was, "leading_lines", ()) if line.comment is not None]
            elif comments:
                here[0] = replace(here[0], statement=_with_lines(here[0].statement, comments))
                comments = []
            placed += here
        if not any(one.is_new for one in placed) and len(placed) == len(new.body):
            return new
        body = list(self.joined(placed))
        return new.with_changes(body=body or self._made("pass"), footer=[*comments, *new.footer])

    def _made(self, source: str) -> Sequence[cst.BaseStatement]:
        return statements(source, self._style)

    def _placed(self, old: cst.BaseStatement, new: cst.BaseStatement) -> list[_Placed]:
        if old in self._pieces:
            return list(self._instead(old))
        if isinstance(old, cst.With) and _batch_of(old) is not None and self._holds(old):
            assert isinstance(old.body, cst.IndentedBlock)
            return list(_with_lines_of(old, self._parted(old, old.body.body, old.body.footer)))
        return [_Placed(new)]

    def _holds(self, node: cst.CSTNode) -> bool:
        """Whether a statement that is replaced stands inside."""
        return node in self._pieces or any(self._holds(child) for child in node.children)

    def _instead(self, old: cst.BaseStatement) -> Iterator[_Placed]:
        """What takes the place of a statement. The comments above it stay above all of it, and the one behind it with the
        statement that was changed, or with the first."""
        assert isinstance(old, cst.SimpleStatementLine)
        self.left.discard(old)
        placed = [_Placed(_bare(one, old), piece.autocommit, True) for piece in self._pieces[old] for one in piece.statements]
        if not placed:
            return
        first = _with_lines(placed[0].statement, old.leading_lines)
        is_kept = any(_trailing_comment(one.statement) for one in placed)
        if not is_kept and isinstance(first, cst.SimpleStatementLine):
            first = first.with_changes(trailing_whitespace=old.trailing_whitespace)
        yield replace(placed[0], statement=first)
        yield from placed[1:]

    def _parted(
        self, batch: cst.With, body: Sequence[cst.BaseStatement | cst.BaseSmallStatement], footer: Sequence[cst.EmptyLine] = ()
    ) -> list[_Placed]:
        """Statements of a batch in order: what is taken out of it by itself, what lies between in batches of its own."""
        inside: list[cst.BaseStatement] = []
        parts: list[_Placed] = []
        for statement in body:
            assert isinstance(statement, cst.BaseStatement)
            if not self._holds(statement):
                inside.append(statement)
                continue
            parts += _in_batch(batch, inside)
            inside = []
            if statement in self._pieces:
                parts += self._instead(statement)
            else:
                parts.append(_Placed(self._lifted(batch, statement), False, True))
        rest = _in_batch(batch, inside, footer)
        if not rest and any(line.comment is not None for line in footer):
            raise NotPossible("a comment ends the batch")
        return [*parts, *rest]

    def _lifted(self, batch: cst.With, statement: cst.BaseStatement) -> cst.BaseStatement:
        """A branch inside of a batch as one outside of it, whose parts are batches of their own."""
        name = (_batch_of(batch) or ("", None))[0]
        if isinstance(statement, cst.If | cst.While) and _mentions(statement.test, name):
            raise NotPossible("a condition asks the batch")
        self._depth += 1
        self._in_autocommit += _is_autocommit(statement)
        lifted = statement.visit(_Bodies(lambda block: self._rewritten_batch(batch, block)))
        self._in_autocommit -= _is_autocommit(statement)
        self._depth -= 1
        assert isinstance(lifted, cst.BaseStatement)
        return lifted

    def _rewritten_batch(self, batch: cst.With, block: cst.IndentedBlock) -> cst.IndentedBlock:
        placed = self._parted(batch, block.body)
        return block.with_changes(body=list(self.joined(placed)) or self._made("pass"))

    def joined(self, placed: Sequence[_Placed]) -> Iterator[cst.BaseStatement]:
        """The statements of a body, new ones in the autocommit blocks that they stand in."""
        block: cst.With | None = None
        waiting: list[cst.BaseStatement] = []
        for one in placed:
            if one.is_new and one.autocommit and not self._in_autocommit:
                waiting.append(self._fitted(one.statement, self._depth + 2))
                continue
            if not one.is_new and _is_autocommit(one.statement):
                assert isinstance(one.statement, cst.With)
                if block is not None:
                    yield _filled(block, waiting, [])
                    block, waiting = one.statement, []
                else:
                    block, waiting = _filled(one.statement, [], waiting), []
                continue
            if block is not None:
                yield _filled(block, waiting, [])
            elif waiting:
                yield self._block(waiting)
            block, waiting = None, []
            yield self._fitted(one.statement, self._depth + 1) if one.is_new else one.statement
        if block is not None:
            yield _filled(block, waiting, [])
        elif waiting:
            yield self._block(waiting)

    def _block(self, inside: Sequence[cst.BaseStatement]) -> cst.With:
        """A new autocommit block. The comments above the first statement stand above the block."""
        lines: Sequence[cst.EmptyLine] = ()
        first = inside[0]
        if isinstance(first, cst.SimpleStatementLine):
            lines, first = first.leading_lines, first.with_changes(leading_lines=[])
        item = cst.WithItem(expression(f"{self._op}.get_context().autocommit_block()"))
        return cst.With([item], cst.IndentedBlock(_collapsed([first, *inside[1:]])), leading_lines=lines)

    def _fitted(self, statement: cst.BaseStatement, depth: int) -> cst.BaseStatement:
        match statement:
            case cst.SimpleStatementLine(body=[cst.Expr(value=cst.Call() as call)]):
                return statement.with_deep_changes(statement.body[0], value=fitted(call, self._style, depth))
            case _:
                return statement


def _bare(statement: cst.BaseStatement, old: cst.SimpleStatementLine) -> cst.BaseStatement:
    """A statement without the lines above it where they are those of the statement that it was made of."""
    lines = getattr(statement, "leading_lines", ())
    is_old = [code(line) for line in lines] == [code(line) for line in old.leading_lines]
    return statement.with_changes(leading_lines=[]) if is_old else statement


def _with_lines(statement: cst.BaseStatement, lines: Sequence[cst.EmptyLine]) -> cst.BaseStatement:
    return statement.with_changes(leading_lines=[*lines, *getattr(statement, "leading_lines", ())]) if lines else statement


def _trailing_comment(statement: cst.BaseStatement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and statement.trailing_whitespace.comment is not None


def _filled(block: cst.With, behind: Sequence[cst.BaseStatement], before: Sequence[cst.BaseStatement]) -> cst.With:
    """A block with more statements in it."""
    if not behind and not before:
        return block
    assert isinstance(block.body, cst.IndentedBlock)
    return block.with_changes(body=block.body.with_changes(body=_collapsed([*before, *block.body.body, *behind])))


def _collapsed(inside: Sequence[cst.BaseStatement]) -> Sequence[cst.BaseStatement]:
    """Statements of one block without the lock_timeout that is reset and set again between two of them."""
    kept: list[cst.BaseStatement] = []
    for statement in inside:
        if kept and "RESET lock_timeout" in code(kept[-1]) and "SET lock_timeout = 0" in code(statement):
            kept.pop()
        else:
            kept.append(statement)
    return kept


class _Bodies(cst.CSTTransformer):
    """The bodies of one compound statement, each changed as a whole."""

    def __init__(self, change: Callable[[cst.IndentedBlock], cst.IndentedBlock]) -> None:
        super().__init__()
        self._change = change

    def visit_IndentedBlock(self, node: cst.IndentedBlock) -> bool:
        return False

    def leave_IndentedBlock(self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock) -> cst.IndentedBlock:
        return self._change(original_node)


def _mentions(node: cst.CSTNode, name: str) -> bool:
    return (isinstance(node, cst.Name) and node.value == name) or any(_mentions(child, name) for child in node.children)


def _in_batch(batch: cst.With, inside: Sequence[cst.BaseStatement], footer: Sequence[cst.EmptyLine] = ()) -> list[_Placed]:
    """Statements in a batch of their own, where one of them is sent through it."""
    name = (_batch_of(batch) or ("", None))[0]
    if not any(_mentions(statement, name) for statement in inside):
        return [_Placed(statement, False, True) for statement in inside]
    assert isinstance(batch.body, cst.IndentedBlock)
    body = batch.body.with_changes(body=inside, footer=footer)
    return [_Placed(batch.with_changes(body=body, leading_lines=[]), False, True)]


def _with_lines_of(batch: cst.With, parts: Sequence[_Placed]) -> Iterator[_Placed]:
    """Parts of a batch, of which the first has the comments above it."""
    for number, part in enumerate(parts):
        yield replace(part, statement=_with_lines(part.statement, batch.leading_lines)) if number == 0 else part
