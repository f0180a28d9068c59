"""The HTTP face, a file for each group of paths; ``web.py`` puts them together."""
