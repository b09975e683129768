"""What is said of indexes, against a real server: `python -m tests.postgres.proof BINDIR [LOCALE]`, BINDIR the folder of `initdb`
and `pg_ctl`, or `embedded16` or `embedded18` (tests/postgres/server.py).

Each case makes its indexes on a table of 50,000 rows and looks at the plan with enable_seqscan off: what is said to be served
is found by the index (Index Cond), what is said not to be is not. Left out is what Postgres does for want of anything better
when sequential scans are forbidden: it reads a whole index for a condition on a later key, or for the predicate alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from sqla_lsp.postgres.index_use import judge, sorts
from sqla_lsp.postgres.predicate_proof import implied
from tests.postgres import test_index_cover, test_index_use
from tests.postgres.server import Server, binaries_of, server
from tests.postgres.ways import index_sql, order, paths, tree

TABLE = """
CREATE TABLE {name} (id int, a {type}, b int, c {type}, d int, e boolean, x int);
INSERT INTO {name} SELECT n, {value}, n % 1000, {value}, n % 700, n % 2 = 0, n FROM generate_series(1, 50000) n;
ANALYZE {name};
"""
TABLES = (("numbers", "int", "n % 5000"), ("texts", "text", "'v' || n % 5000"), ("flags", "boolean", "n % 3 = 0"))


def explained(made: Server, table: str, ways: list[str], query: str, before: str = "") -> tuple[bool, str]:
    """The plan of a query with certain indexes, which are rolled back."""
    indexes = "".join(f"{index_sql(way, table, f'i{at}')};\n" for at, way in enumerate(ways))
    settings = (
        "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off;"
    )
    return made.psql(f"BEGIN; {settings}\n{indexes}{before}EXPLAIN {query}; ROLLBACK;")


def lines(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line:
            yield [part.strip() for part in f"{line} ".split("|")]


def check_served(made: Server) -> Iterator[str]:
    """Verdicts on one table, without what is not known."""
    for ways, condition, _ in lines(test_index_use.CASES):
        if "//" in ways or re.search(r"\?|not_|silent|outer_|invalid|random|de_DE|gist", ways + condition) or not condition:
            continue
        (verdict,) = judge(tree(condition), [paths(ways)])
        if verdict.served is None:
            continue
        parts = [re.sub("^(pk|uq) ", "", part.strip()) for part in ways.split(";") if part.strip()]
        answers = []
        for table, _, _ in TABLES:
            names = re.findall(r":(\w+)", condition)
            types = {"numbers": "int", "texts": "text", "flags": "boolean"}[table]
            if re.search(r"\bb = :x", condition):
                types = "int"
            text = re.sub(r":\w+", "$1", condition)
            prepared = (
                f"SET LOCAL plan_cache_mode = force_generic_plan; PREPARE q({types}) AS SELECT id FROM {table} WHERE {text};"
            )
            query = "EXECUTE q(NULL)" if names else f"SELECT id FROM {table} WHERE {condition}"
            fine, plan = explained(made, table, parts, query, prepared if names else "")
            if fine:
                answers.append((table, "Index Cond" in plan, plan))
        if not answers:
            yield f"cannot run: {ways} | {condition}"
        # A condition on a later key is an Index Cond of a scan of the whole index.
        later = any("," in part and not condition.startswith(part.split(",")[0]) for part in parts)
        for table, found, plan in answers:
            if found != verdict.served and not (found and later):
                yield f"{ways} | {condition} ({table}): said {verdict.served}\n{plan}"


def check_implied(made: Server) -> Iterator[str]:
    """Whether a partial index on x is used where the query says x = 1 beside the condition."""
    for condition, where, _ in lines(test_index_use.IMPLIED):
        if re.search(r"not_|t1|this does not|::state", condition + where):
            continue
        said = implied(where, [tree(condition)], 0)
        if said is None:
            continue
        for table, kind, _ in TABLES:
            text = re.sub(r":\w+", "$1", condition)
            query = f"SELECT id FROM {table} WHERE x = 1 AND ({text})"
            prepared = f"SET LOCAL plan_cache_mode = force_generic_plan; PREPARE q({kind}) AS {query};"
            bound = text != condition
            fine, plan = explained(
                made, table, [f"x where {where}"], "EXECUTE q(NULL)" if bound else query, prepared if bound else ""
            )
            if fine and ("i0" in plan) != said:
                yield f"{condition} => {where} ({table}): said {said}\n{plan}"


def check_sorts(made: Server) -> Iterator[str]:
    """Whether ORDER BY with LIMIT needs no sort of the whole table."""
    for ways, keys, condition, _ in lines(test_index_use.SORTED):
        if re.search(r"\?|not_|invalid|gist", ways + condition):
            continue
        said = sorts(order(keys), tree(condition), paths(ways))
        if said is None:
            continue
        for table, _, _ in TABLES[:2]:
            where = f"WHERE {condition} " if condition else ""
            query = f"SELECT id FROM {table} {where}ORDER BY {keys} LIMIT 10"
            fine, plan = explained(made, table, [ways] if ways else [], query, "SET LOCAL enable_bitmapscan = off;")
            found = "Index" in plan and not re.search(r"(^|->  )Sort  ", plan, re.MULTILINE)
            if fine and found != said:
                yield f"{ways} | ORDER BY {keys} {where}({table}): said {said}\n{plan}"


def check_covers(made: Server) -> Iterator[str]:
    """Whether what the covered index does is done by the other alone: conditions on its keys, their order, index-only scans."""
    for one, others, wanted in lines(test_index_cover.CASES):
        if wanted == "-" or ";" in others or re.search(r"\?|invalid|deferrable", one + others):
            continue
        way = paths(f"{one}; {others}")[0].index
        assert isinstance(way.keys, tuple)
        for table, _, _ in TABLES[:2]:
            first = way.keys[0].column or way.keys[0].expression
            partial = f" AND {way.where}" if way.where else ""
            sorted_by = ", ".join(
                f"{key.column or key.expression}{f' COLLATE {chr(34)}{key.collation}{chr(34)}' if key.collation else ''}"
                f" {'DESC' if key.descending else 'ASC'} NULLS {'FIRST' if key.nulls_first else 'LAST'}"
                for key in way.keys
            )
            condition = f"{first} IS NULL"
            include = ", ".join(way.include) if isinstance(way.include, tuple) and way.include else "1"
            found = f"SELECT {include} FROM {table} WHERE {condition}{partial}"
            rows = f"SELECT {include} FROM {table} {'WHERE' + partial[4:] if partial else ''} ORDER BY {sorted_by} LIMIT 5"
            pattern = any(key.opclass for key in way.keys)
            for query in [found] if pattern else [found, rows]:
                fine, plan = explained(made, table, [others], query, "SET LOCAL enable_bitmapscan = off;")
                works = "i0" in plan and not re.search(r"(^|->  )(Incremental )?Sort  ", plan, re.MULTILINE)
                if fine and not works:
                    yield f"{one} covered by {others}: {query}\n{plan}"


def main(binaries: str, locale: str) -> int:
    with server(binaries_of(binaries), locale) as made:
        for name, kind, value in TABLES:
            fine, output = made.psql(TABLE.format(name=name, type=kind, value=value))
            assert fine, output
        print("PostgreSQL", made.version())
        wrong = 0
        for check in (check_served, check_implied, check_sorts, check_covers):
            found = list(check(made))
            wrong += len(found)
            print(f"{check.__name__}: {len(found)} disagree")
            print("\n".join(found))
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *(sys.argv[2:] or ["en_US.UTF-8"])))
