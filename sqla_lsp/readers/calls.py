"""The calls behind a migration's operations: what each sends, with its arguments as they were evaluated.

Facts keep operations alone. Who wants to render what a call sends evaluates the function again (`recorder`) and keeps the values
as long as that takes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from sqla_lsp.schema.operations import AnyOperation, Site, Transaction
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.values import CallValue


@dataclass(frozen=True, slots=True)
class SentCall:
    """One call that sends something: a directive of `op` or of a batch, an `execute`, the `create` or `drop` of a schema item, or
    another one, of which is only known that it sends something. `name` is the method's, `frame` where it was evaluated, and
    `batch` the `batch_alter_table(...)` that it is sent through. `attempted` says that it stands in a `try` that goes on where
    something fails."""

    kind: Literal["directive", "execute", "item", "other"]
    name: str
    call: CallValue
    frame: Frame
    site: Site
    operations: tuple[AnyOperation, ...]
    batch: CallValue | None = None
    attempted: bool = False

    def moved(self, transaction: Transaction) -> SentCall:
        """The call when it is sent in another transaction than the one that it was written in."""

        def at(site: Site) -> Site:
            return msgspec.structs.replace(site, transaction=transaction)

        operations = tuple([msgspec.structs.replace(operation, site=at(operation.site)) for operation in self.operations])
        return replace(self, site=at(self.site), operations=operations)
