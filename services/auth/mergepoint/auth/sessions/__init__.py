"""Who is logged in where, and where a browser goes after logging in.

It does not know how somebody has logged in.
"""
