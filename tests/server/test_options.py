"""Initialization options in the shapes that editors send."""

from __future__ import annotations

import pytest

from sqla_lsp.server.options import Options, read


@pytest.mark.parametrize("given", [None, {}])
def test_nothing_asked_for(given: object) -> None:
    assert read(given) == Options()


def test_everything_asked_for() -> None:
    wanted = Options({"max-index-columns": 5}, "workspace", "editor-first", True)
    for given in (
        {
            "diagnostic-mode": "workspace",
            "configuration-preference": "editor-first",
            "inlay-hints": True,
            "settings": {"max-index-columns": 5},
        },
        {
            "diagnosticMode": "workspace",
            "configurationPreference": "editor-first",
            "inlayHints": True,
            "settings": {"maxIndexColumns": 5},
        },
        {
            "diagnostic_mode": "workspace",
            "configuration_preference": "editor-first",
            "inlay_hints": True,
            "settings": {"max_index_columns": 5},
        },
    ):
        assert read(given) == wanted


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([1], ("object", "list")),
        ("x", ("object", "str")),
        ({"setings": {}}, ("setings", "settings", "diagnostic-mode")),
        ({"settings": 5}, ("settings", "object", "5")),
        ({"diagnostic-mode": "all"}, ("diagnostic-mode", "open-files", "workspace", "all")),
        ({"diagnostic-mode": ["workspace"]}, ("diagnostic-mode", "open-files")),
        ({"inlay-hints": 1}, ("inlay-hints", "false or true", "1")),
        ({"inlay-hints": "true"}, ("inlay-hints", "false or true")),
        ({"diagnostic-mode": None}, ("diagnostic-mode", "open-files")),
    ],
)
def test_what_is_wrong_is_named(given: object, words: tuple[str, ...]) -> None:
    options = read(given)
    assert options.mode == "open-files"
    assert len(options.problems) == 1
    assert all(word in options.problems[0] for word in words)
