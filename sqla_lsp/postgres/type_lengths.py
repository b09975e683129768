"""When another length or precision of the same type leaves every value as it is: the support functions of length coercions."""

from __future__ import annotations

_FINEST = 6
_ANY = 1 << 16
_LEAST_FIELDS = {"second": 0, "minute": 1, "hour": 2, "day": 3, "month": 4, "year": 5}


def keeps_values(name: str, old: tuple[int | str, ...], new: tuple[int | str, ...]) -> bool:
    """Whether Postgres sees, from the modifiers alone, that each value of the old type fits the new one."""
    if not new or old == new:
        return True
    match name:
        case "interval":
            return _interval(old, new)
        case "varchar" | "varbit":
            return bool(old) and _number(old[0]) <= _number(new[0])
        case "timestamp" | "timestamptz" | "time" | "timetz":
            return _number(new[0]) >= _FINEST or (bool(old) and _number(old[0]) <= _number(new[0]))
        case "numeric":
            return len(old) == len(new) == 2 and old[1] == new[1] and _number(old[0]) <= _number(new[0])
        case _:
            return False  # char, bit and the types of extensions have no such function


def _interval(old: tuple[int | str, ...], new: tuple[int | str, ...]) -> bool:
    """The least field may only become finer; the precision, where seconds are kept at all, only larger."""
    (old_field, old_precision), (new_field, new_precision) = _interval_parts(old), _interval_parts(new)
    finer = new_precision >= _FINEST or new_precision >= old_precision
    return new_field <= old_field and (old_field > 0 or finer)


def _interval_parts(arguments: tuple[int | str, ...]) -> tuple[int, int]:
    fields = next((argument for argument in arguments if isinstance(argument, str)), "second")
    precision = next((argument for argument in arguments if isinstance(argument, int)), _ANY)
    return _LEAST_FIELDS.get(fields.split()[-1], 0), precision


def _number(argument: int | str) -> int:
    return argument if isinstance(argument, int) else 0
