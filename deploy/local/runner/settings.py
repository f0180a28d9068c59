"""Lets nginx/settings and the services check all settings before any program is started."""

import os
import subprocess
import sys
from collections.abc import Iterable

from .services import ROOT

WARNING = "warning: "


def check(services: Iterable[str]) -> list[str]:
    """Return warnings about unknown names; end the program, with all messages, if a setting has a bad value.

    Unknown names are removed from our environment, so that each is reported only once.
    """
    commands = ([str(ROOT / "nginx/settings")], [sys.executable, "-m", "mergepoint.kit.config", *services])
    checks = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for command in commands]
    said = [line for check in checks for line in check.communicate()[1].decode(errors="replace").splitlines()]
    if any(check.returncode for check in checks):
        sys.exit("\n".join(dict.fromkeys(said)))  # both report settings that both read
    warnings = [line.removeprefix(WARNING) for line in said]
    for line in warnings:
        os.environ.pop(line.partition(":")[0], None)
    return warnings
