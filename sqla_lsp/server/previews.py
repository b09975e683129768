"""Hovers, code lenses, inlay hints and scripts of migrations, for one client. All of it runs in the thread of the analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsprotocol import types

from sqla_lsp.server.convert import line_index, offsets
from sqla_lsp.server.documents import Document
from sqla_lsp.server.projects import Projects
from sqla_lsp.text.lines import Encoding
from sqla_lsp.text.places import Place

if TYPE_CHECKING:
    from sqla_lsp.preview.migration import Direction, Preview

SHOW_SQL = "sqla-lsp.sql"
"""The command of a lens: its arguments are the URI of a migration and `upgrade` or `downgrade`."""


@dataclass
class Previews:
    """`markdown` says that the client shows hovers in Markdown; `proceed` may raise in the midst of long work. `_told` is what
    the lenses and hints that it shows were made of, by path: where another file changes that, it has to ask again."""

    encoding: Encoding
    markdown: bool
    proceed: Callable[[], None]
    _told: dict[str, Preview | None] = field(default_factory=dict)

    def hover(self, document: Document, position: types.Position, projects: Projects) -> types.Hover | None:
        """What is said of a place."""
        from sqla_lsp.ide import hover

        made = projects.preview(document.path, self.proceed)
        data = projects.text_of(document.path)(document.path)
        if made is None or data != document.data:
            return None
        at, _ = offsets(types.Range(position, position), data, self.encoding)
        shown = hover.hover(made, data, at)
        if shown is None:
            return None
        text = hover.markdown(shown) if self.markdown else hover.plain(shown)
        kind = types.MarkupKind.Markdown if self.markdown else types.MarkupKind.PlainText
        return types.Hover(types.MarkupContent(kind, text), self._range(shown.place, data))

    def lenses(self, document: Document, projects: Projects) -> list[types.CodeLens]:
        """The lenses of a migration, of its newest text."""
        from sqla_lsp.ide import lenses

        made, data = self._made(document.path, projects)
        found = lenses.lenses(made, data) if made is not None else []
        return [
            types.CodeLens(
                self._range(lens.place, data), types.Command(lens.title, SHOW_SQL, arguments=[document.uri, lens.direction])
            )
            for lens in found
        ]

    def hints(self, document: Document, shown: types.Range, projects: Projects) -> list[types.InlayHint]:
        """The hints in a range of a migration, of its newest text."""
        from sqla_lsp.ide import hints

        made, data = self._made(document.path, projects)
        start, end = offsets(shown, data, self.encoding)
        lines = line_index(data)
        return [
            types.InlayHint(
                types.Position(*lines.position(hint.offset, self.encoding)),
                hint.label,
                tooltip="\n".join(hint.more),
                padding_left=True,
            )
            for hint in (hints.hints(made, start, end) if made is not None else [])
        ]

    def script(self, path: str, direction: Direction, projects: Projects) -> tuple[str, str] | None:
        """The revision of a migration and the SQL of one of its functions; None for a file that is none."""
        from sqla_lsp.ide.script import script

        made = projects.preview(path, self.proceed)
        return None if made is None else (made.revision, script(made, direction, projects.text_of(path)(path)))

    def follows(self, path: str) -> bool:
        """Whether the client has asked for lenses or hints of a document."""
        return path in self._told

    def have_changed(self, paths: Iterable[str], projects: Projects) -> bool:
        """Whether the client would be told something else now of one of these files."""
        told = self._told
        return any(path in told and told[path] != projects.preview(path, self.proceed) for path in paths)

    def forget(self, path: str) -> None:
        """The client shows a document no longer."""
        self._told.pop(path, None)

    def _made(self, path: str, projects: Projects) -> tuple[Preview | None, bytes]:
        """The preview of a file that the client is told of now, and the file's text."""
        made = self._told[path] = projects.preview(path, self.proceed)
        return made, projects.text_of(path)(path)

    def _range(self, place: Place, data: bytes) -> types.Range:
        lines = line_index(data)
        start, end = (types.Position(*lines.position(offset, self.encoding)) for offset in (place.start, place.end))
        return types.Range(start, end)
