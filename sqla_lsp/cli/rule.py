"""`sqla-lsp rule`: the documentation of the rules, as it stands in their modules."""

from __future__ import annotations

import argparse
import difflib
import sys

import msgspec

from sqla_lsp.cli.main import CLEAN, FAILED


def run(options: argparse.Namespace) -> int:
    """Prints one rule or all of them."""
    from sqla_lsp.rules.registry import RULES, canonical, url

    names = list(RULES)
    if options.name is not None:
        name = canonical(options.name)
        if name is None:
            close = difflib.get_close_matches(options.name, names, n=1)
            hint = f"did you mean {close[0]}?" if close else f"allowed are {', '.join(names)}"
            print(f"sqla-lsp rule: there is no rule {options.name!r}; {hint}", file=sys.stderr)
            return FAILED
        names = [name]
    rules = [RULES[name] for name in names]
    if options.output_format == "json":
        described = [
            {
                "name": rule.name,
                "summary": rule.summary,
                "priority": rule.priority,
                "severity": rule.severity,
                "url": url(rule.name),
                "documentation": rule.documentation,
            }
            for rule in rules
        ]
        print(msgspec.json.format(msgspec.json.encode(described if options.name is None else described[0]), indent=2).decode())
    else:
        print("\n\n".join(f"# {rule.name}\n\n{rule.documentation.strip()}" for rule in rules))
    return CLEAN
