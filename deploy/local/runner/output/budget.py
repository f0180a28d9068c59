"""Limits the lines that a person is shown: nobody can read more, and formatting them takes the services' time."""

import time

SHOWN = 100  # lines of one program in a second


class Budget:
    """Counts the lines of each program, second by second."""

    def __init__(self) -> None:
        self._second = 0
        self._shown: dict[str, int] = {}
        self._hidden: dict[str, int] = {}

    def take(self, service: str, lines: int) -> int:
        """Return how many of *lines* may be shown now; the others count as hidden."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._shown = second, {}
        shown = min(lines, SHOWN - self._shown.get(service, 0))
        self._shown[service] = self._shown.get(service, 0) + shown
        self._hidden[service] = self._hidden.get(service, 0) + lines - shown
        return shown

    def hidden(self, service: str) -> int:
        """Return the number of hidden lines since the last call; 0 while there is no room for a line about them."""
        if self._second == int(time.monotonic()) and self._shown.get(service, 0) >= SHOWN:
            return 0
        return self._hidden.pop(service, 0)
