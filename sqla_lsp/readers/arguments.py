"""Arguments of a call of a library by the names of the library's own signature."""

from __future__ import annotations

from collections.abc import Sequence

from sqla_lsp.postgres.identifiers import shortened
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import Flag, Text
from sqla_lsp.syntax.values import CallValue, Instance, ListValue, Member, Symbol, Value, path_of

NOT_GIVEN = Unknown("it is not given")
NOT_KNOWN = Unknown("it is not known")


class Arguments:
    """The arguments of one call, bound to parameter names. Positional ones beyond the names are `rest`."""

    def __init__(self, call: CallValue, names: Sequence[str]) -> None:
        self.call = call
        self._names = names
        self._values: dict[str, Value] = dict(zip(names, call.positional, strict=False))
        self._values.update(call.keywords)
        self.rest = call.positional[len(names) :]

    def has(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str, default: Value = None) -> Value:
        """The argument of a name. `default` where it is not given, unknown where it may have been."""
        if name in self._values:
            return self._values[name]
        return NOT_KNOWN if self.call.open_keywords or (self.call.open and name in self._names) else default

    def required(self, *names: str) -> Value:
        """The argument of the first of the names that is given (others are its older spellings)."""
        for name in names:
            if name in self._values:
                return self._values[name]
        return NOT_GIVEN

    def flag(self, name: str) -> Flag:
        """An argument that is true or false; not given and None are false."""
        value = self.get(name, False)
        if value is None or isinstance(value, bool | int):
            return bool(value)
        return NOT_KNOWN


def text_of(value: Value) -> Text:
    """A string argument: None stays None, a string that is not wholly known is unknown."""
    if value is None or isinstance(value, str):
        return value if value is None or type(value) is str else str(value)
    if isinstance(value, Instance) and isinstance(value.enum_value, str):
        return value.enum_value
    if isinstance(value, CallValue):
        path = path_of(value) or ""
        if path.endswith(("quoted_name()", "op.f()", ".conv()", ".f()")) and value.positional:
            text = text_of(value.positional[0])
            return shortened(text) if isinstance(text, str) and not path.endswith("quoted_name()") else text
    return value if isinstance(value, Unknown) else NOT_KNOWN


def name_of(value: Value) -> str | Unknown:
    """A name that must be given."""
    text = text_of(value)
    return NOT_GIVEN if text is None else text


def names_of(value: Value) -> tuple[str, ...] | Unknown:
    """A list of names; a single string is a list of one."""
    if isinstance(value, str):
        return (value,)
    items: Sequence[Value]
    if isinstance(value, tuple):
        items = value
    elif isinstance(value, ListValue) and not value.open:
        items = value.items
    else:
        return NOT_KNOWN
    names = [column_name(item) for item in items]
    known = tuple([name for name in names if isinstance(name, str)])
    return known if len(known) == len(names) else NOT_KNOWN


def column_name(value: Value) -> str | Unknown:
    """The name of a column given as a string, a `Column`, `column("c")`, `table.c.x` or `text("c")` of a plain name."""
    text = text_of(value)
    if isinstance(text, str):
        return text
    if isinstance(value, Member) and isinstance(value.base, Member | Symbol) and _last(value.base) in ("c", "columns"):
        return value.name.strip("[]") or NOT_KNOWN
    if isinstance(value, Symbol) and value.path.split(".")[-2:-1] in (["c"], ["columns"]):
        return last_name(value)
    if isinstance(value, CallValue) and value.positional:
        last = last_name(value)
        if last in ("Column", "column", "mapped_column", "text", "literal_column"):
            inner = value.positional[0]
            if isinstance(inner, str) and inner.isidentifier():
                return inner
    return NOT_KNOWN


def _last(value: Value) -> str:
    return value.name if isinstance(value, Member) else (value.path.rpartition(".")[2] if isinstance(value, Symbol) else "")


def last_name(value: Value) -> str:
    """The last part of the dotted path of an outside name or of the function of an outside call, "" for all others."""
    if isinstance(value, CallValue):
        return last_name(value.function)
    if isinstance(value, Symbol):
        return value.path.rpartition(".")[2]
    return value.name if isinstance(value, Member) else ""


def base_of(call: Value) -> Value:
    """`x` of a call `x.method(...)`; None for all others."""
    if isinstance(call, CallValue) and isinstance(call.function, Member):
        return call.function.base
    return None
