"""All settings, nginx's and every service's: checked before anything is started, by the programs that know them."""

import os
import subprocess
import sys
from collections.abc import Iterable

from .services import ROOT

WARNING = "warning: "


def check(services: Iterable[str]) -> list[str]:
    """End the program if a setting has a bad value, and say which ones.

    Return what is to be said of unknown names; these are taken out of our environment, so that it is said once.
    """
    commands = ([str(ROOT / "nginx/settings")], [sys.executable, "-m", "mergepoint.kit.config", *services])
    checks = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for command in commands]
    said = [line for check in checks for line in check.communicate()[1].decode(errors="replace").splitlines()]
    if any(check.returncode for check in checks):
        sys.exit("\n".join(dict.fromkeys(said)))  # some are read by both
    warnings = [line.removeprefix(WARNING) for line in said]
    for line in warnings:
        os.environ.pop(line.partition(":")[0], None)
    return warnings
