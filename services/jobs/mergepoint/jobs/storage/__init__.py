"""The database and the files of bodies, and the writer that commits many changes at once.

It does not know what a job means.
"""
