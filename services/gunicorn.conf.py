"""One gunicorn configuration for every Python service: MERGEPOINT_SERVICE names it, MERGEPOINT_BIND its address."""

import gc
import os
import tempfile

_service = os.environ["MERGEPOINT_SERVICE"]


def _number(name, default):
    value = os.environ.get(f"{_service.upper()}_{name}", str(default))
    if not value.isdigit() or not int(value):
        raise SystemExit(f"{_service.upper()}_{name}={value!r}: a whole number above 0 is expected")
    return int(value)


# prometheus-client adds the workers' numbers up in files; it wants to know where before it is imported.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _metrics = tempfile.TemporaryDirectory(prefix=f"mergepoint-{_service}-", ignore_cleanup_errors=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _metrics.name
    on_exit = lambda _master: _metrics.cleanup()  # noqa: E731 - a setting

# numpy's threads: more would start here, before the fork, and take turns with other requests' work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

wsgi_app = f"mergepoint.{_service}.web:create_app()"
proc_name = f"mergepoint-{_service}"
bind = os.environ.get("MERGEPOINT_BIND", "127.0.0.1:8000")

# Workers are forked from a master that has made the application, and with it the sandbox's zygote: memory is shared
# and children never come from a process with threads.
preload_app = True
workers = _number("WORKERS", 2)
# A thread waits for a child of the sandbox most of its time. There are more than calls may run, so that slow ones
# never take the last.
threads = _number("THREADS", 32)
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


def when_ready(_server):
    """What is loaded by now stays shared with the workers: collecting garbage would write to all of it."""
    gc.collect()
    gc.freeze()
