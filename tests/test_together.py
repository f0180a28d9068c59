"""Tests that share servers run in one process of pytest-xdist; else each process would start nearly all of them."""

import collections
import re
import subprocess
import sys

from tests.servers import ROOT

FILES = ["tests/kit/test_options.py", "tests/kit/test_problems.py", "tests/kit/test_listen.py"]


def test_tests_of_one_group_run_in_one_process() -> None:
    """A group is a file, or all that share one of the fixtures that `tests/conftest.py` lists."""
    command = [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", "-n", "2", "--dist=loadgroup", *FILES]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True).stdout
    processes = collections.defaultdict(set)
    for process, group in re.findall(r"^\[(gw\d)\].* PASSED .*@(\S+)\s*$", said, re.MULTILINE):
        processes[group].add(process)
    assert sorted(processes) == sorted(FILES)
    assert all(len(found) == 1 for found in processes.values()), processes
