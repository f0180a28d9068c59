"""The companion of the service: who waits for a job, by events or by ``Prefer: wait``, waits here, without a thread.

A program of its own on a Unix socket of nginx's. It does not know how jobs are accepted or performed; server.py is the
whole of it on one screen.
"""
