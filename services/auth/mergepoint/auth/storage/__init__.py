"""The database, its tables and migrations, and the service's own files.

It does not know the rules of any room above it.
"""
