"""Comments that silence a rule, read from the text of one comment. Where they stand, and what they silence, is not known here."""

from __future__ import annotations

import re

import msgspec

_IGNORE = re.compile(
    r"""\#\s*sqla-lsp\s*:\s*ignore(?P<file>-file)?\s*
        (?:\[(?P<rules>[^\]\#]*)\]\s*)?
        (?:(?:--+|[\u2013\u2014])\s*(?P<reason>.*?)\s*)?
        (?=$|\#)""",
    re.IGNORECASE | re.VERBOSE,
)
_NEXT_COMMENT = re.compile(r"\s\#\s")


class Ignore(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`# sqla-lsp: ignore[rule, rule] -- reason`: byte offsets from its # to its end, other comments on the line left out.
    `rules` is None where no brackets name any, and () where they are empty."""

    start: int
    end: int
    rules: tuple[str, ...] | None
    reason: str
    whole_file: bool
    own_line: bool


def parse(comment_text: str, start: int, own_line: bool) -> Ignore | None:
    """What a comment that begins at the byte offset `start` asks for. None when it asks for nothing: `# sqla-lsp: ignore the
    rule` silences nothing, lest a slip silence everything."""
    match = _IGNORE.search(comment_text)
    if match is None:
        return None
    text, reason = match[0], match["reason"] or ""
    following = _NEXT_COMMENT.search(reason)
    if following is not None:  # a reason may speak of #12; a new comment has spaces around its #
        reason = reason[: following.start()].rstrip()
        text = comment_text[match.start() : match.start("reason") + len(reason)]
    text = text.rstrip()
    begin = start + len(comment_text[: match.start()].encode("utf-8"))
    names = None if match["rules"] is None else tuple(match["rules"].lower().replace(",", " ").split())
    return Ignore(begin, begin + len(text.encode("utf-8")), names, reason, match["file"] is not None, own_line)
