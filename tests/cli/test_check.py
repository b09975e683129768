"""`check`: which files it judges, with what, and what its exit codes say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import ENVIRONMENT, Command
from tests.project.state import migration, write

INDEX = "op.create_index('ix_{0}', '{0}', ['a'])"
RULE = "only-concurrent-indexes"


def project(folder: Path, *tables: str) -> Path:
    body = "\n".join(INDEX.format(table) for table in tables) or "pass"
    return write(folder, {"migrations/env.py": ENVIRONMENT, "migrations/versions/a.py": migration("a", None, body)})


def test_a_clean_project(here: Path, run: Command) -> None:
    project(here)
    code, out, err = run("check")
    assert (code, out) == (0, "")
    assert err == "0 findings in 2 files, 1 revision, 0 operations\n"


def test_findings(here: Path, run: Command) -> None:
    project(here, "one", "two")
    code, out, err = run("check", "--output-format", "concise")
    assert code == 1
    assert [line.partition(" ")[0] for line in out.splitlines()] == [
        "migrations/versions/a.py:10:5:",
        "migrations/versions/a.py:11:5:",
    ]
    assert err.splitlines()[-1] == "2 findings in 2 files, 1 revision, 2 operations, 0 of them not known statically (0.0%)"


def test_exit_zero(here: Path, run: Command) -> None:
    project(here, "one")
    result = run("check", "--exit-zero")
    assert result.code == 0
    assert RULE in result.out


def test_statistics(here: Path, run: Command) -> None:
    project(here, "one", "two")
    more = migration("b", "a", "op.create_unique_constraint('u', 'one', ['a'])" + "\npass  # sqla-lsp: ignore")
    write(here, {"migrations/versions/b.py": more})
    code, out, _ = run("check", "--statistics")
    assert code == 1
    assert out.splitlines() == ["2 only-concurrent-indexes", "1 unique-constraint", "1 unused-ignore"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), 4),
        (("--select", RULE), 2),
        (("--select", f"{RULE},unique-constraint"), 3),
        (("--select", RULE, "--select", " unique-constraint "), 3),
        (("--select", "unique-constraint"), 1),
        (("--ignore", RULE), 2),
        (("--select", RULE, "--ignore", RULE), 0),
        (("--ignore", RULE, "--ignore", "unique-constraint"), 1),
        (("--select", "ensure-index-not-covered"), 1),
        (("--select", "verify-query-patterns-are-indexed"), 0),
        (("--select", "Only-Concurrent-Indexes"), 2),
    ],
)
def test_selection(here: Path, run: Command, options: tuple[str, ...], expected: int) -> None:
    body = "\n".join([INDEX.format("one"), INDEX.format("two"), "op.create_unique_constraint('u', 'one', ['a'])"])
    write(project(here), {"migrations/versions/a.py": migration("a", None, body)})
    code, out, _ = run("check", "--output-format", "concise", *options)
    assert len(out.splitlines()) == expected
    assert code == (1 if expected else 0)


def test_configuration(here: Path, run: Command) -> None:
    project(here, "one")
    write(here, {"pyproject.toml": f"[tool.sqla-lsp]\nignore = ['{RULE}']\n", "other.toml": "small-tables = ['two']\n"})
    assert run("check").code == 0
    assert run("check", "--config", "other.toml").code == 1
    assert run("check", "--config", str(here / "pyproject.toml")).code == 0
    assert run("check", "--select", RULE).code == 1
    write(here, {"other.toml": "small-tables = ['one']\n"})
    assert run("check", "--config", "other.toml").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--select", "no-such-rule"), '--select: unknown rule "no-such-rule"'),
        (("--ignore", "only_concurrent_indexes"), 'did you mean "only-concurrent-indexes"?'),
        (("missing.py",), "missing.py: No such file or directory"),
        (("",), "'': No such file or directory"),
        (("migrations", "missing"), "missing: No such file or directory"),
        (("a\0b",), "null"),
        (("--config", "missing.toml"), "missing.toml: cannot be read: No such file or directory"),
        (("--config", "migrations"), "cannot be read: Is a directory"),
        (("--output-format", "xml"), "invalid choice: 'xml'"),
        (("--no-such-option",), "unrecognized arguments"),
    ],
)
def test_what_cannot_run(here: Path, run: Command, arguments: tuple[str, ...], message: str) -> None:
    project(here, "one")
    code, out, err = run("check", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "text",
    [
        "[tool.sqla-lsp]\nignore = 3\n",
        "[tool.sqla-lsp\n",
        "[tool.sqla-lsp]\nno-such-key = 1\n",
        "[tool.sqla-lsp]\nselect = ['x']\n",
    ],
)
def test_a_broken_configuration(here: Path, run: Command, text: str) -> None:
    project(here, "one")
    write(here, {"pyproject.toml": text})
    for arguments in [("check",), ("check", "migrations/versions/a.py"), ("check", "--config", "pyproject.toml")]:
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert err.startswith("sqla-lsp: ")
        assert "pyproject.toml" in err


def test_a_configuration_in_a_subfolder(here: Path, run: Command) -> None:
    project(here, "one")
    write(here, {"migrations/.sqla-lsp.toml": "ignore = 3\n"})
    assert run("check").code == 2
    write(here, {"migrations/.sqla-lsp.toml": f"ignore = ['{RULE}']\n"})
    assert run("check").code == 0


def test_an_empty_folder(here: Path, run: Command) -> None:
    assert run("check") == (0, "", "0 findings in 0 files, 0 revisions, 0 operations\n")
    assert run("check", "--output-format", "json").out == "[]\n"


# ------------------------------------------------------------------------------------------------------------ what is judged


def chain(folder: Path) -> Path:
    """Three revisions: the second one is judged by what the first one made, the third by what env.py says."""
    first = "op.create_table('one', sa.Column('a', sa.String(20)))"
    second = "op.alter_column('one', 'a', type_=sa.String(40))\nop.alter_column('two', 'a', type_=sa.String(40))"
    return write(
        folder,
        {
            "migrations/env.py": ENVIRONMENT,
            "migrations/versions/2024/a.py": migration("a", None, first),
            "migrations/versions/2024/b.py": migration("b", "a", second),
            "migrations/versions/2025/c.py": migration("c", "b", INDEX.format("one")),
        },
    )


def test_a_file_alone_has_its_history(here: Path, run: Command) -> None:
    chain(here)
    alone = run("check", "migrations/versions/2024/b.py", "--output-format", "concise")
    assert [line.split(":")[:2] for line in alone.out.splitlines()] == [["migrations/versions/2024/b.py", "11"]]
    assert "in 4 files, 3 revisions" in alone.err
    folder = run("check", "migrations/versions/2024", "--output-format", "concise")
    assert folder.out == alone.out
    both = run("check", "migrations/versions/2024/b.py", "migrations/versions/2025", "--output-format", "concise")
    assert both.out.splitlines()[0] == alone.out.strip()
    assert len(both.out.splitlines()) == 2
    assert run("check", "--output-format", "concise").out == both.out


def test_a_file_alone_has_the_history_of_other_folders(here: Path, run: Command) -> None:
    """`version_locations` names folders that lie elsewhere."""
    write(
        here,
        {
            "alembic.ini": "[alembic]\nscript_location = db\nversion_locations = %(here)s/one/versions %(here)s/two/versions\n",
            "db/env.py": ENVIRONMENT,
            "one/versions/a.py": migration("a", None, "op.create_table('t', sa.Column('a', sa.String(20)))"),
            "two/versions/b.py": migration("b", "a", "op.alter_column('t', 'a', type_=sa.String(40))"),
        },
    )
    for path in ("two/versions/b.py", "two", "."):
        assert run("check", path) == (0, "", run("check", path).err)
        assert "2 revisions" in run("check", path).err


def test_a_file_alone_has_the_options_of_its_environment(here: Path, run: Command) -> None:
    write(
        here,
        {
            "alembic.ini": "[alembic]\nscript_location = a/b/migrations\nsqlalchemy.url = mysql://x/y\n",
            "a/b/migrations/env.py": "from alembic import context\n"
            "context.configure(url=context.config.get_main_option('sqlalchemy.url'))\n",
            "a/b/migrations/versions/a.py": migration("a", None, INDEX.format("one")),
        },
    )
    assert run("check").code == 0
    assert run("check", "a/b/migrations/versions/a.py").code == 0


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (".", "migrations/versions/a.py"),
        ("./migrations", "migrations/versions/a.py"),
        ("migrations/versions/a.py", "migrations/versions/a.py"),
        ("../here/migrations", "../here/migrations/versions/a.py"),
        ("migrations/../migrations/", "migrations/versions/a.py"),
    ],
)
def test_paths_are_shown_as_they_were_given(here: Path, run: Command, given: str, shown: str) -> None:
    project(here, "one")
    assert run("check", given, "--output-format", "concise").out.startswith(f"{shown}:10:5: ")
    absolute = os.path.join(here, "migrations")
    assert run("check", absolute, "--output-format", "concise").out.startswith(f"{absolute}/versions/a.py:10:5: ")


def test_related_places_are_shown_as_paths_too(here: Path, run: Command) -> None:
    project(here)
    helper = "from alembic import op\n\n\ndef build(table):\n    op.create_index('ix', table, ['a'])\n"
    head = "from helper import build"
    write(here, {"helper.py": helper, "migrations/versions/a.py": migration("a", None, "build('one')", head=head)})
    out = run("check", "migrations/versions").out
    assert "migrations/versions/a.py:10:5: warning[only-concurrent-indexes]" in out
    assert "helper.py:5:5: op.create_index stands here" in out


def test_the_same_path_twice(here: Path, run: Command) -> None:
    project(here, "one")
    result = run("check", "migrations", ".", "migrations/versions/a.py", "--output-format", "concise")
    assert len(result.out.splitlines()) == 1


def test_what_is_excluded_and_named(here: Path, run: Command) -> None:
    project(here, "one")
    write(here, {"pyproject.toml": "[tool.sqla-lsp]\nexclude = ['migrations/versions/a.py']\n"})
    assert run("check").code == 0
    assert run("check", "migrations/versions/a.py").code == 1


def test_results_alone_are_on_standard_output(here: Path, run: Command) -> None:
    project(here)
    write(here, {"migrations/versions/b.py": b"# \xff\ndown_revision = 'a'\n"})
    code, out, err = run("check")
    assert (code, out) == (0, "")
    assert err.splitlines()[0].startswith("sqla-lsp: migrations/versions/b.py is left out: byte 0xff")
    assert len(err.splitlines()) == 2
