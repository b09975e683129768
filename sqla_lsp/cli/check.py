"""`sqla-lsp check`: reads projects and prints their findings."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqla_lsp.cli.main import CLEAN, FAILED, FINDINGS
from sqla_lsp.cli.output.style import Styled, counted, harmless, tolerant, write
from sqla_lsp.cli.run import Progress, Run, Unreadable, judge
from sqla_lsp.project.configuration import ConfigurationError
from sqla_lsp.rules.finding import Finding


def run(options: argparse.Namespace) -> int:
    """Prints the findings on standard output, all else on standard error."""
    tolerant(sys.stdout)
    tolerant(sys.stderr)
    gc.disable()  # the process ends before there would be anything to collect
    if options.unsafe_fixes and not (options.fix or options.diff):
        return _failed("--unsafe-fixes says which fixes --fix and --diff take: give one of them as well")
    try:
        result = _judged(options)
        if options.fix or options.diff:
            return _fix(result, options)
    except (ConfigurationError, Unreadable) as error:
        return _failed(str(error))
    _report(result, options)
    return FINDINGS if result.findings and not options.exit_zero else CLEAN


def _fix(result: Run, options: argparse.Namespace) -> int:
    """Fixes what was found, or shows what that would change, and reports what is left."""
    from sqla_lsp.cli import fix

    if options.diff:
        _tell_of_failures(result)
        shown = fix.show(result, unsafe=options.unsafe_fixes)
        print(shown.summary("Would fix", len(result.findings) - shown.findings), file=sys.stderr)
        return FINDINGS if shown.files and not options.exit_zero else CLEAN
    fixed = fix.fix(result, unsafe=options.unsafe_fixes)
    if fixed.files:
        result = _judged(options)
    _report(result, options)
    print(fixed.summary("Fixed", len(result.findings)), file=sys.stderr)
    if fixed.failed:
        return FAILED
    return FINDINGS if result.findings and not options.exit_zero else CLEAN


def _report(result: Run, options: argparse.Namespace) -> None:
    _tell_of_failures(result)
    _print(result, options)
    print(_summary(result), file=sys.stderr)


def _failed(reason: str) -> int:
    for line in reason.splitlines():
        print(f"sqla-lsp: {harmless(line)}", file=sys.stderr)
    return FAILED


def _judged(options: argparse.Namespace) -> Run:
    with _progress() as progress:
        return judge(
            options.paths or ["."],
            config=options.config,
            select=_listed(options.select),
            ignore=_listed(options.ignore),
            cached=not options.no_cache,
            fixes=options.output_format == "json" and not (options.statistics or options.diff),
            progress=progress,
        )


def _tell_of_failures(result: Run) -> None:
    for failure in result.failures:
        print(harmless(f"sqla-lsp: {result.shown(failure.path)} is left out: {failure.reason}"), file=sys.stderr)


def _listed(given: Sequence[str] | None) -> list[str] | None:
    """The names of `--select a,b --select c`."""
    if given is None:
        return None
    return [name.strip() for text in given for name in text.split(",") if name.strip()]


def _print(result: Run, options: argparse.Namespace) -> None:
    if options.statistics:
        _write(_statistics(result.findings))
        return
    located = result.located()
    match options.output_format:
        case "full" | "concise":
            _write(_format(options.output_format).lines(located))
        case "github":
            sys.stdout.writelines(line + "\n" for line in _format("github").lines(located))
        case name:
            sys.stdout.write(_format(name).text(located) + "\n")


def _format(name: str) -> Any:
    """The module of an output format; only the one that is wanted is imported."""
    return importlib.import_module(f"sqla_lsp.cli.output.{name}")


def _write(lines: Iterator[Styled]) -> None:
    write(lines, sys.stdout)


def _statistics(findings: Sequence[Finding]) -> Iterator[Styled]:
    """How many findings each rule has, most first."""
    counts = Counter(finding.rule for finding in findings)
    width = len(str(max(counts.values(), default=0)))
    for rule, count in counts.most_common():
        yield ((f"{count:>{width}} {rule}", ""),)


def _summary(result: Run) -> str:
    """The last line: what was read and what was found."""
    read = result.statistics
    found = counted(len(result.findings), "finding")
    unknown = ""
    code = f"; {counted(read.models, 'model')}, {counted(read.queries, 'query')}" if read.models or read.queries else ""
    if read.operations:
        share = 100 * read.not_known / read.operations
        unknown = f", {read.not_known} of them not known statically ({share:.1f}%)"
    return (
        f"{found} in {counted(read.files, 'file')}, {counted(read.revisions, 'revision')}, "
        f"{counted(read.operations, 'operation')}{unknown}{code}"
    )


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """A progress bar on a terminal, for what takes longer than a moment."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TextColumn("files"))
    # Without a thread of its own: workers are forked, and a process with threads must not fork.
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total, refresh=True)
