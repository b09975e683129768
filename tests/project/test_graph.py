"""How revisions follow each other, whatever their headers say."""

from __future__ import annotations

import time

import pytest

from sqla_lsp.project.graph import Graph
from sqla_lsp.readers.revisions import Header

Parents = str | tuple[str, ...]


def graph(**parents: Parents) -> Graph:
    """A graph of revisions whose paths are their ids."""
    return Graph({path: Header(path, _ids(named)) for path, named in parents.items()})


def _ids(named: Parents) -> tuple[str, ...]:
    return named if isinstance(named, tuple) else tuple(named.split())


def test_a_chain() -> None:
    chain = graph(c="b", a="", b="a")
    assert list(chain.order) == ["a", "b", "c"]
    assert chain.parents("c") == ("b",)
    assert chain.ancestors("c") == {"a", "b"}
    assert chain.descendants("a") == {"b", "c"}
    assert (chain.ancestors("a"), chain.descendants("c")) == (frozenset(), set())


def test_a_merge() -> None:
    merged = graph(a="", b="a", c="a", d="b c", e="d")
    assert merged.parents("d") == ("b", "c")
    assert merged.ancestors("e") == {"a", "b", "c", "d"}
    assert merged.descendants("b") == {"d", "e"}
    assert merged.ancestors("b") == {"a"}


def test_several_heads_and_bases() -> None:
    several = graph(a="", b="a", c="a", x="", y="x")
    assert several.descendants("a") == {"b", "c"}
    assert several.ancestors("y") == {"x"}


def test_depends_on() -> None:
    headers = {"a": Header("a"), "b": Header("b", ("a",)), "x": Header("x"), "y": Header("y", ("x",), ("b",))}
    assert Graph(headers).parents("y") == ("x", "b")
    assert Graph(headers).ancestors("y") == {"a", "b", "x"}
    twice = {**headers, "y": Header("y", ("x",), ("x",))}
    assert Graph(twice).parents("y") == ("x",)


def test_labels() -> None:
    headers = {"1": Header("a", (), (), ("billing",)), "2": Header("b", ("billing",)), "3": Header("c", (), ("billing",))}
    labelled = Graph(headers)
    assert labelled.parents("2") == labelled.parents("3") == ("1",)
    assert [labelled.path_of(name) for name in ("billing", "a", "1", "")] == ["1", "1", None, None]


def test_duplicate_ids() -> None:
    headers = {"2.py": Header("b", ("a",)), "1.py": Header("a"), "3.py": Header("a"), "4.py": Header("c", ("b",))}
    twice = Graph(headers)
    assert twice.path_of("a") == "1.py"
    assert twice.parents("2.py") == ("1.py",)
    assert twice.parents("3.py") == ()
    assert set(twice.order) == set(headers)


def test_missing_parents() -> None:
    missing = graph(b="nowhere", c="b nowhere")
    assert missing.parents("b") == ()
    assert missing.ancestors("c") == {"b"}


@pytest.mark.parametrize(
    "parents",
    [
        {"a": "a"},
        {"a": "b", "b": "a"},
        {"a": "c", "b": "a", "c": "b", "d": "c"},
        {"a": "b c", "b": "c a", "c": "a b", "d": ""},
    ],
)
def test_a_cycle_is_cut_once(parents: dict[str, str]) -> None:
    cyclic = graph(**parents)
    assert set(cyclic.order) == set(parents)
    for path in parents:
        assert path not in cyclic.ancestors(path)
        assert path not in cyclic.descendants(path)
        assert all(cyclic.order[parent] < cyclic.order[path] for parent in cyclic.parents(path))
        assert all(path in cyclic.ancestors(child) for child in cyclic.descendants(path))


def test_a_long_chain() -> None:
    started = time.process_time()
    chain = graph(**{f"r{number:05}": f"r{number - 1:05}" if number else "" for number in range(20_000)})
    assert len(chain.order) == 20_000
    assert len(chain.ancestors("r19999")) == 19_999
    assert len(chain.descendants("r00000")) == 19_999
    assert time.process_time() - started < 5
