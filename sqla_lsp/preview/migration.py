"""A revision as what it sends to Postgres: statement by statement, with the locks that each takes and the transaction that it
stands in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from sqla_lsp.postgres.locking.effects import effect
from sqla_lsp.postgres.locking.modes import MODES, Effect, Lock, is_weaker, waiting
from sqla_lsp.postgres.sql import read_sql
from sqla_lsp.preview.objects import NotKnown
from sqla_lsp.preview.rendering import Fails, Renderer
from sqla_lsp.project.history import RevisionHistory, ScriptHistory
from sqla_lsp.project.project import Project
from sqla_lsp.project.replay import Schema, applied
from sqla_lsp.readers.recorder import Recorded, Recording
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.operations import AnyOperation, Script, Site, Transaction
from sqla_lsp.text.places import Place

Direction = Literal["upgrade", "downgrade"]
DIRECTIONS: tuple[Direction, ...] = ("upgrade", "downgrade")
_NOWHERE = Place(0, 0)
"""The place of what the file at hand says nothing of: its function is imported."""


class Statement(msgspec.Struct, frozen=True):
    """One statement that a call sends; `sql` is None where it is not known, with the `reason`. `place` is the call in the file at
    hand, `batch` the `batch_alter_table()` there that it is sent through. `conditional` says that it may be left out: it stands
    in a branch, in a `try`, or behind a call that `fails`, which Alembic or SQLAlchemy refuses. `new` are the relations that the
    function made, `held` the locks that earlier statements took and that still make others wait, `lasts` says that it takes as
    long as there are rows: those of a table that the function made and did not fill are none."""

    place: Place
    source: str
    sql: str | None
    reason: str
    effect: Effect
    transaction: Transaction
    conditional: bool
    new: frozenset[str] = frozenset()
    fails: bool = False
    batch: Place | None = None
    held: tuple[Lock, ...] = ()
    lasts: bool = False

    @property
    def foreign(self) -> tuple[Lock, ...]:
        """The locks on relations that the function did not make itself, the strongest first, tables before what is theirs."""
        made = {*self.new, *self.effect.builds}
        return _sorted([lock for lock in self.effect.locks if lock.relation not in made and lock.of not in made])


class Preview(msgspec.Struct, frozen=True):
    """Both functions of a revision; `places` are those of the functions that the file defines itself. `one_transaction` says that
    Alembic runs all revisions of a run in one transaction (None: not known)."""

    path: str
    revision: str
    upgrade: tuple[Statement, ...]
    downgrade: tuple[Statement, ...]
    one_transaction: bool | None
    places: Mapping[Direction, Place]

    def statements(self, direction: Direction) -> tuple[Statement, ...]:
        """The statements of one function."""
        return self.upgrade if direction == "upgrade" else self.downgrade


def preview(project: Project, path: str, proceed: Callable[[], None] = lambda: None) -> Preview | None:
    """What a revision sends; None for a file that is none. `proceed` is called in the midst of it, and may raise."""
    history = project.history(path)
    if history is None:
        return None
    version = project.settings(path).postgres_version
    recordings = {direction: project.calls(path, direction, proceed) for direction in DIRECTIONS}
    upgrade, downgrade = (
        tuple(_holding(_statements(recording, history, direction, version, proceed)))
        for direction, recording in recordings.items()
    )
    per_migration = history.environment.transaction_per_migration
    one = None if per_migration is None else not per_migration
    places = {direction: made.place for direction, made in recordings.items() if made.place is not None}
    return Preview(path, history.header.revision, upgrade, downgrade, one, places)


def _statements(
    recording: Recording, history: RevisionHistory, direction: Direction, version: int, proceed: Callable[[], None]
) -> Iterator[Statement]:
    """The statements of one function."""
    start = (history.upgrade if direction == "upgrade" else history.downgrade).start
    script = ScriptHistory(history, direction, Script(recording.operations), start)
    renderer = Renderer(recording.machine, history.environment.naming_convention)
    is_autocommit = history.environment.autocommit is True
    failed = False
    for recorded in recording.calls:
        proceed()
        before = script.before(recorded.number) if recorded.number < len(recording.operations) else script.end
        for statement in _of_call(recorded, renderer, before, version):
            conditional = statement.conditional or failed or recorded.sent.attempted
            transaction = _outside(statement.transaction) if is_autocommit else statement.transaction
            yield replace(statement, conditional=conditional, transaction=transaction)
            failed = failed or statement.fails
    if recording.missing:
        yield _unknown(Site(_NOWHERE, _NOWHERE, direction), recording.missing)


def _sorted(locks: Iterable[Lock]) -> tuple[Lock, ...]:
    return tuple(sorted(locks, key=lambda lock: (-MODES.index(lock.mode), lock.of != "", lock.relation)))


def _holding(statements: Iterable[Statement]) -> Iterator[Statement]:
    """The statements, each with what the function made and what its transaction holds before it."""
    transaction: Transaction | None = None
    held: dict[str, Lock] = {}
    made: set[str] = set()
    filled: set[str] = set()
    for statement in statements:
        done = statement.effect
        made |= set(done.makes)
        statement = replace(statement, new=statement.new | made, lasts=_lasts(statement, filled))
        filled |= _filled(statement, made)
        made |= statement.new
        if statement.transaction != transaction:
            transaction, held = statement.transaction, {}
        own = {lock.relation: lock.mode for lock in statement.foreign}
        kept = [lock for lock in held.values() if is_weaker(own.get(lock.relation, "ACCESS SHARE"), lock.mode)]
        yield replace(statement, held=_sorted(kept))
        for lock in statement.foreign if transaction.autocommit is False and not statement.conditional else ():
            before = held.get(lock.relation)
            if waiting(lock.mode) and (before is None or is_weaker(before.mode, lock.mode)):
                held[lock.relation] = lock


def _lasts(statement: Statement, filled: set[str]) -> bool:
    """Whether a statement takes as long as there are rows, `filled` being the tables that the function filled."""
    done = statement.effect
    if done.lasting == "query" or done.rewrites is None or done.scans is None:
        return True
    read = done.scans if done.empties else {*done.rewrites, *done.scans}
    return any(relation not in statement.new or relation in filled for relation in read)


def _filled(statement: Statement, made: set[str]) -> set[str]:
    """The relations that a statement writes rows to: those of a query into a new table too."""
    written = {lock.relation for lock in statement.effect.locks if lock.mode == "ROW EXCLUSIVE"}
    return written | (statement.new - made if statement.lasts else set())


def _outside(transaction: Transaction) -> Transaction:
    """Where a statement stands on a connection of env.py's that is in autocommit mode."""
    return replace(transaction, autocommit=True, means="connection") if transaction.autocommit is False else transaction


