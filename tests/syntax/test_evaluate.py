"""The static evaluation, told by the calls of `see()` that it comes across. The cases stand in `data/evaluate_cases.txt`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import Frame, LoadedModule, NoModules
from sqla_lsp.syntax.lower import lower
from sqla_lsp.syntax.machine import Machine, OutOfSteps
from sqla_lsp.syntax.values import (
    CallValue,
    ClassValue,
    DictValue,
    FunctionValue,
    Instance,
    ListValue,
    ModuleValue,
    Symbol,
    Template,
    Unknown,
    Value,
    path_of,
)

CASES = Path(__file__).parent / "data" / "evaluate_cases.txt"
HEAD = "from outside import see, ask, asked\n"


def shown(value: Any, depth: int = 0) -> str:
    if depth > 9:
        return "…"  # a list may contain itself
    match value:
        case Unknown():
            return "?"
        case Template(parts):
            return f"`{''.join(part if isinstance(part, str) else '{?}' for part in parts)}`"
        case ListValue():
            inside = ", ".join([*[shown(item, depth + 1) for item in value.items], *(["…"] if value.open else [])])
            return f"{{{inside}}}" if value.is_set else f"[{inside}]"
        case DictValue():
            pairs = [f"{key!r}: {shown(item, depth + 1)}" for key, item in value.items.items()]
            return f"{{{', '.join([*pairs, *(['…'] if value.open else [])])}}}"
        case tuple():
            return f"({', '.join(shown(item, depth + 1) for item in value)}{',' * (len(value) == 1)})"
        case Instance() if value.enum_name is not None:
            return f"{value.cls.name}.{value.enum_name}"
        case FunctionValue() | ClassValue():
            return value.name
        case ModuleValue():
            return f"module {value.module.name}"
        case None | bool() | int() | float() | str():
            return repr(value)
        case Symbol("outside.asked"):
            return "?"
        case _:
            path = path_of(value)
            return "?" if path is None or "asked" in path else f"<{path}>"


class Recorder:
    """A host that writes down the calls of `see`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.calls: list[int] = []
        self.branches: dict[int, str] = {}

    def call(self, machine: Machine, frame: Frame, call: CallValue) -> Value:
        if path_of(call.function) == "outside.see":
            said = [shown(value) for value in call.positional]
            said += [f"{name}={shown(value)}" for name, value in call.keywords.items()]
            arms = [f"{self.branches.setdefault(b, chr(65 + len(self.branches)))}{arm}" for b, arm in machine.arms]
            self.lines.append(", ".join([*said, *["…"] * call.open]) + (" @" + " ".join(arms) if arms else ""))
            self.calls.append(len(machine.calls))
            return None
        return call

    def member(self, base: Value, name: str) -> Value:
        return NotImplemented  # type: ignore[no-any-return]

    def enter(self, machine: Machine, value: Value) -> Value:
        return value

    def leave(self, machine: Machine, value: Value) -> None:
        pass

    def heard(self) -> int:
        return len(self.lines)

    def state(self) -> Any:
        return None

    def restore(self, state: Any) -> None:
        pass

    def joined(self, one: Any, other: Any) -> Any:
        return None


class Files(NoModules):
    """Modules given as text, by their names."""

    def __init__(self, **texts: str) -> None:
        super().__init__()
        self.loaded = {name: LoadedModule(name, f"{name}.py", lower(text.encode())) for name, text in texts.items()}
        for name in list(self.loaded):
            package = name.partition("__")[0]
            self.loaded[name.replace("__", ".")] = self.loaded[name]
            self.loaded[name].is_package = any(other.startswith(f"{package}__") for other in texts) and name == package

    def find(self, importer: LoadedModule, module: str, level: int) -> LoadedModule | None:
        if not level:
            return self.loaded.get(module)
        base = importer.name.split("__")
        base = base if importer.is_package else base[:-1]
        base = base[: len(base) - level + 1]
        return self.loaded.get(".".join([*base, *([module] if module else [])]))


