"""Decodes files to pixels and encodes pixels to files, with Pillow and with faster libraries.

Knows decoders and encoders. Does not know what a caller wants done with the pixels, and knows no links.
"""
