"""Code actions, as they are asked for, offered and resolved. Everything here runs in the thread of the analysis.

A client that resolves gets a list without edits, and each edit when it is chosen: it is then made of the text as it is at that
moment, and not at all where it cannot be told any more which finding was meant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from lsprotocol import types

from sqla_lsp.fixes.fix import Change, NotPossible
from sqla_lsp.project.project import Project
from sqla_lsp.server.convert import Converter, identity, offsets
from sqla_lsp.server.documents import Document, path_of
from sqla_lsp.server.edits import Editor, Overtaken
from sqla_lsp.server.projects import Projects
from sqla_lsp.text.lines import Encoding
from sqla_lsp.text.places import Place

QUICK_FIX = types.CodeActionKind.QuickFix
REWRITE = types.CodeActionKind.RefactorRewrite
FIX_ALL = "source.fixAll.sqla-lsp"
KINDS = (QUICK_FIX, REWRITE, FIX_ALL)

_CHANGED = "the text has changed since this was offered"


class Meant(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an action does, as its `data` says it: the fix of that title of a finding, or what fixes all findings (of one rule) of
    a document. `text` is the digest of the document that it was offered for, `at` the range of the finding there in bytes."""

    uri: str
    text: str
    what: Literal["fix", "rule", "all"]
    rule: str = ""
    finding: str = ""
    at: tuple[int, int] = (0, 0)
    title: str = ""


@dataclass(frozen=True)
class Asked:
    """A request: a range of a document in bytes, both ends included; the kinds that are wanted; what else the client said."""

    document: Document
    start: int
    end: int
    only: tuple[str, ...]
    automatic: bool
    diagnostics: Sequence[types.Diagnostic]

    @staticmethod
    def of(document: Document, params: types.CodeActionParams, encoding: Encoding) -> Asked:
        """The request of a client that counts in an encoding."""
        context = params.context
        start, end = offsets(params.range, document.data, encoding)
        automatic = context.trigger_kind == types.CodeActionTriggerKind.Automatic
        return Asked(document, start, end, tuple(context.only or ()), automatic, context.diagnostics)

    def wants(self, kind: str) -> bool:
        """Whether actions of a kind are wanted, also as part of a wider one."""
        return not self.only or any(wanted in ("", kind) or kind.startswith(wanted + ".") for wanted in self.only)

    @property
    def names_source(self) -> bool:
        """Whether actions on the whole file are asked for by name, as on save."""
        return any(wanted.split(".")[0] == "source" for wanted in self.only)


@dataclass(frozen=True)
class Actions:
    """Offers and resolves the actions of one client. `resolves` says that it asks for the edit of an action when it is chosen;
    `proceed` is called in the midst of long work with the path that it is about, and may raise."""

    converter: Converter
    editor: Editor
    resolves: bool
    proceed: Callable[[str], None]

    def listed(self, asked: Asked, projects: Projects) -> list[types.CodeAction]:
        """The actions at a place; none where the document has changed since."""
        from sqla_lsp.server.listing import Listing

        path = asked.document.path
        project = projects.project_of(path)
        if project is None or project.data(path) != asked.document.data:
            return []
        try:
            return list(Listing(self, asked, projects, project).actions())
        except Overtaken:
            return []

    def resolved(self, meant: Meant, projects: Projects) -> types.WorkspaceEdit | str:
        """The edit of an action; else a phrase that says why there is none."""
        path = path_of(meant.uri) or ""
        document, project = self.editor.open().get(path), projects.project_of(path)
        if document is None or project is None or project.data(path) != document.data:
            return _CHANGED
        try:
            change = self._meant(meant, document, projects, project)
            if change is None:
                return _CHANGED
            if not (change.creates or any(change.edits.values())):
                return "there is nothing to change"
            return self.editor.edit(change, path, project.data)
        except NotPossible as reason:
            return str(reason)
        except Overtaken:
            return _CHANGED

    def _meant(self, meant: Meant, document: Document, projects: Projects, project: Project) -> Change | None:
        """The change of an action; None where it cannot be told any more what was meant. What was offered for another text is
        made of this one, where there is one such finding alone."""
        from sqla_lsp.rules.fixing import offered

        if meant.what != "fix":
            return self.all(meant.rule or None, document.path, projects, project)
        is_same = digest(document.data) == meant.text
        found = projects.judgements(document.path)
        alike = [
            judgement
            for judgement in found
            if judgement.finding.rule == meant.rule and identity(judgement.finding, document.data) == meant.finding
        ]
        if is_same:
            alike = [judgement for judgement in alike if _at(judgement.finding.place) == meant.at]
        elif len(alike) > 1:
            return None
        fixes = (fix for judgement in alike for fix in offered(project, document.path, judgement, found))
        fix = next((fix for fix in fixes if fix.title == meant.title), None)
        return None if fix is None else fix.make()

    def all(self, rule: str | None, path: str, projects: Projects, project: Project) -> Change:
        """What fixes everything in a file that is safe, or everything of a rule that can be fixed without another schema."""
        from sqla_lsp.rules.fix_all import SAFE, UNSAFE, fixing

        with fixing(project, SAFE if rule is None else UNSAFE, rule) as run:
            run.fix([path], [path], lambda: self.proceed(path))
            change = run.change()
        projects.noticed |= run.stale
        return change


def digest(data: bytes) -> str:
    """Tells one text from another."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def meant(data: Any) -> Meant | None:
    """The `data` of an action as it comes back; None where it is none of ours."""
    try:
        return msgspec.convert(data, Meant)
    except msgspec.ValidationError:
        return None


def _at(place: Place) -> tuple[int, int]:
    return place.start, place.end
