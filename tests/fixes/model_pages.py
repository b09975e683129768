"""Pages of cases of the fixes that edit models: Markdown with the files before, the title of a fix, and the files after it.

    ## A title
    ```py app/models.py
    ...
    ```
    fix: Drop ix_a, which ix_b covers
    ```py app/models.py
    ...
    ```

The files before are written as in tests/rules/pages.py. `fix: nothing` stands where no fix is offered, `fixes: a; b` names all
that are. After it stand the files that the fix changes; what a new revision does is the block "py new". Lines before the files
say what is special: `crlf` (all files have these line ends), `not run` (SQLAlchemy itself cannot make the models).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import clear_mappers

from sqla_lsp.fixes.fix import Fix
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import check_file
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.registry import NAMES
from sqla_lsp.text.edits import apply
from tests.fixes.offered import fixes_of
from tests.readers.models_told import lines_of_sqlalchemy, run
from tests.rules.pages import CaseFile, read_case

FOLDER = Path(__file__).parent / "models"
_CASE = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
_ASK = re.compile(r"^fix(?P<all>es)?: (?P<title>.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```py (?P<path>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class FixCase:
    """A case of a page. `asked` are titles; `after` are texts by path."""

    title: str
    before: list[CaseFile]
    asked: list[str]
    is_all: bool
    after: dict[str, str]
    words: set[str]

    @property
    def line_end(self) -> str:
        return "\r\n" if "crlf" in self.words else "\n"


def cases(page: str) -> list[FixCase]:
    """The cases of a page."""
    shared, *parts = _CASE.split((FOLDER / page).read_text(encoding="utf-8"))
    return [_case(title, text, shared) for title, text in zip(parts[::2], parts[1::2], strict=True)]


def _case(title: str, text: str, shared: str) -> FixCase:
    ask = _ASK.search(text)
    assert ask is not None, f"{title}: no fix is asked for"
    before, after = text[: ask.start()], text[ask.end() :]
    titles = [one.strip() for one in ask["title"].split(";")] if ask["all"] else [ask["title"].strip()]
    words = {line.strip() for line in before.partition("```")[0].splitlines() if line.strip()}
    files = read_case(title, before, shared).files
    texts = {block["path"]: block["text"] for block in _BLOCK.finditer(after)}
    return FixCase(title, files, titles, bool(ask["all"]), texts, words)


def offered(project: Project, finding: Finding) -> Iterator[Fix]:
    """The fixes that are offered for a finding, but for the comment that silences it."""
    yield from (fix for fix in fixes_of(project, finding.place.path, finding) if not fix.silences)


def check(case: FixCase, rule: str, folder: Path) -> None:
    """Applies the fix of a case and compares what comes of it."""
    for file in case.before:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.text.replace("\n", case.line_end).encode())
    project = Project([str(folder)], Resolver(NAMES), jobs=1)
    project.load()
    assert not project.failures
    findings = {path: check_file(project, path) for path in project.judged()}
    found = [f for path, own in findings.items() if project.history(path) is None for f in own if f.rule == rule]
    assert found, f"nothing is found by {rule}: {findings}"
    offers = {fix.title: (finding, fix) for finding in reversed(found) for fix in offered(project, finding)}
    if case.asked == ["nothing"]:
        assert not offers
        return
    if case.is_all:
        assert sorted(offers) == sorted(case.asked)
        return
    assert case.asked[0] in offers, f"offered is {sorted(offers)}"
    finding, fix = offers[case.asked[0]]
    change = fix.make()
    made = {path: apply(project.data(path), edits) for path, edits in change.edits.items()}
    made |= {new.path: new.data for new in change.creates}
    shown = {str(Path(path).relative_to(folder)): data.decode() for path, data in made.items() if path in change.edits}
    for new in change.creates:
        shown["new"] = new.data.decode()[new.data.index(b"def upgrade") :]
    assert shown == {path: text.replace("\n", case.line_end) for path, text in case.after.items()}
    for path, data in made.items():
        compile(data, path, "exec")
    assert_only_lost(project, findings, finding, made)
    if "not run" not in case.words:
        assert_only_the_index(folder, [f.path for f in case.before if not f.path.startswith("migrations")], made)


def assert_only_lost(project: Project, before: dict[str, tuple[Finding, ...]], finding: Finding, made: dict[str, bytes]) -> None:
    """The changed project has lost the finding and has no new one; what is offered for it is offered no more."""
    for path, data in made.items():
        if not Path(path).exists():
            Path(path).write_bytes(data)
            project.refresh([path])
        else:
            project.set_document(path, data)
    after = {path: check_file(project, path) for path in project.judged()}
    were, are = _counted(before), _counted(after)
    assert not are - were, f"new findings: {are - were}"
    assert (were - are)[_key(finding)], "the finding is still there"
    assert not [fix.title for fix in offered(project, finding) if fix.make().edits], "the fix can be applied twice"


def _counted(findings: dict[str, tuple[Finding, ...]]) -> Counter[tuple[str, str, str]]:
    return Counter(_key(finding) for own in findings.values() for finding in own)


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.place.path, finding.message


def assert_only_the_index(folder: Path, paths: list[str], made: dict[str, bytes]) -> None:
    """To SQLAlchemy itself the models differ by their indexes alone."""
    files = [folder / path for path in paths if path.endswith(".py")]
    before = _told(files, folder)
    for path, data in made.items():
        Path(path).write_bytes(data)
    after = _told(files, folder)
    differing = set(before) ^ set(after)
    assert differing, "SQLAlchemy sees no difference"
    assert all(" index " in line for line in differing), differing


def _told(files: list[Path], folder: Path) -> list[str]:
    try:
        return lines_of_sqlalchemy(run(files, folder))
    finally:
        clear_mappers()
