"""Runs the suite on this machine, without Docker: every service under gunicorn on a Unix socket, nginx in front.

A program that dies is started again; Ctrl-C ends all of them cleanly. It needs the packages that `make run` installs.
The parts are in runner/.
"""

import sys

from runner.main import main

if __name__ == "__main__":
    sys.exit(main())
