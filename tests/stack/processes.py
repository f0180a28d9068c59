"""The processes inside the highlight service's container, and how to kill them there."""

import json

from tests.stack.compose import Stack

# A straggler is a child whose call runs long: the sandbox has lowered its priority.
LIST = """
import json, pathlib
found = {}
for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
    found[int(stat.parent.name)] = stat.read_text().rpartition(")")[2].split()
below = lambda *parents: [pid for pid in sorted(found) if int(found[pid][1]) in parents]
master = below(1)[:1]
workers = [pid for pid in below(*master) if int(found[pid][2]) in master]
zygotes = [pid for pid in below(*master, *workers) if int(found[pid][2]) == pid]  # lead process groups of their own
children = below(*zygotes)
stragglers = [pid for pid in children if int(found[pid][16]) > 0]
print(json.dumps(dict(master=master, worker=workers, zygote=zygotes, child=children, straggler=stragglers)))
"""


def processes(stack: Stack) -> dict[str, list[int]]:
    """The pids, by what they are."""
    done = stack.execute(stack.ids("highlight")[0], "python", "-c", LIST)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def kill(stack: Stack, pids: list[int]) -> None:
    stack.execute(stack.ids("highlight")[0], "sh", "-c", f"kill -9 {' '.join(map(str, pids))}")
