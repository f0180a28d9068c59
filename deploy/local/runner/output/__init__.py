"""Passes the output of the programs on to a person at a terminal, or to another program.

Nothing here knows which programs run.
"""
