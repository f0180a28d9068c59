"""``python -m mergepoint.kit.zeromq``: the command line is in ``command.py``; here is what to say without pyzmq."""

import os
import sys

from ..config import BAD_CONFIGURATION


def main() -> int:
    """Run the command line. Returns the exit status."""
    # numpy starts threads for linear algebra; the sandbox is forked from a process that must have none.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from .command import main
    except ModuleNotFoundError as error:
        if error.name != "zmq":
            raise
        print("mergepoint.kit.zeromq needs the package pyzmq: pip install pyzmq", file=sys.stderr)
        return BAD_CONFIGURATION
    return main()


if __name__ == "__main__":
    sys.exit(main())
