"""Users: their names, addresses, passwords and pictures.

It does not know sessions, other credentials or HTTP.
"""
