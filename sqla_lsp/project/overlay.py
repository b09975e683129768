"""Texts laid over those of a project, to see what it would be with them, and taken away again."""

from __future__ import annotations

from sqla_lsp.project.project import Project


class Overlay:
    """Remembers what every file that it touches was before. None stands for a file that is not there."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._documents: dict[str, bytes | None] = {}
        self._before: dict[str, bytes | None] = {}

    def before(self, path: str) -> bytes | None:
        """The text that a file had before it was touched."""
        return self._before[path] if path in self._before else self.text(path)

    def text(self, path: str) -> bytes | None:
        """The text that a file has now."""
        return self._project.data(path) if self._project.exists(path) else None

    def put(self, path: str, data: bytes | None) -> set[str]:
        """Gives a file another text, or takes it away. Gives the files whose findings may have changed."""
        if path not in self._before:
            self._before[path] = self.text(path)
            self._documents[path] = self._project.document(path)
        return self._project.drop_document(path) if data is None else self._project.set_document(path, data)

    def touched(self) -> list[str]:
        """The files that were given another text, sorted."""
        return sorted(self._before)

    def take_away(self) -> set[str]:
        """Gives every file back what it was. Gives the files whose findings may have changed, because the disk did meanwhile."""
        changed: set[str] = set()
        for path, data in self._documents.items():
            if data is not None:
                self._project.set_document(path, data)
            else:
                stale = self._project.drop_document(path)
                changed |= stale if self.text(path) != self._before[path] else set()
        self._documents.clear()
        self._before.clear()
        return changed
