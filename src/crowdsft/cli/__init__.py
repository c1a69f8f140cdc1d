"""The command line: `crowdsft demo | serve | worker | run | simulate | value | check | ...`.

Commands keep the contract of `docs/reference-command-line.md`: results on standard output, progress and logs on
standard error; exit code 0 for success, 1 for failure, 2 for wrong use. Each command's module is imported when
that command runs, so that `--help` stays quick.
"""

from __future__ import annotations

from crowdsft.cli.app import main

__all__ = ["main"]
