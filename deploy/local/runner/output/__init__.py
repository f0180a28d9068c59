"""What the programs write, on its way to whoever reads it: a person at a terminal, or a program.

Nothing here knows what runs.
"""
