"""What a statement does to other people, in words."""

from __future__ import annotations

from sqla_lsp.postgres.locking.modes import Lock, Waiting, waiting
from sqla_lsp.preview.migration import Statement

_WORDS: dict[Waiting, str] = {"reads": "reads", "writes": "writes", "migrations": "other migrations"}


def waits(statement: Statement) -> tuple[Waiting, ...]:
    """What waits for the statement, on relations that others know of."""
    found = {who for lock in foreign(statement) for who in waiting(lock.mode)}
    return tuple([who for who in _WORDS if who in found])


def foreign(statement: Statement) -> tuple[Lock, ...]:
    """The locks on relations that the function did not make itself."""
    made = {*statement.new, *statement.effect.builds}
    return tuple([lock for lock in statement.effect.locks if lock.relation not in made])


def sentences(statement: Statement) -> list[str]:
    """What the statement does, a sentence for each thing."""
    done = statement.effect
    found = [f"{lock.mode} on {lock.relation}{_waiting(lock)}" for lock in foreign(statement)]
    if done.rewrites:
        found.append(f"writes {_listed(done.rewrites)} anew")
    scanned = [table for table in done.scans or () if table not in (done.rewrites or ()) and table not in statement.new]
    if scanned:
        found.append(f"reads all of {_listed(scanned)}")
    built = [index for index in done.builds if not statement.new.intersection(done.scans or ())] if done.scans else []
    if built:
        found.append(f"builds {_listed(built)}")
    if is_quick(statement):
        found.append("changes the catalog only: done in a moment, once it has its locks")
    found += done.not_known if statement.sql is not None else ()
    return found or ["nobody waits"]


def is_quick(statement: Statement) -> bool:
    """Whether others wait for the statement, but no longer than for a change of the catalog."""
    done = statement.effect
    return bool(waits(statement)) and done.rewrites == () and done.scans == () and not done.builds


def _waiting(lock: Lock) -> str:
    who = [_WORDS[one] for one in waiting(lock.mode)]
    return f": {_listed(who)} wait" if who else ""


def _listed(names: list[str] | tuple[str, ...]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last
