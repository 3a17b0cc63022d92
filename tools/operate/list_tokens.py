"""Lists the issued mytokens as a table: `make tokens ARGS="[--user alice]"`."""

import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from textwrap import wrap

from botocore.exceptions import BotoCoreError, ClientError

from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
from mytoken_calendars.aws.dynamodb.tokens import TokenListing
from mytoken_calendars.errors import Refusal
from mytoken_calendars.identifiers import owner_of, subject
from tools.operate import target_stack

_HEADINGS = ("USER", "NAME", "STATE", "CREATED", "EXPIRES (UTC)", "ROTATED", "USED")
_INDENT, _WIDTH = "    ", 100


def main() -> None:
    parser = target_stack.parser("tokens", __doc__)
    parser.add_argument("--user", help="whose tokens (default: those of all users)")
    arguments = parser.parse_args()

    issuer = target_stack.connect(arguments)
    owner = owner_of(issuer, subject(arguments.user, issuer)) if arguments.user else None
    try:
        issued = EmbeddedAuthority.from_environment().registry.issued(owner)
    except (Refusal, BotoCoreError, ClientError) as error:
        sys.exit(f"make tokens: {error}")
    now = int(time.time())
    in_order = sorted(issued, key=lambda one: (one.user, one.token.created, one.token.mom_id))
    if not in_order:
        print(f"no mytoken was issued {f'to {arguments.user}' if arguments.user else 'here'}")
        return
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` reads no more than it wants
    print(*listed(in_order, now), sep="\n")


def listed(tokens: Sequence[TokenListing], now: int) -> Iterator[str]:
    """A row of each token, and below it what is too long for a column: its mom_id, and the rest."""
    headings, *rows = table([_HEADINGS, *(row(one, now) for one in tokens)])
    yield headings
    for line, one in zip(rows, tokens, strict=True):
        yield line
        yield f"{_INDENT}{one.token.mom_id}"
        parent = [f"parent {ancestor[:8]}..." for ancestor in one.token.ancestors[:1]]
        rest = ", ".join([*one.capabilities, *parent])
        yield from wrap(rest, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)


def row(issued: TokenListing, now: int) -> tuple[str, ...]:
    """A token's columns; an empty one is a dash."""
    token = issued.token
    return (
        issued.user,
        token.name or "-",
        state(issued, now),
        day(token.created)[:10],
        "never" if token.expires is None else day(token.expires),
        f"{issued.seq_no - 1} times" if issued.seq_no > 1 else "-",
        f"{sum(token.uses.values())} times" if token.uses else "-",
    )


def state(issued: TokenListing, now: int) -> str:
    if issued.revoked:
        return "revoked"
    expires = issued.token.expires
    return "expired" if expires is not None and expires < now else "alive"


def day(time_of_it: int) -> str:
    return datetime.fromtimestamp(time_of_it, UTC).strftime("%Y-%m-%d %H:%M")


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The rows as lines, in columns as wide as their longest text."""
    lines = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(cells).rstrip()


if __name__ == "__main__":
    main()
