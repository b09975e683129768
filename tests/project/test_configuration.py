"""Which settings hold where, and what is said of those that are wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sqla_lsp.project.configuration import ConfigurationError, Resolver

RULES = {
    "only-concurrent-indexes": "only-concurrent-indexes",
    "concurrent-indexes": "only-concurrent-indexes",
    "split-foreign-key": "split-foreign-key",
}

GOOD = """
select = ["concurrent-indexes", "split-foreign-key"]
ignore = ["split-foreign-key"]
per-file-ignores = { "versions/2019*" = ["only-concurrent-indexes"] }
severity = { concurrent-indexes = "hint" }
exclude = ["old/"]
extend-exclude = ["legacy/**"]
postgres-version = 16
dialect = "postgresql"
start-after = ["3f1c0a7be201"]
small-tables = ["countries", "audit.*"]
max-index-columns = 4
query-exclude = ["tests/"]
respect-gitignore = false
"""


def write(folder: Path, text: str, name: str = "pyproject.toml") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder)


def section(text: str) -> str:
    return f"[project]\nname = 'x'\n[tool.sqla-lsp]\n{text}\n"


def test_every_key(tmp_path: Path) -> None:
    for name, text in (("pyproject.toml", section(GOOD)), (".sqla-lsp.toml", GOOD)):
        folder = write(tmp_path / name.strip("."), text, name)
        settings = Resolver(RULES).settings(folder)
        assert (settings.folder, settings.file) == (folder, os.path.join(folder, name))
        assert settings.select == frozenset({"only-concurrent-indexes", "split-foreign-key"})
        assert settings.ignore == {"split-foreign-key"}
        assert settings.per_file_ignores == (("versions/2019*", frozenset({"only-concurrent-indexes"})),)
        assert settings.severity == {"only-concurrent-indexes": "hint"}
        assert (settings.exclude, settings.extend_exclude) == (("old/",), ("legacy/**",))
        assert (settings.postgres_version, settings.dialect, settings.max_index_columns) == (16, "postgresql", 4)
        assert settings.start_after == ("3f1c0a7be201",)
        assert settings.query_exclude == ("tests/",)
        assert settings.respect_gitignore is False


def test_what_settings_answer(tmp_path: Path) -> None:
    folder = write(tmp_path, section(GOOD))
    settings = Resolver(RULES).settings(folder)
    rule = "only-concurrent-indexes"
    assert settings.judges(rule, os.path.join(folder, "versions", "2020_a.py"))
    assert not settings.judges(rule, os.path.join(folder, "versions", "2019_a.py"))
    assert not settings.judges("split-foreign-key", os.path.join(folder, "a.py"))
    assert not settings.reads_queries(os.path.join(folder, "tests", "test_a.py"))
    assert settings.reads_queries(os.path.join(folder, "app.py"))
    small = [("countries", None), ("countries", "public"), ("log", "audit")]
    assert all(settings.is_small(*table) for table in small)
    assert not settings.is_small("countries", "audit2")
    assert not settings.is_small("orders", None)


def test_the_nearest_file_with_a_section_holds(tmp_path: Path) -> None:
    outer = write(tmp_path, section("max-index-columns = 5"))
    write(tmp_path / "app", "[project]\nname = 'app'\ndependencies = ['sqla-lsp']\n")
    inner = write(tmp_path / "app" / "db", section("max-index-columns = 6"))
    write(tmp_path / "app" / "db", "max-index-columns = 7", ".sqla-lsp.toml")
    resolver = Resolver(RULES)
    assert resolver.settings(os.path.join(outer, "app", "x.py")).max_index_columns == 5
    assert resolver.settings(os.path.join(inner, "deep", "x.py")).max_index_columns == 7
    assert resolver.settings(os.path.join(outer, "app")) is resolver.settings(outer)


def test_a_file_that_does_not_speak_of_the_program_is_not_even_parsed(tmp_path: Path) -> None:
    folder = write(tmp_path, "[tool.other\n")
    assert Resolver(RULES).settings(folder).file is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('selct = ["x"]', 'tool.sqla-lsp: unknown key "selct" (did you mean "select"?); keys are select, ignore,'),
        ('max_index_columns = 2', 'unknown key "max_index_columns" (did you mean "max-index-columns"?)'),
        ('select = ["split-foreign-keys"]', 'select: unknown rule "split-foreign-keys" (did you mean "split-foreign-key"?)'),
        ('ignore = "split-foreign-key"', 'ignore: found "split-foreign-key", expected a list of strings'),
        ("ignore = [1]", "ignore: found 1, expected a string that is not empty"),
        ("per-file-ignores = []", "per-file-ignores: found [], expected a table"),
        ('per-file-ignores = { "a" = ["nope"] }', 'per-file-ignores: unknown rule "nope"; rules are'),
        ('severity = { split-foreign-key = "fatal" }', 'severity: found "fatal", expected "error" or "warning" or'),
        ('severity = { nope = "error" }', 'severity: unknown rule "nope"'),
        ('postgres-version = "16"', 'postgres-version: found "16", expected a major version of Postgres, a whole'),
        ("postgres-version = 9.6", "postgres-version: found 9.6"),
        ("max-index-columns = true", "max-index-columns: found true"),
        ("max-index-columns = 0", "max-index-columns: found 0"),
        ('dialect = "postgres"', 'dialect: found "postgres", expected "auto" or "postgresql"'),
        ("respect-gitignore = 1", "respect-gitignore: found 1, expected true or false"),
        ("exclude = ['a\\']", "exclude: found \"a\\\", expected patterns as in a .gitignore file"),
    ],
)  # fmt: skip
def test_bad_values(tmp_path: Path, text: str, said: str) -> None:
    folder = write(tmp_path, section(text))
    with pytest.raises(ConfigurationError) as raised:
        Resolver(RULES).settings(folder)
    assert str(raised.value).startswith(os.path.join(folder, "pyproject.toml") + ": tool.sqla-lsp")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[tool.sqla-lsp]\nselect = [\n", ":2: found invalid TOML"),
        (b"[tool.sqla-lsp]\nselect == 1\n", ":2: found invalid TOML"),
        (b"[tool.sqla-lsp]\n# caf\xe9\n", ":2: found bytes that are not UTF-8"),
        (b"tool.sqla-lsp = 3\n", ": tool.sqla-lsp: found 3, expected a table"),
    ],
)
def test_broken_files(tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(data)
    with pytest.raises(ConfigurationError) as raised:
        Resolver(RULES).settings(str(tmp_path))
    assert str(raised.value).startswith(str(file) + said)


def test_leniently_the_good_keys_hold_and_each_problem_is_told_once(tmp_path: Path) -> None:
    folder = write(tmp_path, section("max-index-columns = 5\npostgres-version = 1\nnope = 1"))
    resolver = Resolver(RULES, lenient=True)
    settings = resolver.settings(folder)
    resolver.settings(os.path.join(folder, "deeper", "x.py"))
    assert (settings.max_index_columns, settings.postgres_version) == (5, 14)
    assert len(resolver.problems) == 2
    assert all(problem.file == os.path.join(folder, "pyproject.toml") for problem in resolver.problems)
    write(tmp_path, section("max-index-columns = 6"))
    resolver.forget()
    assert resolver.settings(folder).max_index_columns == 6
    assert not resolver.problems


def test_a_file_named_on_the_command_line_holds_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "app", section("max-index-columns = 5"))
    write(tmp_path / "ci", "max-index-columns = 9\nextend-exclude = ['app/old/']", "strict.toml")
    write(tmp_path / "ci", section("max-index-columns = 8"), "with-section.toml")
    monkeypatch.chdir(tmp_path)
    settings = Resolver(RULES, file="ci/strict.toml").settings(folder)
    assert (settings.max_index_columns, settings.folder) == (9, str(tmp_path))
    with pytest.raises(ConfigurationError, match="unknown key"):
        Resolver(RULES, file="ci/with-section.toml").settings(folder)
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: cannot be read: No such file"):
        Resolver(RULES, file="nowhere.toml").settings(folder)
    write(tmp_path, "[project]\nname = 'x'\n")
    with pytest.raises(ConfigurationError, match=r"found no section \[tool\.sqla-lsp\]"):
        Resolver(RULES, file="pyproject.toml").settings(folder)


def test_the_editor_and_the_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "app", section("max-index-columns = 5"))
    overrides = {"max-index-columns": 7, "postgres-version": 15}
    first = Resolver(RULES, overrides=overrides).settings(folder)
    assert (first.max_index_columns, first.postgres_version) == (5, 15)
    second = Resolver(RULES, overrides=overrides, prefer_overrides=True).settings(folder)
    assert second.max_index_columns == 7
    bare = write(tmp_path / "bare", "x = 1", "other.toml")
    assert Resolver(RULES, overrides=overrides, roots=[bare]).settings(os.path.join(bare, "a", "x.py")).folder == bare
    wrong = Resolver(RULES, overrides={"nope": 1}, lenient=True)
    wrong.forget()
    assert str(wrong.problems[0]).startswith('the editor\'s settings: unknown key "nope"')


def test_the_command_line(tmp_path: Path) -> None:
    folder = write(tmp_path, section('ignore = ["split-foreign-key"]'))
    path = os.path.join(folder, "x.py")
    assert Resolver(RULES, select=["split-foreign-key,concurrent-indexes"]).settings(path).judges("split-foreign-key", path)
    both = Resolver(RULES, ignore=["concurrent-indexes"]).settings(path)
    assert not both.judges("split-foreign-key", path)
    assert not both.judges("only-concurrent-indexes", path)
    with pytest.raises(ConfigurationError, match='--select: unknown rule "nope"'):
        Resolver(RULES, select=["nope"])


def test_unsaved_text_is_read_through_the_reader(tmp_path: Path) -> None:
    folder = write(tmp_path, section("max-index-columns = 5"))

    def read(path: str) -> bytes:
        if path == os.path.join(folder, "pyproject.toml"):
            return section("max-index-columns = 6").encode()
        raise FileNotFoundError(path)

    assert Resolver(RULES, read=read).settings(folder).max_index_columns == 6


def test_fingerprints(tmp_path: Path) -> None:
    folder = write(tmp_path, section(GOOD))
    first, again = (Resolver(RULES).settings(folder).fingerprint() for _ in range(2))
    write(tmp_path, section(GOOD.replace("4", "5")))
    assert first == again != Resolver(RULES).settings(folder).fingerprint()


def test_a_deleted_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ConfigurationError, match="working directory was deleted"):
        Resolver(RULES, file="strict.toml")
    folder = write(tmp_path, section("max-index-columns = 5"))
    assert Resolver(RULES).settings(folder).max_index_columns == 5
