"""The imports of a new revision: those of another one that it needs, as they are written there, and what is missing beside
them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import msgspec
from tree_sitter import Node

from sqla_lsp.fixes.style import Style
from sqla_lsp.fixes.written import Written

OP = "from alembic import op"
SA = "import sqlalchemy as sa"


class Import(msgspec.Struct, frozen=True):
    """One name that an import binds: all of a module where `name` is "". `code` is how it is written among the names of its
    statement."""

    bound: str
    module: str
    name: str
    code: str

    def is_as(self, other: Import) -> bool:
        """Whether both bind the same to the same name. What is bound to `op` is Alembic's, whoever hands it on."""
        same = (self.module, self.name) == (other.module, other.name)
        return self.bound == other.bound and (same or (self.bound == "op" and other.module == "alembic"))


class Block(msgspec.Struct):
    """A statement of the new file; `gap` is how many empty lines stand above it. `module` is that of an import, else ""."""

    text: str
    gap: int
    module: str = ""
    bound: tuple[str, ...] = ()


def imports_of(written: Written, node: Node) -> list[Import]:
    """What an import statement binds; nothing for `from module import *`."""
    module = node.child_by_field_name("module_name")
    found = []
    for child in node.children_by_field_name("name"):
        code = written.text(child)
        alias = child.child_by_field_name("alias")
        named = child.child_by_field_name("name") if alias is not None else child
        name = written.text(named) if named is not None else code
        if module is not None:
            found.append(Import(written.text(alias) if alias is not None else name, written.text(module), name, code))
        else:
            found.append(Import(written.text(alias) if alias is not None else name.partition(".")[0], name, "", code))
    return found


def read(statement: str) -> list[Import]:
    """What a statement binds."""
    written = Written(statement.encode())
    return [found for node in written.imports for found in imports_of(written, node)]


def all_imports(written: Written) -> list[Import]:
    """What the imports of a file bind."""
    return [found for node in written.imports for found in imports_of(written, node)]


def kept(written: Written, node: Node, needed: Sequence[Import], style: Style) -> Block | None:
    """An import statement without the names that are not needed; None where nothing is left."""
    gap = written.blank_lines_before(node)
    if node.type == "future_import_statement":
        return Block(written.text(node) + written.pragma(node), gap, "__future__")
    own = imports_of(written, node)
    used = [found for found in own if any(found.is_as(need) for need in needed)]
    if not used:
        return None
    whole = len(used) == len(own) and not any(child.type == "comment" for child in node.children)
    text = written.text(node) if whole else _statement(used, style)
    return Block(text + written.pragma(node), gap, used[0].module, tuple(found.bound for found in used))


def _statement(names: Sequence[Import], style: Style) -> str:
    codes = [found.code for found in names]
    if not names[0].name:
        return f"import {', '.join(codes)}"
    flat = f"from {names[0].module} import {', '.join(codes)}"
    if len(flat) <= style.line_length:
        return flat
    lines = "".join(f"{style.indent}{code},\n" for code in codes)
    return f"from {names[0].module} import (\n{lines})"


def brings(written: Written, needed: Iterable[Import]) -> bool:
    """Whether a file imports all of some names."""
    own = all_imports(written)
    return all(any(found.is_as(need) for found in own) for need in needed)


def sqlalchemy_first(written: Iterable[Written]) -> bool:
    """Whether a project's files import SQLAlchemy before Alembic, as isort would have it, and not as Alembic's template."""
    for each in written:
        bound = [found.bound for found in all_imports(each)]
        if "op" in bound and "sa" in bound:
            return bound.index("sa") < bound.index("op")
    return False


def insert(blocks: list[Block], statement: str, *, sa_first: bool) -> None:
    """Puts an import statement where it belongs among the blocks of a file."""
    found = read(statement)
    new = Block(statement, 0, found[0].module if found else "", tuple(each.bound for each in found))
    imports = [index for index, block in enumerate(blocks) if block.module]
    group = [index for index in imports if _kind(blocks[index].module) == _kind(new.module)]
    if group:
        _among(blocks, group, new, sa_first=sa_first)
        return
    before = [index for index in imports if _kind(blocks[index].module) < _kind(new.module)]
    after = [index for index in imports if _kind(blocks[index].module) > _kind(new.module)]
    if before:
        at = before[-1] + 1
    elif after:
        at = after[0]
    else:
        at = next((index for index, block in enumerate(blocks) if block.bound == ("",)), -1) + 1
    new.gap = 1
    blocks.insert(at, new)
    if at + 1 < len(blocks):
        blocks[at + 1].gap = max(1, blocks[at + 1].gap)


def _among(blocks: list[Block], group: list[int], new: Block, *, sa_first: bool) -> None:
    """Puts an import among those of its kind."""
    plain = [index for index in group if blocks[index].text.startswith("import ")]
    first = new.bound == (("sa",) if sa_first else ("op",))
    standard = _kind(new.module) == 1 and new.text.startswith("import ")
    if first or (standard and not plain):
        at = group[0]
        new.gap, blocks[at].gap = blocks[at].gap, 0
        blocks.insert(at, new)
        return
    partner = "op" if new.bound == ("sa",) else "sa" if new.bound == ("op",) else ""
    beside = [index for index in group if partner in blocks[index].bound] if partner else []
    lower = [index for index in group if (blocks[index].module, blocks[index].bound) <= (new.module, new.bound)]
    own = [index for index in group if {"op", "sa"} & {*blocks[index].bound}]
    beside = plain if standard else beside
    at = (beside or ([max(lower[-1], own[-1])] if lower and own else lower) or own or group)[-1] + 1
    blocks.insert(at, new)


def _kind(module: str) -> int:
    """The section that isort puts a module in."""
    if module == "__future__":
        return 0
    if module.startswith("."):
        return 3
    return 1 if module.partition(".")[0] in sys.stdlib_module_names else 2
