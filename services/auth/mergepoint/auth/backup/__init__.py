"""Backups of everything that the service keeps, and the way back.

It does not know archives' format or what the rows mean.
"""
