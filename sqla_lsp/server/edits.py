"""From changes of files to LSP: workspace edits in the shape that the client can apply."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from sqla_lsp.fixes.fix import Change
from sqla_lsp.server.convert import line_index
from sqla_lsp.server.documents import Document
from sqla_lsp.server.session import Abilities
from sqla_lsp.text.edits import Edit
from sqla_lsp.text.lines import Encoding

_CREATES, _ALSO = "creates a file", "changes another file"
"""The annotations: what a preview of the edit says of its parts. None of them asks to be confirmed: VS Code leaves such parts out
unless the user ticks them one by one, and takes the index out of one file without building it in the other."""


class Overtaken(Exception):
    """A text that is open in the editor is not the one that was analysed."""


@dataclass(frozen=True)
class Editor:
    """Turns changes into edits for one client. `open` gives the documents that the client shows, by path."""

    encoding: Encoding
    abilities: Abilities
    open: Callable[[], Mapping[str, Document]]

    def can(self, change: Change) -> bool:
        """Whether the client can apply a change."""
        return self.abilities.creates or not change.creates

    def edit(self, change: Change, path: str, text_of: Callable[[str], bytes]) -> types.WorkspaceEdit:
        """The edit that makes a change, asked for in the document of `path`. `text_of` gives the texts that were analysed.
        Raises `Overtaken`."""
        documents = self.open()
        texts = {file: text_of(file) for file in change.edits}
        for file, text in texts.items():
            document = documents.get(file)
            if document is not None and document.data != text:
                raise Overtaken
        if not (self.abilities.versions or self.abilities.creates):
            plain = {file: self._edits(edits, texts[file]) for file, edits in change.edits.items()}
            return types.WorkspaceEdit(changes={_uri(file, documents): edits for file, edits in plain.items()})
        operations: list[types.TextDocumentEdit | types.CreateFile] = []
        for new in change.creates:
            operations += self._created(new.path, new.data)
        for file, edits in sorted(change.edits.items(), key=lambda item: (item[0] != path, item[0])):
            document = documents.get(file)
            version = None if document is None else document.version
            identifier = types.OptionalVersionedTextDocumentIdentifier(_uri(file, documents), version)
            annotation = _ALSO if file != path and self.abilities.annotations else None
            made = self._edits(edits, texts[file])
            operations.append(types.TextDocumentEdit(identifier, [_annotated(edit, annotation) for edit in made]))
        return types.WorkspaceEdit(document_changes=operations, change_annotations=_annotations(operations))

    def _created(self, path: str, data: bytes) -> list[types.TextDocumentEdit | types.CreateFile]:
        uri, start = Path(path).as_uri(), types.Position(0, 0)
        annotation = _CREATES if self.abilities.annotations else None
        text = data.decode("utf-8")
        insert = _annotated(types.TextEdit(types.Range(start, start), text), annotation)
        document = types.OptionalVersionedTextDocumentIdentifier(uri, None)
        options = types.CreateFileOptions(overwrite=False, ignore_if_exists=False)
        create = types.CreateFile(uri, options=options, annotation_id=annotation)
        return [create, types.TextDocumentEdit(document, [insert])]

    def _edits(self, edits: tuple[Edit, ...], text: bytes) -> list[types.TextEdit]:
        return [text_edit(edit, text, self.encoding) for edit in edits]


def text_edit(edit: Edit, data: bytes, encoding: Encoding) -> types.TextEdit:
    """An edit of a text as a client takes it."""
    lines = line_index(data)
    start, end = (types.Position(*lines.position(offset, encoding)) for offset in (edit.start, edit.end))
    return types.TextEdit(types.Range(start, end), edit.text)


def _annotated(edit: types.TextEdit, annotation: str | None) -> types.TextEdit | types.AnnotatedTextEdit:
    return edit if annotation is None else types.AnnotatedTextEdit(annotation, edit.range, edit.new_text)


def _uri(path: str, documents: Mapping[str, Document]) -> str:
    document = documents.get(path)
    return document.uri if document is not None else Path(path).as_uri()


def _annotations(
    operations: list[types.TextDocumentEdit | types.CreateFile],
) -> dict[str, types.ChangeAnnotation] | None:
    """What is said of the parts, by the name that edits refer to."""
    names: dict[str, list[str]] = {}
    for operation in operations:
        if isinstance(operation, types.CreateFile):
            used, uri = [operation.annotation_id], operation.uri
        else:
            used = [edit.annotation_id for edit in operation.edits if isinstance(edit, types.AnnotatedTextEdit)]
            uri = operation.text_document.uri
        for name in used:
            if name is not None and (file := os.path.basename(uri)) not in names.setdefault(name, []):
                names[name].append(file)
    labels = {_CREATES: "New file", _ALSO: "Change of another file"}
    return {name: types.ChangeAnnotation(labels[name], description=", ".join(files)) for name, files in names.items()} or None
