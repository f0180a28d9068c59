"""How often somebody may try, and how many may be served at once.

It does not know what is being limited.
"""
