"""Gives models the indexes that a query asks for, and, where the history of migrations knows their tables, creates them in a new
revision."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from msgspec.structs import replace

from sqla_lsp.fixes.code_file import CodeFile, code_file, enclosing, text
from sqla_lsp.fixes.column_code import with_flag
from sqla_lsp.fixes.fix import Change, Fix, NotPossible, joined
from sqla_lsp.fixes.index_calls import is_told, key_sql, sql_text
from sqla_lsp.fixes.index_revision import Known, Step, known, revision
from sqla_lsp.fixes.sqlalchemy_names import spelled
from sqla_lsp.fixes.table_args import holder_of, names_in, with_indexes
from sqla_lsp.postgres.identifiers import cut, quote, shortened
from sqla_lsp.postgres.index_cover import covering
from sqla_lsp.postgres.naming import index_name
from sqla_lsp.project.catalog import MappedModel, TableEntry
from sqla_lsp.project.project import Project
from sqla_lsp.project.wanted import Wanted, column_of
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.tables import Index, Key
from sqla_lsp.text.edits import Edit
from sqla_lsp.text.places import Place


@dataclass(frozen=True)
class _Planned:
    """An index that is to be added to a table: by `index=True` where `flag` is the place of its column, else as an `Index(...)`
    of a model."""

    entry: TableEntry
    index: Index
    mapped: MappedModel
    flag: Place | None


def fixes(project: Project, wanted: Sequence[Wanted]) -> Iterator[Fix]:
    """The fixes for what a query asks for. Each gives all indexes, so that the query asks for no other one then: first those on
    one column each, then those on all columns that the query speaks of."""
    if not wanted:
        return
    offered: list[list[_Planned]] = []
    for is_whole in (False, True):
        if is_whole and all(len(one.keys) == 1 for one in wanted):
            continue
        try:
            planned = _plan(project, wanted, is_whole)
            model = _in_models(project, planned)
        except NotPossible:
            continue
        if planned in offered:
            continue
        offered.append(planned)
        title = f"Add {' and '.join(_words(one) for one in planned)}"
        yield Fix(title, "display", _making(project, model))
        place, steps = _steps(project, planned)
        if place is not None:
            it = "it" if len(planned) == 1 else "them"
            yield Fix(
                f"{title}, with a revision that creates {it} concurrently", "display", _making(project, model, place, steps)
            )


def _making(project: Project, model: Change, place: Known | None = None, steps: Sequence[Step] = ()) -> Callable[[], Change]:
    """What makes the change of a fix when it is asked for."""
    if place is None:
        return lambda: model
    return lambda: joined([model, revision(project, place, steps)])


def _words(planned: _Planned) -> str:
    """An index as a title names it."""
    keys = planned.index.keys if isinstance(planned.index.keys, tuple) else ()
    name = f"{quote(planned.index.name)} " if isinstance(planned.index.name, str) else "an index "
    return f"{name}on {quote(str(planned.entry.name.name))} ({', '.join(key_sql(key) for key in keys)})"


# ----------------------------------------------------------------------------------------------------------------- planning


def _plan(project: Project, wanted: Sequence[Wanted], is_whole: bool) -> list[_Planned]:
    planned: list[_Planned] = []
    for one in wanted:
        keys = one.keys if is_whole else one.keys[:1]
        taken = {(i.entry.name.schema, i.index.name) for i in planned} | set(_names(project))
        new = _planned(project, one, keys, taken)
        paths = [*new.entry.access, AccessPath(new.index), *(AccessPath(i.index) for i in planned if i.entry is new.entry)]
        if any(covering(path, paths) != covering(path, new.entry.access) for path in paths if path in new.entry.access):
            raise NotPossible("another index would be superfluous then")
        if covering(paths[len(new.entry.access)], paths) is not None:
            raise NotPossible("the index would be superfluous")
        planned.append(new)
    return planned


_Names = set[tuple[object, object]]


def _names(project: Project) -> Iterator[tuple[object, object]]:
    """The names that indexes have, with their schemas: a schema has but one index of a name."""
    for entry in project.catalog.entries():
        for path in (*entry.access, *entry.history_access):
            yield entry.name.schema, path.index.name


def _planned(project: Project, one: Wanted, keys: tuple[Key, ...], taken: _Names) -> _Planned:
    entry = one.table.entry
    mapped = _owner(entry)
    if not entry.name.known or mapped is None:
        raise NotPossible("the table is not known")
    template = mapped.model.index_template
    convention = {"ix": template} if template is not None else {}
    first = keys[0]
    if len(keys) == 1 and first == Key(first.column):
        index = Index(index_name(entry.name, Index(None, keys), convention), keys)
        flag = _place_of_column(project, one, str(first.column))
        if flag is not None and isinstance(index.name, str) and (entry.name.schema, index.name) not in taken:
            try:
                with_flag(code_file(project, flag.path), flag)
                return _Planned(entry, index, mapped, flag)
            except NotPossible:
                pass
    return _Planned(entry, Index(_free_name(entry, keys, convention, taken), keys), mapped, None)


def _owner(entry: TableEntry) -> MappedModel | None:
    """The model that declares the table: not a class that is mapped to one, nor one that shares that of its parent."""
    for mapped in entry.models:
        model = mapped.model
        if model.table == entry.name and model.of_table is None and model.parent_table != model.table:
            return mapped
    return None


def _free_name(entry: TableEntry, keys: tuple[Key, ...], convention: dict[str, str], taken: _Names) -> str:
    """A name that no index has: by the convention, else from the table and the columns; Postgres keeps 63 bytes of it."""
    parts = [key.column if isinstance(key.column, str) else _as_name(str(key.expression)) for key in keys]
    parts += ["pattern"] if any(key.opclass for key in keys) else []
    plain = "_".join(["ix", str(entry.name.name), *parts])
    by_convention = index_name(entry.name, Index(None, keys), convention) if convention else None
    is_told = by_convention is not None and not any(key.opclass for key in keys)
    names = [*([str(by_convention)] if is_told else []), plain, *(f"{plain}_{number}" for number in range(2, 99))]
    return next(cut(shortened(name)) for name in names if (entry.name.schema, cut(shortened(name))) not in taken)


def _as_name(expression: str) -> str:
    """An expression as a part of a name."""
    return "_".join(re.findall(r"[a-z_]\w*", expression.lower()))[:40] or "expression"


def _place_of_column(project: Project, one: Wanted, column: str) -> Place | None:
    """Where the column is declared, where it is one of this table alone: that of a mixin stands in others too."""
    found = column_of(one.table, column)
    if found is None:
        return None
    path = found[1].place.path or found[0]
    place = Place(found[1].place.start, found[1].place.end, path)
    file = code_file(project, path)
    node = file.root.descendant_for_byte_range(place.start, place.end)
    around = enclosing(node, "class_definition") if node is not None else None
    for mapped in one.table.entry.models:
        if mapped.path != path:
            continue
        if mapped.model.kind == "table" and _holds(mapped.model.place, place):
            return place
        if around is not None and mapped.model.kind == "class" and _is_class(file, mapped, around.start_byte, around.end_byte):
            return place
    return None


def _holds(around: Place, place: Place) -> bool:
    return around.path in ("", place.path) and around.start <= place.start and place.end <= around.end


def _is_class(file: CodeFile, mapped: MappedModel, start: int, end: int) -> bool:
    try:
        node = holder_of(file, mapped)
    except NotPossible:
        return False
    return (node.start_byte, node.end_byte) == (start, end)


# ------------------------------------------------------------------------------------------------------------------ editing


def _in_models(project: Project, planned: Sequence[_Planned]) -> Change:
    """The edits of the models. Raises `NotPossible`."""
    edits: dict[str, list[Edit]] = {}
    for one in planned:
        if one.flag is not None:
            edits.setdefault(one.flag.path, []).extend(with_flag(code_file(project, one.flag.path), one.flag))
    for mapped in {id(one.mapped): one.mapped for one in planned if one.flag is None}.values():
        file = code_file(project, mapped.path)
        own = [one for one in planned if one.mapped is mapped and one.flag is None]
        made, imports = [], list[Edit]()
        for one in own:
            code, more = _code(file, one)
            made.append(code)
            imports += more
        edits.setdefault(mapped.path, []).extend([*imports, *with_indexes(project, file, mapped, made)])
    return Change({path: _united(made) for path, made in edits.items()})


def _united(edits: list[Edit]) -> tuple[Edit, ...]:
    """Edits of which several import the same; two that touch each other cannot be made."""
    unique = sorted(dict.fromkeys(edits))
    for one, other in pairwise(unique):
        if other.start < one.end or (one.start == one.end == other.start == other.end):
            raise NotPossible("two changes meet at the same place")
    return tuple(unique)


def _code(file: CodeFile, planned: _Planned) -> tuple[str, list[Edit]]:
    """`Index(...)` as the file writes it, and the imports that it needs."""
    style, holder = file.style, holder_of(file, planned.mapped)
    taken = names_in(holder)
    like = _like(file, planned, holder.type == "call")
    function, imports = spelled(file, "Index", like=like, taken=taken)
    assert isinstance(planned.index.keys, tuple)
    elements: list[str] = []
    ops: list[str] = []
    for key in planned.index.keys:
        if isinstance(key.column, str) and key == replace(Key(key.column), opclass=key.opclass):
            name = style.string(_key_of(planned.mapped, key.column))
            elements.append(name)
            ops += [f"{name}: {style.string(key.opclass)}"] if isinstance(key.opclass, str) else []
            continue
        sql, more = spelled(file, "text", like=like, taken=taken)
        elements.append(sql_text(style, key_sql(key), sql))
        imports = _both(file, imports, more)
    options = [f"postgresql_ops={{{', '.join(ops)}}}"] if ops else []
    return style.call(function, [style.string(str(planned.index.name)), *elements, *options], depth=2), imports


def _both(file: CodeFile, imports: list[Edit], more: list[Edit]) -> list[Edit]:
    """Imports of two names, which are one where both go to the same place."""
    if not imports or not more or imports == more:
        return imports or more
    one, other = imports[0], more[0]
    if len(imports) == len(more) == 1 and one.start == one.end == other.start == other.end:
        names = re.compile(r"^(\s*from sqlalchemy import )Index(\s*)$")
        whole = names.match(one.text)
        if whole is not None:
            return [Edit(one.start, one.end, f"{whole[1]}Index, text{whole[2]}")]
        return [Edit(one.start, one.end, one.text + other.text)]
    return [*imports, *more]


def _like(file: CodeFile, planned: _Planned, is_table: bool) -> str:
    """How the model writes something else of SQLAlchemy: its `Table`, or a column."""
    holder = holder_of(file, planned.mapped)
    if is_table:
        return text(holder.child_by_field_name("function"))
    for column in planned.mapped.model.columns:
        place = column.place
        if place.path in ("", file.path):
            node = file.root.descendant_for_byte_range(place.start, place.end)
            if node is not None and node.type == "call" and holder.start_byte <= node.start_byte < holder.end_byte:
                return text(node.child_by_field_name("function"))
    return ""


def _key_of(mapped: MappedModel, column: str) -> str:
    """The key of a column in `.c` of its table, which is what a string names."""
    found = mapped.model.column(column) if mapped.model.kind == "table" else None
    return found.attribute if found is not None and found.attribute else column


# ---------------------------------------------------------------------------------------------------------------- migrating


def _steps(project: Project, planned: Sequence[_Planned]) -> tuple[Known | None, list[Step]]:
    """What the revision does, where one environment's history has all tables."""
    steps: list[Step] = []
    place: Known | None = None
    for one in planned:
        history = known(project, one.entry)
        if history is None or not is_told(history.table.name, one.index):
            return None, []
        if place is not None and place.environment is not history.environment:
            return None, []
        place = history
        steps.append(Step(history.table.name, None, one.index))
    return place, steps
