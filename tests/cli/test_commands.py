"""`rule`, `--version`, and what commands load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sqla_lsp import __version__
from sqla_lsp.rules.registry import RULES
from tests.cli.conftest import Command, process
from tests.cli.test_check import project

HEAVY = ("pygls", "lsprotocol", "libcst", "alembic", "sqlalchemy")


def test_version(run: Command) -> None:
    assert run("--version") == (0, f"sqla-lsp {__version__}\n", "")


@pytest.mark.parametrize("arguments", [(), ("no-such-command",), ("check", "--nothing")])
def test_usage(run: Command, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("usage: ")


@pytest.mark.parametrize("name", RULES)
def test_a_rule(run: Command, name: str) -> None:
    code, out, err = run("rule", name)
    assert (code, err) == (0, "")
    assert out.startswith(f"# {name}\n\n{RULES[name].summary}\n\n## What it does\n")
    assert run("rule", name.upper()).out == out
    found = json.loads(run("rule", name, "--output-format", "json").out)
    assert list(found) == ["name", "summary", "priority", "severity", "url", "documentation"]
    assert found["name"] == name
    assert found["documentation"].strip() in out


def test_all_rules(run: Command) -> None:
    out = run("rule").out
    assert [line[2:] for line in out.splitlines() if line.startswith("# ") and line[2:] in RULES] == list(RULES)
    assert [rule["name"] for rule in json.loads(run("rule", "--output-format", "json").out)] == list(RULES)


def test_a_rule_that_is_none(run: Command) -> None:
    code, out, err = run("rule", "split-foreign-keys")
    assert (code, out) == (2, "")
    assert "did you mean split-foreign-key?" in err


def _loaded(here: Path, *arguments: str) -> set[str]:
    code = (
        "import sys\nfrom sqla_lsp.cli.main import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=here, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.splitlines()[-1].split()}


def test_a_clean_project_loads_nothing_heavy(here: Path) -> None:
    project(here)
    for arguments in [("check",), ("check",), ("check", "--no-cache")]:
        loaded = _loaded(here, *arguments)
        assert "sqla_lsp" in loaded
        assert loaded.isdisjoint(HEAVY)


def test_the_version_loads_next_to_nothing(here: Path) -> None:
    assert _loaded(here, "--version").isdisjoint({*HEAVY, "msgspec", "tree_sitter", "rich"})


def test_the_console_script(here: Path) -> None:
    project(here, "one")
    script = Path(sys.executable).with_name("sqla-lsp")
    done = subprocess.run([script, "check"], cwd=here, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == process("check", cwd=here).out
