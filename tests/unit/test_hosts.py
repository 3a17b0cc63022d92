"""The hosts of a restriction: which addresses, networks and names are meant by an entry."""

from collections.abc import Collection
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.tokens import hosts

CLIENT = "198.51.100.7"


@dataclass
class Client:
    """A client that counts how often its names were asked for."""

    address: str = CLIENT
    names: Collection[str] = ()
    look_ups: list[str] = field(default_factory=list)

    @property
    def host_names(self) -> Collection[str]:
        self.look_ups.append(self.address)
        return self.names


@st.composite
def networks(draw: st.DrawFn) -> IPv4Network | IPv6Network:
    """Networks of all lengths but that of the whole world, far from IPv4-mapped ones."""
    length = draw(st.integers(1, 32))
    address = draw(st.integers(0, 2**32 - 1))
    if draw(st.booleans()):
        return IPv4Network((address, length), strict=False)
    prefix = 0x2001_0DB8 << 96 | address
    return IPv6Network((prefix, 96 + length), strict=False)


@st.composite
def networks_and_addresses(draw: st.DrawFn) -> tuple[Any, Any]:
    """A network, and an address in it or right beside it."""
    network = draw(networks())
    first, last = int(network.network_address), int(network.broadcast_address)
    number = draw(
        st.integers(first, last) | st.sampled_from([max(first - 1, 0), first, last, last + 1])
    )
    if network.version == 4:
        return network, IPv4Address(min(number, 2**32 - 1))
    return network, IPv6Address(number)


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7/32", "198.51.100.7"),
        ("198.51.100.0/24", "198.51.100.255"),
        ("198.51.100.9/24", "198.51.100.9"),
        ("128.0.0.0/1", "198.51.100.7"),
        ("2001:db8::1", "2001:0DB8:0:0::1"),
        ("2001:db8::/32", "2001:db8:ffff::1"),
        ("2001:db8::7/32", "2001:db8::7"),
        ("::1", "::1"),
        ("198.51.100.7", "::ffff:198.51.100.7"),
        ("198.51.100.0/24", "::ffff:c633:6407"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "::ffff:198.51.100.7"),
        ("::ffff:198.51.100.0/120", "198.51.100.7"),
    ],
)
def test_an_address_is_included_by_itself_and_its_network(entry: str, address: str) -> None:
    assert hosts.include(["192.0.2.1", entry], Client(address))


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("198.51.100.7", "198.51.100.8"),
        ("198.51.100.0/24", "198.51.101.0"),
        ("198.51.100.9/24", "198.51.100.7"),
        ("10.1.2.3/8", "10.0.0.1"),
        ("10.0.0.0/255.0.0.0", "10.0.0.1"),
        ("10.0.0.0/0.255.255.255", "10.0.0.1"),
        ("10.0.0.0/", "10.0.0.0"),
        ("10.0.0.0/33", "10.0.0.0"),
        ("10.0.0.0/-1", "10.0.0.0"),
        ("10.0.0.0/8/8", "10.0.0.1"),
        ("10.0.0.0/٨", "10.0.0.1"),
        ("10.0.0.0/²", "10.0.0.1"),
        ("10.0.0", "10.0.0.0"),
        ("010.0.0.1", "10.0.0.1"),
        (" 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:443", "198.51.100.7"),
        ("[::1]", "::1"),
        ("::/1", "::ffff:198.51.100.7"),
        ("this", "198.51.100.7"),
        ("", "198.51.100.7"),
    ],
)
def test_another_address_is_not_included(entry: str, address: str) -> None:
    assert not hosts.include([entry], Client(address))


@pytest.mark.parametrize("address", ["0.0.0.0", "198.51.100.7", "::", "2001:db8::1", "10.1.2.3"])
@pytest.mark.parametrize(
    "entry", ["0.0.0.0/0", "::/0", "10.1.2.3/0", "::ffff:0:0/96", "::ffff:0.0.0.0/96", "*", "*."]
)
def test_no_entry_includes_the_whole_world(entry: str, address: str) -> None:
    assert not hosts.include([entry], Client(address, names=["client.example.com"]))


@pytest.mark.parametrize("address", ["", "unknown", "198.51.100", "198.51.100.7/32", "*", "\x00"])
def test_what_is_no_address_is_not_included(address: str) -> None:
    client = Client(address, names=["client.example.com"])

    assert not hosts.include([address, "0.0.0.0/0", "*.example.com"], client)


def test_nobody_is_included_in_an_empty_list() -> None:
    assert not hosts.include([], Client())


@given(networks_and_addresses())
def test_a_network_includes_its_addresses_and_no_others(case: tuple[Any, Any]) -> None:
    network, address = case

    assert hosts.include([str(network)], Client(str(address))) is (address in network)


@given(networks_and_addresses())
def test_a_network_by_another_address_than_its_first_is_that_address(case: tuple[Any, Any]) -> None:
    network, address = case
    by_another = network.network_address + network.num_addresses // 2
    entry = f"{by_another}/{network.prefixlen}"

    included = hosts.include([entry], Client(str(address)))

    assert included is (address == by_another)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("client.example.com", "client.example.com"),
        ("client.example.com.", "client.example.com"),
        ("Client.EXAMPLE.com", "client.example.com"),
        ("*.example.com", "client.example.com"),
        ("*.example.com.", "client.example.com"),
        ("*.EXAMPLE.com", "a.b.example.com"),
        ("localhost", "localhost"),
    ],
)
def test_a_name_is_included_by_itself_and_its_domain(entry: str, name: str) -> None:
    client = Client(names=["other.example.org", name])

    assert hosts.include(["192.0.2.1", entry], client)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("example.com", "client.example.com"),
        ("*.example.com", "example.com"),
        ("*.example.com", "evilexample.com"),
        ("*example.com", "example.com"),
        ("*example.com", "evilexample.com"),
        ("*example.com", "client.example.com"),
        ("client.*.com", "client.example.com"),
        ("client.*", "client.example.com"),
        ("**.example.com", "client.example.com"),
        ("*.*.com", "client.example.com"),
        (".example.com", "client.example.com"),
        ("client.example.com..", "client.example.com"),
        ("client.example.com", "client.example.com.evil.example"),
    ],
)
def test_another_name_is_not_included(entry: str, name: str) -> None:
    assert not hosts.include([entry], Client(names=[name]))


def test_a_client_without_names_is_included_by_none() -> None:
    assert not hosts.include(["client.example.com", "*.example.com", ""], Client())


@pytest.mark.parametrize(
    ("entries", "look_ups"),
    [
        (["client.example.com", CLIENT], 0),
        (["*.example.com", "198.51.100.0/24"], 0),
        (["192.0.2.1", "0.0.0.0/0"], 0),
        (["192.0.2.1", "b.example", "c.example", "*.d.example"], 1),
    ],
)
def test_names_are_looked_up_only_if_all_depends_on_them(entries: list[str], look_ups: int) -> None:
    client = Client(names=["client.example.com"])

    hosts.include(entries, client)

    assert len(client.look_ups) == look_ups


@given(st.lists(st.text(alphabet="0123456789.:/*%abcf ", max_size=20)), st.text(max_size=10))
def test_garbage_is_judged_like_everything_else(entries: list[str], address: str) -> None:
    assert not hosts.include(entries, Client(address))
