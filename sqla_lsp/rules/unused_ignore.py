"""Comments that silence rules silence something.

## What it does
Reports a comment `# sqla-lsp: ignore[...]` or `# sqla-lsp: ignore-file[...]` that names a rule which does not exist, or
that silences nothing.

## Why is this bad?
A comment that was true once hides the next finding on its line from everybody.

## Example
```python
op.drop_table("orders")  # sqla-lsp: ignore[only-concurrent-indexes]
```

## Use instead
```python
op.drop_table("orders")
```

## Decisions
- A rule that is not selected silences nothing by definition, and its comments are not reported.
- Outside of migrations, in migrations of other databases and in those that `start-after` passes over only names that no
  rule has are reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqla_lsp.rules.finding import Finding, Severity
from sqla_lsp.text.ignores import Ignore
from sqla_lsp.text.places import Place

NAME = "unused-ignore"
PRIORITY = 4
SEVERITY = "information"


def unused(
    path: str,
    ignore: Ignore,
    known: dict[str, str | None],
    judged: Collection[str],
    used: Collection[str],
    severity: Severity,
) -> Iterator[Finding]:
    """What is wrong with one comment. `known` gives the canonical names of the rules that it names (None: there is no such rule),
    `judged` are the rules that were asked about the file, and `used` those of them that the comment silenced."""
    place = Place(ignore.start, ignore.end, path)
    if ignore.rules is None or not ignore.rules:
        if not used and judged:
            yield _finding(place, severity, "This comment silences nothing.")
        return
    for written, rule in known.items():
        if rule is None:
            yield _finding(place, severity, f"This comment names {written}, and no rule has that name.")
        elif rule in judged and rule not in used:
            yield _finding(place, severity, f"This comment silences nothing: {rule} has no finding here.")


def _finding(place: Place, severity: Severity, message: str) -> Finding:
    return Finding(NAME, severity, place, place, message, "", "Remove it.", (), ("unnecessary",))
