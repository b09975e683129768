"""A class lowered without its long methods is the same, places included, as the whole class lowered at once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sqla_lsp.syntax.lazy import LazyBody
from sqla_lsp.syntax.lower import Definition
from sqla_lsp.syntax.lower_statements import Statements
from sqla_lsp.syntax.pieces import parsed, pieces
from sqla_lsp.syntax.skeletons import skeleton

LONG = "\n".join(f"        value_{number} = self.compute({number}, 'text')" for number in range(10))
INDENTED = LONG.replace("    ", "      ")
METHOD = f"    def method(self, a: int = 1) -> int:\n{LONG}\n"


def code_of(node: Any) -> Any:
    """Code with all that is lazy in it."""
    if isinstance(node, LazyBody | tuple):
        return tuple(code_of(item) for item in node)
    if isinstance(node, msgspec.Struct):
        return type(node)(*[code_of(getattr(node, field)) for field in node.__struct_fields__])
    return node


CLASSES = {
    "one method": f"class A(Base):\n    x = Column(Integer)\n\n{METHOD}",
    "between attributes": f"class A(Base):\n    x = Column(Integer)\n\n{METHOD}\n    y = Column(Integer)\n{METHOD}\n    z = 1\n",
    "decorated": f"@d\nclass A(Base):\n    @property\n    # why\n    @other(a, b)\n{METHOD}\n    y = 1\n",
    "asynchronous": f"class A:\n    async {METHOD.lstrip()}    y = 1\n",
    "header of several lines": f"class A:\n    def m(\n        self, a=(1, 2),\n    ) -> int:  # it: says\n{LONG}\n    y = 1\n",
    "inner class": f"class A:\n    class B:\n        x = 1\n\n{METHOD}    y = 1\n",
    "under a condition": f"class A:\n    if x:\n        def method(self):\n{INDENTED}\n\n{METHOD}    y = 1\n",
    "carriage returns": f"class A:\n    x = 1\n{METHOD}    y = 1\n".replace("\n", "\r\n"),
    "not ASCII": f"class A:\n    x = 'ä'\n{METHOD.replace('text', 'töxt')}    y = 'ö'\n",
}


@pytest.mark.parametrize("text", CLASSES.values(), ids=CLASSES)
def test_it_is_the_whole_class(text: str) -> None:
    data = f"import a\n\n{text}".encode()
    piece = next(piece for piece in pieces(data) if piece.kind == "class")
    root = parsed(data, piece)
    assert root is not None
    assert skeleton(data, piece) is not None
    whole = Statements(data[piece.start : piece.end], 0).statement(root.children[0])
    assert code_of(Definition(data, piece).block.statement) == whole


@pytest.mark.parametrize(
    "text",
    [
        f'class A:\n    """Says\n\n{METHOD}\n    so."""\n\n    x = 1\n',
        f"class A:\n{METHOD.replace('value_0', 'yield value_0')}",
        "class A:\n    def method(self): return 1\n",
        f"class A:\n{METHOD.rstrip()}  # the end\n    y = 1\n",
        f"class A:\n{METHOD}        # one\n    # two\n\n    y = 1\n",
    ],
    ids=["in a string", "a generator", "short", "a comment behind its last statement", "comments below"],
)
def test_what_is_not_left_out(text: str) -> None:
    data = text.encode()
    assert skeleton(data, next(piece for piece in pieces(data) if piece.kind == "class")) is None
