"""Takes an index out of the models that another one covers, and, where the history of migrations knows it, drops it in a new
revision."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.fixes.fix import Change, Fix, NotPossible, joined
from sqla_lsp.fixes.index_code import Made, file_of, index_call, is_plain, others, without_flag, without_index
from sqla_lsp.fixes.index_revision import Known, Step, index_in, known, revision
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.project.project import Project
from sqla_lsp.text.edits import Edit
from sqla_lsp.text.places import Place


def fixes(project: Project, place: Place, made: Made, cover: str | None = None) -> Iterator[Fix]:
    """The fix for an index that stands at a place of the models, and is covered in every table that it is made in. `cover` is the
    name of the index that covers it."""
    try:
        edits = _out(project, place, made)
    except NotPossible:
        return
    name = made[0][1].index.name
    what = quote(name) if isinstance(name, str) else "the index"
    title = f"Drop {what}, which {quote(cover) if cover else 'another index'} covers{others(made)}"
    yield Fix(title, "display", lambda: _change(project, place, made, edits))


def _out(project: Project, place: Place, made: Made) -> list[Edit]:
    file = file_of(project, place, made)
    path = made[0][1]
    if path.written == "index=True":
        return without_flag(file, place, unique=path.index.unique is True)
    return without_index(file, place)


def _change(project: Project, place: Place, made: Made, edits: list[Edit]) -> Change:
    model = Change({place.path: tuple(edits)})
    histories: dict[int, tuple[Known, list[Step]]] = {}
    for entry, path in made:
        history = known(project, entry)
        old = index_in(history, path.index.name)
        if history is not None and old is not None and _is_all_told(project, place, made):
            steps = histories.setdefault(id(history.environment), (history, []))[1]
            step = Step(history.table.name, old, None)
            steps += [step] if step not in steps else []
    if len(histories) != 1:
        return model
    history, steps = next(iter(histories.values()))
    try:
        return joined([model, revision(project, history, steps)])
    except NotPossible:
        return model


def _is_all_told(project: Project, place: Place, made: Made) -> bool:
    """Whether the downgrade can create the index as it was: the model says nothing of it that is not known."""
    if made[0][1].written == "index=True":
        return True
    try:
        return is_plain(index_call(file_of(project, place, made), place))
    except NotPossible:
        return False
