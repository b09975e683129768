"""What `check` prints: for people, for grep, for programs."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sqla_lsp.cli.output import full
from sqla_lsp.cli.output.located import Located, Location, Related
from sqla_lsp.cli.output.style import plain
from sqla_lsp.rules.finding import Finding
from sqla_lsp.text.lines import LineIndex
from sqla_lsp.text.places import Place
from tests.cli.conftest import ENVIRONMENT, Command
from tests.project.state import migration, write

HEAD = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'a'\ndown_revision = None\n\n\ndef upgrade():\n"


def judged(here: Path, run: Command, body: str, *options: str) -> str:
    write(here, {"env.py": ENVIRONMENT, "versions/a.py": HEAD + body})
    return run("check", *options).out


def shown(out: str) -> list[str]:
    """The source lines and their markers."""
    return [line for line in out.splitlines() if line.partition("|")[1]]


def test_one_line(here: Path, run: Command) -> None:
    out = judged(here, run, "    op.create_index('i', 't', ['a'])  # why not\n")
    assert out.splitlines() == [
        "versions/a.py:9:5: warning[only-concurrent-indexes] CREATE INDEX on t takes a SHARE lock: every write to t "
        "waits until i is built.",
        "  |",
        "9 |      op.create_index('i', 't', ['a'])  # why not",
        "  |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        *[line for line in out.splitlines() if line.startswith("  = ")],
        "",
    ]
    assert [line[:7] for line in out.splitlines() if line.startswith("  = ")] == ["  = why", "  = fix"]


def test_several_lines(here: Path, run: Command) -> None:
    out = judged(here, run, "    op.create_index(\n        'i',\n        't',\n        ['a'],\n    )\n")
    assert shown(out) == [
        "   |",
        " 9 | /     op.create_index(",
        "10 | |         'i',",
        "11 | |         't',",
        "12 | |         ['a'],",
        "13 | |     )",
        "   | |_^",
    ]


def test_many_lines(here: Path, run: Command) -> None:
    columns = "\n".join(["        ["] + [f"            'a{number}'," for number in range(20)] + ["        ],"])
    out = judged(
        here, run, f"    op.create_index(\n        'i',\n        't',\n{columns}\n    )\n", "--select", "only-concurrent-indexes"
    )
    lines = shown(out)
    assert len(lines) == 9
    assert lines[1] == " 9 | /     op.create_index("
    assert lines[-2:] == ["   | | ...", "   | |_^"]


def test_tabs_and_wide_characters(here: Path, run: Command) -> None:
    out = judged(here, run, "\tx = '表'; op.create_index('索引', 't', ['e\u0301'])\n")
    source, marker = shown(out)[1:]
    assert source == "9 |  \tx = '表'; op.create_index('索引', 't', ['e\u0301'])"
    assert marker == "  |  \t          " + "^" * 35
    concise = judged(here, run, "\tx = '表'; op.create_index('索引', 't', ['e\u0301'])\n", "--output-format", "concise")
    assert concise.startswith("versions/a.py:9:11: ")


def test_control_characters_reach_no_terminal(here: Path, run: Command) -> None:
    body = "    op.create_index('i\x1b[31m', 't\\x1b[32m\\n', ['a'])\n"
    for options in [(), ("--output-format", "concise")]:
        out = judged(here, run, body, *options)
        assert "\x1b" not in out
        assert len(out.splitlines()) == (1 if options else 7)


def test_line_ends(here: Path, run: Command) -> None:
    text = (HEAD + "    op.create_index(\n'i', 't',\n ['a'])\n").replace("\n", "\r\n")
    write(here, {"env.py": ENVIRONMENT, "versions/a.py": text})
    out = run("check").out
    assert "\r" not in out
    assert out.startswith("versions/a.py:9:5: ")
    assert run("check", "--output-format", "concise").out.count("\n") == 1


def test_an_empty_place_at_the_end_of_a_file() -> None:
    place = Place(0, 0, "a.py")
    finding = Finding("x", "error", place, place, "message")
    located = Located(finding, Location("a.py", 1, 1, 1, 1), (Related("there", Location("b.py", 2, 3, 2, 4)),), LineIndex(b""))
    assert [plain(line) for line in full.lines([located])] == [
        "a.py:1:1: error[x] message",
        "  |",
        "1 |  ",
        "  |  ^",
        "  = b.py:2:3: there",
        "",
    ]


def test_json(here: Path, run: Command) -> None:
    head = "from helper import build"
    helper = "from alembic import op\n\n\ndef build(table):\n    op.create_index('ix', table, ['a'])\n"
    write(
        here,
        {"env.py": ENVIRONMENT, "helper.py": helper, "versions/a.py": migration("a", None, "x = 'ä'; build('öne')", head=head)},
    )
    code, out, _ = run("check", "--output-format", "json")
    assert code == 1
    [found] = json.loads(out)
    assert found.pop("message").startswith('CREATE INDEX on "öne" takes')
    assert found == {
        "code": "only-concurrent-indexes",
        "severity": "warning",
        "filename": "versions/a.py",
        "location": {"row": 10, "column": 14},
        "end_location": {"row": 10, "column": 26},
        "url": "https://github.com/sqla-lsp/sqla-lsp/blob/main/sqla_lsp/rules/only_concurrent_indexes.py",
        "fixes": [
            {
                "title": "Ignore only-concurrent-indexes here",
                "applicability": "display",
                "edits": [
                    {
                        "filename": "versions/a.py",
                        "location": {"row": 10, "column": 26},
                        "end_location": {"row": 10, "column": 26},
                        "content": "  # sqla-lsp: ignore[only-concurrent-indexes] -- reason",
                    }
                ],
                "creates": [],
            }
        ],
        "related": [{"message": "op.create_index stands here", "filename": "helper.py", "location": {"row": 5, "column": 5}}],
    }


@pytest.mark.parametrize(
    ("name", "value", "coloured"), [("FORCE_COLOR", "1", True), ("NO_COLOR", "1", False), ("TERM", "dumb", False)]
)
def test_colours(here: Path, run: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str, coloured: bool) -> None:
    body = "    op.create_index('i', 't', ['[red]a[/red]'])\n"
    without = judged(here, run, body)
    monkeypatch.setenv(name, value)
    out = judged(here, run, body)
    assert ("\x1b[" in out) == coloured
    if name == "FORCE_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
        assert judged(here, run, body) == without
    else:
        assert out == without


AWKWARD = "op.create_index('ix', 'a,b: 100%', ['a'])"


def test_github(here: Path, run: Command) -> None:
    write(here, {"env.py": ENVIRONMENT, "versions/a.py": migration("a", None, AWKWARD)})
    code, out, _ = run("check", "--output-format", "github")
    assert code == 1
    assert out.startswith(
        "::warning title=sqla-lsp (only-concurrent-indexes),file=versions/a.py,line=10,col=5,endLine=10,endColumn=46"
        "::CREATE INDEX on "
    )
    assert '"a,b: 100%25"' in out
    assert out.count("\n") == 1


def test_gitlab(here: Path, run: Command) -> None:
    write(here, {"env.py": ENVIRONMENT, "versions/a.py": migration("a", None, f"{AWKWARD}\n{AWKWARD}")})
    first, second = json.loads(run("check", "--output-format", "gitlab").out)
    assert first["fingerprint"] != second["fingerprint"]
    assert (first["check_name"], first["severity"]) == ("only-concurrent-indexes", "major")
    assert first["location"] == {"path": "versions/a.py", "lines": {"begin": 10, "end": 10}}
    write(here, {"versions/a.py": migration("a", None, f"x = 1\n{AWKWARD}")})
    (moved,) = json.loads(run("check", "--output-format", "gitlab").out)
    assert moved["fingerprint"] == first["fingerprint"]


def test_junit(here: Path, run: Command) -> None:
    write(here, {"env.py": ENVIRONMENT, "versions/a.py": migration("a", None, AWKWARD.replace("a,b", "<a\\x01&b>"))})
    suites = ElementTree.fromstring(run("check", "--output-format", "junit").out)
    assert suites.attrib == {"name": "sqla-lsp", "tests": "1", "failures": "1", "errors": "0"}
    case = suites.find("testsuite/testcase")
    assert case is not None
    assert (case.attrib["name"], case.attrib["line"]) == ("only-concurrent-indexes", "10")
    assert "<a" in case[0].attrib["message"]


def test_sarif(here: Path, run: Command) -> None:
    write(here, {"env.py": ENVIRONMENT, "versions/ä b.py": migration("a", None, "x = '😀'; " + AWKWARD)})
    [log] = json.loads(run("check", "--output-format", "sarif").out)["runs"]
    [result] = log["results"]
    assert (result["ruleId"], result["level"]) == ("only-concurrent-indexes", "warning")
    assert log["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "versions/%C3%A4%20b.py"}
    assert place["region"]["startColumn"] == 14
    assert log["columnKind"] == "unicodeCodePoints"


@pytest.mark.parametrize("name", ["gitlab", "junit", "sarif", "github"])
def test_formats_without_findings(here: Path, run: Command, name: str) -> None:
    write(here, {"env.py": ENVIRONMENT, "versions/a.py": migration("a")})
    code, out, _ = run("check", "--output-format", name)
    assert code == 0
    if name in ("gitlab", "sarif"):
        json.loads(out)
    elif name == "junit":
        assert ElementTree.fromstring(out).attrib["tests"] == "0"
    else:
        assert out == ""
