"""One line for each finding, as compilers print them: for grep, and for editors that read error lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqla_lsp.cli.output.located import Located
from sqla_lsp.cli.output.style import Styled


def lines(findings: Iterable[Located]) -> Iterator[Styled]:
    """`file:row:column: severity[rule] message`, one line each."""
    for located in findings:
        finding = located.finding
        yield ((f"{located.location}: ", "bold"), (f"{finding.severity}[{finding.rule}]", ""), (f" {finding.message}", ""))
