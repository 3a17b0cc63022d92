"""The network: names that are confirmed, in time; countries from a file in MaxMind's format."""

import random
import socket
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
from maxminddb import InvalidDatabaseError

from mytoken_calendars.authorities.client_network import ClientNetwork

CLIENT = "198.51.100.7"
NO_FILE = Path("/nonexistent/geoip.mmdb")
GARBAGE = ["", "unknown", "256.0.0.1", "8.8.8.8/32", "8.8.8.8, 1.1.1.1", "\x00", "*", "🙂"]


# --- names ----------------------------------------------------------------------------------------


def resolver(
    monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]], addresses: dict[str, list[str]]
) -> None:
    """Answers in place of the system's resolver, which raises for whatever it does not know."""

    def gethostbyaddr(address: str) -> tuple[str, list[str], list[str]]:
        if address not in names:
            raise socket.herror(1, "Unknown host")
        return names[address][0], names[address][1:], [address]

    def getaddrinfo(name: str, port: None, **_: Any) -> list[tuple[Any, ...]]:
        if name not in addresses:
            raise socket.gaierror(-2, "Name or service not known")
        return [(0, 0, 0, "", (address, 0)) for address in addresses[name]]

    monkeypatch.setattr(
        "mytoken_calendars.authorities.client_network.socket.gethostbyaddr", gethostbyaddr
    )
    monkeypatch.setattr(
        "mytoken_calendars.authorities.client_network.socket.getaddrinfo", getaddrinfo
    )


@pytest.mark.parametrize(
    ("names", "addresses", "confirmed"),
    [
        (["a.example"], {"a.example": [CLIENT]}, {"a.example"}),
        (["a.example"], {"a.example": ["192.0.2.1", CLIENT]}, {"a.example"}),
        (["a.example"], {"a.example": [f"::ffff:{CLIENT}"]}, {"a.example"}),
        (["A.Example."], {"A.Example.": [CLIENT]}, {"a.example"}),
        (["a.example", "b.example"], {"b.example": [CLIENT]}, {"b.example"}),
        (
            ["a.example", "b.example"],
            {"a.example": [CLIENT], "b.example": [CLIENT]},
            {"a.example", "b.example"},
        ),
        (["a.example"], {"a.example": ["192.0.2.1"]}, set()),
        (["a.example"], {"a.example": []}, set()),
        (["a.example"], {}, set()),
    ],
)
def test_names_are_those_that_lead_back_to_the_address(
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    addresses: dict[str, list[str]],
    confirmed: set[str],
) -> None:
    resolver(monkeypatch, {CLIENT: names}, addresses)

    assert ClientNetwork(NO_FILE).host_names(CLIENT) == confirmed


