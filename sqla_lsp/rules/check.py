"""Judges one file: asks every rule about every operation, table and query, and turns what they say into findings where the user
looks for them.

What a helper of the same file does is reported in the helper, with its calls as related places; what a helper of another file
does is reported at the call in the migration. What a loop does in several rounds is reported once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqla_lsp.project.history import RevisionHistory, ScriptHistory, Step
from sqla_lsp.project.project import Project
from sqla_lsp.rules.declarations import declarations
from sqla_lsp.rules.finding import SEVERITIES, Finding, Related, Severity
from sqla_lsp.rules.registry import RULES
from sqla_lsp.rules.rule import Context, Judgement, Remark, Report, Rule
from sqla_lsp.rules.silencing import silenced
from sqla_lsp.rules.unused_ignore import NAME as UNUSED
from sqla_lsp.schema.operations import AnyOperation, Operation
from sqla_lsp.text.places import Place


def check_file(project: Project, path: str) -> tuple[Finding, ...]:
    """The findings of one file, in the order in which they stand in it."""
    return tuple([judgement.finding for judgement in judgements(project, path)])


def context_of(project: Project, path: str) -> Context:
    """What rules may ask beside what they judge in a file."""
    return Context(project.settings(path), project.partitioned, lambda table: project.catalog.entries_of(table, path))


def judgements(project: Project, path: str) -> tuple[Judgement, ...]:
    """The findings of one file with what each is about, in the order in which they stand in it."""
    settings = project.settings(path)
    judged = [name for name in RULES if settings.judges(name, path)]
    history = project.history(path)
    ignores = project.ignores(path)
    rules = [RULES[name] for name in judged]
    found: list[Judgement] = []
    has_code = bool(project.models_of(path) or project.queries_of(path))
    is_judged = (history is not None or has_code) and project.speaks_postgres(path)
    is_judged = is_judged and not (history is not None and _is_settled(project, history))
    if is_judged:
        context = context_of(project, path)
        for script in history.scripts if history is not None else ():
            found += _judged(path, script, rules, context, settings.severity)
        found += _on_declarations(project, path, rules, context)
        found += _on_queries(project, path, rules, context)
    if ignores:
        severity = _severity(RULES[UNUSED], [], settings.severity)
        about = {id(judgement.finding): judgement for judgement in found}
        findings = [judgement.finding for judgement in found]
        kept = silenced(path, project.data(path), findings, ignores, judged, severity, is_judged)
        found = [about.get(id(finding)) or Judgement(finding) for finding in kept]
    if has_code:
        found = list({(judgement.finding.rule, judgement.finding.place): judgement for judgement in found}.values())
    order = list(RULES)

    def position(judgement: Judgement) -> tuple[int, int, int]:
        finding = judgement.finding
        return finding.place.start, finding.place.end, order.index(finding.rule)

    return tuple(sorted(found, key=position))


def _is_settled(project: Project, history: RevisionHistory) -> bool:
    """Whether the revision is one of `start-after`, or comes before one."""
    settings = project.settings(history.path)
    if not settings.start_after:
        return False
    graph = project.environments.of(history.path).graph
    settled = [path for revision in settings.start_after if (path := graph.path_of(revision)) is not None]
    return any(history.path == path or history.path in graph.ancestors(path) for path in settled)


def _on_declarations(project: Project, path: str, rules: Iterable[Rule], context: Context) -> Iterator[Judgement]:
    """What is said of the indexes that models declare in a file."""
    asked = [rule for rule in rules if rule.check_declaration is not None]
    entries = project.catalog.entries_in(path) if asked and project.models_of(path) is not None else []
    for declaration in declarations(entries).get(path, ()):
        for rule in asked:
            assert rule.check_declaration is not None
            for remark in rule.check_declaration(declaration, context):
                yield Judgement(_of_remark(rule, remark, context.settings.severity), subject=declaration)


def _on_queries(project: Project, path: str, rules: Iterable[Rule], context: Context) -> Iterator[Judgement]:
    """What is said of the queries of a file."""
    asked = [rule for rule in rules if rule.check_query is not None]
    is_asked = bool(asked) and bool(project.queries_of(path)) and not project.environments.holds(path)
    for query in project.catalog.queries(path).queries if is_asked else ():
        for rule in asked:
            assert rule.check_query is not None
            for remark in rule.check_query(query, context):
                yield Judgement(_of_remark(rule, remark, context.settings.severity), subject=query)


def _of_remark(rule: Rule, remark: Remark, severities: Mapping[str, str]) -> Finding:
    severity = _severity(rule, [], severities)
    return Finding(
        rule.name,
        severity,
        remark.place,
        remark.statement,
        remark.message,
        remark.why,
        remark.advice,
        remark.related,
        remark.tags,
    )


# ------------------------------------------------------------------------------------------------------------- reporting

_Key = tuple[str, Place, Place, int]


def _judged(
    path: str, script: ScriptHistory, rules: Iterable[Rule], context: Context, severities: Mapping[str, str]
) -> Iterator[Judgement]:
    """The findings of one function. Reports of one rule about one place are one finding."""
    asked = list(rules)
    by_kind: dict[type[Operation], list[Rule]] = {}
    groups: dict[_Key, list[tuple[Rule, Step, Report]]] = {}
    statements: dict[tuple[object, ...], int] = {}
    for step in script:
        site, kind = step.operation.site, type(step.operation)
        if kind not in by_kind:
            by_kind[kind] = [rule for rule in asked if kind in rule.kinds]
        if not by_kind[kind]:
            continue
        meeting = (site.place, site.round, site.calls, site.arms)
        number = statements.get(meeting, -1) + 1 if site.sql is not None else 0
        statements[meeting] = number
        for rule in by_kind[kind]:
            assert rule.check is not None
            for report in rule.check(step, context):
                key = (rule.name, _shown_at(report.operation), site.place, number)
                groups.setdefault(key, []).append((rule, step, report))
                break
    for reports in groups.values():
        finding = _finding(path, [report for _, _, report in reports], reports[0][0], severities)
        yield Judgement(finding, tuple([step for _, step, _ in reports]))


def _shown_at(operation: AnyOperation) -> Place:
    """The place in the migration's own file: of the operation, or of the innermost call that leads to it."""
    site = operation.site
    if not site.place.path:
        return site.place
    return next((call for call in reversed(site.calls) if not call.path), Place(0, 0))


