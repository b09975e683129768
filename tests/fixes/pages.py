"""Pages of cases for fixes: Markdown with a migration as it is written, and as the fix leaves it.

    ```py                             in front of the first title: revisions and files that every case of the page has
    op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("state", sa.String()))
    ```
    ```sql seed                       rows that stand in the tables before the migration under test runs
    INSERT INTO orders SELECT n, 'new' FROM generate_series(1, 20) n;
    ```

    ## create_index
    ```py                             the migration under test: the revision after the shared ones
    op.create_index("ix_orders_state", "orders", ["state"])
    ```
    ```py down
    op.drop_index("ix_orders_state", table_name="orders")
    ```
    fix: Create ix_orders_state concurrently
    ```py after                       the same file after the fix, and ```py down after its downgrade
    with op.get_context().autocommit_block():
        op.create_index("ix_orders_state", "orders", ["state"], postgresql_concurrently=True)
    ```
    ```py after migrations/versions/0003_next.py
    ...                               any other file that the fix creates or changes, as a whole
    ```

A block is written as `tests/rules/pages.py` reads it: imports and the header stand in front of it where they are left out, and
one that defines nothing is the body of `upgrade`. A ```py down block right after it is the body of the same file's `downgrade`. A
fence that names a path is that file as a whole. A case's file replaces the shared one of the same path.

Lines outside of the fences tell what is done with a case. A line may stand several times where that makes sense:

    rule: NAME              whose findings are fixed (default: the rule that the page is named after)
    in: PATH                the file whose findings are fixed (default: the migration under test, else every file)
    fix: TITLE              the fix to choose; several lines: one after the other (default: the first fix of each finding)
    not possible: WORDS     the fix is offered, but cannot be made, and says why in these words
    halfway: SQL            run before the upgrade, it makes the fixed migration fail; after `repair: SQL` it succeeds
    environment: NAME       proven under these alone (tests/proof/environments.py), by default under all
    column order: free      the columns of the tables may stand in another order than the naive migration leaves them in
    free values: t.c, t.d   columns whose values are another each time
    holds: WORDS            why rows may be read under a lock that others wait for
    not repeated: WORDS     why a run that was interrupted is not proven to succeed when it is repeated
    naive fails: WORDS      why the migration cannot run as it is: then there is nothing to compare the fixed one with
    other schema: WORDS     why the fixed migration leaves another schema
    no proof: WORDS         why the case is not run on a server

A case with neither an `after` block nor `not possible` is one for which no fix of the title is offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from sqla_lsp.rules.names import JUDGED
from tests.proof.environments import DEFAULT, ENVIRONMENTS
from tests.rules.pages import HEADER, VERSIONS

ENV_PY = "migrations/env.py"
ALEMBIC_INI = "alembic.ini"
INI = """[alembic]
script_location = %(here)s/migrations
prepend_sys_path = %(here)s
path_separator = os
sqlalchemy.url = postgresql+psycopg://localhost/shop
"""

_CASE = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(?P<kind>\w+)(?P<info>(?: +\S+)*) *\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^(?P<key>[a-z][a-z ]*): (?P<value>.+)$", re.MULTILINE)
_DEFINES = re.compile(r"^(def|async def|class|from|import|if TYPE)\b", re.MULTILINE)
_KEYS = {
    "rule", "in", "fix", "not possible", "halfway", "repair", "environment", "column order", "free values", "holds",
    "not repeated", "naive fails", "other schema", "no proof",
}  # fmt: skip


@dataclass(frozen=True)
class FixCase:
    """One case of a page. `before` and `after` are all files of the project by their relative paths; `after` is None where the
    page shows no result. `tested` is the path of the migration under test, None where the case has none."""

    page: str
    title: str
    before: Mapping[str, str]
    after: Mapping[str, str] | None
    tested: str | None
    rule: str | None
    seed: str = ""
    path: str | None = None
    fixes: tuple[str, ...] = ()
    not_possible: str | None = None
    halfway: str = ""
    repair: str = ""
    environments: tuple[str, ...] = tuple(ENVIRONMENTS)
    any_column_order: bool = False
    free_values: frozenset[str] = frozenset()
    holds: str | None = None
    not_repeated: str | None = None
    naive_fails: str | None = None
    other_schema: str | None = None
    no_proof: str | None = None

    @property
    def id(self) -> str:
        return f"{self.page}: {self.title}"

    def under(self, environment: str) -> FixCase:
        """The case with another env.py, in its expected result as well, where it has none of its own."""
        text = ENVIRONMENTS[environment]
        swapped = dict.fromkeys(ENVIRONMENTS.values(), text)

        def of(files: Mapping[str, str]) -> dict[str, str]:
            return {path: swapped.get(old, old) if path == ENV_PY else old for path, old in files.items()}

        return replace(self, before=of(self.before), after=None if self.after is None else of(self.after))

    @property
    def own_environment(self) -> bool:
        """Whether the page writes the env.py, or its result, itself."""
        envs = {self.before[ENV_PY], *([self.after[ENV_PY]] if self.after else [])}
        return not envs <= set(ENVIRONMENTS.values())


class _Block(NamedTuple):
    """A fenced block: its words behind the language, without the path, and its text."""

    kind: str
    words: frozenset[str]
    path: str | None
    text: str


@dataclass
class _Migration:
    """A revision as its blocks tell it: whole, or the bodies of its functions."""

    upgrade: str
    downgrade: str | None = None

    def text(self, number: int) -> str:
        """The file of the revision with this number."""
        before = HEADER
        if not re.search(r"^down_revision\b", self.upgrade, re.MULTILINE):
            parent = f'"{number - 1:04}"' if number > 1 else "None"
            before += f'revision = "{number:04}"\ndown_revision = {parent}\n'
        elif _DEFINES.search(self.upgrade) and re.match(r"(\"\"\"|from|import)", self.upgrade):
            before = ""
        if _DEFINES.search(self.upgrade):
            assert self.downgrade is None, "a block that defines functions defines its downgrade, too"
            return before + ("\n\n" if before and not self.upgrade.startswith("\n") else "") + self.upgrade
        made = before + "\n\ndef upgrade():\n" + _indented(self.upgrade)
        return made if self.downgrade is None else made + "\n\ndef downgrade():\n" + _indented(self.downgrade)


@dataclass
class _Blocks:
    """What a text of blocks has: revisions without a path, files with one, each before and after, and the seed."""

    revisions: list[_Migration] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    after: _Migration | None = None
    files_after: dict[str, str] = field(default_factory=dict)
    sql: dict[str, str] = field(default_factory=dict)

    @property
    def has_after(self) -> bool:
        return self.after is not None or bool(self.files_after)


def read_page(path: Path) -> list[FixCase]:
    """The cases of a page. Raises `AssertionError` where it is not written as it has to be."""
    shared, *parts = _CASE.split(path.read_text(encoding="utf-8"))
    return [read_case(path.stem, title, text, shared) for title, text in zip(parts[::2], parts[1::2], strict=True)]


def read_case(page: str, title: str, text: str, shared: str = "") -> FixCase:
    """The case that a text describes, on top of what all cases of the page share."""
    common, own = _blocks(shared), _blocks(text)
    assert not common.has_after, f"{page}: an `after` block stands in front of the first title"
    assert len(own.revisions) < 2, f"{page}: {title}: several migrations under test; give the others a path"
    before: dict[str, str] = {}
    for number, migration in enumerate(common.revisions, 1):
        before[f"{VERSIONS}{number:04}.py"] = migration.text(number)
    number = len(common.revisions) + 1
    tested = f"{VERSIONS}{number:04}.py" if own.revisions else None
    before |= common.files
    if tested is not None:
        before[tested] = own.revisions[0].text(number)
    before |= own.files
    before.setdefault(ENV_PY, ENVIRONMENTS[DEFAULT])
    before.setdefault(ALEMBIC_INI, INI)
    after: dict[str, str] | None = None
    if own.has_after:
        after = dict(before)
        if own.after is not None:
            assert tested is not None, f"{page}: {title}: an `after` block without a path, and no migration under test"
            after[tested] = _after(own.after, own.revisions[0]).text(number)
        after |= own.files_after
    options = _options(shared, page, "the shared part") | _options(text, page, title)
    return _case(page, title, before, after, tested, options, common.sql, own.sql)


def _case(
    page: str,
    title: str,
    before: dict[str, str],
    after: dict[str, str] | None,
    tested: str | None,
    options: dict[str, list[str]],
    shared_sql: dict[str, str],
    sql: dict[str, str],
) -> FixCase:
    def one(key: str) -> str | None:
        values = options.get(key)
        assert values is None or len(values) == 1, f"{page}: {title}: `{key}` stands twice"
        return values[0] if values else None

    def statements(key: str) -> str:
        return "\n".join(f"{value.rstrip(';')};" for value in options.get(key, ())) + sql.get(key, "")

    order, environments = one("column order"), options.get("environment")
    assert order in (None, "free"), f"{page}: {title}: column order: free is the only one"
    assert environments is None or set(environments) <= ENVIRONMENTS.keys(), f"{page}: {title}: {environments}"
    free = ",".join(options.get("free values", ()))
    return FixCase(
        page,
        title,
        before,
        after,
        tested,
        one("rule") or rule_of(page),
        seed=shared_sql.get("seed", "") + sql.get("seed", ""),
        path=one("in"),
        fixes=tuple(options.get("fix", ())),
        not_possible=one("not possible"),
        halfway=statements("halfway"),
        repair=statements("repair"),
        environments=tuple(environments or ENVIRONMENTS),
        any_column_order=order == "free",
        free_values=frozenset(name.strip() for name in free.split(",") if name.strip()),
        holds=one("holds"),
        not_repeated=one("not repeated"),
        naive_fails=one("naive fails"),
        other_schema=one("other schema"),
        no_proof=one("no proof"),
    )


def rule_of(page: str) -> str | None:
    """The rule that a page is named after: the longest whose name it begins with."""
    named = [rule for rule in JUDGED if f"{page}_".startswith(rule.replace("-", "_") + "_")]
    return max(named, key=len, default=None)


def _after(after: _Migration, before: _Migration) -> _Migration:
    """What `after` leaves out is as it was."""
    assert bool(_DEFINES.search(after.upgrade)) <= bool(_DEFINES.search(before.upgrade) or "down_revision" in after.upgrade), (
        "the migration is shown as a body, and its result as a whole: show both alike"
    )
    if after.downgrade is None and not _DEFINES.search(after.upgrade):
        return _Migration(after.upgrade or before.upgrade, before.downgrade)
    return _Migration(after.upgrade or before.upgrade, after.downgrade)


def _blocks(text: str) -> _Blocks:
    blocks = _Blocks()
    for block in _fences(text):
        after = "after" in block.words
        if block.kind == "sql":
            (key,) = block.words
            assert key in ("seed", "halfway", "repair"), f"an sql block is seed, halfway or repair, not {key}"
            blocks.sql[key] = blocks.sql.get(key, "") + block.text
        elif block.path is not None:
            (blocks.files_after if after else blocks.files)[block.path] = block.text
        elif block.kind in ("toml", "ini"):
            blocks.files[{"toml": ".sqla-lsp.toml", "ini": ALEMBIC_INI}[block.kind]] = block.text
        elif "down" in block.words and after:
            blocks.after = blocks.after or _Migration("")
            blocks.after.downgrade = block.text
        elif "down" in block.words:
            assert blocks.revisions, "a `down` block stands after the block of its upgrade"
            blocks.revisions[-1].downgrade = block.text
        elif after:
            assert blocks.after is None, "several `after` blocks without a path"
            blocks.after = _Migration(block.text)
        else:
            blocks.revisions.append(_Migration(block.text))
    return blocks


def _fences(text: str) -> Iterator[_Block]:
    for block in _BLOCK.finditer(text):
        words = block["info"].split()
        paths = [word for word in words if "." in word or "/" in word]
        known = frozenset(words) - frozenset(paths)
        allowed = {"seed", "halfway", "repair"} if block["kind"] == "sql" else {"down", "after"}
        assert len(paths) < 2, f"```{block['kind']}{block['info']} names two paths"
        assert known <= allowed, (
            f"```{block['kind']}{block['info']}: only {', '.join(sorted(allowed))} and a path may stand there"
        )
        yield _Block(block["kind"], known, paths[0] if paths else None, block["text"])


def _options(text: str, page: str, title: str) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    for line in _LINE.finditer(_BLOCK.sub("", text)):
        assert line["key"] in _KEYS, f"{page}: {title}: there is no line `{line['key']}:`, only {', '.join(sorted(_KEYS))}"
        options.setdefault(line["key"], []).append(line["value"].strip().strip("`"))
    return options


def _indented(text: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))
