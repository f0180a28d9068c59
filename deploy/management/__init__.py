"""The operator's commands, each in a file of its own in ``commands``; ``place`` knows where the suite runs.

It knows no service but by its name: what a service keeps, the service itself writes and reads.
"""
