"""Names of SQLAlchemy as a file writes them: how it spells one, the import that is missing, and an import that is left over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from tree_sitter import Node

from sqla_lsp.fixes.brackets import elements_of, with_last, without
from sqla_lsp.fixes.code_file import CodeFile, imported, imports_in, module_of, nodes_in, text
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.statements import with_statement, without_statement
from sqla_lsp.text.edits import Edit

Spelled = tuple[str, list[Edit]]
"""How a name is written, and the edits that import it."""

_HOMES = {"Index": "sqlalchemy", "text": "sqlalchemy", "mapped_column": "sqlalchemy.orm"}


def spelled(file: CodeFile, name: str, *, like: str = "", taken: Sequence[str] = ()) -> Spelled:
    """A name of SQLAlchemy. `like` is how something else of it is written nearby: `db.Column` asks for `db.Index`. `taken` are
    names that mean something else where it is to stand. Raises `NotPossible`."""
    home = _HOMES[name]
    for bound, path in file.bindings.items():
        if _is_name(path, home, name) and bound not in taken:
            return bound, []
    holder = like.rpartition(".")[0]
    if holder and "." not in holder and holder not in taken and _has(file, holder, home):
        return f"{holder}.{name}", []
    for bound, path in file.bindings.items():
        if path == home and bound not in taken:
            return f"{bound}.{name}", []
    if name in taken or name in file.bindings or any(text(node) == name for node in _defined(file.root)):
        raise NotPossible(f"{name} is the name of something else there")
    return name, _imported(file, home, name)


def _is_name(path: str, home: str, name: str) -> bool:
    """Whether a path is that of a name, which other modules of SQLAlchemy hand on."""
    module, _, last = path.rpartition(".")
    return last == name and (module == home or module.partition(".")[0] in ("sqlalchemy", "sqlmodel"))


def _has(file: CodeFile, holder: str, home: str) -> bool:
    """Whether a name holds what a module of SQLAlchemy does: the module itself, or Flask's `db`."""
    path = file.bindings.get(holder, "")
    return path == home if path.partition(".")[0] in ("sqlalchemy", "sqlmodel") else home == "sqlalchemy"


def _defined(root: Node) -> list[Node]:
    """The names that statements of the top level define."""
    found: list[Node] = []
    for statement in root.named_children:
        node = statement.named_children[-1] if statement.type == "decorated_definition" else statement
        if node.type == "expression_statement" and node.named_children and node.named_children[0].type == "assignment":
            node = node.named_children[0]
        name = node.child_by_field_name("left" if node.type == "assignment" else "name")
        found += [name] if name is not None and node.type not in ("import_statement", "import_from_statement") else []
    return found


def _imported(file: CodeFile, home: str, name: str) -> list[Edit]:
    """The edits that import a name."""
    own = list(_first_imports(file.root))
    for statement in own:
        names = statement.children_by_field_name("name")
        if module_of(statement) == home and statement.type == "import_from_statement" and names:
            return _extended(file, statement, names, name)
    beside = next((statement for statement in own if module_of(statement).startswith((f"{home}.", "sqlmodel"))), None)
    line = f"from {home} import {name}"
    if beside is not None:
        return with_statement(file, beside, line, below=False)
    before = [
        statement for statement in own if module_of(statement) == "sqlalchemy" or text(statement).startswith("import sqlalchemy")
    ]
    last = before[-1:] or own[-1:]
    if last:
        return with_statement(file, last[0], line)
    raise NotPossible(f"there is no import to put that of {name} beside")


def _first_imports(root: Node) -> Iterator[Node]:
    """The imports of the top level that stand before all classes and functions."""
    for child in root.named_children:
        if child.type in ("class_definition", "function_definition", "decorated_definition"):
            return
        if child.type in ("import_statement", "import_from_statement"):
            yield child


def _extended(file: CodeFile, statement: Node, names: Sequence[Node], name: str) -> list[Edit]:
    """An import that names one thing more, in its order."""
    elements = elements_of(file.data, statement, "name")
    written = [imported(node)[0] for node in names]
    number: int | None = None
    for key in (_by_kind, str.lower, str):
        if [*written] == sorted(written, key=key):
            number = next((at for at, other in enumerate(written) if key(other) > key(name)), None)
            break
    if elements.bracketed:
        return with_last(elements, name, file.style, before=number)
    if number is not None:
        edits = [Edit(names[number].start_byte, names[number].start_byte, f"{name}, ")]
    else:
        edits = [Edit(names[-1].end_byte, names[-1].end_byte, f", {name}")]
    line = text(statement)
    if len(line) + len(name) + 2 <= file.style.line_length or "\n" in line or "\\" in line:
        return edits
    listed = [text(node) for node in names]
    listed.insert(len(listed) if number is None else number, name)
    newline = file.style.newline
    lines = "".join(f"{file.style.indent}{one},{newline}" for one in listed)
    return [Edit(names[0].start_byte, names[-1].end_byte, f"({newline}{lines})")]


def _by_kind(name: str) -> str:
    """Constants before classes before the rest, as isort and ruff sort."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return f"{kind}{name.lower()}"


def left_over(file: CodeFile, name: str, gone: Sequence[Node]) -> list[Edit]:
    """The edits that take the import of a name out, where nothing but what is gone speaks of it: only what one statement of the
    top level imports from SQLAlchemy, and not in a package's `__init__.py`, which hands names on."""
    if file.path.endswith("__init__.py") or "." in name:
        return []
    word: Callable[[str], bool] = re.compile(rf"\b{re.escape(name)}\b").search  # type: ignore[assignment]
    importing: list[tuple[Node, int]] = []
    for statement in imports_in(file.root):
        for number, node in enumerate(statement.children_by_field_name("name")):
            if imported(node)[1] == name:
                importing.append((statement, number))
    if len(importing) != 1:
        return []
    statement, number = importing[0]
    outside = [*gone, statement]
    for node in nodes_in(file.root, "identifier", "string_content"):
        if word(text(node)) and not any(other.start_byte <= node.start_byte < other.end_byte for other in outside):
            return []
    if (
        statement.parent != file.root
        or module_of(statement).partition(".")[0] != "sqlalchemy"
        or "noqa" in _line(file, statement)
    ):
        return []
    names = statement.children_by_field_name("name")
    if any(word(text(other)) for at, other in enumerate(names) if at != number):
        return []
    try:
        if len(names) == 1:
            return without_statement(file, statement)
        return without(elements_of(file.data, statement, "name"), [number])
    except NotPossible:
        return []


def _line(file: CodeFile, statement: Node) -> str:
    end = file.data.find(b"\n", statement.end_byte)
    return file.data[statement.start_byte : end if end >= 0 else len(file.data)].decode()
