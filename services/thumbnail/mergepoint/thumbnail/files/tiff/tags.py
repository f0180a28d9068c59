"""The numbers of TIFF 6.0 for fields and their values. Their names are TIFF's, or say what they mean."""

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS, PLANAR = 273, 274, 277, 278, 279, 284
T4, T6, PREDICTOR, COLOURS, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 292, 293, 317, 320, 322, 323, 324, 325
EXTRAS, SAMPLE_FORMAT, JPEG_TABLES, COEFFICIENTS, SUBSAMPLING, BLACK_WHITE = 338, 339, 347, 529, 530, 532
XMP, IPTC, ICC = 700, 33723, 34675
EXIF_IFD, GPS_IFD = 34665, 34853

NONE = 1
# CCITT, LZW, JPEG, Deflate (and its older number), PackBits, LZMA, Zstandard. Not 6, the obsolete JPEG of TIFF 6.0.
COMPRESSIONS = (NONE, 2, 3, 4, 5, 7, 8, 32773, 32946, 34925, 50000)
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, INKS, YCBCR = 0, 1, 2, 3, 5, 6
UNSIGNED, UNDEFINED = 1, 4  # of SampleFormat
NOT_ALPHA, ASSOCIATED, ALPHA = 0, 1, 2  # of ExtraSamples

# Fields that describe how pixels are stored; they are copied for the decoder.
COPIED = (FILL_ORDER, T4, T6, PREDICTOR, COLOURS, JPEG_TABLES, COEFFICIENTS, SUBSAMPLING, BLACK_WHITE, ICC)
# Fields of the first directory (EXIF 2.32, 4.6.4) that do not describe how pixels are stored.
NOTES = (270, 271, 272, ORIENTATION, 282, 283, 296, 305, 306, 315, 316, 33432, EXIF_IFD, GPS_IFD)
# For each photometric interpretation: the number of samples that are colours, and the supported bits of a sample.
COLOURS_OF = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, INKS: 4, YCBCR: 3}
DEPTHS = {
    WHITE_IS_ZERO: (1, 2, 4, 8, 16), BLACK_IS_ZERO: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8),
    INKS: (8, 16), YCBCR: (8,),
}  # fmt: skip
