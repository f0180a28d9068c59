"""Streams that end when their caller may no longer be there: server-sent events and WebSockets pass through here.

A program of its own, between two servers of nginx on Unix sockets. It copies bytes both ways, asks again and again
whether the credentials of each stream are still good, and ends the stream when they are refused. It does not know a
database, an application, a name or an address; ``server.py`` is the whole of it on one screen.
"""
