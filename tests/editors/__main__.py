"""Drives real editors: `python -m tests.editors [NAME...]`, all without a name.

An editor that is not there is installed first (on Debian; what comes from apt needs root). Exit code 0 where every one has
shown the finding, applied the quick fix, and written to disk what `sqla-lsp check --fix --unsafe-fixes` writes; else 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.editors import emacs, helix, neovim, vim, vscode
from tests.editors.driving import Failed
from tests.editors.install import CannotInstall

EDITORS: dict[str, Callable[[Path], str]] = {
    "nvim-0.12": neovim.newest,
    "nvim-0.10": neovim.older,
    "nvim-on-save": neovim.on_save,
    "nvim-0.12-previews": neovim.previews,
    "nvim-0.10-previews": neovim.older_previews,
    "emacs-eglot": emacs.eglot,
    "emacs-lsp-mode": emacs.lsp_mode,
    "helix": helix.helix,
    "vim-ale": vim.ale,
    "vscode": vscode.workbench,
    "vscode-revision": vscode.new_revision,
    "vscode-host": vscode.extension_host,
    "vscode-on-save": vscode.on_save,
    "vscode-failures": vscode.failures,
    "vscode-install": vscode.installation,
    "vscode-activation": vscode.activation,
    "vscode-trust": vscode.trust,
    "vscode-python": vscode.python_extension,
}
ON_REQUEST: dict[str, Callable[[Path], str]] = {
    "vim-lsp": vim.vim_lsp,
    "vim-coc": vim.coc,
    "vscode-pictures": vscode.pictures,
}
"""What runs only when it is named: plugins that no registry has, and pictures."""


def main() -> int:
    """Runs the editors that are named, one after the other."""
    arguments = argparse.ArgumentParser(prog="python -m tests.editors", description="Drives real editors.")
    arguments.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(EDITORS)} (default: all); {', '.join(ON_REQUEST)}"
    )
    arguments.add_argument("-v", "--verbose", action="store_true", help="print what each editor said")
    options = arguments.parse_args()
    unknown = [name for name in options.names if name not in EDITORS | ON_REQUEST]
    if unknown:
        arguments.error(f"unknown editor {unknown[0]!r}; editors are {', '.join(EDITORS | ON_REQUEST)}")
    results = [_passes(name, options.verbose) for name in options.names or EDITORS]
    return 0 if all(results) else 1


def _passes(name: str, verbose: bool) -> bool:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sqla-lsp-", ignore_cleanup_errors=True) as folder:
        try:
            said = (EDITORS | ON_REQUEST)[name](Path(folder).resolve())
        except (Failed, CannotInstall, AssertionError) as error:
            print(f"FAILED {name}: {error}", flush=True)
            return False
    print(f"passed {name} in {time.monotonic() - begun:.1f} s", flush=True)
    if verbose:
        print(said)
    return True


if __name__ == "__main__":
    sys.exit(main())