def run(text: str, modules: Files | None = None, steps: int = 200_000) -> Recorder:
    recorder = Recorder()
    module = LoadedModule("main", "", lower(text.encode()))
    Machine(modules or Files(), recorder, module, steps).run(module, "main", lambda _: Unknown())
    return recorder


def cases() -> Iterator[Any]:
    for part in CASES.read_text().split("\n=== ")[1:]:
        name, _, rest = part.partition("\n")
        text, _, expected = rest.partition("\n---\n")
        if "def main" not in text:
            text = f"def main():\n{textwrap.indent(text, '    ')}\n"
        yield pytest.param(HEAD + text, expected.strip().splitlines(), id=name)


@pytest.mark.parametrize(("text", "expected"), list(cases()))
def test_what_is_called(text: str, expected: list[str]) -> None:
    assert run(text).lines == expected


# ------------------------------------------------------------------------------------------------------ several modules


def told(modules: dict[str, str], text: str) -> list[str]:
    return run(HEAD + text, Files(**{name: HEAD + source for name, source in modules.items()})).lines


@pytest.mark.parametrize(
    ("modules", "text", "expected"),
    [
        pytest.param(
            {"a": "X = 1\ndef f(x): see(X, x)"},
            "import a\nfrom a import f, X as Y\ndef main():\n    f(2); a.f(a.X); see(Y, a.Z)",
            ["1, 2", "1, 1", "1, ?"],
            id="names and modules",
        ),
        pytest.param({"a": "X = 1\n_Y = 2"}, "from a import *\ndef main(): see(X, _Y)", ["1, ?"], id="everything"),
        pytest.param({"a": "from b import *", "b": "X = 1"}, "from a import *\ndef main(): see(X)", ["1"], id="twice everything"),
        pytest.param({"a": "from a import X"}, "from a import X\ndef main(): see(X)", ["<a.X>"], id="an import of itself"),
        pytest.param(
            {"a": "from b import Y\nX = 1\ndef f(): see(Y)", "b": "from a import X\nY = 2\ndef g(): see(X)"},
            "from a import f\nfrom b import g\ndef main(): f(); g()",
            ["2", "1"],
            id="a cycle",
        ),
        pytest.param(
            {"a": "from b import *\nX = 1", "b": "from a import *\nY = 2"},
            "from a import *\nfrom b import *\ndef main(): see(X, Y, Z)",
            ["1, 2, ?"],
            id="a cycle of everything",
        ),
        pytest.param(
            {"pkg": "from .mod import X", "pkg__mod": "X = 1\nY = 2"},
            "from pkg import X, mod\nimport pkg.mod as m\nimport pkg.mod\ndef main(): see(X, mod.Y, m.Y, pkg.mod.Y)",
            ["1, 2, 2, 2"],
            id="a package",
        ),
        pytest.param(
            {"a": "NAMES = []\ndef add(x): NAMES.append(x)"},
            "from a import NAMES, add\ndef main():\n    add(1)\n    see(NAMES)",
            ["[1]"],
            id="state of another module",
        ),
        pytest.param(
            {"a": "see('import')\nX = 1"}, "from a import X\ndef main(): see(X)", ["1"], id="what an import does is not followed"
        ),
        pytest.param(
            {"a": "try:\n    from fast import f\nexcept ImportError:\n    def f(): see('slow')"},
            "from a import f\ndef main(): see(f)",
            ["<fast.f>"],
            id="an import that may fail",
        ),
        pytest.param({"a": ""}, "from a import f\ndef main(): see(f)", ["<a.f>"], id="nothing there"),
        pytest.param({}, "from a.b import f as g\nimport a.c\ndef main(): see(g, a.c.d)", ["<a.b.f>, <a.c.d>"], id="outside"),
        pytest.param({}, "from a import *\ndef main(): see(f)", ["<a.f>"], id="everything from outside"),
        pytest.param({}, "from a import *\nfrom b import *\ndef main(): see(f)", ["?"], id="everything from two places"),
        pytest.param({}, "from .a import f\ndef main(): see(f)", ["?"], id="a relative import of nothing"),
        pytest.param(
            {"x.1-y": "def f(): see(1)"},
            "import importlib\nm = importlib.import_module('x.1-y')\ndef main(): m.f()",
            ["1"],
            id="import_module",
        ),
    ],
)
def test_modules(modules: dict[str, str], text: str, expected: list[str]) -> None:
    assert told(modules, text) == expected


