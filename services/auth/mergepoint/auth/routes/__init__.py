"""The paths of the HTTP face, a file for each group of them; ``web.py`` puts them together.

They do not know the database: they call the core.
"""
