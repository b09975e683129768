"""Where a migration's statements stand with regard to transactions, followed along the code."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.operations import Transaction
from sqla_lsp.syntax.values import CallValue, Member, Value

_ENDING = {"COMMIT", "END", "ROLLBACK", "ABORT"}
_BEGINNING = {"BEGIN", "START TRANSACTION", "START"}


_OUTER = Transaction()


class Way(msgspec.Struct, frozen=True):
    """The transaction at one point of one way through the code, whether COMMIT ended Alembic's own for
    good, and whether an autocommit block is around it."""

    transaction: Transaction = _OUTER
    committed: bool = False
    in_block: bool = False


class Transactions:
    """Numbers are given in the order of the code and never twice."""

    def __init__(self) -> None:
        self.way = Way()
        self._last = 0

    @property
    def now(self) -> Transaction:
        return self.way.transaction

    def _next(self) -> int:
        self._last += 1
        return self._last

    def enter_block(self) -> Transaction:
        """An autocommit_block begins. Gives the transaction to return to."""
        outer = self.now
        self.way = replace(self.way, transaction=Transaction(self._next(), True, "block"), in_block=True)
        return outer

    def leave_block(self) -> None:
        """It ends: Alembic begins a new transaction, unless it sits on a connection that is outside of one."""
        after = Transaction(self._next(), True, "commit") if self.way.committed else Transaction(self._next(), False, "")
        self.way = replace(self.way, transaction=after, in_block=False)

    def statement(self, kind: str) -> None:
        """COMMIT, BEGIN and the like as a statement of their own."""
        if self.way.in_block:
            if kind in _ENDING or kind in _BEGINNING:
                ends = kind in _ENDING
                self.way = replace(self.way, transaction=Transaction(self._next(), ends, "block" if ends else ""))
        elif kind in _ENDING:
            self.way = Way(Transaction(self._next(), True, "commit"), True)
        elif kind in _BEGINNING and self.way.committed:
            self.way = Way(Transaction(self._next(), False, ""), True)

    def commit(self) -> None:
        """`connection.commit()`: another transaction begins with the next statement."""
        if not self.now.autocommit:
            self.way = replace(self.way, transaction=Transaction(self._next(), False, ""))

    def not_told(self) -> None:
        """From here on nobody can tell (the driver was told to change its mode)."""
        self.way = replace(self.way, transaction=Transaction(self._next(), None, "connection"))

    def of_connection(self, base: Value) -> Transaction:
        """The transaction of a statement that `base.execute(...)` sends."""
        isolation = _isolation(base)
        if isolation is None:
            return self.now
        if isinstance(isolation, str):
            return Transaction(self._next(), True, "connection") if isolation.upper() == "AUTOCOMMIT" else self.now
        return Transaction(self._next(), None, "connection")

    @staticmethod
    def joined(one: Way, other: Way) -> Way:
        """The way after two came together: a transaction that only one of them is in cannot be told."""
        if one == other:
            return one
        first, second = one.transaction, other.transaction
        same = first.autocommit is second.autocommit
        later = max(first, second, key=lambda transaction: transaction.number)
        joined = later if same else Transaction(later.number, None, later.means or first.means or second.means)
        return Way(joined, one.committed or other.committed, one.in_block or other.in_block)


def _isolation(value: Value) -> str | Unknown | None:
    """The isolation level that `execution_options(isolation_level=...)` or `create_engine` gave a connection; None for none."""
    while True:
        if isinstance(value, CallValue):
            if "isolation_level" in value.keywords:
                level = value.keywords["isolation_level"]
                return level if isinstance(level, str) else Unknown("the isolation level is not known")
            value = value.function
        elif isinstance(value, Member):
            value = value.base
        else:
            return None
