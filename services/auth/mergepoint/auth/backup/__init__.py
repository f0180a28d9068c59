"""Backups of everything that the service keeps, and the way back.

It does not know the archive's format, or the meaning of a row.
"""
