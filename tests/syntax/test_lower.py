"""Lowering against CPython's own `ast`: the same structure, constants and places."""

from __future__ import annotations

import sys
import sysconfig
import warnings
from pathlib import Path

import pytest

from sqla_lsp.syntax import code
from sqla_lsp.syntax.lower import lower
from sqla_lsp.syntax.lowering import MAX_DEPTH
from tests.syntax.from_ast import difference, module_from_ast

SNIPPETS = {
    "assignments": "a = b = c\na: int\na: int = 3\na.b, c[0], *d = e\n[a, (b)] = c\n(a) = 1\na += 1, 2\na = 1,\na = *b, c\nx = yield_\n",
    "numbers": "a = 1_000, 0xFF, 0o17, 0b1, 1.5, 1e3, 1_0.0, 1j, 00, 18446744073709551615, 18446744073709551616, 1e999\n",
    "strings": r'''
a = "a" 'b' """c""" r"\d" u"e" "\x41\101\u00e9\U0001F600\N{EN DASH}\N{LATIN SMALL LETTER E WITH ACUTE}\q\"\
next" r"\"" r'a\'b' r"\\"
b = b"x" rb"\x" b'a' b"b"
c = ("a"  # comment
     "b"
     )
d = "\ud800"
e = "\0\08\777"
f = """
a\tb"""
''',
    "f-strings": r'''
a = f"a\n{{}}{x:>10}{y!r}{z:{w}.{p}f}{ q = }{q=!s}{q=:>3}"
b = rf"\d{x}\{y}" fr"{x}\""
c = f"{x:%Y-%m}{x, y}{lambda_(1)}{'a'}" "{no}" f"" f"plain"
d = f"plain" "{}" f"{{"
e = f"""
{x
} \N{EN DASH}"""
g = f"{x:}" f'{x!a:{y!r}}'
''',
    "operators": "not a and b or not c\n-x ** 2\n~x @ y // z % w\na < b <= c not  in d is  not e\na if b else c if d else e\n(a or b) and c\n"
    "x = (y := a if b else c)\nx = a << 1 >> 2 | 3 & 4\n",
    "calls": "f(a, *b, c=1, **d)\nf(x for x in y)\nf(*a.b(), *c[0], *d)\nf((a), b=(c))\nf(y := 1)\nf()()[1](2)\nf(a,)\n",
    "containers": "[]\n()\n{}\n{1}\n(a,)\n[*a.b(), *c[1], *d | e]\n{**a, 'b': c, **d.e()}\n{*a, b}\nx = *a.b(), c\n",
    "subscripts": "a[1]\na[1,]\na[1:2, ::3, :, b:]\na[*b]\na[b, *c]\na[:]\na[::]\na[x:y:z]\n",
    "comprehensions": "[a for a in b if c if d for e, f in g]\n{a for a in b}\n{a: b for a, b in c}\n(a for a in b)\nasync def f():\n  [a async for a in b]\n"
    "[x for x, in y if (lambda: z)]\n",
    "lambdas": "lambda: 1\nlambda a, /, b=1, *c, d, e=2, **f: (a, b)\nlambda *, a: a\nlambda: (yield)\n",
    "functions": "@a.b(c)\n# comment\n@d\nasync def f(a: 'x' = 1, /, b: list[int | None] | dict[str, int] | None = None, *args: *Ts, c: A.B[D], **kw: Any) -> "
    "tuple[int, ...]:\n    '''doc'''\n    yield a\n    # the end\n\ndef g():\n    def h(): yield 1\n    return lambda: (yield)\n\ndef i(*, a): x = await_(1); return x,\n",
    "classes": "class A: pass\nclass B(A, *C, metaclass=D, **E):\n    x: int = 1\n    def f(self): ...\n    # comment\n@d\nclass F(): x = 1; y = 2\n",
    "compound": "if a: b\nelif c: d\nelif e: f\nelse: g\nfor a, in b: break\nelse: c\nwhile a: continue\nelse: b\n"
    "async def f():\n    async with a as (b, c): pass\n    async for d in e: await f\n    return *a, b\n",
    "with": "with a: pass\nwith a as b, c(): pass\nwith (a as b, c as d,): pass\nwith (a, b): pass\nwith (a() as b): pass\n"
    "with (a()).b as c, (d): pass\nwith a if b else c as d, e or f as g.h: pass\nwith (yield_): pass\n",
    "try": "try: a\nexcept: b\ntry: a\nexcept A: b\nexcept (B, C) as c: d\nelse: e\nfinally: f\ntry: a\nexcept* A as b: c\ntry: a\nfinally: b\n",
    "match": "match a, b:\n  case 1 | 'a' | None if c: d\n  case A.B.C: e\n  case f: g\nmatch a:\n  case -1: b\n  case A(x=1): c\n  case [1, *_]: d\n"
    "  case (3): e\n  case {'a': 1}: f\n  case 1.5 | True: g\n  case 1, 2: h\n  case [1] as q: i\n  case 'a' 'b': j\n  case 1 + 2j: l\n  case _: k\n",
    "soft keywords": "match = 1\ncase = match\ntype = 3\n_ = type\nprint = exec = 1\nmatch(x)\nmatch[x]\ntype(x).y = 1\ntype(x)[0] = 2\ntype(x)\nprint(1)\n"
    "exec('a')\nx = print\ndef type(match, case): pass\na.type = b.match\n",
    "imports": "import a.b, c as d, e . f\nfrom . import a\nfrom ...x.y import (a as b, c,)\nfrom a import *\nfrom __future__ import annotations\nfrom .a import b, \\\n  c\n",
    "simple": "del a, b\ndel (c), d[0]\ndel (e, f)\nglobal a, b\nassert a, b\nraise\nraise A\nraise A from B\npass\na; b;\n...\n",
    "annotations": "a: A | B | 'C'\nb: list['A'] | a.b | None = c\nc: Callable[[int], str]\nd: A.B[c].D | None = 1\ne: tuple[()]\nf: Literal[-1, 'x', None]\n",
    "names": "ﬁ = Ｘ\nα.ﬁ(ﬁ=1)\n",
    "newlines": "a = '''x\r\ny'''\r\nif a:\r\n    b = 1 \\\r\n  + 2\r\n# comment\r\nc = 3\r\n",
    "old newlines": "a = '''x\ry'''\r# comment\rif a:\r    b = 1\r",
    "form feed": "a = 1\n\f\ndef f():\n    b = '\u2028\u0085'\n\f\nc = 2\n",
    "no end of line": "def f():\n    return 1",
    "nothing": "# comment\n",
}  # fmt: skip

