"""Bodies of migrations: statements in the order in which they run, in transactions and in autocommit blocks."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqla_lsp.fixes.style import Style, without_binds


@dataclass(frozen=True)
class Piece:
    """Statements that stand together: at indentation 0, with "\\n" at line ends and none at the end. `autocommit` says that they
    stand in an autocommit block."""

    text: str
    autocommit: bool = False


@dataclass
class Body:
    """A body that is being written. `op` is what the file calls Alembic's operations."""

    style: Style
    op: str = "op"
    _pieces: list[tuple[bool, list[str]]] = field(default_factory=list)
    _autocommit: bool = False

    @property
    def depth(self) -> int:
        """How deep the statements will be indented."""
        return 2 if self._autocommit else 1

    def autocommit(self) -> None:
        """What follows stands in an autocommit block."""
        self._autocommit = True

    def transaction(self) -> None:
        """What follows stands in a transaction."""
        self._autocommit = False

    def add(self, statement: str) -> None:
        """One statement, as Python."""
        if not self._pieces or self._pieces[-1][0] != self._autocommit:
            self._pieces.append((self._autocommit, []))
        self._pieces[-1][1].append(statement)

    def comment(self, text: str) -> None:
        """Why the statement that follows is there."""
        room = self.style.line_length - self.depth * len(self.style.indent.expandtabs(4)) - 2
        self.add("\n".join(f"# {line}" for line in textwrap.wrap(text, max(room, 40))))

    def sql(self, *lines: str) -> None:
        """One SQL statement: on one line where it fits, else line by line."""
        flat = " ".join(line.strip() for line in lines)
        short = self.style.execute(self.op, flat, depth=self.depth)
        room = self.style.line_length - self.depth * len(self.style.indent.expandtabs(4))
        in_one = len(short.split("\n")) <= 3  # where it needs several literals, lines of SQL read better
        if "\n" not in flat and in_one and all(len(line) <= room for line in short.split("\n")):
            self.add(short)
        else:
            self.block(*lines)

    def block(self, *lines: str) -> None:
        """One SQL statement, line by line."""
        text = without_binds("\n".join(lines)).replace("\\", "\\\\").replace('"""', '""\\"')
        indent = self.style.indent * self.depth
        self.add(f'{self.op}.execute("""\n{textwrap.indent(text, indent + self.style.indent)}\n{indent}""")')

    def patience(self) -> None:
        """Gives up after a while instead of making everybody wait in the queue behind it."""
        self.sql("SET LOCAL lock_timeout = '5s'")

    def pieces(self) -> tuple[Piece, ...]:
        """What was written."""
        return tuple(Piece("\n".join(statements), autocommit) for autocommit, statements in self._pieces)

    def text(self) -> str:
        """What was written, as the body of a function."""
        return body_of(self.pieces(), self.style, self.op)


def body_of(pieces: Iterable[Piece], style: Style, op: str = "op") -> str:
    """Pieces as the body of a function, not indented."""
    parts: list[str] = []
    for piece in pieces:
        if piece.autocommit:
            parts.append(f"with {op}.get_context().autocommit_block():\n{_indented(piece.text, style.indent)}")
        else:
            parts.append(piece.text)
    return "\n".join(parts)


def _indented(code: str, indent: str) -> str:
    """Code one level deeper; the lines of its SQL have their indentation already."""
    lines = []
    in_sql = False
    for line in code.split("\n"):
        lines.append(line if in_sql or not line else indent + line)
        in_sql ^= line.count('"""') % 2 == 1
    return "\n".join(lines)
