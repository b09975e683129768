"""Makes an index of the models narrower: only its first columns stay keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msgspec.structs import replace
from tree_sitter import Node

from sqla_lsp.fixes.brackets import Elements, elements_of, indent_of, is_on_one_line, rewritten, with_last, without
from sqla_lsp.fixes.code_file import CodeFile, keyword, string_of, text
from sqla_lsp.fixes.fix import Change, Fix, NotPossible, joined
from sqla_lsp.fixes.index_calls import is_told
from sqla_lsp.fixes.index_code import Made, file_of, index_call, is_plain, others
from sqla_lsp.fixes.index_revision import Known, Step, index_in, known, revision
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.postgres.index_cover import covering
from sqla_lsp.postgres.naming import index_name
from sqla_lsp.project.catalog import TableEntry
from sqla_lsp.project.project import Project
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.tables import Index, Key
from sqla_lsp.text.edits import Edit
from sqla_lsp.text.places import Place


@dataclass(frozen=True)
class _Wide:
    """An `Index(...)` with too many keys. `elements` are its arguments, and the keys begin behind the name."""

    file: CodeFile
    call: Node
    elements: Elements
    keys: list[int]
    made: Made


def fixes(project: Project, place: Place, made: Made, limit: int) -> Iterator[Fix]:
    """The fixes for an index that stands at a place of the models and has more than `limit` key columns."""
    try:
        wide = _wide(project, place, made)
    except NotPossible:
        return
    name = made[0][1].index.name
    what = (quote(name) if isinstance(name, str) else "the index") + others(made)
    first = "first column" if limit == 1 else f"first {limit} columns"
    yield from _offered(project, wide, limit, f"Keep the {first} of {what}", lambda: _kept(wide, limit), include=False)
    rest = [key for _, path in made for key in _keys(path.index)[limit:]]
    if rest and all(_is_plain(key) for key in rest):
        words = ", ".join(dict.fromkeys(quote(str(key.column)) for key in rest))
        title = f"Move {words} of {what} to postgresql_include"
        yield from _offered(project, wide, limit, title, lambda: _moved(wide, limit), include=True)


def _offered(
    project: Project, wide: _Wide, limit: int, title: str, make: Callable[[], list[Edit]], *, include: bool
) -> Iterator[Fix]:
    """A fix of the model alone, and one with the revision that rebuilds the index."""
    new = [(entry, path, _narrowed(entry, path.index, wide, limit, include)) for entry, path in wide.made]
    if any(_is_covered(entry, path, index) for entry, path, index in new):
        return
    try:
        edits = make()
    except NotPossible:
        return
    model = Change({wide.file.path: tuple(edits)})
    yield Fix(title, "display", lambda: model)
    histories = {id(entry): known(project, entry) for entry, _, _ in new}
    steps: list[Step] = []
    place: Known | None = None
    for entry, path, index in new:
        history = histories[id(entry)]
        old = index_in(history, path.index.name)
        if history is None or old is None or not is_told(history.table.name, index) or not is_plain(wide.call):
            return
        if place is not None and place.environment is not history.environment:
            return
        place = history
        steps.append(Step(history.table.name, old, index))
    if place is not None:
        known_place, unique = place, list(dict.fromkeys(steps))
        rebuilt = f"{title}, with a revision that rebuilds it concurrently"
        yield Fix(rebuilt, "display", lambda: joined([model, revision(project, known_place, unique)]))


def _wide(project: Project, place: Place, made: Made) -> _Wide:
    """Raises `NotPossible` where it is not plain to see which argument is which key."""
    file = file_of(project, place, made)
    call = index_call(file, place)
    arguments = call.child_by_field_name("arguments")
    assert arguments is not None
    elements = elements_of(file.data, arguments)
    positional = [number for number, item in enumerate(elements.items) if item.type != "keyword_argument"]
    if any(elements.items[number].type in ("list_splat", "dictionary_splat") for number in positional):
        raise NotPossible("the columns are not written there one by one")
    keys = positional[1:] if keyword(call, "name") is None else positional
    if any(len(_keys(path.index)) != len(keys) for _, path in made):
        raise NotPossible("the columns are not written there one by one")
    return _Wide(file, call, elements, keys, made)


def _keys(index: Index) -> tuple[Key, ...]:
    return index.keys if isinstance(index.keys, tuple) else ()


def _is_plain(key: Key) -> bool:
    """Whether a key is a column, in its own order and comparison: an included column has neither."""
    return isinstance(key.column, str) and not (key.descending or key.nulls_first or key.opclass or key.collation)


def _narrowed(entry: TableEntry, index: Index, wide: _Wide, limit: int, include: bool) -> Index:
    """The index as it is then; one without a name of its own has another one."""
    keys = _keys(index)[:limit]
    included = index.include
    if include and isinstance(included, tuple):
        rest = [str(key.column) for key in _keys(index)[limit:]]
        included = tuple(dict.fromkeys([*included, *rest]))
    made = replace(index, keys=keys, include=included)
    first = wide.elements.items[0]
    if first.type == "none" and keyword(wide.call, "name") is None:
        template = entry.models[0].model.index_template if entry.models else None
        made = replace(made, name=index_name(entry.name, made, {"ix": template} if template is not None else {}))
    return made


def _is_covered(entry: TableEntry, path: AccessPath, index: Index) -> bool:
    """Whether the narrower index is superfluous, or makes another one so."""
    after = AccessPath(index, path.origin, path.place, path.statement, path.written)
    others = [other for other in entry.access if not (other.place == path.place and other.index == path.index)]
    before = list(entry.access)
    paths = [after if other is path else other for other in before if other is path or other in others]
    newly = [other for other in others if covering(other, before) is None and covering(other, paths) is not None]
    return covering(after, paths) is not None or bool(newly)


def _kept(wide: _Wide, limit: int) -> list[Edit]:
    """The edits that take the other columns out, and their operator classes."""
    gone = wide.keys[limit:]
    names = {str(key.column) for _, path in wide.made for key in _keys(path.index)[limit:] if key.column is not None}
    written = {string_of(wide.elements.items[number]) for number in gone}
    names |= {name for name in written if name is not None}
    stays = {str(key.column) for _, path in wide.made for key in _keys(path.index)[:limit]}
    ops, edits = _without_ops(wide, names - stays)
    return sorted([*without(wide.elements, [*gone, *ops]), *edits])


def _without_ops(wide: _Wide, names: set[str]) -> tuple[list[int], list[Edit]]:
    """What `postgresql_ops` says of columns that are keys no more: the argument where it says nothing else, else the edits."""
    argument = keyword(wide.call, "postgresql_ops")
    value = argument.child_by_field_name("value") if argument is not None else None
    if argument is None or value is None or value.type != "dictionary":
        return [], []
    pairs = elements_of(wide.file.data, value)
    gone = [number for number, pair in enumerate(pairs.items) if string_of(pair.child_by_field_name("key")) in names]
    if gone and len(gone) == len(pairs.items):
        return [number for number, item in enumerate(wide.elements.items) if item == argument], []
    return [], without(pairs, gone) if gone else []


def _moved(wide: _Wide, limit: int) -> list[Edit]:
    """The edits that make included columns of the rest."""
    style, data = wide.file.style, wide.file.data
    columns: list[str] = []
    for at, number in enumerate(wide.keys[limit:], limit):
        item = wide.elements.items[number]
        keys = {_key_of(entry, str(_keys(path.index)[at].column)) for entry, path in wide.made}
        if string_of(item) is not None:
            columns.append(text(item))
        elif len(keys) == 1:
            columns.append(style.string(keys.pop()))
        else:
            raise NotPossible("the column has another name in each table")
    argument = keyword(wide.call, "postgresql_include")
    if argument is None:
        return _replaced(wide, wide.keys[limit:], f"postgresql_include=[{', '.join(columns)}]")
    value = argument.child_by_field_name("value")
    if value is None or value.type not in ("list", "tuple"):
        raise NotPossible("it is not written there what the index includes")
    elements = elements_of(data, value)
    there = {string_of(item) for item in elements.items}
    new = [column for column in columns if column[1:-1] not in there]
    edits = without(wide.elements, wide.keys[limit:])
    return sorted([*edits, *(with_last(elements, ", ".join(new), style) if new else [])])


def _replaced(wide: _Wide, numbers: list[int], text_of_argument: str) -> list[Edit]:
    """The edits that put an argument in the place of some."""
    elements = wide.elements
    if is_on_one_line(elements):
        kept = [text(item) if at not in numbers else text_of_argument for at, item in enumerate(elements.items)]
        arguments = [one for at, one in enumerate(kept) if at not in numbers[1:]]
        return _on_one_line(wide, arguments)
    first = elements.items[numbers[0]]
    return sorted([Edit(first.start_byte, first.end_byte, text_of_argument), *without(elements, numbers[1:])])


def _on_one_line(wide: _Wide, arguments: list[str]) -> list[Edit]:
    """The edits for a call that stands on one line; where it becomes too long, the tuple around it is broken first."""
    style, around = wide.file.style, wide.call.parent
    function = text(wide.call.child_by_field_name("function"))
    if around is not None and around.type == "tuple":
        outer = elements_of(wide.file.data, around)
        if is_on_one_line(outer):
            depth = len(indent_of(wide.file.data, outer.start).expandtabs(4)) // len(style.indent.expandtabs(4)) + 1
            call = style.call(function, arguments, depth=depth)
            return rewritten(outer, [call if item == wide.call else text(item) for item in outer.items], style)
    return rewritten(wide.elements, arguments, style)


def _key_of(entry: TableEntry, column: str) -> str:
    """The key of a column in `.c` of its table, which is what a string names."""
    for mapped in entry.models:
        found = mapped.model.column(column) if mapped.model.kind == "table" else None
        if found is not None and found.attribute:
            return found.attribute
    return column
