"""The fixes that edit models, by the pages in models/."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixes.model_pages import FixCase, cases, check
from tests.fixes.offers import dropped, indexed, narrowed

PAGES = {
    "add_index.md": ("verify-query-patterns-are-indexed", indexed),
    "narrow_index.md": ("limit-non-unique-index", narrowed),
    "drop_covered.md": ("ensure-index-not-covered", dropped),
}


@pytest.mark.parametrize(
    ("page", "case"), [pytest.param(page, case, id=f"{page}: {case.title}") for page in PAGES for case in cases(page)]
)
def test_page(page: str, case: FixCase, tmp_path: Path) -> None:
    rule, offer = PAGES[page]
    check(case, rule, offer, tmp_path)
