"""The bytes of each format: what a file announces, its parts, its damage, and how it is repaired.

Knows the formats' specifications. Does not know Pillow or other decoding libraries.
"""