NEWER = {
    "type parameters": (
        b"class A[T: int = str, *Ts, **P](B): x = 1\ndef f[T](a: T) -> T: return a\ntype X[T] = list[T]\ny = 1\n",
        4,
    ),
    "except without brackets": (b"try:\n    a\nexcept A, B:\n    c\n", 1),
    "nested quotes": (b'a = f"{b["c"]}{f"{d}"}"\nb = f\'{\n  a  # comment\n}\'\n', 2),
    "template": (b'a = t"{b}"\n', 1),
}


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS)
def test_same_as_ast(text: str) -> None:
    data = text.encode()
    with warnings.catch_warnings(action="ignore"):
        theirs = module_from_ast(data)
    module = lower(data)
    assert difference([block.statement for block in module.blocks], theirs) is None
    assert not module.broken
    assert all(block.statement.start == 0 and block.end == block.start + block.statement.end for block in module.blocks)


@pytest.mark.parametrize(("data", "count"), NEWER.values(), ids=NEWER)
def test_syntax_of_newer_pythons(data: bytes, count: int) -> None:
    module = lower(data)
    assert not module.broken
    assert len(module.blocks) == count


def test_values_of_newer_syntax() -> None:
    match lower(NEWER["except without brackets"][0]).blocks[0].statement:
        case code.Try(handlers=(code.Handler(type=code.Sequence(kind="tuple", items=(code.Name(id="A"), code.Name(id="B")))),)):
            pass
        case other:
            pytest.fail(repr(other))
    match lower(NEWER["nested quotes"][0]).blocks[0].statement:
        case code.Assign(value=code.JoinedString(parts=(code.Hole(value=code.Subscript()), code.Hole(value=code.Name(id="d"))))):
            pytest.fail("a nested f-string is an f-string")
        case code.Assign(
            value=code.JoinedString(parts=(code.Hole(value=code.Subscript()), code.Hole(value=code.JoinedString())))
        ):
            pass
        case other:
            pytest.fail(repr(other))


BROKEN = {
    "a statement": (b"def f():\n    a = 1\n    b = (\n    c = 2\n", "f"),
    "a call": (b"def f():\n    op.add_column(\n\ndef g():\n    pass\n", ""),
    "an empty body": (b"def f():\n\ndef g():\n    pass\n", "f"),
    "a body that is missing": (b"def f():", "f"),
    "a string": (b"a = 'x\nb = 2\n", ""),
    "a triple quote": (b"a = '''x\nb = 2\n", ""),
}


