"""Revisions that follow another one are made to follow a new one: the edits of their headers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.written import Written, content, walk
from sqla_lsp.project.project import Project
from sqla_lsp.readers.revisions import Header
from sqla_lsp.text.edits import Edit

_LITERAL = frozenset({"string", "none", "tuple", "list", "set", "parenthesized_expression", "comment"})


def repointed(project: Project, headers: Mapping[str, Header], path: str, new: str) -> dict[str, tuple[Edit, ...]]:
    """The edits that make those of some revisions that name the one at `path`, in `down_revision` or `depends_on`, name `new`.
    Raises `NotPossible`."""
    old = headers[path].revision
    edits: dict[str, tuple[Edit, ...]] = {}
    for other, header in headers.items():
        if other == path:
            continue
        written = Written(project.data(other)) if header.not_known or old in (*header.down, *header.depends_on) else None
        if written is None:
            continue
        if header.not_known:
            check_known(written, other)
        made: list[Edit] = []
        if old in header.down:
            made += _in_header(written, other, "down_revision", old, new)
            made += _in_docstring(written, old, new)
        if old in header.depends_on:
            made += _in_header(written, other, "depends_on", old, new)
        if made:
            edits[other] = tuple(sorted(made))
    return edits


def check_known(written: Written, path: str) -> None:
    """Raises `NotPossible` where nobody can tell what a revision follows."""
    for name in ("down_revision", "depends_on"):
        value = written.value(name)
        if value is None and name == "depends_on":
            continue
        if value is None or not _is_literal(value):
            raise NotPossible(f"the {name} of {os.path.basename(path)} is not written out")


def _is_literal(node: Node) -> bool:
    if node.type == "string":
        return content(node) is not None
    return node.type in _LITERAL and all(_is_literal(child) for child in node.children if child.is_named)


def _in_header(written: Written, path: str, name: str, old: str, new: str) -> Iterator[Edit]:
    value = written.value(name)
    found = 0
    for node in walk(value) if value is not None and _is_literal(value) else ():
        inside = content(node)
        if inside is not None and written.data[inside[0] : inside[1]] == old.encode():
            found += 1
            yield Edit(*inside, new)
    if not found:
        raise NotPossible(f"the {name} of {os.path.basename(path)} is not written out")


def _in_docstring(written: Written, old: str, new: str) -> Iterator[Edit]:
    """The id where the docstring says what the revision revises."""
    if written.docstring is None:
        return
    word = re.compile(rb"(?<![\w.\-])" + re.escape(old.encode()) + rb"(?![\w\-]|\.\w)")
    line = re.compile(rb"^[ \t]*Revises[ \t]*:[^\r\n]*", re.MULTILINE)
    start, end = written.docstring.start_byte, written.docstring.end_byte
    for match in line.finditer(written.data, start, end):
        for told in word.finditer(written.data, match.start(), match.end()):
            yield Edit(told.start(), told.end(), new)
