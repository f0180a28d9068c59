"""The runs of a compressed BMP (RLE8, RLE4), many of them expanded at once."""

import numpy as np
from numpy.typing import NDArray


class Runs:
    """Compressed pixels.

    A pair of bytes is a count and the index to repeat; in RLE4 the second byte holds two indexes that alternate. After
    a zero, indexes are stored uncompressed. Many pairs are expanded at once, since Python needs a microsecond for each.
    """

    def __init__(self, data: bytes, *, nibbles: bool) -> None:
        self._data = np.frombuffer(data, np.uint8)
        self._nibbles = nibbles
        zeros = np.flatnonzero(self._data == 0)
        self._zeros = zeros[zeros % 2 == 0], zeros[zeros % 2 == 1]

    def stretch(self, at: int, room: int) -> tuple[NDArray[np.uint8], int]:
        """Return the pixels of the pairs from *at*, and the offset where the pairs end.

        The result has at least *room* pixels, or all of these pairs if they have fewer.
        """
        zeros = self._zeros[at % 2]
        number = int(np.searchsorted(zeros, at))
        end = int(zeros[number]) if number < len(zeros) else len(self._data) - (len(self._data) - at) % 2
        pairs = self._data[at : min(end, at + 2 * max(1, room))].reshape(-1, 2)
        counts = pairs[:, 0].astype(np.int64)
        pairs = pairs[: int(np.searchsorted(np.cumsum(counts), room)) + 1]
        counts = counts[: len(pairs)]
        values = np.repeat(pairs[:, 1], counts)
        if self._nibbles:
            place = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
            values = np.where(place % 2, values & 15, values >> 4)
        return values, end

    def literal(self, at: int, count: int) -> tuple[NDArray[np.uint8], int]:
        """Return *count* indexes from *at* (fewer if the file ends), and the offset of the next pair.

        A padding byte keeps that offset at an even distance from *at*.
        """
        length = (count + 1) // 2 if self._nibbles else count
        found = self._data[at : at + length]
        if self._nibbles:
            found = np.stack([found >> 4, found & 15], axis=1).ravel()[:count]
        return found, at + length + length % 2
