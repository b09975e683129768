"""Every case of every page: what is found is what is wanted."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest

from tests.rules.pages import Case, compared, judged, read_page, sayings

PAGES = sorted((Path(__file__).parent / "cases").glob("*.md"))
CASES = [pytest.param(page.stem, case, id=f"{page.stem}: {case.title}") for page in PAGES for case in read_page(page)]
COVERED = "ensure-index-not-covered"
"""On the pages of other rules, indexes that repeat each other are scenery."""


@pytest.mark.parametrize(("page", "case"), CASES)
def test_case(page: str, case: Case, tmp_path: Path) -> None:
    findings = judged(case, tmp_path)
    if not page.startswith(COVERED.replace("-", "_")):
        findings = {path: [finding for finding in own if finding.rule != COVERED] for path, own in findings.items()}
    wanted, found = compared(case, findings)
    if wanted != found:
        difference = difflib.unified_diff(wanted, found, "wanted", "found", lineterm="", n=50)
        pytest.fail("\n".join([case.title, *difference, "", *sayings(findings)]), pytrace=False)
    said = sayings(findings)
    for line in case.said:
        assert any(line in other for other in said), "\n".join([f"nobody says: {line}", *said])
    for line in said:
        assert not _SLIPS.search(line), line


_SLIPS = re.compile(
    r"\bNone\b|Unknown|  | ,|(?<!\.)\.\.(?!\.)|\bshould\b|\bconsider\b|!|\(\)s|\bon on\b|\ba a|\bthe the\b|\bof of\b|: :"
)
"""What no message says."""


def test_titles_are_told_apart() -> None:
    for page in PAGES:
        titles = [case.title for case in read_page(page)]
        assert len(titles) == len(set(titles)), page.name
