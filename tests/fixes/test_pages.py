"""How pages of cases are read."""

from __future__ import annotations

import pytest

from tests.fixes.pages import ENV_PY, read_case, rule_of
from tests.proof.environments import ENVIRONMENTS

SHARED = """
```py
op.create_table("t", sa.Column("id", sa.Integer()))
```
```sql seed
INSERT INTO t VALUES (1);
```
"""
CASE = """
```py
op.create_index("ix", "t", ["id"])
```
```py down
op.drop_index("ix", table_name="t")
```
fix: Create ix concurrently
halfway: INSERT INTO t VALUES (1)
repair: DELETE FROM t
column order: free
free values: t.a, t.b

```py after
with op.get_context().autocommit_block():
    op.create_index("ix", "t", ["id"], postgresql_concurrently=True)
```
```py after migrations/versions/0003.py
revision = "0003"
```
"""


def test_a_case_has_the_shared_revisions_and_its_own() -> None:
    case = read_case("unique_constraint_in_models", "a title", CASE, SHARED)
    assert list(case.before) == ["migrations/versions/0001.py", "migrations/versions/0002.py", ENV_PY, "alembic.ini"]
    assert case.tested == "migrations/versions/0002.py"
    assert case.before[case.tested] == (
        "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import postgresql\n\n"
        'revision = "0002"\ndown_revision = "0001"\n\n\n'
        'def upgrade():\n    op.create_index("ix", "t", ["id"])\n\n\n'
        'def downgrade():\n    op.drop_index("ix", table_name="t")\n'
    )
    assert case.rule == "unique-constraint"
    assert case.fixes == ("Create ix concurrently",)
    assert (case.seed, case.halfway, case.repair) == (
        "INSERT INTO t VALUES (1);\n",
        "INSERT INTO t VALUES (1);",
        "DELETE FROM t;",
    )
    assert case.any_column_order
    assert case.free_values == {"t.a", "t.b"}


def test_what_after_does_not_show_is_as_before() -> None:
    case = read_case("p", "a title", CASE, SHARED)
    assert case.after is not None
    assert case.tested is not None
    assert set(case.after) - set(case.before) == {"migrations/versions/0003.py"}
    changed = case.after[case.tested]
    assert "    with op.get_context().autocommit_block():\n        op.create_index(" in changed
    assert changed.endswith('def downgrade():\n    op.drop_index("ix", table_name="t")\n')
    assert case.after["migrations/versions/0001.py"] == case.before["migrations/versions/0001.py"]


def test_a_block_that_defines_functions_keeps_its_header() -> None:
    case = read_case("p", "t", '```py\ndef upgrade():\n    op.drop_table("t")\n```\n')
    assert case.tested is not None
    assert case.before[case.tested].endswith('down_revision = None\n\n\ndef upgrade():\n    op.drop_table("t")\n')
    whole = '"""Create."""\nfrom alembic import op\n\nrevision = "a"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n'
    case = read_case("p", "t", f"```py\n{whole}```\n")
    assert case.tested is not None
    assert case.before[case.tested] == whole


def test_a_case_can_be_run_under_another_environment() -> None:
    case = read_case("p", "t", CASE, SHARED)
    for name, text in ENVIRONMENTS.items():
        moved = case.under(name)
        assert moved.after is not None
        assert moved.before[ENV_PY] == moved.after[ENV_PY] == text
    own = read_case("p", "t", CASE + f"```py {ENV_PY}\nfrom alembic import context\n```\n", SHARED)
    assert own.own_environment
    assert own.under("transaction per migration").before[ENV_PY] == "from alembic import context\n"


@pytest.mark.parametrize(
    "text",
    [
        "```py down\npass\n```\n",
        "```py\npass\n```\n```py\npass\n```\n",
        "```py wrong\npass\n```\n",
        "unknown: line\n",
        "column order: any\n",
        "```py after\npass\n```\n",
    ],
)
def test_a_page_that_is_written_wrong_is_refused(text: str) -> None:
    with pytest.raises(AssertionError):
        read_case("p", "t", text)


def test_pages_are_named_after_rules() -> None:
    assert rule_of("only_concurrent_indexes") == "only-concurrent-indexes"
    assert rule_of("split_foreign_key_of_models") == "split-foreign-key"
    assert rule_of("recommended") is None
