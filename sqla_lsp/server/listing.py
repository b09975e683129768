"""The list of code actions at a place: the fixes of the findings there, best first; what fixes all of their rule; below these the
comments that silence them; and what fixes the whole file.

Every fix of a finding is a quick fix. To a client that asks for rewrites alone the same fixes are given as such, without the
comments. It is imported when code actions are first asked for, because fixes need libcst.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import msgspec
from lsprotocol import types

from sqla_lsp.fixes.fix import Change
from sqla_lsp.project.project import Project
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.fix_all import SAFE, UNSAFE, Allowed
from sqla_lsp.rules.fixing import made
from sqla_lsp.server.actions import FIX_ALL, QUICK_FIX, REWRITE, Actions, Asked, Meant, digest
from sqla_lsp.server.convert import SOURCE, identity
from sqla_lsp.server.projects import Projects


@dataclass
class Listing:
    """The answer to one request."""

    client: Actions
    asked: Asked
    projects: Projects
    project: Project

    def __post_init__(self) -> None:
        self._document = self.asked.document
        self._digest = digest(self._document.data)
        self._found = self.projects.judgements(self._document.path)

    def actions(self) -> Iterator[types.CodeAction]:
        """The actions, in the order in which they are shown. Raises `Overtaken`."""
        is_quick = self.asked.wants(QUICK_FIX)
        if is_quick or self.asked.wants(REWRITE):
            kind = QUICK_FIX if is_quick else REWRITE
            for number in self._here:
                yield from self._of_finding(number, kind, silences=False)
            if is_quick:
                for rule in dict.fromkeys(self._found[number].finding.rule for number in self._here):
                    yield from self._of_rule(rule)
                for number in self._here:
                    yield from self._of_finding(number, kind, silences=True)
        if self.asked.wants(FIX_ALL):
            yield from self._of_file()

    @cached_property
    def _here(self) -> list[int]:
        """The findings that the range touches, by their numbers."""
        places = [judgement.finding.place for judgement in self._found]
        return [at for at, place in enumerate(places) if place.start <= self.asked.end and self.asked.start <= place.end]

    def _of_finding(self, at: int, kind: str, *, silences: bool) -> Iterator[types.CodeAction]:
        finding = self._found[at].finding
        name = identity(finding, self._document.data)
        place = (finding.place.start, finding.place.end)
        for number, fix in enumerate(self.projects.fixes(self._document.path, at)):
            if fix.silences == silences:
                preferred = True if number == 0 and fix.applicability == "safe" else None
                action = types.CodeAction(fix.title, kind, [self._diagnostic(finding)], preferred)
                meant = Meant(self._document.uri, self._digest, "fix", finding.rule, name, place, fix.title)
                yield from self._finished(action, meant, partial(made, fix, self._document.path))

    def _of_rule(self, rule: str) -> Iterator[types.CodeAction]:
        """What fixes all findings of a rule, where several have a fix."""
        of_rule = [number for number, judgement in enumerate(self._found) if judgement.finding.rule == rule]
        is_cheap = self.client.resolves or not self.asked.automatic
        if is_cheap and self._can_fix(of_rule, UNSAFE, 2):
            diagnostics = [self._diagnostic(self._found[number].finding) for number in of_rule]
            action = types.CodeAction(f"Fix all {rule} in this file", QUICK_FIX, diagnostics)
            yield from self._finished(action, Meant(self._document.uri, self._digest, "rule", rule), partial(self._all, rule))

    def _of_file(self) -> Iterator[types.CodeAction]:
        """What fixes all that is safe. A client that resolves nothing gets it where it asks for that by name."""
        is_cheap = self.client.resolves and not self.asked.automatic
        if (is_cheap or self.asked.names_source) and self._can_fix(range(len(self._found)), SAFE, 1):
            action = types.CodeAction("Fix all that is safe in this file", FIX_ALL)
            yield from self._finished(action, Meant(self._document.uri, self._digest, "all"), partial(self._all, None))

    def _all(self, rule: str | None) -> Change:
        return self.client.all(rule, self._document.path, self.projects, self.project)

    def _can_fix(self, numbers: Iterable[int], allowed: Allowed, most: int) -> bool:
        """Whether so many of some findings have a fix of an applicability."""
        for number in numbers:
            most -= any(fix.applicability in allowed for fix in self.projects.fixes(self._document.path, number))
            if most <= 0:
                return True
        return False

    def _finished(self, action: types.CodeAction, meant: Meant, make: Callable[[], Change | None]) -> Iterator[types.CodeAction]:
        """The action as the client gets it: to be resolved, or with its edit, unless it would do nothing."""
        if self.client.resolves:
            action.data = msgspec.to_builtins(meant)
            yield action
            return
        change = make()
        does_something = change is not None and (change.creates or any(change.edits.values()))
        if change is not None and does_something and self.client.editor.can(change):
            action.edit = self.client.editor.edit(change, self._document.path, self.project.data)
            yield action

    def _diagnostic(self, finding: Finding) -> types.Diagnostic:
        """The diagnostic of a finding: the client's own where it sent it along."""
        [ours] = self.client.converter.diagnostics([finding], self.project.data)
        name = identity(finding, self._document.data)
        start = types.Position(ours.range.start.line, ours.range.start.character)
        end = types.Position(ours.range.end.line, ours.range.end.character)
        for theirs in self.asked.diagnostics:
            known = theirs.data.get("finding") if isinstance(theirs.data, dict) else None
            is_there = (theirs.range.start, theirs.range.end) == (start, end)
            if theirs.source == SOURCE and theirs.code == finding.rule and is_there and known in (None, name):
                return theirs
        description = types.CodeDescription(ours.code_description.href)
        severity = types.DiagnosticSeverity(ours.severity)
        return types.Diagnostic(types.Range(start, end), ours.message, severity, ours.code, description, ours.source)
