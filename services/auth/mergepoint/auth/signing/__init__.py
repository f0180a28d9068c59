"""What the service signs or encrypts with its own secrets: tokens and identities.

It does not know users or what tokens are for.
"""
