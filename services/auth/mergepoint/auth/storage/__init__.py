"""The database and the service's own files.

It does not know what the rows and files mean.
"""
