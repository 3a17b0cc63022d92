"""The hosts that a restriction allows: addresses, networks and names."""

import re
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address
from typing import Protocol

# An address, with or without a prefix length. `ipaddress` is slow to refuse other text, and a token
# has room for a thousand entries.
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(\.{_OCTET}){{3}}(/(3[0-2]|[12]?[0-9]))?")
_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_BITS_BEFORE_MAPPED = 96  # of an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2)


class Client(Protocol):
    """The client's address and names. The names (confirmed, in lower case) may take seconds."""

    @property
    def address(self) -> str: ...

    @property
    def host_names(self) -> Collection[str]: ...


def parsed_address(text: str) -> IPv4Address | IPv6Address | None:
    """`text` as an IP address, or None; an IPv4-mapped address becomes an IPv4 address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def can_match(host: str) -> bool:
    """Whether the entry is an address, a network or a name: any other matches no client."""
    return _interface(host) is not None or _NAME.fullmatch(host) is not None


def include(hosts: Sequence[str], client: Client) -> bool:
    """Whether the client is one of `hosts`; looks up its names only if no address matches."""
    address = parsed_address(client.address)
    if address is None:
        return False
    interfaces = {host: _interface(host) for host in hosts}
    if any(_covers(interface, address) for interface in interfaces.values() if interface):
        return True
    patterns = [host for host, interface in interfaces.items() if interface is None]
    return bool(patterns) and any(
        _fits(name, pattern) for name in client.host_names for pattern in patterns
    )


def _interface(host: str) -> IPv4Interface | IPv6Interface | None:
    """The entry as an address or network; None if it is the name of a host."""
    _, slash, length = host.partition("/")
    if slash and not length.isdigit():  # a netmask, which issuers do not know
        return None
    try:
        if ":" not in host:
            return IPv4Interface(host) if _IPV4.fullmatch(host) else None
        interface = IPv6Interface(host)
    except ValueError:
        return None
    mapped = interface.ipv4_mapped
    if mapped is None:
        return interface
    return IPv4Interface((mapped, max(0, interface.network.prefixlen - _BITS_BEFORE_MAPPED)))


def _covers(interface: IPv4Interface | IPv6Interface, address: IPv4Address | IPv6Address) -> bool:
    """Whether the network has the address.

    As with issuers, an entry that is not the first address of its network means that address alone,
    and a network of length 0 has no addresses.
    """
    network = interface.network
    if network.prefixlen == 0:
        return False
    is_network = interface.ip == network.network_address
    return address in network if is_network else address == interface.ip


def _fits(name: str, pattern: str) -> bool:
    # A star stands for whole labels. As a plain suffix, *example.com would allow evilexample.com,
    # which an attacker can register, and a lone star would allow every host.
    wanted = pattern.lower().removesuffix(".")
    return name.endswith(wanted[1:]) if wanted.startswith("*.") else name == wanted
