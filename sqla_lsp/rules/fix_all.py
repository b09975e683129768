"""Fixes of many findings, one after the other: each is made of the text that the one before left, so that they share what they
can share. The editor and the command line both use it, and so make the same of the same project.

It is imported when fixes are first asked for, because it needs libcst.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqla_lsp.fixes.fix import Applicability, Change, Fix, NewFile
from sqla_lsp.project.overlay import Overlay
from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import judgements
from sqla_lsp.rules.fixing import made, offered
from sqla_lsp.rules.rule import Judgement
from sqla_lsp.text.edits import Edit, apply, between

logger = logging.getLogger(__name__)

MOST_ROUNDS = 10
"""How often a file is looked at again because others changed."""

Allowed = tuple[Applicability, ...]
SAFE: Allowed = ("safe",)
UNSAFE: Allowed = ("safe", "unsafe")


@dataclass(frozen=True)
class Group:
    """Files that belong together because a fix changed several of them: they are written all or none. `fixed` is how many
    findings are gone with that."""

    change: Change
    fixed: int


@contextmanager
def fixing(project: Project, allowed: Allowed, rule: str | None = None) -> Iterator[FixAll]:
    """Fixes with the given applicabilities, of one rule alone if that is named. The project is at the end what it was before;
    `stale` are then the files whose findings may have changed all the same, because the disk did meanwhile."""
    overlay = Overlay(project)
    run = FixAll(project, overlay, allowed, rule)
    try:
        yield run
    finally:
        run.stale = overlay.take_away()


_Key = tuple[str, str, bytes, int]
"""A finding, wherever it moves: rule, message, source, and how many like it stand above it."""


@dataclass
class FixAll:
    """A run of fixes. What it changes lies over the project."""

    project: Project
    overlay: Overlay
    allowed: Allowed
    rule: str | None = None
    stale: set[str] = field(default_factory=set)
    _together: list[tuple[set[str], int]] = field(default_factory=list)

    def fix(self, paths: Iterable[str], wanted: Collection[str], proceed: Callable[[], None] = lambda: None) -> None:
        """Fixes files, sorted, each from top to bottom, and then those of the `wanted` ones that this made something of."""
        pending = sorted(paths)
        for _ in range(MOST_ROUNDS):
            changed: set[str] = set()
            for path in pending:
                changed |= self._fix_file(path, proceed)
            pending = sorted(changed.intersection(wanted))
            if not pending:
                return
        logger.warning("fixes go round in circles; %s and others are left as they are", pending[0])

    def change(self) -> Change:
        """All that was changed."""
        return self._change(self.overlay.touched())

    def groups(self) -> list[Group]:
        """What was changed, in the order of the paths."""
        return [Group(self._change(paths), number) for paths, number in sorted(self._together, key=lambda group: min(group[0]))]

    def fixable(self, paths: Iterable[str], applicability: Applicability) -> int:
        """How many findings are left that a fix of some applicability is offered for."""
        left = [(path, judgements(self.project, path)) for path in paths]
        return sum(
            any(fix.applicability == applicability for fix in offered(self.project, path, judgement, found))
            for path, found in left
            for judgement in found
        )

    def _fix_file(self, path: str, proceed: Callable[[], None]) -> set[str]:
        """Gives the other files whose findings may have changed."""
        found = judgements(self.project, path)
        if not any(self._fixes(path, judgement, found) for judgement in found):
            return set()
        changed = self.overlay.put(path, self.project.data(path))  # from here on nothing changes under our hands
        found, skipped = judgements(self.project, path), set[_Key]()
        applied = True
        while applied:
            applied = False
            for key, judgement in self._keyed(path, found):
                proceed()
                if key in skipped or not (fixes := self._fixes(path, judgement, found)):
                    continue
                after = self._applied(path, judgement, found, fixes, changed)
                if after is not None:
                    found, applied = after, True
                    break
                skipped.add(key)
        return changed - {path}

    def _fixes(self, path: str, judgement: Judgement, found: tuple[Judgement, ...]) -> list[Fix]:
        if self.rule is not None and judgement.finding.rule != self.rule:
            return []
        return [fix for fix in offered(self.project, path, judgement, found) if fix.applicability in self.allowed]

    def _keyed(self, path: str, found: tuple[Judgement, ...]) -> Iterator[tuple[_Key, Judgement]]:
        data = self.project.data(path)
        seen: Counter[tuple[str, str, bytes]] = Counter()
        for judgement in found:
            finding = judgement.finding
            alike = (finding.rule, finding.message, data[finding.place.start : finding.place.end])
            yield (*alike, seen[alike]), judgement
            seen[alike] += 1

    def _applied(
        self, path: str, judgement: Judgement, found: tuple[Judgement, ...], fixes: Iterable[Fix], changed: set[str]
    ) -> tuple[Judgement, ...] | None:
        """Applies the first fix that can be made. What is found in the file after it; None where nothing was changed."""
        for fix in fixes:
            change = made(fix, path)
            if change is None:
                continue
            touched = {path, *change.edits, *[new.path for new in change.creates]}
            old = {file: self.overlay.text(file) for file in touched}
            before = self._counted(touched - {path}, found)
            stale = self._lay(change)
            found_after = judgements(self.project, path)
            after = self._counted(touched - {path}, found_after)
            if self._is_better(judgement.finding.rule, before, after):
                changed |= stale
                self._note(touched, before.total() - after.total())
                return found_after
            logger.warning("%s: %s: the finding stays, or others come; it is left as it was", path, fix.title)
            for file, data in old.items():
                self.overlay.put(file, data)
        return None

    def _lay(self, change: Change) -> set[str]:
        stale: set[str] = set()
        for new in change.creates:
            stale |= self.overlay.put(new.path, new.data)
        for file, edits in change.edits.items():
            stale |= self.overlay.put(file, apply(self.project.data(file), edits))
        return stale

    def _counted(self, others: Iterable[str], found: Iterable[Judgement]) -> Counter[str]:
        """How many findings each rule has in some files and among those that were found."""
        findings = [judgement for path in others for judgement in judgements(self.project, path)]
        return Counter(judgement.finding.rule for judgement in (*found, *findings))

    @staticmethod
    def _is_better(rule: str, before: Mapping[str, int], after: Mapping[str, int]) -> bool:
        return after.get(rule, 0) < before.get(rule, 0) and all(before.get(name, 0) >= number for name, number in after.items())

    def _note(self, touched: set[str], fixed: int) -> None:
        """Files that one fix changed belong together, and with them all that belongs to one of them."""
        together = [group for group in self._together if not touched.isdisjoint(group[0])]
        self._together = [group for group in self._together if touched.isdisjoint(group[0])]
        everything = touched.union(*[paths for paths, _ in together])
        self._together.append((everything, fixed + sum(number for _, number in together)))

    def _change(self, paths: Iterable[str]) -> Change:
        edits: dict[str, tuple[Edit, ...]] = {}
        creates: list[NewFile] = []
        for path in sorted(paths):
            before, now = self.overlay.before(path), self.overlay.text(path)
            if before is None and now is not None:
                creates.append(NewFile(path, now))
            elif before is not None and now is not None and (here := between(before, now)):
                edits[path] = here
        return Change(edits, tuple(creates))
