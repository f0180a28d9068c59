"""How many streams there may be at once: in all, and of one network."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address

# Four of nginx's connections and two of our files each. One network, such as an office, may have half.
MOST = 1000


class NoRoom(Exception):
    """There are as many streams as there may be; *of_network*: of this one network."""

    def __init__(self, *, of_network: bool) -> None:
        super().__init__("of one network" if of_network else "in all")
        self.of_network = of_network


class Room:
    """Places for *most* streams."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.of_network = max(most // 2, 1)
        self.open: Counter[str] = Counter()

    @contextmanager
    def place(self, address: str) -> Iterator[None]:
        """Take a place for a stream of *address*, or raise NoRoom."""
        name = network(address)
        if self.open.total() >= self.most:
            raise NoRoom(of_network=False)
        if self.open[name] >= self.of_network:
            raise NoRoom(of_network=True)
        self.open[name] += 1
        try:
            yield
        finally:
            self.open[name] -= 1
            if not self.open[name]:
                del self.open[name]


def network(address: str) -> str:
    """Return what counts as one: an IPv4 address, or the /64 that one IPv6 customer is given."""
    try:
        found = ip_address(address)
    except ValueError:
        return "?"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return found.packed[:8].hex()
    return str(found)
