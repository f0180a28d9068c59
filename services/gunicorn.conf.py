"""One gunicorn configuration for every Python service: MERGEPOINT_SERVICE names it, MERGEPOINT_BIND its address."""

import gc
import os
import tempfile

from mergepoint.kit.config import unknown
from mergepoint.kit.process import read_settings

# numpy starts threads for linear algebra, here before the fork; they would compete with other requests.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_process, _metrics, _settings = read_settings()
_service = _process.service

_at_end = []  # functions to call when the master ends

# prometheus-client adds the workers' numbers up in files; it wants to know where before it is imported, which
# reading settings does not.
if not _metrics.multiproc_dir:
    _folder = tempfile.TemporaryDirectory(prefix=f"mergepoint-{_service}-", ignore_cleanup_errors=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _folder.name
    _at_end.append(_folder.cleanup)

wsgi_app = f"mergepoint.{_service}.web:create_app()"
proc_name = f"mergepoint-{_service}"
bind = _process.bind

# Workers are forked from a master that has made the application, and with it the sandbox's zygote: memory is shared
# and children never come from a process with threads.
preload_app = True
workers = _settings.workers
# A thread waits for a child of the sandbox most of its time. There are more than calls may run, so that slow ones
# never take the last.
threads = _settings.threads
# nginx keeps its connections for 60 s (proxy side); ours must live longer, or it writes into a closing one.
keepalive = 75
# The application has deadlines of its own, all below this.
timeout = 30
graceful_timeout = 10
# Nobody manages it at run time; the socket for that would bring the master a thread and a file in somebody's home.
control_socket_disable = True
# Heartbeats go to memory, not to a disk that may stall.
worker_tmp_dir = "/dev/shm"
# As nginx: a request line of 8 KB.
limit_request_line = 8190
limit_request_fields = 64
# Our own proxy is the only peer, and none of its headers changes what an answer is.
forwarded_allow_ips = ""
forwarder_headers = ""

from mergepoint.kit import gunicorn as _kit

worker_class = _kit.Worker
logger_class = _kit.Logger
logconfig_dict = _kit.log_config(_service)
child_exit = _kit.forget_worker
_kit.warn(unknown(type(_settings), os.environ).values())


def when_ready(_server):
    """Freeze all objects that are loaded by now: collecting garbage would write to memory that workers share."""
    gc.collect()
    gc.freeze()
    if _settings.companion:
        _at_end.append(_kit.keep_companion(_server, _settings, _process.bind))


def on_exit(_server):
    for end in reversed(_at_end):
        end()
