"""`sqla-lsp check --fix` and `--diff`: what the fixes of a run would do, printed or written."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqla_lsp.cli.output import diff
from sqla_lsp.cli.output.style import counted, harmless
from sqla_lsp.cli.run import Run
from sqla_lsp.cli.writing import NotWritten, write
from sqla_lsp.text.edits import apply

if TYPE_CHECKING:
    from sqla_lsp.rules.fix_all import FixAll, Group


@dataclass(frozen=True)
class Fixed:
    """What came of it: how many findings are gone, with how many files; how many of those that are left have an unsafe fix; and
    whether some file could not be written."""

    findings: int = 0
    files: int = 0
    unsafe: int = 0
    failed: bool = False

    def summary(self, verb: str, left: int) -> str:
        """The last line: what was fixed, and how many findings are left."""
        files = f" ({counted(self.files, 'file')})" if self.files else ""
        unsafe = f" ({self.unsafe:,} fixable with --unsafe-fixes)" if self.unsafe else ""
        return f"{verb} {counted(self.findings, 'finding')}{files}; {left:,} {'remains' if left == 1 else 'remain'}{unsafe}"


def fix(result: Run, *, unsafe: bool) -> Fixed:
    """Fixes what was found, and writes it."""
    if not result.findings:
        return Fixed()
    findings = files = 0
    failed = False
    with _fixed(result, unsafe=unsafe) as run:
        left = 0 if unsafe else run.fixable(_files(result), "unsafe")
        for group in run.groups():
            try:
                files += len(write(group.change, run.overlay.before))
                findings += group.fixed
            except NotWritten as error:
                failed = True
                _explain(error, group, result)
    return Fixed(findings, files, left, failed)


def show(result: Run, *, unsafe: bool) -> Fixed:
    """Prints what `fix` would do."""
    if not result.findings:
        return Fixed()
    with _fixed(result, unsafe=unsafe) as run:
        left = 0 if unsafe else run.fixable(_files(result), "unsafe")
        change, findings = run.change(), sum(group.fixed for group in run.groups())
        texts: dict[str, tuple[bytes | None, bytes]] = {new.path: (None, new.data) for new in change.creates}
        for path, edits in change.edits.items():
            before = run.overlay.before(path) or b""
            texts[path] = (before, apply(before, edits))
    for path, (old, new) in sorted(texts.items()):
        before_text = None if old is None else old.decode("utf-8")
        sys.stdout.write(diff.text(harmless(result.shown(path)), before_text, new.decode("utf-8")))
    return Fixed(findings, len(texts), left)


@contextmanager
def _fixed(result: Run, *, unsafe: bool) -> Iterator[FixAll]:
    """The project as it is when what was found is fixed. What that needs is imported here: it takes as long as a whole run that
    finds nothing."""
    from sqla_lsp.rules.fix_all import SAFE, UNSAFE, fixing

    with fixing(result.reading.project, UNSAFE if unsafe else SAFE) as run:
        run.fix(_files(result), result.reading.chosen())
        yield run


def _files(result: Run) -> set[str]:
    """The files that something was found in."""
    return {finding.place.path for finding in result.findings}


def _explain(error: NotWritten, group: Group, result: Run) -> None:
    """Says which files were not written, and why."""
    change = group.change
    paths = sorted({*change.edits, *[new.path for new in change.creates]})
    _say(f"{result.shown(error.path)} is not written: {error.reason}")
    others = [path for path in paths if path != error.path and path not in error.left]
    if others:
        _say(f"nor is what belongs together with it: {_listed(others, result)}")
    if error.left:
        _say(f"written, and not to be taken back: {_listed(error.left, result)}")


def _listed(paths: Sequence[str], result: Run) -> str:
    return ", ".join(result.shown(path) for path in paths)


def _say(sentence: str) -> None:
    print(harmless(f"sqla-lsp: {sentence}"), file=sys.stderr)
