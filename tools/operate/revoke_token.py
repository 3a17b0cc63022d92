"""Revokes a mytoken: `make revoke ARGS="--mom-id ... [--recursive]"`."""

import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
from mytoken_calendars.errors import InvalidGrant, Refusal
from tools.operate import target_stack


def main() -> None:
    parser = target_stack.parser("revoke", __doc__)
    parser.add_argument("--mom-id", required=True, help="the token's mom_id")
    parser.add_argument("--recursive", action="store_true", help="and all its descendants")
    arguments = parser.parse_args()

    target_stack.connect(arguments)
    authority = EmbeddedAuthority.from_environment()
    try:
        owner = authority.registry.owner_of(arguments.mom_id)
        now = int(time.time())
        authority.revoke(owner, arguments.mom_id, recursive=arguments.recursive, now=now)
    except InvalidGrant:
        sys.exit("make revoke: no token with this mom_id was issued here")
    except (Refusal, BotoCoreError, ClientError) as error:
        sys.exit(f"make revoke: {error}")
    print(f"revoked {arguments.mom_id}{' and its descendants' if arguments.recursive else ''}")


if __name__ == "__main__":
    main()
