"""Pages of new revisions: Markdown that shows files, what is asked for, and what comes of it.

    ## A title
    ```py versions/a.py
    revision = "a"
    down_revision = None
    ```
    ```do following versions/a.py
    ```
    ```then versions/new1_add_an_index.py
    the text of a new file
    ```
    ```diff versions/b.py
    -down_revision = "a"
    +down_revision = "new1"
    ```

A block is a file below `migrations/`: a ```py block with its path, an ```ini or ```toml block above that folder. Behind the path
may stand `crlf` or `cr` (its lines end with that, here and in what comes of it) or the name of an encoding. Blocks above the
first title belong to every case of the page that has no file of that path itself.

```do is `following PATH`, `head [PATH]` or `transactions PATH`; ```draft says what is written: `message: ...`, `import: ...`, and
the bodies of `upgrade` and `downgrade` with `---` between them. Several drafts follow each other; without one it is DRAFT.

Everything that comes of it is shown: new files in ```then blocks, changed lines in ```diff blocks, or ```refused with the phrase
that says why not. Ids that were computed are called new1, new2 ...
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path

from sqla_lsp.fixes.fix import Change, NotPossible
from sqla_lsp.fixes.revisions import Draft, at_head, following, with_transaction_per_migration
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.environment import Environment
from sqla_lsp.project.project import Project
from sqla_lsp.text.edits import apply

FOLDER = "migrations"
ENVIRONMENT = "from alembic import context\n\ncontext.configure(url='postgresql://localhost/shop')\ncontext.run_migrations()\n"
DRAFT = Draft("index", "Add an index", 'op.create_index("ix", "orders", ["state"])', 'op.drop_index("ix")')

_CASE = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<info>[^\n]+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_COMPUTED = re.compile(r"[0-9a-f]{12}")


@dataclass
class Case:
    """`files` are those before, by paths, as they are on disk; `results` what comes of it, as blocks of the page."""

    title: str
    files: dict[str, bytes] = field(default_factory=dict)
    asked: str = ""
    drafts: list[Draft] = field(default_factory=list)
    results: list[str] = field(default_factory=list)


def read_page(path: Path) -> list[Case]:
    """The cases of a page."""
    shared, *parts = _CASE.split(path.read_text(encoding="utf-8"))
    return [_case(title, text, shared) for title, text in zip(parts[::2], parts[1::2], strict=True)]


def _case(title: str, text: str, shared: str) -> Case:
    case = Case(title, {f"{FOLDER}/env.py": ENVIRONMENT.encode()})
    for block in (*_BLOCK.finditer(shared), *_BLOCK.finditer(text)):
        kind, info, content = block["kind"], block["info"] or "", block["text"]
        if kind == "do":
            case.asked = info
        elif kind == "draft":
            case.drafts.append(_draft(content, len(case.drafts)))
        elif kind in ("then", "diff", "refused"):
            case.results.append(block[0])
        else:
            name, _, how = info.partition(" ")
            path = {"ini": name or "alembic.ini", "toml": name or "pyproject.toml"}.get(kind, f"{FOLDER}/{name}")
            case.files[path] = _encoded(content, how)
    return case


def _encoded(text: str, how: str) -> bytes:
    ends = {"crlf": "\r\n", "cr": "\r"}
    return text.replace("\n", ends[how]).encode() if how in ends else text.encode(how or "utf-8")


def _draft(text: str, number: int) -> Draft:
    fields = re.findall(r"^(message|import): (.+)\n", text, re.MULTILINE)
    body = re.sub(r"^(message|import): .+\n", "", text, flags=re.MULTILINE)
    upgrade, _, downgrade = body.partition("---\n")
    message = next((value for name, value in fields if name == "message"), DRAFT.message)
    imports = tuple(value for name, value in fields if name == "import")
    return Draft(f"draft {number}", message, upgrade.rstrip("\n"), downgrade.rstrip("\n"), imports)


def results(case: Case, folder: Path) -> list[str]:
    """What comes of a case whose files are written below a folder: on disk and in an editor it is the same."""
    for name, data in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    project = Project([str(folder)], Resolver((), lenient=True), jobs=1)
    project.load()
    assert not project.failures, project.failures
    found = _shown(case, project, folder)
    for name in case.files:
        if name.endswith(".py"):
            project.set_document(str(folder / name), project.data(str(folder / name)))
    assert _shown(case, project, folder) == found, "open documents are changed otherwise"
    return found


def _shown(case: Case, project: Project, folder: Path) -> list[str]:
    try:
        change = _made(case, project, folder)
    except NotPossible as reason:
        return [f"```refused\n{reason}\n```"]
    if change is None:
        return ["```then nothing\n```"]
    computed = {new: f"new{number}" for number, new in enumerate(_ids(change), 1) if _COMPUTED.fullmatch(new)}
    blocks = []
    for file in change.creates:
        exec(compile(file.data, file.path, "exec"), {})  # nothing but its imports and its header is run
        blocks.append(_block("then", file.path, file.data, folder))
    for path, edits in change.edits.items():
        before, after = project.data(path), apply(project.data(path), edits)
        compile(after, path, "exec")
        assert not before.count(b"\r") or after.count(b"\r") == after.count(b"\n"), "line ends are mixed"
        lines = difflib.unified_diff(_lines(before), _lines(after), lineterm="", n=0)
        text = "".join(f"{line}\n" for line in lines if not line.startswith(("---", "+++", "@@")))
        blocks.append(_block("diff", path, text.encode(), folder))
    _check_graph(project, change)
    text = "\0".join(blocks)
    for new, name in computed.items():
        text = text.replace(new, name)
    return text.split("\0") if text else []


def _made(case: Case, project: Project, folder: Path) -> Change | None:
    """What is asked for."""
    what, _, name = case.asked.partition(" ")
    path = str(folder / FOLDER / name)
    drafts = case.drafts or [DRAFT]
    if what == "following":
        return following(project, path, drafts)
    if what == "head":
        environment = next(each for each in project.environments.all() if each.folder == str(folder / FOLDER))
        return at_head(project, environment, drafts, path if name else None)
    assert what == "transactions", f"{case.title} asks for {case.asked!r}"
    return with_transaction_per_migration(project, path)


def _ids(change: Change) -> list[str]:
    """The ids of the new revisions."""
    texts = [file.data.decode().replace("\r", "\n") for file in change.creates]
    return [match[1] for text in texts if (match := re.search(r"^revision\b.*?= ?[\"'](.+?)[\"']", text, re.MULTILINE))]


def _lines(data: bytes) -> list[str]:
    return data.decode().replace("\r\n", "\n").splitlines()


def _block(kind: str, path: str, data: bytes, folder: Path) -> str:
    text = data.decode()
    how = ""
    if "\r" in text and "\n" not in text:
        text, how = text.replace("\r", "\n"), " cr"
    if "\r\n" in text:
        assert text.count("\r") == text.count("\n")
        text, how = text.replace("\r\n", "\n"), " crlf"
    return f"```{kind} {Path(path).relative_to(folder / FOLDER).as_posix()}{how}\n{text}```"


def _check_graph(project: Project, change: Change) -> None:
    """The changed project has the new revisions, and as many heads and parents that nobody has as it had before."""
    before = [_loose(environment) for environment in project.environments.all()]
    for path, edits in change.edits.items():
        project.set_document(path, apply(project.data(path), edits))
    for file in change.creates:
        project.set_document(file.path, file.data)
    assert [_loose(environment) for environment in project.environments.all()] == before
    for file in change.creates:
        assert project.history(file.path) is not None, f"{file.path} is no revision"
    for path in (*change.edits, *(file.path for file in change.creates)):
        project.drop_document(path)


def _loose(environment: Environment) -> tuple[int, list[str]]:
    """How many heads there are, and the parents that nobody has."""
    headers = environment.graph.headers.values()
    ids = {header.revision for header in headers}
    named = {down for header in headers for down in header.down}
    return len(ids - named), sorted(named - ids)
