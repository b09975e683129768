"""Expand and contract: a change of type that rewrites the table, made over revisions that never hold a lock for long.

    expand    the column that is to take over, and a trigger that writes it along with the old one (the original revision)
    fill      the rows that nobody has written since, in batches
    prepare   NOT NULL, checks, foreign keys and indexes of the new column, none of them under a lock that blocks writes
    swap      the names, in one short transaction; from there on a trigger writes the old column along, for the way back
    contract  the old column goes

Every revision can be taken back. What Postgres does was measured (POSTGRES.md 6 f); that the schema and the rows come out equal
to those of the one statement, up and down, is proven on Postgres 15, 16 and 18 by `python -m tests.fixes.expand_contract_proof`.

**What a change may be offered for is decided in `facts.py`, and everything behind it takes that for granted.**
"""
