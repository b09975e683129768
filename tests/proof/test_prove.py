"""The proof is proven: what is right passes, and each way to be wrong is found by the part that is there for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from uuid import uuid4

import pytest

if any(find_spec(name) is None for name in ("alembic", "psycopg")):
    pytest.skip("alembic or psycopg, which run the migrations, is not installed", allow_module_level=True)

from tests.fixes.pages import FixCase, read_page
from tests.postgres.server import Server
from tests.proof.environments import DEFAULT
from tests.proof.jobs import OWN
from tests.proof.prove import Promises, Report, prove

CASES = {case.title.split()[0]: case for case in read_page(OWN / "recommended.md")}
NOT_REPEATED = "looked at elsewhere"


def proof_of(
    server: Server, case: FixCase, after: Callable[[str], str] = str, *, repeated: bool = False, **promises: str
) -> Report:
    """The proof of a case, whose rewritten migration is changed before."""
    assert case.after is not None
    assert case.tested is not None
    files = {path: text.encode() for path, text in case.after.items()}
    files[case.tested] = after(case.after[case.tested]).encode()
    before = {path: text.encode() for path, text in case.before.items()}
    made = Promises.of(case) if repeated else replace(Promises.of(case), not_repeated=NOT_REPEATED)
    return prove(server, before, files, case.tested, replace(made, **promises), name=f"test_{uuid4().hex[:12]}")


@pytest.mark.parametrize("letter", ["c", "d"])
def test_what_is_right_is_proven(letter: str, postgres: Server) -> None:
    report = proof_of(postgres, CASES[letter], repeated=True)
    assert report.problems == []
    assert report.interruptions >= 4
    assert any(statement.blocked for statement in report.naive), "the naive migration reads no rows under a lock"
    assert not any(statement.blocked for statement in report.rewritten)


def without(*lines: str) -> Callable[[str], str]:
    """The file without the lines that have one of these texts in them."""

    def changed(text: str) -> str:
        kept = [line for line in text.splitlines(keepends=True) if not any(part in line for part in lines)]
        assert len(kept) < text.count("\n"), f"no line has {lines}"
        return "".join(kept)

    return changed


def with_(old: str, new: str) -> Callable[[str], str]:
    """The file with one text instead of another."""

    def changed(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return changed


WITH = "with op.get_context().autocommit_block():"
BLOCK = f"    {WITH}\n        "
SPOILS = "op.execute('UPDATE t SET d = 9')\n        "
ANOTHER = "after the upgrade the schema is another"

WRONG = {
    "VALIDATE is missing": ("d", without("autocommit_block", "VALIDATE"), "constraint fk_t_p of t is NOT VALID"),
    "VALIDATE in one transaction": ("d", with_(BLOCK, "    "), "under ShareRowExclusiveLock on parent"),
    "an option is missing": ("d", with_(', ondelete="CASCADE"', ""), ANOTHER),
    "another type": ("g3", with_("sa.Integer()", "sa.BigInteger()"), ANOTHER),
    "another name": ("c", with_("ADD CONSTRAINT uq_t_email", "ADD CONSTRAINT uq_email"), "+    ADD CONSTRAINT uq_email"),
    "not concurrently": ("a", with_(", postgresql_concurrently=True)", ")"), "under ShareLock on t, 20 rows of t"),
    "concurrently in a transaction": (
        "a",
        with_(WITH, "if True:"),
        "ActiveSqlTransaction",
    ),
    "a CHECK is left behind": ("h", without("DROP CONSTRAINT ck_t_nn_not_null"), ANOTHER),
    "a CHECK that says something else": ("h", with_("(nn IS NOT NULL)", "(nn > 0)"), "under AccessExclusiveLock on t, 20 rows"),
    "another index in the downgrade": ("b", with_('["d"]', '["d", "nn"]'), "after the downgrade the schema is another"),
    "other rows": (
        "e",
        with_(BLOCK, BLOCK + SPOILS),
        "after the upgrade the rows are others",
    ),
    "no downgrade": ("e", with_("def downgrade():", "def other():"), "has no downgrade"),
}


@pytest.mark.parametrize(("letter", "change", "found"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_found(letter: str, change: Callable[[str], str], found: str, postgres: Server) -> None:
    report = proof_of(postgres, CASES[letter], change)
    assert any(found in problem for problem in report.problems), report.problems


def test_if_not_exists_keeps_an_invalid_index(postgres: Server) -> None:
    def change(text: str) -> str:
        upgrade, downgrade, rest = text.partition("def downgrade")
        upgrade = without("op.drop_index")(upgrade)
        return with_("unique=True, ", "unique=True, if_not_exists=True, ")(upgrade) + downgrade + rest

    report = proof_of(postgres, CASES["a"], change, repeated=True)
    said = "\n".join(report.problems)
    assert "after the upgrade that was interrupted in the middle of CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS" in said
    assert "after the upgrade that was repeated after a repair index ix_t_email of t is INVALID" in said
    assert all("INVALID" in problem or "schema is another" in problem for problem in report.problems)


def test_what_cannot_be_repeated_is_found(postgres: Server) -> None:
    report = proof_of(postgres, CASES["e"], without("DROP CONSTRAINT IF EXISTS"), repeated=True)
    said = "\n".join(report.problems)
    assert "repeated after wrong rows were repaired, it fails: ProgrammingError" in said
    assert "interrupted before ALTER TABLE t VALIDATE CONSTRAINT ck_t_nn and repeated, it fails: ProgrammingError" in said


def test_what_was_to_fail_halfway_has_to(postgres: Server) -> None:
    report = proof_of(postgres, CASES["e"], halfway="INSERT INTO t VALUES (99, 'x', 1, 5)")
    assert report.problems == ["the rewritten upgrade was to fail halfway, and did not"]


def test_sql_has_to_be_rendered_where_the_naive_migration_is(postgres: Server) -> None:
    asks = "    op.get_bind().execute(sa.text('SELECT 1')).scalar()"
    report = proof_of(postgres, CASES["e"], with_("def upgrade():", f"def upgrade():\n{asks}"))
    assert [problem.partition(":")[0] for problem in report.problems] == ["the upgrade as SQL fails"]


SECOND = """from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.execute("ALTER TABLE t VALIDATE CONSTRAINT fk_t_p")


def downgrade():
    pass
"""


@pytest.mark.parametrize("environment", CASES["d"].environments)
def test_two_revisions_in_one_transaction_hold_their_locks(environment: str, postgres: Server) -> None:
    case = CASES["d"].under(environment)
    assert case.after is not None
    case = replace(case, after={**case.after, "migrations/versions/0003.py": SECOND})
    report = proof_of(postgres, case, without("autocommit_block", "VALIDATE"))
    assert len(report.problems) == (2 if environment == DEFAULT else 0)
    assert all(problem.startswith("under ") for problem in report.problems)


def test_new_revisions_without_a_naive_one_go_there_and_back(postgres: Server) -> None:
    case = CASES["a"]
    assert case.after is not None
    assert case.tested is not None
    before = {path: text.encode() for path, text in case.before.items() if path != case.tested}
    after = {path: text.encode() for path, text in case.after.items()}
    promises = Promises(seed=case.seed)
    assert prove(postgres, before, after, None, promises, name="test_new").problems == []
    after[case.tested] = after[case.tested].replace(b"def downgrade():", b"def downgrade():\n    return")
    report = prove(postgres, before, after, None, promises, name="test_new")
    assert "after the downgrade the schema is another" in report.problems[0]
