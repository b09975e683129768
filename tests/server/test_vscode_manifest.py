"""The settings that the VS Code extension declares are the keys, rules, choices and defaults of the server."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

import sqla_lsp
from sqla_lsp.project.settings import DIALECTS, SEVERITIES, Settings
from sqla_lsp.rules.names import JUDGED
from sqla_lsp.server import options

_EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"
_MANIFEST = json.loads((_EXTENSION / "package.json").read_text(encoding="utf-8"))
_DECLARED: dict[str, Any] = _MANIFEST["contributes"]["configuration"]["properties"]
_OF_THE_EXTENSION = {"enable", "path", "diagnosticMode", "configurationPreference", "inlayHints", "trace.server"}


def _dashed(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", name)


def _schema(key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(schema for name, schema in _DECLARED.items() if _dashed(name) == f"sqla-lsp.{key}")
    return found


def test_every_key_is_a_setting_and_nothing_else_is() -> None:
    keys = {field.name.replace("_", "-") for field in dataclasses.fields(Settings)} - {"folder", "file"}
    declared = {_dashed(name.removeprefix("sqla-lsp.")) for name in _DECLARED}
    assert declared - keys == {_dashed(name) for name in _OF_THE_EXTENSION}
    assert keys <= declared


def test_every_setting_has_a_description_and_a_scope() -> None:
    for name, schema in _DECLARED.items():
        assert schema.get("description") or schema.get("markdownDescription"), name
        assert schema["scope"] in ("resource", "window", "machine-overridable"), name


def test_rules_are_named() -> None:
    rules = [_schema("select")["items"], _schema("ignore")["items"], _schema("severity")["propertyNames"]]
    rules.append(_schema("per-file-ignores")["additionalProperties"]["items"])
    assert all(set(rule["enum"]) == set(JUDGED) for rule in rules)


def test_choices_are_those_of_the_server() -> None:
    assert _schema("severity")["additionalProperties"]["enum"] == list(SEVERITIES)
    assert _schema("dialect")["enum"] == list(DIALECTS)
    for key in ("diagnostic-mode", "configuration-preference"):
        for choice in _schema(key)["enum"]:
            assert options.read({key: choice}).problems == ()


@pytest.mark.parametrize("key", ["postgres-version", "dialect", "max-index-columns", "respect-gitignore"])
def test_defaults_are_those_of_the_server(key: str) -> None:
    assert _schema(key)["default"] == getattr(Settings(folder="/"), key.replace("-", "_"))


def test_the_extension_has_the_version_of_the_server() -> None:
    assert _MANIFEST["version"] == sqla_lsp.__version__


def test_what_an_untrusted_workspace_says_of_programs_is_not_heard() -> None:
    trust = _MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert trust["supported"] == "limited"
    assert trust["restrictedConfigurations"] == [name for name in _DECLARED if name.endswith(".path")]


def test_pictures_of_pages_are_there() -> None:
    root = _EXTENSION.parents[1]
    for page in ("README.md", "editors/vscode/README.md"):
        text = (root / page).read_text(encoding="utf-8")
        shown = re.findall(r"^!\[.+\]\((.+)\)$", text, re.MULTILINE)
        assert len(shown) >= 2
        assert all((root / page).parent.joinpath(name).is_file() for name in shown), page
    steps = [step for page in _MANIFEST["contributes"]["walkthroughs"] for step in page["steps"]]
    assert all((_EXTENSION / next(iter(step["media"].values()))).is_file() for step in steps)
