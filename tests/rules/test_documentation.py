"""The examples that the rules give of themselves: what they warn of is reported, what they advise is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sqla_lsp.rules.registry import RULES
from sqla_lsp.rules.rule import Rule
from tests.rules.pages import judged, read_case

HEADINGS = ["What it does", "Why is this bad?", "Example", "Use instead", "Decisions", "Configuration", "References"]


def example(rule: Rule, heading: str) -> str:
    """The code under a heading."""
    match = re.search(rf"^## {re.escape(heading)}\n.*?^```python\n(.*?)^```$", rule.documentation, re.MULTILINE | re.DOTALL)
    assert match is not None, f"{rule.name} has no code under {heading}"
    return match[1]


def found(code: str, folder: Path) -> set[str]:
    """The rules that have findings in the code."""
    path = " app/models.py" if "__tablename__" in code else ""
    case = read_case("example", f"```py{path}\n{code}```\n")
    return {finding.rule for findings in judged(case, folder).values() for finding in findings}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_example_is_reported(rule: Rule, tmp_path: Path) -> None:
    assert rule.name in found(example(rule, "Example"), tmp_path)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_advice_is_not_reported(rule: Rule, tmp_path: Path) -> None:
    assert rule.name not in found(example(rule, "Use instead"), tmp_path)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_documentation_is_whole(rule: Rule) -> None:
    headings = re.findall(r"^## (.+)$", rule.documentation, re.MULTILINE)
    assert headings == [heading for heading in HEADINGS if heading in headings]
    assert headings[:5] == HEADINGS[:5]
    assert rule.summary.endswith(".")
