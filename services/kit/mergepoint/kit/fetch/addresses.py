"""Which addresses of the internet a service may connect to for somebody else: public ones, however they are written.

Knows addresses only: no names, no sockets. The lists are IANA's special-purpose registries (RFC 6890 and its updates).
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NOT_PUBLIC = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host; 0.0.0.0 itself reaches loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by a provider's customers; some clouds' metadata
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation, as the two below
        "192.88.99.0/24",  # anycast of 6to4, given up
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "168.63.129.16/32",  # Azure's own services, reached from its machines only
    )
)
PUBLIC = IPv6Network("2000::/3")
NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation, as 3fff::/20
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)
MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291
COMPATIBLE = IPv6Network("::/96")  # RFC 4291, given up
TRANSLATED = IPv6Network("::ffff:0:0:0/96")  # RFC 2765, given up
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215
SIX_TO_FOUR = IPv6Network("2002::/16")  # RFC 3056
TEREDO = IPv6Network("2001::/32")  # RFC 4380
ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: in the upper half of an interface identifier


def is_public(address: Address) -> bool:
    """Whether *address* and every IPv4 address that it may stand for are public."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC)
    inner = list(embedded(address))
    if inner and not all(map(is_public, inner)):
        return False
    if address in MAPPED or address in NAT64:  # nothing but the IPv4 address within
        return True
    return address in PUBLIC and not any(address in network for network in NOT_PUBLIC_6)


def embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that a router or the system may take out of *address*."""
    number = int(address)
    low = IPv4Address(number & 0xFFFFFFFF)
    if any(address in network for network in (MAPPED, COMPATIBLE, TRANSLATED, NAT64, NAT64_LOCAL)):
        yield low
    if address in NAT64_LOCAL:  # RFC 6052, 2.2: after a /48 the IPv4 address goes around bits 64 to 71
        yield IPv4Address((number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF)
    if address in SIX_TO_FOUR:
        yield IPv4Address(number >> 80 & 0xFFFFFFFF)
    if address in TEREDO:
        yield IPv4Address(number >> 64 & 0xFFFFFFFF)
        yield IPv4Address(number & 0xFFFFFFFF ^ 0xFFFFFFFF)
    if number >> 32 & 0xFFFFFFFF in ISATAP:
        yield low