@pytest.mark.parametrize("address", ["2001:db8::1", "2001:0DB8:0::1"])
def test_an_ipv6_address_has_names_however_it_is_written(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolver(monkeypatch, {"2001:db8::1": ["a.example"]}, {"a.example": ["2001:db8:0:0::1"]})

    assert ClientNetwork(NO_FILE).host_names(address) == {"a.example"}


def test_an_ipv4_mapped_address_has_the_names_of_the_ipv4_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolver(monkeypatch, {CLIENT: ["a.example"]}, {"a.example": [CLIENT]})

    assert ClientNetwork(NO_FILE).host_names(f"::ffff:{CLIENT}") == {"a.example"}


@pytest.mark.parametrize("address", [CLIENT, *GARBAGE])
def test_an_address_that_the_resolver_does_not_know_has_no_names(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolver(monkeypatch, {}, {})

    assert ClientNetwork(NO_FILE).host_names(address) == set()


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(-3, "Temporary failure in name resolution"),
        TimeoutError(),
        OSError(),
        UnicodeError("label too long"),
    ],
)
@pytest.mark.parametrize("failing", ["gethostbyaddr", "getaddrinfo"])
def test_a_resolver_that_fails_knows_no_names(
    monkeypatch: pytest.MonkeyPatch, failing: str, error: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    resolver(monkeypatch, {CLIENT: ["a.example"]}, {"a.example": [CLIENT]})
    monkeypatch.setattr(f"mytoken_calendars.authorities.client_network.socket.{failing}", fail)

    assert ClientNetwork(NO_FILE).host_names(CLIENT) == set()


@pytest.mark.parametrize("slow", ["gethostbyaddr", "getaddrinfo"])
def test_a_resolver_that_is_too_slow_knows_no_names(
    monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    resolver(monkeypatch, {CLIENT: ["a.example"]}, {"a.example": [CLIENT]})
    answer: Callable[..., Any] = getattr(socket, slow)
    may_answer, has_answered = Event(), Event()

    def answer_late(*arguments: Any, **more: Any) -> Any:
        may_answer.wait()
        has_answered.set()
        return answer(*arguments, **more)

    monkeypatch.setattr(f"mytoken_calendars.authorities.client_network.socket.{slow}", answer_late)

    names = ClientNetwork(NO_FILE, patience=0.01).host_names(CLIENT)
    may_answer.set()

    assert has_answered.wait(timeout=5)
    assert names == set()


# --- a file as the MaxMind DB File Format Specification, 2.0, has it ------------------------------

_STRING, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY = 2, 5, 6, 7, 9, 11


def encoded(value: Any) -> bytes:
    match value:
        case bytes():  # is so already
            return value
        case str():
            return control(_STRING, len(value.encode())) + value.encode()
        case dict():
            members = [encoded(part) for member in value.items() for part in member]
            return control(_MAP, len(value)) + b"".join(members)
        case list():
            return control(_ARRAY, len(value)) + b"".join(map(encoded, value))
        case _:
            return number(value)


def number(value: int, kind: int = _UINT32) -> bytes:
    digits = value.to_bytes((value.bit_length() + 7) // 8)
    return control(kind, len(digits)) + digits


def control(kind: int, size: int) -> bytes:
    return bytes([kind << 5 | size] if kind <= _MAP else [size, kind - _MAP])


def database(records: dict[str, Any], ip_version: int = 6) -> bytes:
    """A database with these records of networks, none of which lies within another."""
    data, leaves, nodes = b"", {}, {""}
    for name, record in records.items():
        cidr = ip_network(name)
        bits = f"{int(cidr.network_address):0{cidr.max_prefixlen}b}"[: cidr.prefixlen]
        path = "0" * (96 if ip_version > cidr.version else 0) + bits
        leaves[path] = len(data)
        nodes |= {path[:length] for length in range(len(path))}
        data += encoded(record)
    numbers = {path: position for position, path in enumerate(sorted(nodes))}

    def tree_record(path: str) -> bytes:
        data_or_nothing = len(nodes) + (16 + leaves[path] if path in leaves else 0)
        return numbers.get(path, data_or_nothing).to_bytes(4)

    metadata = {
        "node_count": len(nodes),
        "record_size": number(32, _UINT16),
        "ip_version": number(ip_version, _UINT16),
        "database_type": "Test-Country",
        "languages": ["en"],
        "binary_format_major_version": number(2, _UINT16),
        "binary_format_minor_version": number(0, _UINT16),
        "build_epoch": number(1_700_000_000, _UINT64),
        "description": {"en": "made for a test"},
    }
    tree = b"".join(tree_record(path + bit) for path in numbers for bit in "01")
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + encoded(metadata)


GERMANY = {"country": {"geoname_id": 2_921_044, "iso_code": "DE", "names": {"en": "Germany"}}}
FRANCE = {"country": {"iso_code": "FR"}, "continent": {"code": "EU"}}
COUNTRIES = {"8.8.8.0/24": GERMANY, "9.0.0.0/8": FRANCE, "2a00::/16": FRANCE}


@pytest.fixture
def client_network(tmp_path: Path) -> Callable[[bytes], ClientNetwork]:
    """A network that reads a file with the given content."""

    def with_file(content: bytes) -> ClientNetwork:
        path = tmp_path / "geoip.mmdb"
        path.write_bytes(content)
        return ClientNetwork(path)

    return with_file


# --- countries ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("8.8.8.8", "DE"),
        ("8.8.8.255", "DE"),
        ("::ffff:8.8.8.8", "DE"),
        ("9.9.9.9", "FR"),
        ("2a00:1450::1", "FR"),
        ("8.8.9.0", None),
        ("2a01::1", None),
        *((garbage, None) for garbage in GARBAGE),
    ],
)
def test_a_country_is_that_of_the_address_s_network(
    client_network: Callable[[bytes], ClientNetwork], address: str, country: str | None
) -> None:
    assert client_network(database(COUNTRIES)).country(address) == country


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.0.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "::1", "fe80::1%eth0"],
)
def test_an_address_that_is_not_public_is_in_no_country(
    client_network: Callable[[bytes], ClientNetwork], address: str
) -> None:
    everywhere = {"0.0.0.0/1": GERMANY, "128.0.0.0/1": GERMANY, "8000::/1": GERMANY}

    assert client_network(database(everywhere)).country(address) is None


