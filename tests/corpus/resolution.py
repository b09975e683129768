"""`python -m tests.corpus.resolution DIR...`: how many column references in predicates are known to be a column of a model.

For each project below DIR: the references in predicates outside of its tests, how many of them resolve, and over all projects the
reasons for the rest, the most common first.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.project import Project
from sqla_lsp.rules.names import NAMES


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.corpus.resolution", description=__doc__)
    arguments.add_argument("folders", nargs="+", type=Path)
    arguments.add_argument("--examples", type=int, default=0, help="how many unresolved ones to show of each")
    options = arguments.parse_args()
    reasons: Counter[str] = Counter()
    total = known = 0
    projects = [project for folder in options.folders for project in folder.iterdir() if project.is_dir()]
    for folder in sorted(projects):
        project = Project([str(folder.resolve())], Resolver(NAMES, lenient=True, roots=[str(folder)]))
        project.load()
        found = [reference for path in project.query_files() for reference in project.catalog.queries(path).references]
        resolved = [reference for reference in found if not reference.reason]
        rest = [reference for reference in found if reference.reason]
        reasons.update(reference.reason for reference in rest)
        total, known = total + len(found), known + len(resolved)
        models = list(project.catalog.models())
        queries = sum(len(project.catalog.queries(path).queries) for path in project.query_files())
        counted = f"{len(models):5} models {queries:6} queries {len(found):6} references"
        print(f"{folder.name:32} {counted} {_rate(len(resolved), len(found))}")
        shown = rest[:: max(1, len(rest) // options.examples)][: options.examples] if options.examples else []
        for reference in shown:
            place = reference.place
            line = project.data(place.path)[: place.start].count(b"\n") + 1
            print(f"    {Path(place.path).relative_to(folder.resolve())}:{line}: {reference.text}: {reference.reason}")
    print(f"{'all':32} {total} references, {_rate(known, total)} resolved")
    for reason, count in reasons.most_common(10):
        print(f"{count:6} {reason}")


def _rate(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f}%" if whole else "     -"


if __name__ == "__main__":
    main()
