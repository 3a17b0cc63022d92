"""The settings of the local server, from the environment. A wrong one is refused in one line."""

import os
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

from maxminddb import InvalidDatabaseError, open_database

from local.template import Template
from mytoken_calendars.authorities.remote.https import Https


class WrongSetting(ValueError):
    """A setting has a value that it cannot have. Says which, and what it may be."""


def port() -> int:
    """PORT; 0 is any free port. Raises WrongSetting."""
    text = os.environ.get("PORT", "3000")
    if not (text.isascii() and text.isdecimal() and int(text) < 2**16):
        raise WrongSetting(f"PORT={text} is no port: it is a number up to 65535, like 3002")
    return int(text)


def prepared(state: Path) -> Path:
    """The folder of the state, which is there and can be written to. Raises WrongSetting."""
    probe = state / "probe"
    try:
        (state / "aws").mkdir(parents=True, exist_ok=True)
        (state / "aws").chmod(0o700)  # the key that signs all mytokens is in it
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = f"STATE={state} is no folder to keep the state in: {error.strerror}"
        raise WrongSetting(reason) from None
    return state


def check_others(template: Template) -> None:
    """Those that this module does not read. Raises WrongSetting."""
    issuer, database, endpoint = (
        os.environ.get(name, "")
        for name in ("MYTOKEN_ISSUER", "GEOIP_DATABASE", "AWS_ENDPOINT_URL")
    )
    allowed = template.document["Parameters"]["MytokenIssuer"]["AllowedPattern"]
    if issuer and not (re.fullmatch(allowed, issuer) and _is_server(issuer)):
        like = "that is a URL like https://mytoken.example.org"
        raise WrongSetting(f"MYTOKEN_ISSUER={issuer} is no MytokenIssuer: {like}")
    if database and not _is_database(database):
        raise WrongSetting(f"GEOIP_DATABASE={database} is no file of the format MaxMind DB")
    if endpoint and not listens(endpoint):
        raise WrongSetting(
            f"AWS_ENDPOINT_URL={endpoint} is no address where stand-ins for AWS listen: without it "
            "make run starts its own"
        )


def _is_server(url: str) -> bool:
    """Whether the functions can ask the server there."""
    try:
        Https(url)
    except ValueError:
        return False
    return True


def _is_database(file: str) -> bool:
    try:
        open_database(file).close()
    except (OSError, ValueError, InvalidDatabaseError):
        return False
    return True


def listens(url: str) -> bool:
    """Whether something listens at the URL."""
    try:
        address = urlsplit(url)
        port = address.port or (443 if address.scheme == "https" else 80)
        socket.create_connection((address.hostname or "none.invalid", port), timeout=5).close()
    except (OSError, ValueError):
        return False
    return True
