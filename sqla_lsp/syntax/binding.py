"""What assignments do: names, attributes and items that get another value, and those that are taken away."""

from __future__ import annotations

from sqla_lsp.syntax import code
from sqla_lsp.syntax.expressions import value_of
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.functions import class_frame
from sqla_lsp.syntax.items import items_of, mutable, set_attribute
from sqla_lsp.syntax.joining import NOT_KNOWN, join
from sqla_lsp.syntax.machine import Machine, Signal
from sqla_lsp.syntax.operators import binary
from sqla_lsp.syntax.values import CallValue, ClassValue, DictValue, Instance, ListValue, Member, Symbol, Value


def assign(machine: Machine, frame: Frame, node: code.Assign) -> Signal:
    """`target = value`."""
    if node.value is not None:
        value = value_of(machine, frame, node.value)
        for target in node.targets:
            bind(machine, frame, target, value)
    return ""


def bind(machine: Machine, frame: Frame, target: code.Expression, value: Value) -> None:
    """Binds a target of an assignment, of a loop or of a `with`."""
    match target:
        case code.Name(id=name):
            outer = frame.outer_names.get(name)
            if outer is not None and machine.arms and name in outer.variables:
                value = join(value, machine.lookup(outer, name))
            frame.set(name, value)
        case code.Sequence(items=targets):
            _unpack(machine, frame, targets, value)
        case code.Starred(value=inner):
            bind(machine, frame, inner, value)
        case code.Attribute(value=base, name=name):
            holder = value_of(machine, frame, base)
            if isinstance(holder, Instance):
                set_attribute(machine, holder, name, value)
            elif isinstance(holder, ClassValue):
                variables = class_frame(machine, holder).variables
                variables[name] = (
                    join(value, machine.lookup(class_frame(machine, holder), name))
                    if machine.arms and name in variables
                    else value
                )
            elif isinstance(holder, Symbol | Member | CallValue):
                place = frame.statement_place()
                machine.host.call(machine, frame, CallValue(Member(holder, "__setattr__"), (name, value), {}, place))
        case code.Subscript(value=base, index=index):
            holder, key = value_of(machine, frame, base), value_of(machine, frame, index)
            _set_item(machine, holder, key, value)
        case _:
            pass


def _unpack(machine: Machine, frame: Frame, targets: tuple[code.Expression, ...], value: Value) -> None:
    items, is_open = items_of(machine, value)
    starred = next((at for at, target in enumerate(targets) if isinstance(target, code.Starred)), None)
    if is_open or (starred is None and len(items) != len(targets)) or (starred is not None and len(items) < len(targets) - 1):
        for target in targets:
            bind(machine, frame, target, NOT_KNOWN)
        return
    if starred is not None:
        rest = len(targets) - starred - 1
        middle = ListValue(list(items[starred : len(items) - rest]), arms=machine.arms)
        items = [*items[:starred], middle, *items[len(items) - rest :]]
    for target, item in zip(targets, items, strict=True):
        bind(machine, frame, target, item)


def _set_item(machine: Machine, holder: Value, key: Value, value: Value) -> None:
    if isinstance(holder, DictValue):
        mutable(machine, holder)
        if key is None or isinstance(key, str | int | float | bool | tuple):
            try:
                holder.items[key] = value
            except TypeError:
                holder.open = True
        else:
            holder.open = True
    elif isinstance(holder, ListValue):
        mutable(machine, holder)
        if isinstance(key, int) and -len(holder.items) <= key < len(holder.items):
            holder.items[key] = value
        else:
            holder.open = True


def augmented(machine: Machine, frame: Frame, node: code.AugmentedAssign) -> Signal:
    """`target += value`."""
    old = value_of(machine, frame, node.target)
    more = value_of(machine, frame, node.value)
    if node.operator == "+" and isinstance(old, ListValue):
        items, is_open = items_of(machine, more)
        mutable(machine, old, adds=not is_open)
        old.items += items
        old.open, old.covered = old.open or is_open, old.covered and not is_open
    elif node.operator == "|" and isinstance(old, DictValue) and isinstance(more, DictValue):
        mutable(machine, old)
        old.items.update(more.items)
        old.open = old.open or more.open
    else:
        bind(machine, frame, node.target, binary(machine, node.operator, old, more))
    return ""


def delete(machine: Machine, frame: Frame, node: code.Delete) -> Signal:
    """`del target`."""
    for target in node.targets:
        match target:
            case code.Name(id=name):
                frame.variables.pop(name, None)
            case code.Subscript(value=base, index=index):
                holder = value_of(machine, frame, base)
                if isinstance(holder, ListValue | DictValue):
                    _delete_item(machine, holder, value_of(machine, frame, index))
            case _:
                pass
    return ""


def _delete_item(machine: Machine, holder: ListValue | DictValue, key: Value) -> None:
    mutable(machine, holder)
    if isinstance(holder, DictValue) and isinstance(key, str | int):
        holder.items.pop(key, None)
    elif isinstance(holder, ListValue) and isinstance(key, int) and -len(holder.items) <= key < len(holder.items):
        del holder.items[key]
    else:
        holder.open = True
