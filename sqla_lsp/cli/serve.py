"""`sqla-lsp server`: the language server, over standard input and output or TCP."""

from __future__ import annotations

import argparse
import re
import sys

from sqla_lsp.cli.main import FAILED

LOOPBACK = "127.0.0.1"

_ADDRESS = re.compile(r"(?:(?:\[(?P<six>[0-9A-Fa-f:.]+(?:%\w+)?)\]|(?P<host>[^\[\]:]+)):)?(?P<port>\d{1,5})")


def run(options: argparse.Namespace) -> int:
    """Serves one client; gives the exit code of the protocol, or 2 where the server cannot listen."""
    if options.tcp is None:
        from sqla_lsp.server.start import over_stdio

        return over_stdio()
    found = address(options.tcp)
    if found is None:
        print(f"sqla-lsp server: --tcp: found {options.tcp!r}, expected PORT or HOST:PORT", file=sys.stderr)
        return FAILED
    from sqla_lsp.server.start import over_tcp

    try:
        return over_tcp(*found)
    except OSError as error:
        print(f"sqla-lsp server: cannot listen on {options.tcp}: {error.strerror or error}", file=sys.stderr)
        return FAILED


def address(given: str) -> tuple[str, int] | None:
    """Host and port; the loopback interface where no host is named. None where it is no address."""
    found = _ADDRESS.fullmatch(given)
    if found is None or int(found["port"]) > 65535:
        return None
    return found["six"] or found["host"] or LOOPBACK, int(found["port"])
