"""What was read of the version before of an open file: models of statements that nothing reaches of what changed are taken again,
with the places that they have now."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from sqla_lsp.schema.models import Model, Models
from sqla_lsp.syntax import code
from sqla_lsp.syntax.machine import statements_by_name
from sqla_lsp.text.places import Place

_ENUMS = ("Enum", "Flag")
_WORD = re.compile(r"\w+")


class KnownModels:
    """The memory of one open file. It must be forgotten when a module changes that the file was read with."""

    def __init__(self) -> None:
        self.models = Models()
        self._blocks: tuple[code.Block, ...] = ()
        self._read: dict[int, dict[str, Model]] = {}
        self._mentions: dict[int, _Mentions] = {}
        self._bound: dict[int, frozenset[str]] = {}

    def reusable(self, blocks: Sequence[code.Block]) -> dict[int, dict[str, Model]]:
        """The models of statements that still hold, by the identity of the statement."""
        if not self._blocks:
            return {}
        now = {id(block.statement): block for block in blocks}
        before = {id(block.statement): block for block in self._blocks}
        same = now.keys() & before.keys()
        dirty = self._reached(blocks, [block for block in (*blocks, *self._blocks) if id(block.statement) not in same])
        move = _Moves(self._blocks, now)
        return {
            key: {name: move.model(model) for name, model in self._read[key].items()}
            for key, block in now.items()
            if key in before and key in self._read and not (dirty & self._names(block) or self._is_reached(block, dirty))
        }

    def keep(self, blocks: tuple[code.Block, ...], read: dict[int, dict[str, Model]], models: Models) -> None:
        """Takes over what was read of the newest version."""
        self._blocks, self._read, self.models = blocks, read, models
        alive = {id(block.statement) for block in blocks}
        self._mentions = {key: names for key, names in self._mentions.items() if key in alive}
        self._bound = {key: names for key, names in self._bound.items() if key in alive}

    def _reached(self, blocks: Sequence[code.Block], changed: Sequence[code.Block]) -> set[str]:
        """The names whose meaning may be another one, also `class name` for those that may be no class any more or another one:
        what changed statements bind, what statements bind that go by these, and what is declared by calls alone."""
        dirty = {name for block in changed for name in self._names(block)}
        dirty |= {f"class {name}" for name in _other_headers(changed)}
        dirty |= self._declared_on((*blocks, *changed))
        grows = bool(dirty)
        while grows:
            reached = {name for block in blocks if self._is_reached(block, dirty) for name in self._names(block)}
            reached |= {f"class {name}" for name in reached if not name.startswith("class ") and f"class {name}" in dirty}
            grows = not reached <= dirty
            dirty |= reached
        if "*" in dirty:
            dirty |= {name for block in blocks for name in self._names(block)}
        return dirty

    def _declared_on(self, blocks: Sequence[code.Block]) -> set[str]:
        """The names of what statements may declare something on that bind nothing, also by another name of it."""
        found: set[str] = set()
        for block in blocks:
            if isinstance(block.statement, code.Evaluate | code.For | code.If | code.Try | code.With):
                found |= self._mentioned(block).inside
        grows = bool(found)
        while grows:
            behind = {
                name
                for block in blocks
                if isinstance(block.statement, code.Assign) and not found.isdisjoint(self._names(block))
                for name in self._mentioned(block).inside
            }
            grows = not behind <= found
            found |= behind
        return found

    def _is_reached(self, block: code.Block, dirty: set[str]) -> bool:
        """Whether a statement goes by one of some names. An annotation goes by what a name is, not by what is in it."""
        mentioned = self._mentioned(block)
        return bool(dirty & mentioned.inside) or any(f"class {name}" in dirty for name in mentioned.annotations)

    def _names(self, block: code.Block) -> frozenset[str]:
        """The names that a statement binds or changes."""
        key = id(block.statement)
        if key not in self._bound:
            self._bound[key] = frozenset(statements_by_name([block]))
        return self._bound[key]

    def _mentioned(self, block: code.Block) -> _Mentions:
        key = id(block.statement)
        if key not in self._mentions:
            self._mentions[key] = _mentions_of(block.statement)
        return self._mentions[key]


class _Mentions(NamedTuple):
    """The names that a statement speaks of: in annotations, where strings count too, and elsewhere."""

    annotations: frozenset[str]
    inside: frozenset[str]


def _other_headers(changed: Sequence[code.Block]) -> set[str]:
    """The names among changed statements that are not bound to a class with the same bases before and after."""
    headers: dict[str, list[object]] = {}
    for block in changed:
        statement = block.statement
        if isinstance(statement, code.Class):
            arguments: list[object] = [(argument.keyword, _plain(argument.value)) for argument in statement.arguments]
            if any(code.last_name(argument.value).endswith(_ENUMS) for argument in statement.arguments):
                arguments.append(_plain(statement.body))  # its members are the labels of a type
            headers.setdefault(statement.name, []).append((arguments, [_plain(d) for d in statement.decorators]))
        else:
            for name in statements_by_name([block]):
                headers.setdefault(name, []).append(object())
    return {name for name, found in headers.items() if len(found) != 2 or found[0] != found[1]}


def _plain(node: Any) -> object:
    """A piece of code without its positions."""
    if isinstance(node, msgspec.Struct):
        fields = [field for field in node.__struct_fields__ if field not in ("start", "end")]
        return (type(node).__name__, *[_plain(getattr(node, field)) for field in fields])
    return tuple([_plain(item) for item in node]) if isinstance(node, tuple) else node


def _mentions_of(statement: code.Statement) -> _Mentions:
    annotations: set[str] = set()
    inside: set[str] = set()
    waiting: list[tuple[Any, bool]] = [(statement, False)]
    while waiting:
        item, annotates = waiting.pop()
        if isinstance(item, code.Name):
            (annotations if annotates else inside).add(item.id)
        elif isinstance(item, code.Constant):
            if annotates and isinstance(item.value, str):
                annotations.update(_WORD.findall(item.value))
        elif isinstance(item, msgspec.Struct):
            fields = [field for field in item.__struct_fields__ if field not in ("start", "end")]
            waiting += [(getattr(item, field), annotates or field in ("annotation", "returns")) for field in fields]
        elif isinstance(item, tuple):
            waiting += [(part, annotates) for part in item]
    return _Mentions(frozenset(annotations), frozenset(inside))


class _Moves:
    """Where places of the version before stand now."""

    def __init__(self, blocks: Sequence[code.Block], now: dict[int, code.Block]) -> None:
        self._starts = [block.start for block in blocks]
        self._by = [now[id(block.statement)].start - block.start if id(block.statement) in now else 0 for block in blocks]
        self._still = not any(self._by)

    def model(self, model: Model) -> Model:
        """A model with the places that it has now."""
        if self._still:
            return model
        return replace(
            model,
            place=self._place(model.place),
            columns=tuple([replace(c, place=self._place(c.place), statement=self._place(c.statement)) for c in model.columns]),
            indexes=tuple([replace(i, place=self._place(i.place), statement=self._place(i.statement)) for i in model.indexes]),
            constraints=tuple(
                [replace(c, place=self._place(c.place), statement=self._place(c.statement)) for c in model.constraints]
            ),
            relationships=tuple([replace(r, place=self._place(r.place)) for r in model.relationships]),
        )

    def _place(self, place: Place) -> Place:
        at = bisect_right(self._starts, place.start) - 1
        by = self._by[at] if at >= 0 and not place.path else 0
        return Place(place.start + by, place.end + by, place.path) if by else place
