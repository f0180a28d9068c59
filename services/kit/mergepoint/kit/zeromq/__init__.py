"""Every service over ZeroMQ: request and reply in raw frames, through the same sandbox and deadlines as over HTTP.

``python -m mergepoint.kit.zeromq`` runs it; docs/protocol.md describes what is on the wire. Which file knows what:

- ``messages.py``: what a client may say, and the answers to it;
- ``line.py``, ``workers.py``, ``broker.py``: who waits, who works, and who decides; they know no sockets;
- ``commands.py``: what brokers and workers say to each other;
- ``performing.py``: runs a service's tasks in threads;
- ``loop.py``, ``sockets.py``, ``addresses.py``, ``curve.py``: the sockets;
- ``serving.py``, ``working.py``: ``serve`` and ``broker``, and ``worker``; ``status.py`` asks them how they are;
- ``command.py``: the command line.
"""
