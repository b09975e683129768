"""`python -m tests.benchmarks [TREE]`: what a cold and a warm check, a start, a keystroke and a code action cost, beside
the yardsticks.

TREE is a folder of Python projects, for instance the unpacked wheels of `python -m tests.corpus fetch`. The yardsticks run on
the same tree in the same run where they are installed: `sqlalchemy-lsp check` (a Rust program that reads the same files and
knows none of these rules) and `ruff check --no-cache --select F401` (a floor for reading everything).
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import sys
import tempfile
from pathlib import Path

import sqla_lsp
from tests.benchmarks.measure import Cost, median

BIN = Path(sys.executable).parent


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    arguments.add_argument("tree", nargs="?", default="tests/example", help="a folder of Python projects (default: the example)")
    arguments.add_argument("--runs", type=int, default=3, help="runs of which the median counts (default: 3)")
    options = arguments.parse_args()
    # As pip leaves a package behind: from a checkout, where PYTHONDONTWRITEBYTECODE is set, each run would compile it again.
    compileall.compile_dir(Path(sqla_lsp.__file__).parent, quiet=2)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        _commands(str(Path(options.tree).resolve()), options.runs, Path(cache))
    _waits()


def _commands(tree: str, runs: int, cache: Path) -> None:
    program = str(BIN / "sqla-lsp")
    check = [program, "check", "--output-format", "concise", tree]
    peer = _peer(tree, runs)
    print(f"{'':42}{'wall s':>9}{'cpu s':>9}{'MB':>8}   of the peer's wall / cpu")
    if peer:
        _row("sqlalchemy-lsp check (the peer)", peer, None)
    ruff = shutil.which("ruff", path=f"{BIN}:{os.environ.get('PATH', '')}")
    if ruff:
        _row("ruff check --select F401", median(runs, [ruff, "check", "--no-cache", "--select", "F401", tree]), peer)
    _row("sqla-lsp check, cold", median(runs, check, before=lambda: shutil.rmtree(cache / "sqla-lsp", ignore_errors=True)), peer)
    _row("sqla-lsp check, warm", median(runs + 2, check), peer)
    _row("sqla-lsp check, json with all fixes, cold", median(1, [*check[:-2], "json", "--no-cache", tree]), peer)
    revision = next(iter(sorted(Path(tree).rglob("versions/*.py"))), None)
    if revision:
        _row("sqla-lsp check of one file", median(runs + 2, [program, "check", str(revision)]), peer)
    _row("sqla-lsp --version", median(runs + 2, [program, "--version"]), peer)
    _row("python -c pass", median(runs + 2, [sys.executable, "-c", "pass"]), peer)


def _peer(tree: str, runs: int) -> Cost | None:
    peer = shutil.which("sqlalchemy-lsp", path=f"{BIN}:{os.environ.get('PATH', '')}")
    return median(runs, [peer, "check", tree]) if peer else None


def _row(label: str, cost: Cost, peer: Cost | None) -> None:
    ratio = f"   {cost.wall / peer.wall:.2f} / {cost.cpu / peer.cpu:.2f}" if peer else ""
    print(f"{label:42}{cost.wall:9.3f}{cost.cpu:9.3f}{cost.memory:8.0f}{ratio}", flush=True)


def _waits() -> None:
    from tests.benchmarks.actions import actions
    from tests.benchmarks.hover import hovers
    from tests.benchmarks.keystroke import keystrokes
    from tests.benchmarks.start import starts

    print(f"\n{'from didOpen, didChange to publishDiagnostics, from request to answer':64}{'median ms':>10}{'worst ms':>10}")
    for label, times in (*starts(), *keystrokes(), *actions(), *hovers()):
        print(f"{label:64}{1000 * times[len(times) // 2]:10.1f}{1000 * times[-1]:10.1f}", flush=True)


if __name__ == "__main__":
    main()
