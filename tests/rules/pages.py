"""Pages of cases: Markdown whose code says in comments what is to be found in it.

    ## A title
    ```py
    op.create_index("ix", "orders", ["state"])  # want only-concurrent-indexes
    ```

A block is a file: a revision after the one before it, unless its fence names a path (```py app/models.py), or a
configuration (```toml). Imports are written in front of it, and so is the header where it is left out. A block that defines
nothing is the body of `upgrade`, or of `downgrade` after ```py down.

Blocks in front of the first title belong to every case of the page that does not write a file of that path itself.

`# want rule, error rule` stands at the end of the line where findings begin, or, where no comment can stand there, on a line of
its own above it. What stands in a ```text block must be said by the findings, each line by one of them.
"""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import check_file
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.registry import NAMES
from sqla_lsp.text.lines import LineIndex

VERSIONS = "migrations/versions/"
ENVIRONMENT = 'from alembic import context\n\ncontext.configure(url="postgresql://localhost/shop")\n'
HEADER = """import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

"""

_CASE = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<info>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_WANT = re.compile(r"\s*# want (?P<rules>.+)$")
_DEFINES = re.compile(r"^(def|async def|class|from|import|if TYPE)\b", re.MULTILINE)


@dataclass
class CaseFile:
    """A file of a case as it is written, and what is wanted at its lines. `skip` is how many lines were written in front of the
    block's own, and `indent` how far these were moved."""

    path: str
    text: str
    wanted: dict[int, list[str]] = field(default_factory=dict)
    skip: int = 0
    indent: str = ""

    def annotated(self, found: dict[int, list[str]]) -> list[str]:
        """The block's own lines, with what is found at each."""
        lines = self.text.splitlines()
        shown = [f"{self.path}:"]
        for number, line in enumerate(lines[self.skip :], self.skip):
            rules = found.get(number)
            shown.append(line.removeprefix(self.indent) + (f"  # want {', '.join(sorted(rules))}" if rules else ""))
        outside = sorted(rule for number, rules in found.items() if not self.skip <= number < len(lines) for rule in rules)
        return shown + [f"(outside of the lines: {rule})" for rule in outside]


@dataclass
class Case:
    """One case of a page."""

    title: str
    files: list[CaseFile]
    said: list[str]


def read_page(path: Path) -> list[Case]:
    """The cases of a page."""
    shared, *parts = _CASE.split(path.read_text(encoding="utf-8"))
    return [read_case(title, text, shared) for title, text in zip(parts[::2], parts[1::2], strict=True)]


def read_case(title: str, text: str, shared: str = "") -> Case:
    """The case that a text of blocks describes, with the shared ones that it does not replace."""
    own = {block["info"] for block in _BLOCK.finditer(text)}
    kept = [block[0] for block in _BLOCK.finditer(shared) if block["info"] not in own]
    text = "\n".join([*kept, text])
    files: list[CaseFile] = []
    said: list[str] = []
    revisions: list[CaseFile] = []
    for block in _BLOCK.finditer(text):
        info = block["info"] or ""
        if block["kind"] == "text":
            said += block["text"].splitlines()
        elif block["kind"] in ("py", "python") and info in ("", "down"):
            revisions.append(_revision(block["text"], len(revisions) + 1, info))
        else:
            files.append(_file(info or {"toml": ".sqla-lsp.toml", "ini": "alembic.ini"}[block["kind"]], block["text"]))
    if not any(file.path.endswith("env.py") for file in files):
        files.append(CaseFile("migrations/env.py", ENVIRONMENT))
    return Case(title, revisions + files, said)


def _file(path: str, text: str) -> CaseFile:
    """A file as it stands in its block, without the comments that want something."""
    wanted: dict[int, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        match = _WANT.search(line)
        if match is None:
            lines.append(line)
            continue
        rest = line[: match.start()]
        wanted.setdefault(len(lines), []).extend(rule.strip() for rule in match["rules"].split(","))
        lines += [rest] if rest.strip() else []
    for rules in wanted.values():
        unknown = [rule for rule in rules if rule.removeprefix("error ") not in NAMES]
        assert not unknown, f"there are no such rules: {unknown}"
    return CaseFile(path, "\n".join(lines) + "\n", wanted)


def _revision(text: str, number: int, info: str) -> CaseFile:
    file = _file(f"{VERSIONS}{number:04}.py", text)
    before = HEADER
    if not re.search(r"^down_revision\b", text, re.MULTILINE):
        parent = f'"{number - 1:04}"' if number > 1 else "None"
        before += f'revision = "{number:04}"\ndown_revision = {parent}\n'
    if not _DEFINES.search(text):
        before += f"\n\ndef {'downgrade' if info == 'down' else 'upgrade'}():\n"
        file.indent = "    "
    skip = before.count("\n")
    file.text = before + _indented(file.text, file.indent)
    return CaseFile(file.path, file.text, {line + skip: rules for line, rules in file.wanted.items()}, skip, file.indent)


def _indented(text: str, indent: str) -> str:
    return textwrap.indent(text, indent) if indent else text


def judged(case: Case, folder: Path, ignore: tuple[str, ...] = ()) -> dict[str, list[Finding]]:
    """The findings in each file of a case, which is written below a folder: on disk and in an editor they are the same. `ignore`
    are rules that are not asked."""
    for file in case.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
    project = Project([str(folder)], Resolver(NAMES, ignore=ignore), jobs=1)
    project.load()
    assert not project.failures, project.failures
    paths = [file.path for file in case.files if file.path.endswith(".py")]
    findings = {path: list(check_file(project, str(folder / path))) for path in paths}
    for path in paths:
        project.set_document(str(folder / path), (folder / path).read_bytes() + b"\n")
    opened = {path: list(check_file(project, str(folder / path))) for path in paths}
    assert opened == findings, "open documents are judged otherwise"
    return findings


def compared(case: Case, findings: dict[str, list[Finding]]) -> tuple[list[str], list[str]]:
    """The case as it is wanted and as it is found."""
    wanted: list[str] = []
    found: list[str] = []
    for file in case.files:
        lines = LineIndex(file.text.encode())
        rules: dict[int, list[str]] = defaultdict(list)
        for finding in findings.get(file.path, ()):
            told = "error " if finding.severity == "error" else ""
            rules[lines.row(finding.place.start)].append(told + finding.rule)
        wanted += file.annotated(file.wanted)
        found += file.annotated(rules)
    return wanted, found


def sayings(findings: dict[str, list[Finding]]) -> list[str]:
    """Everything that findings say, one line for each message, reason, advice and related place."""
    lines: list[str] = []
    for path, own in findings.items():
        for finding in own:
            lines += [finding.message, finding.why, finding.advice]
            lines += [f"{Path(related.place.path or path).name}: {related.message}" for related in finding.related]
    return [line for line in lines if line]