def test_calls_lead_here() -> None:
    text = HEAD + "def main():\n    a()\ndef a():\n    b()\ndef b():\n    see(1)\n"
    assert run(text).calls == [2]


def test_a_helper_of_another_module_that_takes_too_long_ends_alone() -> None:
    long = "def f():\n    see(0)\n" + "    for i in range(900):\n        for j in range(900):\n            ask(i, j)\n"
    assert told({"a": long}, "from a import f\ndef main():\n    see(f())\n    see(2)") == ["0", "?", "2"]


def test_the_file_itself_takes_too_long() -> None:
    with pytest.raises(OutOfSteps):
        run(HEAD + "def main():\n    for i in range(900):\n        for j in range(900):\n            ask(i, j)\n")


# --------------------------------------------------------------------------------------------------------- never raises

_EXPRESSIONS = """
a b ask() asked 1 'x' [1,2] {'k':a} (a,b) f'{a}{b!r:>3}' (lambda~x:a) [i~for~i~in~a] None a.b a[0] a['k'] a(b) a(*b,**a) '%s'%a
'{}{x}'.format(a) ','.join(a) a+b a*3 a==b a~in~b not~a a~if~b~else~1 {**a} [*a] a~or~b f(a) f C(a) C super().x C.x
a.pop() a[::0] list(a) dict(a) zip(a,b) enumerate(a,b) sorted(a,key=b) range(a) min(a) getattr(a,b) int(a) sum(a)
isinstance(a,b) map(a,b) next(a) a.items() a.get(b) a.append(b) a.update(b) a.index(b) a.split(b) (a:=b) (yield~a)
a.format(*b) a.insert(b,a) a-b a**b -a a//b a<b a~is~b len(a) a.sort() namedtuple('N',a)('x') partial(a,b)()
"""
_HEADS = ["if {}:", "for a in {}:", "for a, *b in {}:", "while {}:", "with {} as a:", "try:", "def f(x=1, *a, **b):", "match {}:"]
_LINES = ["a = {}", "a, b = {}", "a[{}] = b", "a.x = {}", "a += {}", "see({})", "return {}", "break", "continue", "del a[{}]"]


@st.composite
def bodies(draw: st.DrawFn, depth: int = 0) -> list[str]:
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        word = draw(st.sampled_from(_EXPRESSIONS.split())).replace("~", " ")
        if depth < 3 and draw(st.booleans()):
            head = draw(st.sampled_from(_HEADS)).format(word)
            inside = [f"    {line}" for line in draw(bodies(depth + 1))]
            if head.startswith("match"):
                inside = [f"    case {draw(st.sampled_from(['a', '1', '[a, b]', '_']))}:", *[f"    {line}" for line in inside]]
            lines += [head, *inside]
            if head == "try:":
                lines += [draw(st.sampled_from(["finally:", "except ImportError:", "except (A, B) as a:"])), "    see(a)"]
        else:
            lines.append(draw(st.sampled_from(_LINES)).format(word))
    return lines


@settings(max_examples=300, deadline=None)
@given(bodies())
def test_it_never_raises(lines: list[str]) -> None:
    text = f"{HEAD}from functools import partial\nfrom collections import namedtuple\n"
    text += "def f(x): return x\nclass C:\n    x = 1\ndef main(a=1, b=asked):\n    a = [1]\n    " + "\n    ".join(lines)
    with suppress(OutOfSteps):
        run(text, steps=5_000)


def test_it_never_raises_on_our_own_code() -> None:
    for path in sorted(Path(__file__).parents[2].glob("sqla_lsp/**/*.py")):
        lowered = lower(path.read_bytes())
        module = LoadedModule(str(path), "", lowered)
        for block in lowered.blocks:
            if isinstance(block.statement, code.Function):
                with suppress(OutOfSteps):
                    Machine(Files(), Recorder(), module, 20_000).run(module, block.statement.name, lambda _: Unknown())