def _of_call(recorded: Recorded, renderer: Renderer, before: Schema, version: int) -> Iterator[Statement]:
    """The statements of one call, the schema moving on from each to the next."""
    site = recorded.sent.operations[0].site if recorded.sent.operations else recorded.sent.site
    batch = _batch(recorded)
    try:
        texts = renderer.render(recorded)
    except NotKnown as error:
        yield _unknown(site, str(error), fails=isinstance(error, Fails))
        return
    for text in texts:
        operations = _told(read_sql(text, site, binds=False), recorded.sent.operations)
        done = effect(operations, before, version)
        made = before.new
        for operation in operations:
            before = applied(before, operation, {})
            made |= before.new
        new = frozenset([table if schema is None else f"{schema}.{table}" for schema, table in made])
        yield Statement(_place(site), site.source, text, "", done, site.transaction, bool(site.arms), new, batch=batch)


def _told(rendered: Sequence[AnyOperation], given: Sequence[AnyOperation]) -> list[AnyOperation]:
    """The operations of a statement, with what only the call says: the type that a column has, the kind of a constraint."""
    types = {(made.table, made.column): made.existing for made in given if isinstance(made, ops.AlterType)}
    kinds = [made.kind for made in given if isinstance(made, ops.DropConstraint)]
    told: list[AnyOperation] = []
    for operation in rendered:
        match operation:
            case ops.AlterType(existing=None):
                operation = replace(operation, existing=types.get((operation.table, operation.column)))
            case ops.DropConstraint(kind=None) if kinds:
                operation = replace(operation, kind=kinds[0])
            case _:
                pass
        told.append(operation)
    return told


def _unknown(site: Site, reason: str, *, fails: bool = False) -> Statement:
    done = effect((ops.NotKnown(site, reason),), Schema(), 0)
    return Statement(_place(site), site.source, None, reason, done, site.transaction, bool(site.arms), fails=fails)


def _batch(recorded: Recorded) -> Place | None:
    """The `batch_alter_table()` in the file at hand that a call is sent through."""
    batch = recorded.sent.batch
    return None if batch is None or batch.place.path else batch.place


def _place(site: Site) -> Place:
    """Where a call stands in the file at hand: where that is another file's, the call that led there, if there is one."""
    if not site.place.path:
        return site.place
    return next((call for call in site.calls if not call.path), _NOWHERE)
