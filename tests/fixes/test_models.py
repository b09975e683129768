"""The fixes that edit models, by the pages in models/."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixes.model_pages import FixCase, cases, check

PAGES = {
    "add_index.md": "verify-query-patterns-are-indexed",
    "drop_covered.md": "ensure-index-not-covered",
    "narrow_index.md": "limit-non-unique-index",
}


@pytest.mark.parametrize(
    ("page", "case"), [pytest.param(page, case, id=f"{page}: {case.title}") for page in PAGES for case in cases(page)]
)
def test_page(page: str, case: FixCase, tmp_path: Path) -> None:
    check(case, PAGES[page], tmp_path)
