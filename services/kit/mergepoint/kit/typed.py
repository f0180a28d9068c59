"""The spelling of a command of ours, as it can be copied into the shell that started this program."""

import os
import shutil
import sys
from pathlib import Path


def command(module: str) -> str:
    """Return the command that runs *module* with this Python: `.venv/bin/python -m …` in a checkout."""
    return f"{_python()} -m {module}"


def _python() -> str:
    here = Path(sys.executable)
    if shutil.which("python") == str(here):
        return "python"
    try:
        return str(here.relative_to(os.getcwd()))
    except (OSError, ValueError):  # elsewhere, or nowhere any longer
        return str(here)