def _finding(path: str, reports: list[Report], rule: Rule, severities: Mapping[str, str]) -> Finding:
    first = reports[0]
    site = first.operation.site
    shown = _shown_at(first.operation)
    own = shown is site.place
    place = Place(shown.start, shown.end, path)
    statement = Place(site.statement.start, site.statement.end, path) if own and not site.statement.path else place
    severity = _severity(rule, reports, severities)
    related = [Related(f"{site.source} stands here", site.place)] if not own else []
    if own:
        calls = dict.fromkeys(call for report in reports for call in report.operation.site.calls)
        related = [Related("called from here", Place(call.start, call.end, call.path or path)) for call in calls]
    for other in dict.fromkeys(other for report in reports for other in report.related):
        at = _shown_at(other)
        related.append(Related("added here", Place(at.start, at.end, path)))
    message = first.message + _others(reports)
    return Finding(rule.name, severity, place, statement, message, first.why, first.advice, tuple(related), first.tags)


def _severity(rule: Rule, reports: list[Report], configured: Mapping[str, str]) -> Severity:
    """What is configured, else the gravest of what the rule says."""
    wanted = next((severity for severity in SEVERITIES if severity == configured.get(rule.name)), None)
    said: list[Severity] = [report.severity or rule.severity for report in reports]
    gravest: Severity = min(said, key=SEVERITIES.index, default=rule.severity)
    return wanted or gravest


def _others(reports: list[Report]) -> str:
    """What else the rounds of a loop are about."""
    others = dict.fromkeys(report.subject for report in reports[1:] if report.subject not in ("", reports[0].subject))
    return f" The same for {', '.join(others)}." if others else ""
