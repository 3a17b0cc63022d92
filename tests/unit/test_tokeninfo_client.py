"""What a mytoken server's answers mean for a token: dead, alive, shown, or not known today."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from mytoken_calendars.authorities.remote.https import Https
from mytoken_calendars.authorities.remote.issuer import Configuration, Issuer
from mytoken_calendars.authorities.remote.tokeninfo_client import TokeninfoClient
from mytoken_calendars.errors import (
    InsufficientCapabilities,
    InvalidToken,
    Refusal,
    TemporarilyUnavailable,
    UsageRestricted,
)
from mytoken_calendars.tokens.tokeninfo import Action
from tests.harness.examples import ISSUER, MOM_ID, NOW, claims

ENDPOINT = f"{ISSUER}/asked/here"
JWT, SHORT_TOKEN = "a.b.c", "x" * 64
SUCCESSOR = {"mytoken": "d.e.f", "mom_id": MOM_ID}


@dataclass(frozen=True)
class Scripted(Https):
    """A server that answers always the same."""

    status: int = 200
    body: bytes = b"{}"
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def post(self, url: str, document: Any, **_: Any) -> tuple[int, bytes]:
        self.asked.append((url, document))
        return self.status, self.body


class Known(Issuer):
    """An issuer whose configuration is known."""

    def configuration(self) -> Configuration:
        return Configuration({}, {}, f"{ISSUER}/jwks", ENDPOINT, "ES512", ())


def answering(status: int, document: Any) -> TokeninfoClient:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    https = Scripted(ISSUER, status, body)
    return TokeninfoClient(Known(ISSUER, https), https)


def listing(**more: Any) -> dict[str, Any]:
    return {"mytokens": [{"token": {"mom_id": MOM_ID, "created": NOW}}], **more}


Question = Callable[[TokeninfoClient, str], object]
QUESTIONS = [
    pytest.param(lambda client, bearer: client.introspect(bearer), id="introspect"),
    pytest.param(lambda client, bearer: client.listing(bearer, Action.LIST), id="list"),
    pytest.param(lambda client, bearer: client.listing(bearer, Action.SUBTOKENS), id="subtokens"),
]


@pytest.mark.parametrize("action", [Action.LIST, Action.SUBTOKENS])
def test_the_token_is_asked_about_where_the_issuer_answers_and_nowhere_else(action: Action) -> None:
    client = answering(200, listing())

    client.listing(JWT, action)

    assert client.https.asked == [(ENDPOINT, {"action": action.value, "mytoken": JWT})]  # type: ignore[attr-defined]


def test_an_alive_token_is_what_the_issuer_says() -> None:
    document = {"valid": True, "token_type": "token", "token": claims(), "mom_id": MOM_ID}

    found = answering(200, document).introspect(JWT)

    assert found is not None
    assert (found.mytoken.mom_id, found.mytoken.claims) == (
        MOM_ID,
        {**claims(), "restrictions": []},
    )


def test_a_token_that_may_not_ask_is_alive_and_unknown() -> None:
    assert answering(403, {"error": "insufficient_capabilities"}).introspect(JWT) is None


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("status", "document", "bearer", "refusal"),
    [
        (401, {"error": "invalid_token"}, JWT, InvalidToken),
        (401, b"", JWT, InvalidToken),
        (400, {"error": "invalid_request"}, SHORT_TOKEN, InvalidToken),
        (400, {"error": "invalid_request"}, JWT, TemporarilyUnavailable),
        (403, {"error": "usage_restricted"}, JWT, UsageRestricted),
        (403, {"error": "something_else"}, JWT, TemporarilyUnavailable),
        (403, b"<html>", JWT, TemporarilyUnavailable),
        (403, ["insufficient_capabilities"], JWT, TemporarilyUnavailable),
        (404, {"error": "not_found"}, JWT, TemporarilyUnavailable),
        (429, {}, JWT, TemporarilyUnavailable),
        (500, {}, JWT, TemporarilyUnavailable),
        (201, listing(), JWT, TemporarilyUnavailable),
        (200, b"", JWT, TemporarilyUnavailable),
        (200, b"<html>", JWT, TemporarilyUnavailable),
        (200, [], JWT, TemporarilyUnavailable),
        (200, b'{"mytokens": [], "mytokens": []}', JWT, TemporarilyUnavailable),
    ],
)
def test_an_answer_that_shows_nothing_is_a_refusal(
    question: Question, status: int, document: Any, bearer: str, refusal: type[Refusal]
) -> None:
    client = answering(status, document)

    with pytest.raises(refusal) as raised:
        question(client, bearer)

    assert type(raised.value) is refusal
    assert bearer not in raised.value.description


@pytest.mark.parametrize("action", [Action.LIST, Action.SUBTOKENS])
def test_a_token_that_may_not_list_lacks_the_capability(action: Action) -> None:
    client = answering(403, {"error": "insufficient_capabilities"})

    with pytest.raises(InsufficientCapabilities):
        client.listing(JWT, action)


def test_a_listing_has_the_tokens_and_the_successor_of_the_presented_one() -> None:
    found = answering(200, listing(token_update=SUCCESSOR)).listing(JWT, Action.LIST)

    assert list(found.tokens.records) == [MOM_ID]
    assert found.token_update == SUCCESSOR


@pytest.mark.parametrize(
    "update",
    [
        "d.e.f",
        [],
        {},
        {"mytoken": None},
        {"mytoken": 5},
        {"mytoken": ""},
        {"mytoken": "d.e.f; Domain=example"},
        {"mytoken": "d.e.f\n"},
        {"mom_id": MOM_ID},
    ],
    ids=str,
)
def test_a_successor_that_is_no_token_makes_the_answer_nonsense(update: Any) -> None:
    client = answering(200, listing(token_update=update))

    with pytest.raises(TemporarilyUnavailable):
        client.listing(JWT, Action.LIST)


def test_a_listing_without_a_successor_has_none() -> None:
    found = answering(200, listing(token_update=None)).listing(JWT, Action.LIST)

    assert found.token_update is None
    assert list(found.tokens.records) == [MOM_ID]


def test_the_successor_is_known_even_if_the_tokens_make_no_sense() -> None:
    found = answering(200, {"mytokens": 5, "token_update": SUCCESSOR}).listing(JWT, Action.LIST)

    assert found.token_update == SUCCESSOR
    with pytest.raises(TemporarilyUnavailable):
        assert found.tokens
