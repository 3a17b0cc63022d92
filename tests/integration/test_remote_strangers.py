"""What a stranger makes the stack do to others: how often the issuer and DNS are asked."""

import secrets
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from mytoken_calendars import limits
from tests.doubles.mytoken_server import CONFIGURATION, JWKS, TOKENINFO
from tests.harness.connections import watched_connections
from tests.harness.forged_tokens import Forger
from tests.harness.stacks import RemoteStack, Token
from tests.harness.steps import Document

FULL, INTROSPECT = "manage_mytokens:notify", "tokeninfo:introspect"
BY_NAME = {"restrictions": [{"hosts": ["*.example.org"]}]}
REPEATED = 50


@pytest.fixture(autouse=True)
def restarted(remote_stack: RemoteStack) -> Iterator[None]:
    """The function has just started, and leaves no memory to other tests."""
    with remote_stack.cold("list_calendars"):
        yield


@pytest.fixture
def asked_of_dns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def gethostbyaddr(address: str) -> Any:
        asked.append(address)
        raise socket.herror

    monkeypatch.setattr(
        "mytoken_calendars.authorities.client_network.socket.gethostbyaddr", gethostbyaddr
    )
    return asked


def forger(stack: RemoteStack, **minted: Any) -> Forger:
    ledger = stack.server.ledger

    def sign(header: Document, claims: Document) -> str:
        bearer: str = ledger.sign(claims, **header)
        return bearer

    return Forger(stack.mint(FULL, **minted).bearer, sign, ledger.key.public_key)


def revoked(stack: RemoteStack, **minted: Any) -> str:
    token = stack.mint(FULL, INTROSPECT, **minted)
    stack.revoke(token)
    return token.bearer


def _of_a_new_key(forger: Forger) -> str:
    return forger.forged(kid=secrets.token_hex(4))


def always(bearer: str) -> Callable[[], str]:
    return lambda: bearer


# What a stranger shows again and again; and how often the issuer's tokeninfo, its configuration and
# keys, and DNS are asked at most.
STRANGERS: dict[str, tuple[Callable[[RemoteStack], Callable[[], str]], int, int, int]] = {
    "letters of another length": (lambda s: lambda: secrets.token_hex(20), 0, 0, 0),
    "other characters": (lambda s: lambda: "é" * 64, 0, 0, 0),
    "one made-up short token": (lambda s: always("x" * 64), 1, 2, 0),
    "made-up short tokens": (
        lambda s: lambda: secrets.token_hex(32),
        limits.UNKNOWN_SHORT_TOKENS,
        2,
        0,
    ),
    "a revoked short token": (lambda s: always(revoked(s, short=True)), 1, 2, 0),
    "a revoked JWT": (lambda s: always(revoked(s)), 1, 2, 0),
    "a revoked JWT for hosts": (lambda s: always(revoked(s, **BY_NAME)), 1, 2, 0),
    "a forged JWT": (lambda s: always(forger(s).forged()), 0, 2, 0),
    "forged JWTs": (lambda s: forger(s).forged, 0, 2, 0),
    "forged JWTs of new keys": (lambda s: partial(_of_a_new_key, forger(s)), 0, 2, 0),
    "a forged JWT for hosts": (lambda s: always(forger(s, **BY_NAME).forged()), 0, 2, 0),
    "an expired JWT for hosts": (lambda s: always(forger(s, **BY_NAME).signed(exp=1)), 0, 2, 0),
    "no token": (lambda s: always(""), 0, 0, 0),
}


@pytest.mark.found("A22")
@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_makes_the_stack_ask_others_a_bounded_number_of_times(
    remote_stack: RemoteStack, asked_of_dns: list[str], stranger: str
) -> None:
    shown_to, tokeninfo, keys, dns = STRANGERS[stranger]
    shown = shown_to(remote_stack)
    requests = remote_stack.server.requests
    requests.clear()

    with watched_connections() as reached:
        answers = [remote_stack.invoke("list_calendars", shown()) for _ in range(REPEATED)]

    paths = [request.path for request in requests]
    assert {answer.status for answer in answers} <= {401, 503}
    assert sum(path.endswith(TOKENINFO) for path in paths) <= tokeninfo
    assert sum(path.endswith((CONFIGURATION, JWKS)) for path in paths) <= keys
    assert len(asked_of_dns) <= dns
    assert len(reached) <= 1


@pytest.mark.found("A22")
def test_while_strangers_show_short_tokens_a_known_one_is_served(remote_stack: RemoteStack) -> None:
    known, new = (remote_stack.mint(FULL, INTROSPECT, short=True) for _ in range(2))
    assert remote_stack.invoke("list_calendars", known).status == 200
    for _ in range(REPEATED):
        remote_stack.invoke("list_calendars", secrets.token_hex(32))

    answers = {
        name: remote_stack.invoke("list_calendars", bearer)
        for name, bearer in (("known", known), ("new", new), ("JWT", remote_stack.mint(FULL)))
    }

    assert {name: answer.status for name, answer in answers.items()} == {
        "known": 200,
        "new": 503,
        "JWT": 200,
    }
    assert answers["new"].headers["retry-after"] == str(limits.RETRY_AFTER)
    assert "short tokens" in answers["new"].json["error_description"]


def test_a_token_that_rotates_is_still_shown_to_the_issuer_when_it_is_replayed(
    remote_stack: RemoteStack,
) -> None:
    token: Token = remote_stack.mint(
        FULL,
        "tokeninfo:subtokens",
        restrictions=[{}],
        rotation={"on_other": True, "auto_revoke": True},
    )
    successor = remote_stack.invoke("list_calendars", token).json["token_update"]["mytoken"]

    replayed = [remote_stack.invoke("list_calendars", token).status for _ in range(2)]

    assert replayed == [401, 401]
    assert remote_stack.invoke("list_calendars", successor).status == 401
