"""What `make run` is made of: every service under gunicorn on a Unix socket, nginx in front, all ended together.

``main.py`` is the whole of a run on one screen. Nothing here knows what a service does.
"""
