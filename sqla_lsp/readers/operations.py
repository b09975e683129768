"""The host that listens to the evaluation of a migration and writes down what it sends to Postgres, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace

from sqla_lsp.postgres.identifiers import shortened
from sqla_lsp.readers.arguments import NOT_KNOWN, Arguments, base_of, last_name
from sqla_lsp.readers.calls import SentCall
from sqla_lsp.readers.directives import DIRECTIVES, SILENT, Given, create_table
from sqla_lsp.readers.execution import EXECUTES, executed
from sqla_lsp.readers.sqlalchemy_types import type_of
from sqla_lsp.readers.transactions import Transactions, Way
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.operations import AnyOperation, Site
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, FunctionValue, Member, Symbol, Template, Value, path_of

_OUR_ROOTS = ("alembic", "sqlalchemy", "builtins", "contextlib", "warnings", "tempfile", "time", "sqlmodel", "flask", "logging")
_MODES = ("set_isolation_level", "set_session", "set_autocommit")
_MEMBERS = frozenset({"name", "schema", "drivername", "__dialect__"})
"""Attributes of outside values of which something is known."""
_MEANT = EXECUTES | {"create", "drop", "create_all", "drop_all", "commit", "f"}
"""Names of functions of SQLAlchemy whose calls mean something to a migration; most calls build types and columns."""


@dataclass(slots=True)
class _Batch:
    """A `with op.batch_alter_table(...)` that is being evaluated; its operations are sent when it ends."""

    call: CallValue
    pending: list[SentCall] = field(default_factory=list)


State = tuple[Way, int, int]


class OperationsHost:
    """Writes down the operations of one function."""

    def __init__(self) -> None:
        self.operations: list[AnyOperation] = []
        self.transactions = Transactions()
        self._batches: list[_Batch] = []
        self._entered: list[ops.Transaction] = []
        self._stacks: list[tuple[Value, Value]] = []
        """Managers that were entered through an ExitStack, with the stack."""

    # ------------------------------------------------------------------------------------------- the machine's questions

    def heard(self) -> int:
        return len(self.operations) + sum(len(sent.operations) for batch in self._batches for sent in batch.pending)

    def state(self) -> State:
        return self.transactions.way, len(self._batches), len(self._entered)

    def restore(self, state: State) -> None:
        self.transactions.way, batches, entered = state
        while len(self._batches) > batches:  # what took too long was left in the middle of it
            self._flush(self._batches.pop())
        del self._entered[entered:]

    def joined(self, one: State, other: State) -> State:
        return Transactions.joined(one[0], other[0]), *one[1:]

    def member(self, base: Value, name: str) -> Value:
        """Tests of the dialect are answered as on Postgres."""
        if name not in _MEMBERS:
            return NotImplemented  # type: ignore[no-any-return]
        if name == "name" and last_name(base) in ("dialect", "engine", "__dialect__") and isinstance(base, Symbol | Member):
            return "postgresql"
        if name == "__dialect__":
            return "postgresql"
        if name in ("name", "schema") and isinstance(base, CallValue) and last_name(base) in ("Table", "create_table"):
            given = base.positional[0] if base.positional and name == "name" else base.keywords.get(name)
            return given if isinstance(given, str) else NotImplemented
        if name == "drivername" and last_name(base) == "url":
            return Template(("postgresql", Unknown("the driver is not known")))
        return NotImplemented  # type: ignore[no-any-return]

    def enter(self, machine: Machine, value: Value) -> Value:
        name = last_name(value)
        if isinstance(value, CallValue) and name == "batch_alter_table":
            self._batches.append(_Batch(value))
        elif name == "autocommit_block":
            self._entered.append(self.transactions.enter_block())
        elif _is_foreign(value):
            self._entered.append(self.transactions.now)
            self.transactions.not_told()
        return value

    def leave(self, machine: Machine, value: Value) -> None:
        name = last_name(value)
        if isinstance(value, CallValue) and name == "batch_alter_table":
            self._flush(self._batches.pop())
        elif name == "autocommit_block":
            self._entered.pop()
            self.transactions.leave_block()
        elif _is_foreign(value):
            outer = self._entered.pop()
            self.transactions.way = replace(self.transactions.way, transaction=outer)
        while self._stacks and self._stacks[-1][0] is value:
            self.leave(machine, self._stacks.pop()[1])

    def call(self, machine: Machine, frame: Frame, call: CallValue) -> Value:
        function = call.function
        name = last_name(function)
        path = path_of(function) or ""
        if path.startswith("sqlalchemy.") and name not in _MEANT:
            return call
        if path == "alembic.op.f" or (name == "f" and isinstance(function, Member) and self._is_operations(function.base)):
            given = call.positional[0] if call.positional else call.keywords.get("name", call)
            return shortened(given) if isinstance(given, str) else given
        if path == "builtins.isinstance":
            return _is_dialect(call)
        if path.startswith("alembic.op.") and path.count(".") == 2:
            self._directive(machine, frame, call, name, None)
        elif isinstance(function, Member) and self._is_operations(function.base):
            batch = function.base if last_name(function.base) == "batch_alter_table" else None
            self._directive(machine, frame, call, name, batch if isinstance(batch, CallValue) else None)
        else:
            self._other(machine, frame, call, name, path)
        return _result(call, name)

    # ----------------------------------------------------------------------------------------------------------- writing

    def sent(self, call: SentCall) -> None:
        """Takes over what one call sends, in the order in which Postgres sees it."""
        self.operations.extend(call.operations)

    def site(self, machine: Machine, frame: Frame, call: CallValue, source: str, emitted_by: str = "") -> Site:
        """Where an operation comes from."""
        return Site(
            call.place,
            frame.statement_place(),
            source,
            emitted_by,
            self.transactions.now,
            machine.calls,
            machine.arms,
            machine.round,
        )

    def _is_operations(self, base: Value) -> bool:
        """`Operations(context)` and `op.batch_alter_table(...)`."""
        if isinstance(base, Symbol):
            return base.path == "alembic.op"
        if not isinstance(base, CallValue):
            return False
        path = path_of(base) or ""
        return path.endswith((".Operations()", ".Operations.context()", ".batch_alter_table()"))

    def _directive(self, machine: Machine, frame: Frame, call: CallValue, name: str, batch: CallValue | None) -> None:
        source = f"{'op' if batch is None else 'batch_op'}.{name}"
        if name in EXECUTES:
            self._execute(machine, frame, call, source, ours=True)
            return
        directive = DIRECTIVES.get(name)
        site = partial(self.site, machine, frame, call, source)
        if directive is not None:
            made = tuple(directive(Given(machine, frame, call, batch, site)))
        elif name in SILENT:
            return
        else:
            made = (ops.NotKnown(site(), f"{source} is an operation of a plug-in"),)
        sent = SentCall("directive", name, call, frame, site(), made, batch, machine.attempts > 0)
        pending = next((b.pending for b in reversed(self._batches) if b.call is batch), None)
        if pending is None:
            self.sent(sent)
        else:
            pending.append(sent)

    def _flush(self, batch: _Batch) -> None:
        """Sends what a batch collected: in the transaction that it ends in."""
        now = self.transactions.now
        for call in batch.pending:
            then = call.site.transaction
            in_batch = then.means == "block" and then.number != now.number
            transaction = ops.Transaction(now.number, now.autocommit, now.means, in_batch)
            self.sent(call.moved(transaction))

    def _execute(self, machine: Machine, frame: Frame, call: CallValue, source: str, *, ours: bool) -> None:
        site = self.site(machine, frame, call, source)
        base = base_of(call)
        if base is not None:
            site = replace(site, transaction=self.transactions.of_connection(base))
        elsewhere = site.transaction
        made: list[AnyOperation] = []
        for operation in executed(call, site, ours=ours):
            if elsewhere is self.transactions.now or elsewhere == self.transactions.now:
                operation = replace(operation, site=replace(operation.site, transaction=self.transactions.now))
            made.append(operation)
            if isinstance(operation, ops.OtherStatement) and not operation.site.body:
                self.transactions.statement(operation.kind)
                elsewhere = self.transactions.now
        if made:
            self.sent(SentCall("execute", last_name(call), call, frame, site, tuple(made), None, machine.attempts > 0))

    def _other(self, machine: Machine, frame: Frame, call: CallValue, name: str, path: str) -> None:
        """Calls of what is not `op`: connections, sessions, tables, types."""
        base = base_of(call)
        if name in EXECUTES:
            source = f"connection.{name}" if name != "execute" or "session" not in path else "session.execute"
            self._execute(machine, frame, call, source, ours=_is_bound(base) or path.startswith("alembic."))
        elif name in ("create_all", "drop_all"):
            made = ops.NotKnown(self.site(machine, frame, call, name), f"what {name} makes is not read")
            self.sent(SentCall("other", name, call, frame, made.site, (made,)))
        elif name in ("create", "drop") and (isinstance(base, CallValue) or path.endswith(f"__table__.{name}")):
            self._schema_item(machine, frame, call, name, base)
        elif name == "commit" and not call.positional:
            self.transactions.commit()
        elif name in _MODES or (name == "__setattr__" and call.positional[0] in ("autocommit", "isolation_level")):
            self.transactions.not_told()
        elif name in ("enter_context", "enter_async_context") and len(call.positional) == 1:
            self._stacks.append((base, call.positional[0]))
            self.enter(machine, call.positional[0])
        elif not machine.abroad and frame.module is machine.home and path.startswith("builtins.globals()"):
            self._chosen_by_name(machine, frame)

    def _schema_item(self, machine: Machine, frame: Frame, call: CallValue, name: str, base: Value) -> None:
        """`Enum(...).create(bind)`, `Table(...).create(bind)`, `Index(...).create(bind)`."""
        site = partial(self.site, machine, frame, call, name)
        kind = last_name(base)
        made: list[AnyOperation] = []
        if kind in ("Enum", "ENUM", "DOMAIN"):
            type_ = type_of(machine, frame, base)
            if isinstance(type_, PgType) and type_.kind in ("enum", "domain"):
                made = [ops.CreateType(site(), type_) if name == "create" else ops.DropType(site(), type_.name)]
        elif kind == "Table" and isinstance(base, CallValue) and base.positional and isinstance(base.positional[0], str):
            schema = base.keywords.get("schema")
            table = TableName(base.positional[0], schema if isinstance(schema, str) else None)
            if name == "drop":
                made = [ops.DropTable(site(), table, Arguments(call, []).flag("checkfirst"))]
            elif len(base.positional) > 2:
                given = Given(machine, frame, call, None, site)
                made = list(create_table(given, table, base.positional[2:], base))
        elif kind in ("Index", "Table") or "__table__" in (path_of(call.function) or ""):
            made = [ops.NotKnown(site(), f"what .{name}() makes is not read")]
        if made or kind in ("Enum", "ENUM", "DOMAIN"):
            self.sent(SentCall("item", name, call, frame, site(), tuple(made)))

    def _chosen_by_name(self, machine: Machine, frame: Frame) -> None:
        """`globals()["upgrade_" + engine]()`, as Alembic's template for several databases writes: each of them may be meant."""
        from sqla_lsp.syntax.functions import call_function

        if not machine.active:
            return
        prefix = f"{getattr(machine.active[0], 'name', '')}_"
        module = machine.module_frame(frame.module)
        for name in [*module.variables, *module.pending]:
            function = machine.lookup(module, name) if name.startswith(prefix) else None
            if isinstance(function, FunctionValue):

                def way(function: FunctionValue = function) -> str:
                    call_function(machine, frame, function, (), {}, True, None)
                    return ""

                machine.perhaps(frame, way)


