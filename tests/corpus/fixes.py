"""Every fix on real projects: `python -m tests.corpus.fixes FOLDER [RULE]`.

Each fix of each finding is made in memory. The files that it leaves are to compile, its finding is to be gone and no other to
have come. What goes wrong is printed, then how many fixes of
each rule were made."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

from sqla_lsp.fixes.fix import Change, Fix, NotPossible
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import check_file
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.names import NAMES
from sqla_lsp.text.edits import apply
from tests.fixes.offered import all_fixes


def main(folder: str, only: str | None) -> int:
    resolver = Resolver(NAMES, lenient=True, roots=[folder])
    project = Project([folder], resolver)
    project.load()
    made: Counter[tuple[str, str]] = Counter()
    wrong = 0
    for path in project.judged():
        before = check_file(project, path)
        for finding, fixes in list(all_fixes(project, path)):
            if only is not None and finding.rule != only:
                continue
            if len(fixes) == 1:
                made[finding.rule, "without a fix"] += 1
            for fix in fixes:
                outcome = tried(project, path, finding, before, fix)
                made[finding.rule, outcome.partition(":")[0]] += 1
                if outcome != "made":
                    wrong += not outcome.startswith("not possible")
                    print(f"{path}: {project.data(path)[: finding.place.start].count(10) + 1}: {fix.title}: {outcome}")
    for (rule, outcome), number in sorted(made.items()):
        print(f"{number:6} {rule}: {outcome}")
    return 1 if wrong else 0


def tried(project: Project, path: str, finding: Finding, before: tuple[Finding, ...], fix: Fix) -> str:
    """What comes of a fix: "made", or what is wrong with it."""
    try:
        change = fix.make()
    except NotPossible as error:
        return f"not possible: {error}"
    new = dict(changed(project, change))
    if all(data == project.data(changed_path) for changed_path, data in new.items()):
        return "nothing changes"
    for changed_path, data in new.items():
        try:
            compile(data, changed_path, "exec")
        except SyntaxError as error:
            return f"does not compile: {error}"
    try:
        for changed_path, data in new.items():
            project.set_document(changed_path, data)
        after = check_file(project, path)
        gone, come = _counted(before) - _counted(after), _counted(after) - _counted(before)
        if Counter(rule for rule, _ in come) - Counter(rule for rule, _ in gone):
            return f"adds {dict(come)}"
        if (finding.rule, finding.message) not in gone:
            return "the finding stays"
    finally:
        for changed_path in new:
            project.drop_document(changed_path)
    return "made"


def changed(project: Project, change: Change) -> Iterator[tuple[str, bytes]]:
    """The files that a change leaves."""
    for path, edits in change.edits.items():
        yield path, apply(project.data(path), edits)
    for created in change.creates:
        yield created.path, created.data


def _counted(findings: tuple[Finding, ...]) -> Counter[tuple[str, str]]:
    return Counter((finding.rule, finding.message) for finding in findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
