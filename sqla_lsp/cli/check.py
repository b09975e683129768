"""`sqla-lsp check`: reads projects and prints their findings."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqla_lsp.cli.main import CLEAN, FAILED, FINDINGS
from sqla_lsp.cli.output.style import Styled, harmless, tolerant, write
from sqla_lsp.cli.run import Progress, Run, Unreadable, judge
from sqla_lsp.project.configuration import ConfigurationError
from sqla_lsp.rules.finding import Finding


def run(options: argparse.Namespace) -> int:
    """Prints the findings on standard output, all else on standard error."""
    tolerant(sys.stdout)
    tolerant(sys.stderr)
    gc.disable()  # the process ends before there would be anything to collect
    try:
        with _progress() as progress:
            result = judge(
                options.paths or ["."],
                config=options.config,
                select=_listed(options.select),
                ignore=_listed(options.ignore),
                cached=not options.no_cache,
                progress=progress,
            )
    except (ConfigurationError, Unreadable) as error:
        for line in str(error).splitlines():
            print(f"sqla-lsp: {harmless(line)}", file=sys.stderr)
        return FAILED
    for failure in result.failures:
        print(harmless(f"sqla-lsp: {result.shown(failure.path)} is left out: {failure.reason}"), file=sys.stderr)
    _print(result, options)
    print(_summary(result), file=sys.stderr)
    return FINDINGS if result.findings and not options.exit_zero else CLEAN


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
        case "json":
            from sqla_lsp.cli.output import json

            sys.stdout.write(json.text(located) + "\n")
        case "concise":
            from sqla_lsp.cli.output import concise

            _write(concise.lines(located))
        case _:
            from sqla_lsp.cli.output import full

            _write(full.lines(located))


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
    found = _counted(len(result.findings), "finding")
    unknown = ""
    code = f"; {_counted(read.models, 'model')}, {_counted(read.queries, 'query')}" if read.models or read.queries else ""
    if read.operations:
        share = 100 * read.not_known / read.operations
        unknown = f", {read.not_known} of them not known statically ({share:.1f}%)"
    return (
        f"{found} in {_counted(read.files, 'file')}, {_counted(read.revisions, 'revision')}, "
        f"{_counted(read.operations, 'operation')}{unknown}{code}"
    )


def _counted(number: int, noun: str) -> str:
    plural = noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


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
