"""The calls of a client over ZeroMQ, for programs of one's own beside the services: ``Client("ipc:///run/…")``.

How a call looks is not said here again: calls.py says it, and ``translation.py`` makes a message of it.
"""

try:
    import zmq as _zmq  # noqa: F401
except ModuleNotFoundError as error:
    raise ImportError("mergepoint.client.zeromq needs pyzmq: pip install 'mergepoint-client[zeromq]'") from error

from .client import Client

__all__ = ["Client"]
