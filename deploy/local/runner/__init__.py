"""The parts of `make run`: every service under gunicorn on a Unix socket, nginx in front, all ended together.

``main.py`` shows a whole run. Nothing here knows what a service does.
"""
