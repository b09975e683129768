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

import re
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
    comment: bytes,
) -> Iterator[Finding]:
    """What is wrong with one comment, whose text is `comment`. Where it names several rules, a finding stands at the name that it
    is about. `known` gives the canonical names of the rules that it names (None: there is no such rule),
    `judged` are the rules that were asked about the file, and `used` those of them that the comment silenced."""
    place = Place(ignore.start, ignore.end, path)
    if ignore.rules is None or not ignore.rules:
        if not used and judged:
            yield _finding(place, place, severity, "This comment silences nothing.")
        return
    for written, rule in known.items():
        named = re.search(
            rb"(?<![\w-])" + re.escape(written.encode()) + rb"(?![\w-])", comment[comment.find(b"[") :], re.IGNORECASE
        )
        at = ignore.start + comment.find(b"[")
        name = Place(at + named.start(), at + named.end(), path) if named is not None and len(known) > 1 else place
        if rule is None:
            yield _finding(name, place, severity, f"This comment names {written}, and no rule has that name.")
        elif rule in judged and rule not in used:
            yield _finding(name, place, severity, f"This comment silences nothing: {rule} has no finding here.")


def _finding(place: Place, comment: Place, severity: Severity, message: str) -> Finding:
    return Finding(NAME, severity, place, comment, message, "", "Remove it.", (), ("unnecessary",))
