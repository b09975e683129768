"""What statements do to other people, in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sqla_lsp.postgres.locking.modes import MODES, Lock, Mode, Waiting, is_weaker, waiting
from sqla_lsp.preview.migration import Preview, Statement
from sqla_lsp.schema.operations import Transaction

_WORDS: dict[Waiting, str] = {"reads": "reads", "writes": "writes", "migrations": "other migrations"}

_MOST = 2
"""So many relations are named where there is one line for everything."""


def waits(statement: Statement) -> tuple[Waiting, ...]:
    """What waits for the statement, on relations that others know of."""
    found = {who for lock in statement.foreign for who in waiting(lock.mode)}
    return tuple([who for who in _WORDS if who in found])


def sentences(statement: Statement) -> list[str]:
    """What the statement does, a sentence for each thing."""
    done = statement.effect
    found = _locks(_told(statement), done.changes)
    if done.rewrites:
        found.append(f"empties {_listed(done.rewrites)}" if done.empties else f"writes {_listed(done.rewrites)} anew")
    scanned = [table for table in done.scans or () if table not in (done.rewrites or ()) and table not in statement.new]
    if scanned:
        found.append(f"reads all of {_listed(scanned)}")
    built = [index for index in done.builds if not statement.new.intersection(done.scans or ())] if done.scans else []
    if built:
        found.append(f"builds {_listed(built)}")
    if is_quick(statement):
        found.append("changes the catalog only: done in a moment, once it has its locks")
    elif done.lasting == "others":
        found.append("waits until the transactions that use the table have ended")
    elif statement.lasts:
        tables = [lock for lock in statement.held if not lock.of]
        found += [f"meanwhile its transaction holds {held}" for held in _locks(tables)]
    found += done.not_known if statement.sql is not None else ()
    return found or ["takes no lock that others wait for" if statement.held else "nobody waits"]


def _told(statement: Statement) -> list[Lock]:
    """The locks of a statement that are worth a word: indexes and sequences go without saying where their table is locked as
    strongly, and so do plain reads."""
    locks = statement.foreign
    modes = {lock.relation: lock.mode for lock in locks}
    return [
        lock
        for lock in locks
        if (lock.mode != "ACCESS SHARE" if not lock.of else waiting(lock.mode) and modes.get(lock.of) != lock.mode)
    ]


def is_quick(statement: Statement) -> bool:
    """Whether others wait for the statement, but no longer than for a change of the catalog."""
    done = statement.effect
    return bool(waits(statement)) and done.lasting == "catalog" and done.rewrites == () and done.scans == ()


def lifetime(transaction: Transaction, made: Preview) -> str:
    """Where a statement of a preview stands, and how long its locks live."""
    if transaction.autocommit is None:
        return "in a transaction or in autocommit, which is not known"
    if transaction.autocommit:
        return "in autocommit: locks live as long as their statement"
    if made.one_transaction is None:
        return "in a transaction: locks live until it ends"
    if made.one_transaction:
        return "in the transaction of the whole run: locks live until its last revision is done, or an autocommit block begins"
    return "in a transaction of its own: locks live until it ends"


def strongest(statements: Sequence[Statement]) -> tuple[Mode, tuple[str, ...]] | None:
    """The strongest lock on what others know of, and the relations that it is taken on, without the indexes and sequences of
    tables that are among them; None where rows are read at most."""
    locks = [lock for statement in statements for lock in statement.foreign if not is_weaker(lock.mode, "ROW EXCLUSIVE")]
    if not locks:
        return None
    mode = max((lock.mode for lock in locks), key=MODES.index)
    held = {lock.relation: lock.of for lock in locks if lock.mode == mode}
    return mode, tuple([relation for relation, table in held.items() if table == relation or table not in held])


def summary(statements: Sequence[Statement]) -> str:
    """What a function does, on one line: the strongest lock, the transactions, and how much is not known."""
    if not statements:
        return "sends nothing"
    known = [statement for statement in statements if statement.sql is not None]
    parts = []
    if (lock := strongest(known)) is not None:
        parts.append(f"{lock[0]} on {_shortened(lock[1])}")
    elif any(statement.effect.not_known for statement in known):
        parts.append("who waits is not known")
    elif known == list(statements):
        parts.append("nobody waits")
    transactions = {statement.transaction.number for statement in known if not statement.transaction.autocommit}
    alone = sum(statement.transaction.autocommit is True for statement in known)
    parts += [_counted(len(transactions), "transaction")] if transactions else []
    parts += [f"{_counted(alone, 'statement')} in autocommit"] if alone else []
    unknown = len({statement.place for statement in statements if statement.sql is None})
    parts += [f"{_counted(unknown, 'call')} not known"] if unknown else []
    return " · ".join(parts)


def _shortened(names: tuple[str, ...]) -> str:
    return _listed(names) if len(names) <= _MOST else f"{', '.join(names[:_MOST])} and {len(names) - _MOST} more"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _locks(locks: Sequence[Lock], changes: tuple[str, ...] = ()) -> list[str]:
    """Locks that are sorted by their modes, a phrase for each mode; `changes` are the tables of which rows are changed."""
    modes = groupby(locks, key=lambda lock: (lock.mode, lock.relation in changes))
    return [
        f"{mode} on {_listed([lock.relation for lock in group])}{_waiting(mode, changes=changed)}"
        for (mode, changed), group in modes
    ]


def _waiting(mode: Mode, *, changes: bool) -> str:
    who = [_WORDS[one] for one in waiting(mode)] or (["writes of the same rows"] if changes else [])
    return f": {_listed(who)} wait" if who else ""


def _listed(names: list[str] | tuple[str, ...]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last
