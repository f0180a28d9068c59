"""How many streams there may be at once: in all, and from one network."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address

# A stream takes four of nginx's connections and two of our files. One network, such as an office, may hold half.
MAX_STREAMS = 1000


class NoFreeSlot(Exception):
    """There are as many streams as there may be; *of_network*: from this one network."""

    def __init__(self, *, of_network: bool) -> None:
        super().__init__("of one network" if of_network else "in all")
        self.of_network = of_network


class StreamSlots:
    """Slots for *limit* streams, half of them for one network."""

    def __init__(self, limit: int = MAX_STREAMS) -> None:
        self.limit = limit
        self.limit_of_network = max(limit // 2, 1)
        self.held: Counter[str] = Counter()

    @contextmanager
    def slot(self, address: str) -> Iterator[None]:
        """Hold a slot for a stream of the client's *address*, or raise NoFreeSlot."""
        name = network(address)
        if self.held.total() >= self.limit:
            raise NoFreeSlot(of_network=False)
        if self.held[name] >= self.limit_of_network:
            raise NoFreeSlot(of_network=True)
        self.held[name] += 1
        try:
            yield
        finally:
            self.held[name] -= 1
            if not self.held[name]:
                del self.held[name]


def network(address: str) -> str:
    """Return the network that *address* counts for: an IPv4 address, or the /64 that one IPv6 customer is given."""
    try:
        found = ip_address(address)
    except ValueError:
        return "?"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return found.packed[:8].hex()
    return str(found)