@pytest.mark.parametrize(("data", "name"), BROKEN.values(), ids=BROKEN)
def test_broken_code(data: bytes, name: str) -> None:
    module = lower(data)
    assert module.broken
    if name:
        assert name in [getattr(block.statement, "name", "") for block in module.blocks]


def test_error_costs_its_statement_alone() -> None:
    module = lower(b"def f():\n    a = 1\n    b = = 2\n    c = 3\n\nd = 4\n")
    function = module.blocks[0].statement
    assert isinstance(function, code.Function)
    assert [type(statement).__name__ for statement in function.body][0::2] == ["Assign", "Assign"]
    assert (module.blocks[0].stale, module.blocks[1].stale) == (True, False)


DEEP = {
    "brackets": b"x = " + b"(" * 10_000 + b"1" + b")" * 10_000,
    "lists": b"x = " + b"[" * 10_000 + b"]" * 10_000,
    "a million brackets": b"(" * 1_000_000,
    "sum": b"x = " + b" + ".join([b"a"] * 5_000),
    "and": b"x = " + b" and ".join([b"a"] * 5_000),
    "union": b"x: " + b" | ".join([b"a[b]"] * 5_000),
    "strings": b"x = " + b" ".join([b"'a'"] * 5_000),
    "attributes": b"x" + b".a" * 20_000,
    "calls": b"x" + b"(1)" * 20_000,
    "not": b"not " * 20_000 + b"x",
    "lambdas": b"lambda: " * 20_000 + b"x",
    "conditional": b"x = " + b"a if b else " * 5_000 + b"c",
    "elif": b"if a: b\n" + b"elif c: d\n" * 5_000,
    "chained": b"a = " * 20_000 + b"1",
    "indented": b"".join(b" " * depth + b"if x:\n" for depth in range(900)) + b" " * 900 + b"y\n",
    "f-strings": b'f"{' * 5_000,
    "decorators": b"@a\n" * 5_000 + b"def f(): pass\n",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("data", DEEP.values(), ids=DEEP)
def test_deep_nesting_ends(data: bytes) -> None:
    module = lower(data)
    assert max((depth_of(block.statement) for block in module.blocks), default=0) <= MAX_DEPTH + 3
    again = lower(data + b"\nz = (", None, (data, module))
    assert again.broken


def depth_of(node: object) -> int:
    """How many nodes lie above one another."""
    if isinstance(node, tuple):
        return max(map(depth_of, node), default=0)
    fields = getattr(node, "__struct_fields__", ())
    return bool(fields) + max((depth_of(getattr(node, field)) for field in fields), default=0)


COMMENTS = {
    "at the end": (b"a = 1  # sqla-lsp: ignore\n", [(b"# sqla-lsp: ignore", False)]),
    "own line": (b"if a:\n    # sqla-lsp: ignore[x]\n    b\n", [(b"# sqla-lsp: ignore[x]", True)]),
    "in brackets": (b"f(\n  a,  # noqa  # SQLA-LSP: ignore\n)\n", [(b"# noqa  # SQLA-LSP: ignore", False)]),
    "in strings": (b"a = '# sqla-lsp: ignore'\nb = '''\n# sqla-lsp: ignore\n'''\n", []),
    "carriage returns": (
        b"# sqla-lsp: ignore\r\na = 1 # sqla-lsp: ignore\rb\r",
        [(b"# sqla-lsp: ignore", True), (b"# sqla-lsp: ignore", False)],
    ),
    "in broken code": (b"def f(:\n  # sqla-lsp: ignore\n", [(b"# sqla-lsp: ignore", True)]),
    "others": (b"# a\nb = 1  # noqa\n", []),
}


@pytest.mark.parametrize(("data", "expected"), COMMENTS.values(), ids=COMMENTS)
def test_comments(data: bytes, expected: list[tuple[bytes, bool]]) -> None:
    assert [(data[c.start : c.end], c.own_line) for c in lower(data).comments] == expected


@pytest.mark.slow
def test_same_as_ast_on_the_standard_library() -> None:
    """Some hundred files of the Python that runs this."""
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    assert len(files) > 100
    sys.setrecursionlimit(10_000)
    for file in files:
        data = file.read_bytes()
        if not data.isascii():
            continue
        with warnings.catch_warnings(action="ignore"):
            theirs = module_from_ast(data)
        module = lower(data)
        assert difference([block.statement for block in module.blocks], theirs, str(file)) is None
        assert not module.broken, file
