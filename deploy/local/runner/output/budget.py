"""How many lines a person is shown: nobody reads more, and to make them readable would cost the services' time."""

import time

SHOWN = 100  # lines a second of one program


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
        """Return how many lines were hidden since this was asked last, if there is room again to say so."""
        if self._second == int(time.monotonic()) and self._shown.get(service, 0) >= SHOWN:
            return 0
        return self._hidden.pop(service, 0)