def _is_dialect(call: CallValue) -> Value:
    """`isinstance(bind.dialect, PGDialect)`."""
    if len(call.positional) != 2 or last_name(call.positional[0]) != "dialect":
        return NOT_KNOWN
    kinds = call.positional[1] if isinstance(call.positional[1], tuple) else (call.positional[1],)
    names = [last_name(kind).lower() for kind in kinds]
    if any(name.startswith(("pg", "postgres")) for name in names):
        return True
    return False if all(name.endswith("dialect") and len(name) > len("dialect") for name in names) else NOT_KNOWN


def _result(call: CallValue, name: str) -> Value:
    """What the call gives back, where that is known."""
    if name in ("get_backend_name", "get_dialect_name") and not call.positional:
        return "postgresql"
    if name in ("enter_context", "enter_async_context") and len(call.positional) == 1:
        return call.positional[0]
    return call


def _is_foreign(value: Value) -> bool:
    """A manager of which nobody knows what it does to the transaction."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, CallValue):
        path = path_of(value.function)
        return path is None or not path.startswith(_OUR_ROOTS)
    return False


def _is_bound(base: Value) -> bool:
    """Whether a connection or session comes from Alembic's own."""
    while base is not None:
        if isinstance(base, Symbol):
            return base.path.startswith("alembic.")
        if isinstance(base, CallValue):
            if any(_is_bound(value) for value in (*base.positional, *base.keywords.values()) if isinstance(value, CallValue)):
                return True
            base = base.function
        elif isinstance(base, Member):
            base = base.base
        else:
            return False
    return False
