"""Users: their names, addresses, passwords and pictures.

They do not know the tokens of sessions, other credentials or HTTP.
"""
