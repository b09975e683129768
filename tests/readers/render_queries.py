"""Queries as compact text, for tests to be read."""

from __future__ import annotations

from typing import Any

from sqla_lsp.schema import queries as q


def path(p: q.Path) -> str:
    return ".".join([root(p.root), *p.names])


def root(r: Any) -> str:
    match r:
        case q.GlobalName():
            return r.name
        case q.ImportedName():
            return f"<{'.' * r.level}{r.module}:{r.name}>"
        case q.OfClass():
            return f"<{r.name}>"
        case q.Alias():
            return f"alias({path(r.of)})"
        case q.Rows():
            return f"#{r.query}"
        case _:
            return f"?{r.reason}?"


def operand(o: Any) -> str:
    match o:
        case q.Path():
            return path(o)
        case q.Constant():
            return repr(o.value)
        case q.Bound():
            return f":{o.prefix}"
        case q.Expression():
            return "".join(part if isinstance(part, str) else path(part) for part in o.parts)
        case q.Subquery():
            return f"(#{o.query})"
        case _:
            return "opaque(" + ", ".join(map(path, o.paths)) + ")"


def predicate(p: Any) -> str:
    match p:
        case q.Comparison():
            return f"{operand(p.left)} {p.operator} {', '.join(map(operand, p.right))}".rstrip()
        case q.Keyword():
            return f"{p.source}.{p.name} = {operand(p.right)}"
        case q.And():
            return "(" + " and ".join(map(predicate, p.parts)) + ")"
        case q.Or():
            return "(" + " or ".join(map(predicate, p.parts)) + ")"
        case q.Not():
            return f"not {predicate(p.part)}"
        case q.Flagged():
            arguments = "" if p.arguments is None else "(" + ", ".join(map(operand, p.arguments)) + ")"
            return f"flag {path(p.path)}{arguments}"
        case q.Exists():
            return f"exists #{p.query}"
        case q.Related():
            return f"related {path(p.path)} [{'' if p.part is None else predicate(p.part)}]"
        case q.Raw():
            column = p.expression if p.expression is not None else f"{p.qualifier}.{p.column}" if p.qualifier else p.column
            return f"raw {column} {p.operator} {', '.join(map(operand, p.right))}".rstrip()
        case _:
            return f"unread({', '.join(map(path, p.paths))})"


def source(s: q.Source) -> str:
    how = "" if s.how == "from" else s.how + " "
    on = f" on {predicate(s.on)}" if s.on is not None else f" through {path(s.through)}" if s.through is not None else ""
    return f"{how}{path(s.entity)}{on}"


def key(k: q.OrderKey) -> str:
    nulls = {None: "", True: " nulls first", False: " nulls last"}[k.nulls_first]
    return operand(k.operand) + (" desc" if k.descending else "") + nulls


def query(one: q.Query) -> str:
    text = one.kind
    if one.kind in ("select", "query") and one.selected:
        text += " " + ", ".join(f"{operand(o)} as {n}" if n else operand(o) for n, o in one.selected)
    if one.sources:
        text += " from " + ", ".join(map(source, one.sources))
    if one.where:
        text += " where " + " and ".join(map(predicate, one.where))
    if one.order:
        text += " order " + ", ".join(map(key, one.order))
    if one.limited:
        text += " limit"
    if one.reduced:
        text += " reduced"
    if one.conflict is not None:
        elements = ", ".join(e if isinstance(e, str) else path(e) for e in one.conflict.elements)
        text += f" conflict({elements})" + (f" {one.conflict.constraint}" if one.conflict.constraint else "")
    if one.outer is not None:
        text += f" in #{one.outer}"
    return text + ("" if one.complete else " ...")


def rendered(blocks: tuple[q.QueryBlock, ...]) -> list[str]:
    return [query(one) + (" ..." if one.handed and block.extended else "") for block in blocks for one in block.queries]
