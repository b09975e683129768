"""The blocks of a function when some of its statements are replaced by others, of which some stand in autocommit blocks.

Neighbours that stand in such a block share it, a block that is there already is joined, and a `batch_alter_table` is parted
around what is taken out of it, so that the order stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from sqla_lsp.fixes.calls import code, expression, has_comment, last_name, statements
from sqla_lsp.fixes.fitting import fitted
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.style import Style


@dataclass(frozen=True)
class Placed:
    """A statement of a body that is being written anew. `autocommit` says that it is to stand in an autocommit block, which
    begins with what `op` is called there; `is_new` that it was not there before."""

    statement: cst.BaseStatement
    autocommit: bool = False
    is_new: bool = False
    op: str = "op"


@dataclass(frozen=True)
class Instead:
    """What takes the place of a statement; where that is nothing, the comments of it that stay."""

    statements: Sequence[Placed]
    comments: Sequence[cst.Comment] = ()


def batch_of(block: cst.With) -> tuple[str, cst.Call] | None:
    """What a `batch_alter_table` is called in its block, and its call; None for other blocks."""
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


class Writer(cst.CSTTransformer):
    """Puts other statements in the places of some, in a function whose source is given. `left` are those whose place was not
    met."""

    def __init__(self, instead: Mapping[cst.BaseStatement, Instead], style: Style, source: str = "") -> None:
        super().__init__()
        self._instead_of = instead
        self._style = style
        self._source = source
        self._dangling: list[cst.EmptyLine] = []
        self._depth = 0
        self._in_autocommit = 0
        self.left = set(instead)

    def visit_With(self, node: cst.With) -> bool:
        self._in_autocommit += _is_autocommit(node)
        return batch_of(node) is None or self._stays(node)  # what leaves a batch is parted by the block around it

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
        place: Callable[[cst.BaseStatement, cst.BaseStatement], list[Placed]],
    ) -> cst.IndentedBlock:
        """A body with what takes the place of each of its statements. Comments above what is taken away stay."""
        placed: list[Placed] = []
        comments: list[cst.EmptyLine] = []
        for was, now in zip(old.body, new.body, strict=True):
            here = place(was, now)
            if not here:
                comments += _comments_above(was)
            elif comments:
                here[0] = replace(here[0], statement=_with_lines(here[0].statement, comments))
                comments = []
            comments += self._dangling
            self._dangling = []
            placed += here
        if not any(one.is_new for one in placed) and len(placed) == len(new.body):
            return new
        body = list(self.joined(placed))
        if not body:
            [nothing] = self._made("pass")
            return new.with_changes(body=[_with_lines(nothing, comments)])
        return new.with_changes(body=body, footer=[*comments, *new.footer])

    def _made(self, source: str) -> Sequence[cst.BaseStatement]:
        return statements(source, self._style)

    def _placed(self, old: cst.BaseStatement, new: cst.BaseStatement) -> list[Placed]:
        if old in self._instead_of:
            return list(self._instead(old))
        if isinstance(old, cst.With) and batch_of(old) is not None and self._holds(old) and not self._stays(old):
            assert isinstance(old.body, cst.IndentedBlock)
            parts = self._parted(old, old.body.body, old.body.footer)
            if not parts and old.body.header.comment is not None:
                self._dangling.insert(0, cst.EmptyLine(comment=old.body.header.comment))
            return list(_around(old, parts))
        return [Placed(new)]

    def _holds(self, node: cst.CSTNode) -> bool:
        """Whether a statement that is replaced stands inside."""
        return node in self._instead_of or any(self._holds(child) for child in node.children)

    def _stays(self, batch: cst.With) -> bool:
        """Whether all that takes the place of statements of a batch is sent through it, too."""
        name = (batch_of(batch) or ("", None))[0]
        made = [self._instead_of[one] for one in _statements_in(batch) if one in self._instead_of]
        return all(
            one.statements and all(not new.autocommit and _mentions(new.statement, name) for new in one.statements)
            for one in made
        )

    def _instead(self, old: cst.BaseStatement) -> Iterator[Placed]:
        """What takes the place of a statement. The comments above it stay above all of it, and the one behind it with the
        statement that was changed, or with the first."""
        assert isinstance(old, cst.SimpleStatementLine)
        self.left.discard(old)
        made = self._instead_of[old]
        self._dangling += [cst.EmptyLine(comment=comment) for comment in made.comments]
        placed = [replace(one, statement=_bare(one.statement, old)) for one in made.statements]
        if not placed:
            return
        ending = [number for number, one in enumerate(placed) if _has_trailing_comment(one.statement)] or [0]
        for number, one in enumerate(placed):
            statement = _with_lines(one.statement, old.leading_lines) if number == 0 else one.statement
            if isinstance(statement, cst.SimpleStatementLine):
                end = old.trailing_whitespace if number == ending[-1] else cst.TrailingWhitespace()
                statement = statement.with_changes(trailing_whitespace=end)
            yield replace(one, statement=statement)

    def _parted(
        self, batch: cst.With, body: Sequence[cst.BaseStatement | cst.BaseSmallStatement], footer: Sequence[cst.EmptyLine] = ()
    ) -> list[Placed]:
        """Statements of a batch in order: what is taken out of it by itself, what lies between in batches of its own."""
        inside: list[cst.BaseStatement] = []
        parts: list[Placed] = []
        for statement in body:
            assert isinstance(statement, cst.BaseStatement)
            if not self._holds(statement):
                inside.append(statement)
                continue
            parts += _in_batch(batch, inside)
            inside = []
            if statement in self._instead_of:
                instead = list(self._instead(statement))
                self._dangling += _comments_above(statement) if not instead else []
                parts += instead
            else:
                parts.append(Placed(self._lifted(batch, statement), False, True))
        rest = _in_batch(batch, inside, footer)
        if not rest:
            self._dangling += [line for line in footer if line.comment is not None]
        return [*parts, *rest]

    def _lifted(self, batch: cst.With, statement: cst.BaseStatement) -> cst.BaseStatement:
        """A branch inside of a batch as one outside of it, whose parts are batches of their own."""
        name = (batch_of(batch) or ("", None))[0]
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

    def joined(self, placed: Sequence[Placed]) -> Iterator[cst.BaseStatement]:
        """The statements of a body, new ones in the autocommit blocks that they stand in."""
        block: cst.With | None = None
        waiting: list[Placed] = []
        for one in placed:
            if one.is_new and one.autocommit and not self._in_autocommit:
                waiting.append(replace(one, statement=self._fitted(one.statement, self._depth + 2)))
                continue
            if not one.is_new and _is_autocommit(one.statement):
                assert isinstance(one.statement, cst.With)
                if block is not None:
                    yield _filled(block, waiting)
                    block = one.statement
                else:
                    block = _begun(waiting, one.statement)
                waiting = []
                continue
            if block is not None:
                yield _filled(block, waiting)
            elif waiting:
                yield _block(waiting)
            block, waiting = None, []
            yield self._fitted(one.statement, self._depth + 1) if one.is_new else one.statement
        if block is not None:
            yield _filled(block, waiting)
        elif waiting:
            yield _block(waiting)

    def _fitted(self, statement: cst.BaseStatement, depth: int) -> cst.BaseStatement:
        match statement:
            case cst.SimpleStatementLine(body=[cst.Expr(value=cst.Call() as call)], trailing_whitespace=end):
                behind = len(code(end).rstrip())
                new = fitted(call, self._style, depth, behind=behind, known=self._source)
                return statement if new is call else statement.with_deep_changes(statement.body[0], value=new)
            case _:
                return statement


def _block(inside: Sequence[Placed]) -> cst.With:
    """A new autocommit block. The comments above the first statement stand above the block."""
    lines, body = _headed(inside)
    item = cst.WithItem(expression(f"{inside[0].op}.get_context().autocommit_block()"))
    return cst.With([item], cst.IndentedBlock(_collapsed(body)), leading_lines=lines)


def _begun(inside: Sequence[Placed], block: cst.With) -> cst.With:
    """A block that begins with more statements. The comments above it stay above its first statement."""
    if not inside:
        return block
    assert isinstance(block.body, cst.IndentedBlock)
    lines, body = _headed(inside)
    first, *rest = block.body.body
    assert isinstance(first, cst.BaseStatement)
    comments = [line for line in block.leading_lines if line.comment is not None]
    body = [*body, _with_lines(first, comments), *[one for one in rest if isinstance(one, cst.BaseStatement)]]
    return block.with_changes(body=block.body.with_changes(body=_collapsed(body)), leading_lines=lines)


def _headed(inside: Sequence[Placed]) -> tuple[Sequence[cst.EmptyLine], list[cst.BaseStatement]]:
    """The comments above the first of some statements, and the statements without them."""
    first = inside[0].statement
    lines: Sequence[cst.EmptyLine] = getattr(first, "leading_lines", ())
    return lines, [first.with_changes(leading_lines=[]), *[one.statement for one in inside[1:]]]


def _filled(block: cst.With, inside: Sequence[Placed]) -> cst.With:
    """A block with more statements at its end. The comments that end it stay before them."""
    if not inside:
        return block
    assert isinstance(block.body, cst.IndentedBlock)
    first, *rest = [one.statement for one in inside]
    before = [one for one in block.body.body if isinstance(one, cst.BaseStatement)]
    body = _collapsed([*before, _with_lines(first, block.body.footer), *rest])
    return block.with_changes(body=block.body.with_changes(body=body, footer=[]))


def _bare(statement: cst.BaseStatement, old: cst.SimpleStatementLine) -> cst.BaseStatement:
    """A statement without the lines above it where they are those of the statement that it was made of."""
    lines = getattr(statement, "leading_lines", ())
    is_old = [code(line) for line in lines] == [code(line) for line in old.leading_lines]
    return statement.with_changes(leading_lines=[]) if is_old else statement


def _statements_in(node: cst.CSTNode) -> Iterator[cst.BaseStatement]:
    for child in node.children:
        if isinstance(child, cst.BaseStatement):
            yield child
        yield from _statements_in(child)


def _comments_above(statement: cst.BaseStatement | cst.BaseSmallStatement) -> list[cst.EmptyLine]:
    return [line for line in getattr(statement, "leading_lines", ()) if line.comment is not None]


def _with_lines(statement: cst.BaseStatement, lines: Sequence[cst.EmptyLine]) -> cst.BaseStatement:
    return statement.with_changes(leading_lines=[*lines, *getattr(statement, "leading_lines", ())]) if lines else statement


def _has_trailing_comment(statement: cst.BaseStatement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and statement.trailing_whitespace.comment is not None


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


def _in_batch(batch: cst.With, inside: Sequence[cst.BaseStatement], footer: Sequence[cst.EmptyLine] = ()) -> list[Placed]:
    """Statements in a batch of their own, where one of them is sent through it."""
    name = (batch_of(batch) or ("", None))[0]
    if not any(_mentions(statement, name) for statement in inside):
        if inside and any(line.comment is not None for line in footer):
            raise NotPossible("a comment ends the batch")
        return [Placed(statement, False, True) for statement in inside]
    assert isinstance(batch.body, cst.IndentedBlock)
    body = batch.body.with_changes(body=inside, footer=footer, header=cst.TrailingWhitespace())
    return [Placed(batch.with_changes(body=body, leading_lines=[]), False, True)]


def _around(batch: cst.With, parts: Sequence[Placed]) -> Iterator[Placed]:
    """Parts of a batch with the comments of the batch itself: those above it above the first part, the one behind its head with
    the first part that is a batch."""
    assert isinstance(batch.body, cst.IndentedBlock)
    header, lines = batch.body.header, [*batch.leading_lines]
    heads = [
        number for number, part in enumerate(parts) if isinstance(part.statement, cst.With) and _is_part(batch, part.statement)
    ]
    if header.comment is not None and not heads:
        lines.append(cst.EmptyLine(comment=header.comment))
    if any(has_comment(item) for item in batch.items) and len(heads) != 1:
        raise NotPossible("a comment stands in the head of the batch")
    for number, part in enumerate(parts):
        statement = part.statement
        if number in heads[:1] and isinstance(statement, cst.With):
            statement = statement.with_deep_changes(statement.body, header=header)
        yield replace(part, statement=_with_lines(statement, lines) if number == 0 else statement)


def _is_part(batch: cst.With, statement: cst.BaseStatement) -> bool:
    return isinstance(statement, cst.With) and statement.items is batch.items
