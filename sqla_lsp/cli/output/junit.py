"""The report of test runs that most build servers read: a suite for each file, a failure for each finding."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree

from sqla_lsp.cli.output.located import Located
from sqla_lsp.cli.output.style import harmless


def text(findings: Iterable[Located]) -> str:
    """The report, without a line end."""
    located = list(findings)
    number = str(len(located))
    suites = ElementTree.Element("testsuites", {"name": "sqla-lsp", "tests": number, "failures": number, "errors": "0"})
    for filename, group in groupby(located, key=lambda one: one.location.filename):
        own = list(group)
        counts = {"tests": str(len(own)), "failures": str(len(own)), "errors": "0"}
        suite = ElementTree.SubElement(suites, "testsuite", {"name": harmless(filename), **counts})
        for one in own:
            at, finding = one.location, one.finding
            names = {"name": finding.rule, "classname": harmless(filename), "line": str(at.row), "column": str(at.column)}
            case = ElementTree.SubElement(suite, "testcase", names)
            message = harmless(finding.message)
            failure = ElementTree.SubElement(case, "failure", {"message": message, "type": finding.severity})
            failure.text = harmless(f"{at}: {finding.message}")
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode")
