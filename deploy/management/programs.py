"""Runs the programs that do a command's work; they print their errors themselves."""

import subprocess
import sys
from collections.abc import Sequence
from typing import IO


def run(
    program: Sequence[str], *, stdin: IO[bytes] | int = subprocess.DEVNULL, stdout: IO[bytes] | None = None
) -> None:
    """Run *program* and wait for it; if it fails, end this process with its exit status."""
    status = subprocess.run(program, stdin=stdin, stdout=stdout, check=False).returncode
    if status:
        sys.exit(status if status > 0 else 1)
