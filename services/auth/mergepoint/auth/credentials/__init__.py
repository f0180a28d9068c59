"""What somebody shows to be let in: password, second factor, passkey, API key.

It does not know sessions or HTTP.
"""
