"""Issues a mytoken and prints it as one JSON object: `make token ARGS="--user alice ..."`."""

import json
import re
import sys
import time
from argparse import ArgumentTypeError
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from mytoken_calendars import strict_json
from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
from mytoken_calendars.authorities.embedded.minting import NewMytoken, issue
from mytoken_calendars.errors import Refusal
from mytoken_calendars.tokens.mytoken import Capability
from tools.operate import target_stack

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}
# Those that have a meaning to mytoken servers alone.
_ELSEWHERE = (
    "AT",
    "create_mytoken",
    "manage_mytokens:history",
    "manage_mytokens:tags",
    "read@settings:email",
    "read@settings:grants",
    "settings:email",
    "settings:grants",
    "settings:grants:ssh",
    "tokeninfo:history",
    "tokeninfo:tags",
)


def main() -> None:
    parser = target_stack.parser("token", __doc__)
    parser.add_argument("--user", required=True, help="whose it is")
    parser.add_argument("--name", help="what the token is called in reminders")
    parser.add_argument(
        "--expires-in",
        type=duration,
        default="90d",
        metavar="TIME",
        help="a number and s, m, h, d, w or y; or never (default: 90d)",
    )
    parser.add_argument(
        "--capability",
        action="append",
        type=capability,
        metavar="CAPABILITY",
        help=f"may be repeated (default: {Capability.NOTIFY}); one of "
        f"{', '.join(sorted({*Capability, *_ELSEWHERE}))}, or what covers one, as tokeninfo does",
    )
    parser.add_argument(
        "--restriction",
        action="append",
        type=json_object,
        metavar="JSON",
        help="one clause; may be repeated, and any one that holds suffices",
    )
    parser.add_argument("--rotation", type=json_object, metavar="JSON")
    parser.add_argument("--parent", metavar="MOM_ID", help="the token that it descends from")
    arguments = parser.parse_args()

    new = NewMytoken(
        user=arguments.user,
        capabilities=arguments.capability or [Capability.NOTIFY.value],
        expires_in=arguments.expires_in,
        name=arguments.name,
        restrictions=arguments.restriction,
        rotation=arguments.rotation,
        parent=arguments.parent,
    )
    issuer = target_stack.connect(arguments)
    authority = EmbeddedAuthority.from_environment()
    try:
        bearer, mytoken = issue(authority, issuer, new, now=int(time.time()))
    except (Refusal, BotoCoreError, ClientError) as error:
        sys.exit(f"make token: {error}")

    print(json.dumps(mytoken.response(bearer, mytoken.iat)))


def capability(text: str) -> str:
    """One that mytoken servers know: another would be no more than a typing error."""
    if text not in _ELSEWHERE and not any(one.is_covered_by(text) for one in Capability):
        raise ArgumentTypeError(f"{text!r} is no capability: --help names them")
    return text


def duration(text: str) -> int | None:
    """Seconds, or None for never."""
    if text == "never":
        return None
    match = re.fullmatch(r"(\d+)([smhdwy])", text)
    if match is None:
        raise ArgumentTypeError("a number and s, m, h, d, w or y; or never")
    if int(match[1]) == 0:
        raise ArgumentTypeError(f"a token that lives for {text} could never be used")
    return int(match[1]) * _SECONDS[match[2]]


def json_object(text: str) -> dict[str, Any]:
    """As the token will be read: without a name that occurs twice, NaN, and the like."""
    try:
        value = strict_json.loads(text.encode())
    except UnicodeEncodeError:
        raise ArgumentTypeError("is not in UTF-8") from None
    except strict_json.Unreadable as error:
        raise ArgumentTypeError(f"the JSON {error}") from None
    if not isinstance(value, dict):
        raise ArgumentTypeError("a JSON object")
    return value


if __name__ == "__main__":
    main()
