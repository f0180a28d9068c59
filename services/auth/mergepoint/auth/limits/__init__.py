"""Limits: rates of attempts, the queue of password hashes, slots of logins.

They do not know users, sessions or HTTP.
"""
