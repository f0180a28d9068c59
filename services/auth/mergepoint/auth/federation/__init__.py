"""Accounts at OpenID Connect providers, and logins there that are under way.

It does not know cookies or our own requests.
"""
