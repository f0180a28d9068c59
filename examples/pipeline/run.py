"""Starts all of it, and ends it: a server of highlight, the workers (one of them in Ruby), the ventilator, the sink.

python run.py TREE SITE [WORKERS]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from mergepoint.client.zeromq import Client

HERE = Path(__file__).parent
RUBY_CLIENT = HERE.parents[1] / "clients/ruby/lib"
STYLE = "default"


def main(tree: str, site: str, workers: str = "4") -> int:
    """Return the status of the sink. A worker may die at any time; all of them may not."""
    with tempfile.TemporaryDirectory(prefix="pipeline-") as sockets:
        server = f"ipc://{sockets}/highlight"
        processes = [python("-m", "mergepoint.kit.zeromq", "serve", "highlight", "--bind", server)]
        try:
            stylesheet = Path(sockets, "style.css")
            with Client(server, connect_timeout=30, timeout=60) as client:
                stylesheet.write_text(client.stylesheet(STYLE))
            working = [python(str(HERE / "worker.py"), sockets, server) for _ in range(int(workers) - 1)]
            working.append(start("ruby", f"-I{RUBY_CLIENT}", str(HERE / "worker.rb"), sockets, server))
            processes += [*working, python(str(HERE / "ventilator.py"), sockets, tree, workers)]
            sink = python(str(HERE / "sink.py"), sockets, tree, site, str(stylesheet))
            processes.append(sink)
            while sink.poll() is None and any(worker.poll() is None for worker in working):
                try:
                    sink.wait(0.2)
                except subprocess.TimeoutExpired:
                    continue
            return 1 if sink.poll() is None else sink.returncode
        finally:
            for process in reversed(processes):
                process.terminate()
            for process in processes:
                process.wait()


def python(*words: str) -> subprocess.Popen[bytes]:
    return start(sys.executable, *words)


def start(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
