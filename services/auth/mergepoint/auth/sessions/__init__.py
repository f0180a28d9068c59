"""Sessions, the names of browsers in lists of them, and return addresses of logins.

They do not know by which credential a user has logged in.
"""
