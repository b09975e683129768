"""What the client asks for when it starts the server: initialization options, checked and named where they are wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal, cast

Mode = Literal["open-files", "workspace"]
Preference = Literal["filesystem-first", "editor-first"]

_CHOICES: dict[str, tuple[str | bool, ...]] = {
    "diagnostic-mode": ("open-files", "workspace"),
    "configuration-preference": ("filesystem-first", "editor-first"),
    "inlay-hints": (False, True),
}


@dataclass(frozen=True)
class Options:
    """`settings` are configuration keys as in `[tool.sqla-lsp]`; `problems` are sentences for the user."""

    settings: dict[str, Any] = field(default_factory=dict)
    mode: Mode = "open-files"
    preference: Preference = "filesystem-first"
    hints: bool = False
    problems: tuple[str, ...] = ()


def read(given: object) -> Options:
    """Initialization options in any shape; what is wrong is named in `problems` and falls back to the default. Keys may be
    written with dashes, underscores or in camelCase, as the conventions of the editors differ."""
    if given is None:
        return Options()
    if not isinstance(given, dict):
        return Options(problems=(f"initializationOptions: expected an object, found {type(given).__name__}",))
    problems: list[str] = []
    chosen: dict[str, str | bool] = {}
    settings: dict[str, Any] = {}
    for key, value in given.items():
        name = _dashed(str(key))
        if name == "settings" and isinstance(value, dict):
            settings = {_dashed(str(k)): v for k, v in value.items()}
        elif name == "settings":
            problems.append(f"initializationOptions: settings: expected an object, found {value!r}")
        elif name not in _CHOICES:
            allowed = ", ".join(["settings", *_CHOICES])
            problems.append(f"initializationOptions: unknown key {key!r}; allowed are {allowed}")
        elif not any(value is choice or (isinstance(value, str) and value == choice) for choice in _CHOICES[name]):
            allowed = " or ".join(json.dumps(choice) for choice in _CHOICES[name])
            problems.append(f"initializationOptions: {key}: expected {allowed}, found {value!r}")
        else:
            chosen[name] = value
    return Options(
        settings,
        cast("Mode", chosen.get("diagnostic-mode", "open-files")),
        cast("Preference", chosen.get("configuration-preference", "filesystem-first")),
        bool(chosen.get("inlay-hints", False)),
        tuple(problems),
    )


def _dashed(key: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in key).replace("_", "-")
