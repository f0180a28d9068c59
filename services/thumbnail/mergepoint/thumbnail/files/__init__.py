"""The bytes of each format: what a file announces, its parts, its damage, and how it is repaired.

PNG, BMP and TIFF have a folder each. Knows the formats' specifications. Does not know Pillow or other decoders.
"""
