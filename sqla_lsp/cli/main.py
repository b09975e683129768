"""The command `sqla-lsp`: reads the arguments and hands over to one module per command. It imports nothing heavy itself,
so that `--version` and `--help` answer at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from sqla_lsp import __version__

CLEAN, FINDINGS, FAILED = 0, 1, 2
FORMATS = ("full", "concise", "json", "github", "gitlab", "sarif", "junit")
"""How `check` prints findings, one module of `output` each."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code: 0 clean, 1 findings, 2 could not run."""
    options = parser().parse_args(arguments)
    try:
        code = _run(options)
        sys.stdout.flush()
        if arguments is None and options.command == "check":
            _end(code)
        return code
    except OSError as error:
        # The interpreter must not complain once more when it flushes at exit. Of a reader that went away (`| head`) nothing is
        # said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"sqla-lsp: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130


def _end(code: int) -> NoReturn:
    """Ends the process. To free what a big project left in memory, object by object, would take a tenth of the whole run."""
    sys.stderr.flush()
    os._exit(code)


def _run(options: argparse.Namespace) -> int:
    match options.command:
        case "check":
            from sqla_lsp.cli import check

            return check.run(options)
        case "sql":
            from sqla_lsp.cli import sql

            return sql.run(options)
        case "rule":
            from sqla_lsp.cli import rule

            return rule.run(options)
        case _:
            from sqla_lsp.cli import serve

            return serve.run(options)


def parser() -> argparse.ArgumentParser:
    """The arguments of all commands, as DESIGN.md fixes them."""
    top = argparse.ArgumentParser(
        prog="sqla-lsp",
        description="Finds what a migration of a SQLAlchemy and Alembic project on Postgres would make other people wait for.",
    )
    top.add_argument("--version", action="version", version=f"sqla-lsp {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _check(commands.add_parser("check", help="report findings", description="Reads projects and reports findings."))
    _sql(
        commands.add_parser(
            "sql",
            help="show what migrations do",
            description="Prints the SQL that migrations emit, without running them, with its locks and who waits for them.",
        )
    )
    _rule(commands.add_parser("rule", help="explain a rule", description="Prints the documentation of a rule, or of all."))
    _server(commands.add_parser("server", help="run the language server", description="Runs the language server."))
    return top


def _check(check: argparse.ArgumentParser) -> None:
    check.add_argument("paths", nargs="*", metavar="PATH", help="files and folders to check (default: the current folder)")
    check.add_argument(
        "--output-format", choices=FORMATS, default="full", metavar="FORMAT", help=f"{', '.join(FORMATS)} (default: full)"
    )
    check.add_argument("--select", action="append", metavar="RULE", help="judge these rules only (comma-separated, repeatable)")
    check.add_argument("--ignore", action="append", metavar="RULE", help="do not judge these rules (comma-separated, repeatable)")
    check.add_argument("--config", metavar="FILE", help="read the configuration from FILE instead of the nearest one")
    check.add_argument("--fix", action="store_true", help="apply the safe fixes, and report what is left")
    check.add_argument(
        "--unsafe-fixes",
        action="store_true",
        help="with --fix or --diff: also fixes that leave the same schema by other transactions",
    )
    check.add_argument(
        "--diff", action="store_true", help="print what --fix would change, and write nothing; exit with 1 if that is anything"
    )
    check.add_argument("--statistics", action="store_true", help="print how many findings each rule has instead of the findings")
    check.add_argument("--exit-zero", action="store_true", help="exit with 0 even where there are findings")
    check.add_argument("--no-cache", action="store_true", help="neither read nor write the cache")


def _sql(sql: argparse.ArgumentParser) -> None:
    sql.add_argument(
        "paths",
        nargs="*",
        metavar="PATH|REVISION",
        help="files and folders, or revisions of the current folder (default: all of it)",
    )
    sql.add_argument("--downgrade", action="store_true", help="show what downgrade() does instead of upgrade() (json has both)")
    sql.add_argument("--output-format", choices=("text", "json"), default="text", help="how it is printed (default: text)")
    sql.add_argument("--config", metavar="FILE", help="read the configuration from FILE instead of the nearest one")


def _rule(rule: argparse.ArgumentParser) -> None:
    rule.add_argument("name", nargs="?", metavar="RULE", help="the rule's name (default: all rules)")
    rule.add_argument("--output-format", choices=("text", "json"), default="text", help="how it is printed (default: text)")


def _server(server: argparse.ArgumentParser) -> None:
    transport = server.add_mutually_exclusive_group()
    transport.add_argument("--stdio", action="store_true", help="speak over standard input and output (the default)")
    transport.add_argument(
        "--tcp", metavar="[HOST:]PORT", help="listen on a TCP port, of the loopback interface unless HOST is given"
    )


if __name__ == "__main__":
    sys.exit(main())
