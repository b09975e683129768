"""How a file is written, and new code in that style: quotes, indentation, line ends, and the length of lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqla_lsp.project.formatting import LINE_LENGTH, Formatting
from sqla_lsp.project.project import Project

_LINE_END = re.compile(rb"\r\n?|\n")
_INDENT = re.compile(
    rb"^(?:def|class|async|if|for|with|try|\))[^\r\n]*:[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n)(?:[ \t]*(?:\r\n?|\n))*([ \t]+)\S", re.M
)
"""The indentation of a block of the top level. A colon at the end of any line may stand in a text."""
_SINGLE = re.compile(rb"""(?<!['"\w\\])'[^'"\r\n]*'(?!['\w])""")
_DOUBLE = re.compile(rb"""(?<!['"\w\\])"[^'"\r\n]*"(?!["\w])""")


@dataclass(frozen=True)
class Style:
    """`quote` is " or '; `indent` one level of indentation; `newline` what ends a line in the file; `line_length` counts
    characters."""

    quote: str = '"'
    indent: str = "    "
    newline: str = "\n"
    line_length: int = 88

    def string(self, text: str) -> str:
        """A string literal, with whichever quotes need no escapes."""
        other = "'" if self.quote == '"' else '"'
        quote = other if self.quote in text and other not in text else self.quote
        escaped = text.replace("\\", "\\\\").replace(quote, "\\" + quote)
        escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        return f"{quote}{escaped}{quote}"

    def strings(self, texts: Iterable[str]) -> str:
        """A list of string literals."""
        return f"[{', '.join(self.string(text) for text in texts)}]"

    def call(self, function: str, arguments: Sequence[str], *, depth: int = 1) -> str:
        """A call as a formatter writes it: on one line where it fits at `depth` levels of indentation, else its arguments on a
        line, else each on a line of its own. Lines end with "\\n", and the first is not indented."""
        arguments = [argument for argument in arguments if argument]
        room = self.line_length - len(self.indent.expandtabs(4)) * depth
        flat = f"{function}({', '.join(arguments)})"
        if "\n" not in flat and len(flat) <= room:
            return flat
        inner = ", ".join(arguments)
        if len(arguments) == 1 and inner[:1] in "\"'" and "\n" not in inner:
            parts = self.parted(inner, room - len(self.indent.expandtabs(4)))
            return f"{function}(\n" + "".join(f"{self.indent}{part}\n" for part in parts) + ")"
        if "\n" not in inner and len(inner) + len(self.indent.expandtabs(4)) <= room:
            return f"{function}(\n{self.indent}{inner}\n)"
        lines = "".join(f"{self.indent}{argument},\n" for argument in arguments)
        return f"{function}(\n{lines})"

    def parted(self, literal: str, room: int) -> list[str]:
        """A string literal as several that stand side by side, none of them longer than the room where that can be: cut at
        blanks, before a word with which a part of an SQL statement begins where there is one."""
        quote = literal[:2] if literal.startswith("f") else literal[0]
        text = literal[len(quote) : -1]
        if len(literal) <= room or literal.endswith(quote[-1] * 3):
            return [literal]
        parts: list[list[str]] = [[]]
        for word in text.split(" "):
            if parts[-1] and sum(map(len, parts[-1])) + len(parts[-1]) + len(word) + 3 > room:
                last = parts[-1]
                at = next((n for n in range(len(last) - 1, len(last) // 2, -1) if last[n].upper() in _BEGIN), len(last))
                at = len(last) if word.upper() in _BEGIN else at
                parts[-1:] = [last[:at], last[at:]]
            parts[-1].append(word)
        lines = [" ".join(words) for words in parts]
        return [f"{quote}{line} {quote[-1]}" for line in lines[:-1]] + [f"{quote}{lines[-1]}{quote[-1]}"]

    def execute(self, op: str, sql: str, *, depth: int = 1) -> str:
        """`op.execute("...")` with a statement that is taken as it stands: what SQLAlchemy's text() would read as a bound
        parameter is escaped (POSTGRES.md 1.15)."""
        return self.call(f"{op}.execute", [self.string(without_binds(sql))], depth=depth)


_BEGIN = frozenset(
    [
        "ADD",
        "ALTER",
        "CHECK",
        "DEFERRABLE",
        "DROP",
        "FOREIGN",
        "INCLUDE",
        "ON",
        "PRIMARY",
        "REFERENCES",
        "UNIQUE",
        "USING",
        "VALIDATE",
    ]
)
"""Words with which a part of an SQL statement begins."""


def without_binds(sql: str) -> str:
    """SQL in which text() takes nothing for a bound parameter."""
    return _BIND.sub(r"\\\1", sql)


_BIND = re.compile(r"(?<![:\w\\])(:)(?=\w+(?![\w:]))")
"""A colon that text() takes for the beginning of a bound parameter."""


def style_of(project: Project, path: str) -> Style:
    """The style of a file: what its formatter is told, else what it does itself."""
    return style_in(project.data(path), project.formatting(path))


def style_in(data: bytes, formatting: Formatting) -> Style:
    """The style of a text that a formatter writes."""
    end = _LINE_END.search(data)
    indent = _INDENT.search(data)
    singles, doubles = len(_SINGLE.findall(data)), len(_DOUBLE.findall(data))
    quote = formatting.quote or ("'" if singles > doubles else '"')
    return Style(
        quote,
        indent[1].decode() if indent else "    ",
        end[0].decode() if end else "\n",
        formatting.line_length or max(LINE_LENGTH, _longest_line(data)),
    )


def _longest_line(data: bytes) -> int:
    return max(len(line.decode("utf-8", "replace")) for line in _LINE_END.split(data))
