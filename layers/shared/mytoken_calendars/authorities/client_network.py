"""The door to DNS and GeoIP: the names and the country of a client's address.

If a look-up fails, nothing is known of the address, and no clause that depends on it holds.
"""

import os
import re
import socket
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from mytoken_calendars import limits
from mytoken_calendars.tokens.hosts import parsed_address

if TYPE_CHECKING:
    from maxminddb import Reader

_LAYER_FILE = "/opt/geoip.mmdb"

_COUNTRY_CODE = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True)
class ClientNetwork:
    """`geoip_database` is a file of the format MaxMind DB 2.0; it may be missing."""

    geoip_database: Path
    patience: float = limits.CLIENT_LOOK_UP

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Path(os.environ.get("GEOIP_DATABASE") or _LAYER_FILE))

    def host_names(self, address: str) -> frozenset[str]:
        """The names of the address that lead back to the address.

        Only a confirmed name proves anything: the owner of an address may give it any name.
        """
        client = parsed_address(address)
        if client is None:
            return frozenset()
        found: list[frozenset[str]] = []
        # The system's resolver takes no timeout, so a thread is left behind with it; as a daemon
        # it keeps no process from ending.
        look_up = Thread(target=lambda: found.append(_confirmed_names(str(client))), daemon=True)
        look_up.start()
        look_up.join(self.patience)
        return frozenset().union(*found)

    def country(self, address: str) -> str | None:
        """The ISO 3166 code of the address's country; None for addresses that are in none."""
        client = parsed_address(address)
        if client is None or not client.is_global or self._database is None:
            return None
        try:
            return _country_code(self._database.get(client))
        except Exception:  # noqa: BLE001 - as in _database; or the file is without IPv6
            return None

    @cached_property
    def _database(self) -> "Reader | None":
        if not self.geoip_database.is_file():
            return None
        # Most stacks have no such file, and no use for the library.
        from maxminddb import open_database  # noqa: PLC0415

        try:
            return open_database(self.geoip_database)
        except Exception:  # noqa: BLE001 - a damaged file raises many, down to SystemError
            return None


def _confirmed_names(address: str) -> frozenset[str]:
    try:
        name, aliases, _ = socket.gethostbyaddr(address)
    except (OSError, UnicodeError):
        return frozenset()
    names = {name, *aliases[: limits.CLIENT_NAMES - 1]}
    return frozenset(name.lower().removesuffix(".") for name in names if _leads_to(name, address))


def _leads_to(name: str, address: str) -> bool:
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return parsed_address(address) in {parsed_address(str(answer[4][0])) for answer in answers}


def _country_code(record: Any) -> str | None:
    """The country in a record as MaxMind and DB-IP lay it out, or in a flat one."""
    if not isinstance(record, dict):
        return None
    country = record.get("country")
    nested = country.get("iso_code") if isinstance(country, dict) else country
    for code in (nested, record.get("country_code")):
        # A name is no code: it would match no list, so a list of disallowed codes would allow it.
        if isinstance(code, str) and _COUNTRY_CODE.fullmatch(code):
            return code.upper()
    return None