@pytest.mark.parametrize(
    ("record", "country"),
    [
        ({"country": {"iso_code": "DE"}}, "DE"),
        ({"country": {"iso_code": "de"}}, "DE"),
        ({"country_code": "DE"}, "DE"),
        ({"country": "DE"}, "DE"),
        ({"country": "Germany", "country_code": "DE"}, "DE"),
        ({"country": {"names": {"en": "Germany"}}, "country_code": "DE"}, "DE"),
        ({"country": "Germany"}, None),
        ({"country_code": "DEU"}, None),
        ({"country_code": "-"}, None),
        ({"country_code": ""}, None),
        ({"country_code": "ß"}, None),
        ({"country_code": "DE\n"}, None),
        ({"country_code": 49}, None),
        ({"country": ["DE"]}, None),
        ({"registered_country": {"iso_code": "DE"}}, None),
        ({}, None),
        ("DE", None),
        (["DE"], None),
    ],
)
def test_a_country_is_read_from_the_layouts_that_are_in_use(
    client_network: Callable[[bytes], ClientNetwork], record: Any, country: str | None
) -> None:
    assert client_network(database({"8.8.8.0/24": record})).country("8.8.8.8") == country


def test_a_file_without_ipv6_knows_no_country_of_an_ipv6_address(
    client_network: Callable[[bytes], ClientNetwork],
) -> None:
    ipv4_only = client_network(database({"8.8.8.0/24": GERMANY}, ip_version=4))

    assert ipv4_only.country("8.8.8.8") == "DE"
    assert ipv4_only.country("2a00::1") is None


def test_without_a_file_no_country_is_known(tmp_path: Path) -> None:
    assert ClientNetwork(NO_FILE).country("8.8.8.8") is None
    assert ClientNetwork(tmp_path).country("8.8.8.8") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"geoip", b"\xab\xcd\xefMaxMind.com", bytes(1_000), database(COUNTRIES)[:-100]],
    ids=["empty", "text", "nothing-but-a-marker", "zeros", "cut-off"],
)
def test_a_file_of_another_kind_knows_no_country(
    client_network: Callable[[bytes], ClientNetwork], content: bytes
) -> None:
    assert client_network(content).country("8.8.8.8") is None


@pytest.mark.parametrize("seed", range(100))
def test_a_damaged_file_raises_nothing(
    client_network: Callable[[bytes], ClientNetwork], seed: int
) -> None:
    chance = random.Random(seed)
    content = bytearray(database(COUNTRIES))
    for _ in range(chance.randint(1, 50)):
        content[chance.randrange(len(content))] = chance.randrange(256)

    damaged = client_network(bytes(content))

    for address in ("8.8.8.8", "9.9.9.9", "2a00::1"):
        assert len(damaged.country(address) or "--") == 2


@pytest.mark.parametrize("error", [InvalidDatabaseError, UnicodeError, TypeError, SystemError])
@pytest.mark.parametrize("failing", ["open", "get"])
def test_whatever_the_reader_raises_no_country_is_known(
    client_network: Callable[[bytes], ClientNetwork], failing: str, error: type[Exception]
) -> None:
    with patch("maxminddb.open_database") as opening:
        (opening if failing == "open" else opening.return_value.get).side_effect = error

        assert client_network(b"").country("8.8.8.8") is None


# --- where the file is ----------------------------------------------------------------------------


def test_the_environment_says_where_the_file_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "countries.mmdb"
    path.write_bytes(database(COUNTRIES))
    monkeypatch.setenv("GEOIP_DATABASE", str(path))

    assert ClientNetwork.from_environment().country("8.8.8.8") == "DE"


@pytest.mark.parametrize("variable", [None, ""])
def test_the_file_is_that_of_the_operator_s_layer_by_default(
    monkeypatch: pytest.MonkeyPatch, variable: str | None
) -> None:
    monkeypatch.delenv("GEOIP_DATABASE", raising=False)
    if variable is not None:
        monkeypatch.setenv("GEOIP_DATABASE", variable)

    assert ClientNetwork.from_environment().geoip_database == Path("/opt/geoip.mmdb")


def test_of_an_address_with_many_names_eight_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number}.example" for number in range(1000)]
    resolver(monkeypatch, {CLIENT: names}, {name: [CLIENT] for name in names})

    assert ClientNetwork(NO_FILE).host_names(CLIENT) == {*names[:8]}
