"""Programs that do a command's work: they say themselves what is wrong."""

import subprocess
import sys
from collections.abc import Sequence
from typing import IO


def run(
    program: Sequence[str], *, stdin: IO[bytes] | int = subprocess.DEVNULL, stdout: IO[bytes] | None = None
) -> None:
    """Run *program* to its end; end with its exit status unless that is 0."""
    status = subprocess.run(program, stdin=stdin, stdout=stdout, check=False).returncode
    if status:
        sys.exit(status if status > 0 else 1)
