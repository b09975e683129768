"""Every case of every page: the fix leaves what the page shows, the finding is gone, none came, and nothing is left to fix."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.fixes.applying import NotOffered, NotPossible, fixed
from tests.fixes.pages import FixCase, read_page

PAGES = sorted((Path(__file__).parent / "cases").glob("*.md"))
CASES = [case for page in PAGES for case in read_page(page)]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_case(case: FixCase, tmp_path: Path) -> None:
    if case.not_possible is not None:
        with pytest.raises(NotPossible) as refused:
            fixed(case, tmp_path)
        assert case.not_possible in str(refused.value)
        return
    if case.after is None:
        _not_offered(case, tmp_path)
        return
    applied = fixed(case, tmp_path)
    assert applied.titles, "no fix is offered"
    difference = _difference(dict(case.after), applied.files)
    if difference:
        pytest.fail(f"{case.title}\n{difference}", pytrace=False)
    assert applied.after <= applied.before, f"fixing brings findings: {applied.after - applied.before}"
    assert case.rule is None or applied.after[case.rule] < applied.before[case.rule], "the finding is still there"
    _nothing_left(case, applied.files, tmp_path / "again")


def _not_offered(case: FixCase, folder: Path) -> None:
    if case.fixes:
        with pytest.raises(NotOffered):
            fixed(case, folder)
    else:
        assert not fixed(case, folder).titles, "a fix is offered, and the page shows no result"


def _nothing_left(case: FixCase, files: dict[str, str], folder: Path) -> None:
    """The same fix is offered no second time, or it changes nothing."""
    try:
        again = fixed(case, folder, files)
    except NotOffered:
        return
    assert again.files == files, f"applied again, the fix changes more:\n{_difference(files, again.files)}"


def _difference(wanted: dict[str, str], found: dict[str, str]) -> str:
    lines: list[str] = []
    for path in sorted({*wanted, *found}):
        one, other = wanted.get(path, "").splitlines(), found.get(path, "").splitlines()
        lines += difflib.unified_diff(one, other, f"{path} as shown", f"{path} as fixed", lineterm="")
    return "\n".join(lines)


def test_titles_are_told_apart() -> None:
    assert len(CASES) == len({case.id for case in CASES})
