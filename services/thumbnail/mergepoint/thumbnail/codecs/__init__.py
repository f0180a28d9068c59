"""Files to pixels and back, by Pillow and by decoders that are faster: one Picture in, one file out.

Knows decoders and encoders. Does not know what a caller wants made of the pixels, and knows no links.
"""
