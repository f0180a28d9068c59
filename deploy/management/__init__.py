"""The operator's commands, each in a file of its own in ``commands``; ``place`` finds the suite that runs.

It knows services only by name: each service writes and reads its own data.
"""
