"""Signing and sealing with the service's own secrets: tokens, one-time tokens, identities.

It does not know users, or what its callers put into a token.
"""
