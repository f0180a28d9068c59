"""Measures the memory of a process and its descendants, with shared pages counted once (proc_pid_smaps(5))."""

import contextlib
import os
from pathlib import Path

PROC = Path("/proc")


def family(pid: int) -> list[int]:
    """Return *pid* and its descendants."""
    children: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def worked() -> float:
    """Return the seconds of processor time that our descendants have used."""
    ticks = 0
    for pid in family(os.getpid())[1:]:
        with contextlib.suppress(OSError):  # it has just ended
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def proportional_set(pid: int) -> int:
    """Return the bytes of memory of one process, with its share of shared pages."""
    lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
