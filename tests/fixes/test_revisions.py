"""Every case of every page of revisions: what comes of it is what the page shows."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.fixes.revision_pages import Case, read_page, results

PAGES = sorted((Path(__file__).parent / "revisions").glob("*.md"))
CASES = [pytest.param(case, id=f"{page.stem}: {case.title}") for page in PAGES for case in read_page(page)]


@pytest.mark.parametrize("case", CASES)
def test_case(case: Case, tmp_path: Path) -> None:
    wanted, found = sorted(case.results), sorted(results(case, tmp_path))
    if wanted != found:
        lines = difflib.unified_diff(
            "\n".join(wanted).splitlines(), "\n".join(found).splitlines(), "wanted", "found", "", "", 50, ""
        )
        pytest.fail("\n".join([case.title, *lines]), pytrace=False)


def test_titles_are_told_apart() -> None:
    for page in PAGES:
        titles = [case.title for case in read_page(page)]
        assert len(titles) == len(set(titles)), page.name
