"""What cannot be told without running the project, as a value of its own."""

from __future__ import annotations

import msgspec


class Unknown(msgspec.Struct, frozen=True, tag="unknown", tag_field="is"):
    """A value that cannot be told without running the project. `reason` is a short phrase for people; it never counts
    in comparisons of meaning, so test with `isinstance(x, Unknown)`, never with `==`."""

    reason: str = ""
