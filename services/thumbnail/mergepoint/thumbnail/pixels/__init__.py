"""Works on arrays of pixels: plans their layout, scales, turns, changes and summarises them.

Knows numpy and Specs. Does not know files.
"""
