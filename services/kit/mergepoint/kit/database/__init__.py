"""A service's database, SQLite or PostgreSQL, and files that are written whole.

It does not know any table, nor HTTP: a service's storage says which migrations are its own and which exceptions it
raises. A core may import it, as it may import a library.
"""
