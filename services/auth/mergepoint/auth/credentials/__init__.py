"""Credentials and their checks: password, second factor, passkey, API key.

They do not know sessions or HTTP.
"""
