"""Arrays of pixels: where they go, how they are scaled, turned, changed and summed up.

Knows numpy, and what a Spec asks for. Does not know files.
"""
