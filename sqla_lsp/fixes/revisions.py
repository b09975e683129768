"""New revisions: written in the style of the one that they follow, with an id that is always the same for the same purpose."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import msgspec

from sqla_lsp.fixes.docstrings import Moment, date_of, moment
from sqla_lsp.fixes.file_names import Naming, date_in_name
from sqla_lsp.fixes.fix import Change, NewFile, NotPossible
from sqla_lsp.fixes.identifiers import new_id
from sqla_lsp.fixes.new_file import NewRevision, new_text
from sqla_lsp.fixes.repoint import check_known, repointed
from sqla_lsp.fixes.style import style_of
from sqla_lsp.fixes.transactions import with_transaction_per_migration
from sqla_lsp.fixes.written import Written
from sqla_lsp.project.environment import Environment
from sqla_lsp.project.project import Project
from sqla_lsp.readers.revisions import Header

__all__ = ["Draft", "at_head", "following", "with_transaction_per_migration"]

_RELATIVES = 12
"""How many other revisions are asked how the project writes them."""


class Draft(msgspec.Struct, frozen=True):
    """A revision that is to be written. `purpose` tells it from others after the same revision, `message` is what Alembic calls
    the message: the first line of its docstring, and its slug in the file name. `upgrade` and `downgrade` are the bodies of the
    functions, not indented, with "\\n" at line ends, without a line end at the end; they speak of `op` and `sa`. `imports` are
    the import statements that they need beside those."""

    purpose: str
    message: str
    upgrade: str
    downgrade: str
    imports: tuple[str, ...] = ()


def following(project: Project, path: str, drafts: Sequence[Draft]) -> Change:
    """New revisions, one after the other, between a revision and those that follow it now. Raises `NotPossible`."""
    environment = _environment(project, path)
    if not drafts:
        return Change()
    around = _headers_around(environment, path)
    creates, last = _written_after(project, environment, path, drafts)
    return Change(repointed(project, around, path, last), creates)


def at_head(project: Project, environment: Environment, drafts: Sequence[Draft], after: str | None = None) -> Change:
    """New revisions at the head of an environment; of several heads at the one that has the revision `after` (a path) in its
    history. Raises `NotPossible`."""
    head = _head(project, environment, after)
    if not drafts:
        return Change()
    return Change({}, _written_after(project, environment, head, drafts)[0])


def _head(project: Project, environment: Environment, after: str | None) -> str:
    """The path of the head that new revisions follow."""
    headers = environment.graph.headers
    if not headers:
        raise NotPossible("there is no revision yet that a new one could follow")
    if len({header.revision for header in headers.values()}) < len(headers) and after is not None:
        headers = {path: header for path, header in headers.items() if os.path.dirname(path) == os.path.dirname(after)}
    parents = _parents(project, headers)
    followed = {parent for above in parents.values() for parent in above}
    heads = [path for path in headers if path not in followed]
    if not heads:
        raise NotPossible("the revisions follow each other in a circle")
    if len(heads) > 1 and after is not None:
        heads = [head for head in heads if after in _history(head, parents)] or heads
    if len(heads) > 1:
        raise NotPossible(f"there are several heads: {', '.join(headers[head].revision for head in heads)}")
    return heads[0]


def _parents(project: Project, headers: Mapping[str, Header]) -> dict[str, list[str]]:
    """The files that each revision follows, not those that it depends on."""
    ids: dict[str, str] = {}
    for path, header in headers.items():
        if header.revision in ids:
            raise NotPossible(f"several files have the revision {header.revision}")
        ids[header.revision] = path
    for path, header in headers.items():
        if header.not_known:
            check_known(Written(project.data(path)), path)
        missing = [down for down in header.down if down not in ids]
        if missing:
            raise NotPossible(f"revision {header.revision} follows {missing[0]}, which no file has")
    return {path: [ids[down] for down in header.down] for path, header in headers.items()}


def _history(head: str, parents: Mapping[str, list[str]]) -> set[str]:
    """A revision and all before it."""
    seen: set[str] = set()
    pending = [head]
    while pending:
        path = pending.pop()
        if path not in seen:
            seen.add(path)
            pending += parents[path]
    return seen


def _environment(project: Project, path: str) -> Environment:
    """The environment of a revision."""
    if project.history(path) is None:
        raise NotPossible("it is no revision")
    return project.environments.of(path)


def _headers_around(environment: Environment, path: str) -> Mapping[str, Header]:
    """The revisions among which the id of one is its own: all of the environment, or, where that has a folder for each dialect
    with the same ids, those of its folder."""
    headers = environment.graph.headers
    own = headers[path].revision
    twins = {os.path.dirname(other) for other, header in headers.items() if header.revision == own and other != path}
    if not twins:
        return headers
    folder = os.path.dirname(path)
    naming = {os.path.dirname(other) for other, header in headers.items() if own in (*header.down, *header.depends_on)}
    if folder in twins or naming - twins - {folder}:
        raise NotPossible(f"several files have the revision {own}")
    return {other: header for other, header in headers.items() if os.path.dirname(other) == folder}


def _written_after(
    project: Project, environment: Environment, path: str, drafts: Sequence[Draft]
) -> tuple[tuple[NewFile, ...], str]:
    """The files of new revisions one after the other after one, and the id of the last."""
    graph = environment.graph
    relatives = [Written(project.data(other)) for other in _relatives(environment, path)]
    follows, style = Written(project.data(path)), style_of(project, path)
    naming = Naming(project, environment, path)
    taken = {name for header in graph.headers.values() for name in (header.revision, *header.labels)}
    parent = graph.headers[path].revision
    told = _date(follows)
    named = told or date_in_name(path) or next((date for each in relatives if (date := _date(each)) is not None), None)
    creates: list[NewFile] = []
    for number, draft in enumerate(drafts, 1):
        revision = new_id(parent, draft.purpose, draft.message, taken)
        taken.add(revision)
        date = told.later(number) if told is not None else None
        new = NewRevision(revision, parent, date, draft.message, draft.upgrade, draft.downgrade, draft.imports)
        at = naming.path(revision, draft.message, named.later(number) if named is not None else None)
        creates.append(NewFile(at, new_text(follows, relatives, style, new)))
        parent = revision
    return tuple(creates), parent


def _date(written: Written) -> Moment | None:
    return moment(date_of(written.text(written.docstring))) if written.docstring is not None else None


def _relatives(environment: Environment, path: str) -> list[str]:
    """The revisions around one, the nearest first."""
    found = [path]
    for at in found:
        near = [*environment.graph.parents(at), *environment.graph.children(at)]
        found += [other for other in near if other not in found]
        if len(found) > _RELATIVES:
            break
    return found[1 : _RELATIVES + 1]
