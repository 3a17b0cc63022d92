"""The double of a mytoken server answers as a real one was seen to answer."""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.doubles import mytoken_server
from tests.doubles.mytoken_ledger import Minted
from tests.doubles.mytoken_server import CONFIGURATION, JWKS, TOKENINFO, MytokenServer

EVERYTHING = ("manage_mytokens", "tokeninfo")
ROTATES = {"restrictions": [{}], "rotation": {"on_other": True}}


@dataclass(frozen=True)
class Answered:
    """An answer; the names of the headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> tuple[int, Any, Any]:
        document = json.loads(self.body)
        return self.status, document["error"], document.get("error_description")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MytokenServer]:
    with mytoken_server.running(tmp_path) as running:
        yield running


def ask(
    server: MytokenServer, method: str, path: str, body: object = None, **headers: str
) -> Answered:
    address = urlsplit(server.url)
    tls = ssl.create_default_context(cafile=str(server.trusted))
    connection = http.client.HTTPSConnection(str(address.hostname), address.port, context=tls)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, data, headers)
    with connection.getresponse() as response:
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answered(response.status, found, response.read())


def tokeninfo(server: MytokenServer, body: object, **headers: str) -> Answered:
    return ask(server, "POST", TOKENINFO, body, **headers)


# --- where the token is, and what the action is ---------------------------------------------------


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"action": "introspect", "mytoken": "{}"}, {}),
        ({"mytoken": "{}"}, {}),
        ({"action": None, "mytoken": "{}"}, {}),
        ({"ACTION": "introspect", "MyToken": "{}"}, {}),
        ({}, {"Authorization": "Bearer {}"}),
        ({}, {"Authorization": "bearer {}"}),
        ({}, {"Cookie": "other=x; mytoken={}"}),
        ({"mytoken": "{}"}, {"Authorization": "Bearer x", "Cookie": "mytoken=y"}),
        ({}, {"Authorization": "Bearer {}", "Cookie": "mytoken=y"}),
    ],
    ids=str,
)
def test_a_token_is_found_where_the_real_one_finds_it(
    server: MytokenServer, body: dict[str, Any], headers: dict[str, str]
) -> None:
    token = server.mint(*EVERYTHING)
    filled = {k: v.format(token.bearer) if v == "{}" else v for k, v in body.items()}

    answer = tokeninfo(server, filled, **{k: v.format(token.bearer) for k, v in headers.items()})

    assert answer.status == 200
    assert json.loads(answer.body)["mom_id"] == token.mom_id


def refusals(token: Minted) -> dict[str, tuple[object, dict[str, str], int, str, str | None]]:
    no_token = "no mytoken found in request"
    segments = "token contains an invalid number of segments"
    return {
        "no body": (b"", {}, 400, "invalid_request", "unexpected end of JSON input"),
        "no object": ([], {}, 400, "invalid_request", "unexpected end of JSON input"),
        "action": ({"action": "x"}, {}, 400, "invalid_request", "unknown tokeninfo action"),
        "none": ({}, {}, 401, "invalid_token", no_token),
        "two spaces": (
            {},
            {"Authorization": f"Bearer  {token.bearer}"},
            401,
            "invalid_token",
            "crypto/ecdsa: verification error",
        ),
        "other scheme": ({}, {"Authorization": "Basic x"}, 401, "invalid_token", no_token),
        "31 characters": (
            {},
            {"Authorization": "Bearer " + "x" * 31},
            401,
            "invalid_token",
            "token not valid",
        ),
        "unknown short": (
            {},
            {"Authorization": "Bearer " + "x" * 64},
            401,
            "invalid_token",
            segments,
        ),
        "malformed in the body": (
            {"mytoken": "x" * 64},
            {},
            400,
            "invalid_request",
            "token not valid",
        ),
        "forged": (
            {"mytoken": token.bearer[:-8] + "AAAAAAAA"},
            {},
            401,
            "invalid_token",
            "crypto/ecdsa: verification error",
        ),
    }


@pytest.mark.parametrize("case", refusals(Minted("", "", "")))
def test_a_request_is_refused_as_by_the_real_one(server: MytokenServer, case: str) -> None:
    body, headers, *expected = refusals(server.mint(*EVERYTHING))[case]

    answer = tokeninfo(server, body, **headers)

    assert answer.error == tuple(expected)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.keys().isdisjoint({"www-authenticate", "cache-control", "etag"})


def test_a_dead_token_is_refused_without_a_description(server: MytokenServer) -> None:
    revoked, rotated = server.mint(*EVERYTHING), server.mint(*EVERYTHING, **ROTATES)
    server.revoke(revoked)
    tokeninfo(server, {"action": "subtokens", "mytoken": rotated.bearer})

    answers = [tokeninfo(server, {"mytoken": token.bearer}) for token in (revoked, rotated)]

    assert [answer.error for answer in answers] == [(401, "invalid_token", None)] * 2


def test_an_expired_token_is_refused_with_the_time(server: MytokenServer) -> None:
    token = server.mint(*EVERYTHING, expires_in=-5)

    answer = tokeninfo(server, {"mytoken": token.bearer})

    assert answer.error[:2] == (401, "invalid_token")
    assert str(answer.error[2]).startswith("token is expired by")


def test_a_replay_revokes_the_token_and_what_is_below(server: MytokenServer) -> None:
    rotates = {"restrictions": [{}], "rotation": {"on_other": True, "auto_revoke": True}}
    above = server.mint(*EVERYTHING)
    token = server.mint(*EVERYTHING, parent=above, **rotates)
    below = server.mint(parent=token)
    tokeninfo(server, {"action": "subtokens", "mytoken": token.bearer})

    replayed = tokeninfo(server, {"mytoken": token.bearer})

    assert replayed.error == (401, "invalid_token", None)
    assert server.ledger.entries.keys() == {above.mom_id}
    assert below.mom_id not in server.ledger.entries


# --- rotation, and what else is answered ----------------------------------------------------------


@pytest.mark.parametrize("where", ["body", "header", "cookie"])
@pytest.mark.parametrize("form", ["bearer", "short"])
def test_a_rotation_sets_the_cookie_wherever_the_token_was(
    server: MytokenServer, where: str, form: str
) -> None:
    bearer = getattr(server.mint(*EVERYTHING, **ROTATES), form)
    body = {"action": "list_mytokens", **({"mytoken": bearer} if where == "body" else {})}
    headers = {"header": {"Authorization": f"Bearer {bearer}"}}
    headers["cookie"] = {"Cookie": f"mytoken={bearer}"}

    answer = tokeninfo(server, body, **headers.get(where, {}))

    successor = json.loads(answer.body)["token_update"]["mytoken"]
    assert answer.headers["set-cookie"] == (
        f"mytoken={successor}; max-age=604800; domain=127.0.0.1; path=/api; "
        "HttpOnly; secure; SameSite=Strict"
    )


def test_what_does_not_rotate_sets_no_cookie(server: MytokenServer) -> None:
    unrestricted = server.mint(*EVERYTHING, expires_in=None, rotation={"on_other": True})
    introspected = server.mint(*EVERYTHING, **ROTATES)

    listed = tokeninfo(server, {"action": "list_mytokens", "mytoken": unrestricted.bearer})
    shown = tokeninfo(server, {"mytoken": introspected.bearer})

    assert (listed.status, shown.status) == (200, 200)
    assert "set-cookie" not in {**listed.headers, **shown.headers}


@pytest.mark.parametrize("path", [CONFIGURATION, "/.well-known/openid-configuration", JWKS])
def test_what_is_public_is_answered_to_head_and_with_a_slash(
    server: MytokenServer, path: str
) -> None:
    get, head, slash = (
        ask(server, method, asked)
        for method, asked in (("GET", path), ("HEAD", path), ("GET", f"{path}/"))
    )

    assert get.status == head.status == slash.status == 200
    assert (head.body, slash.body) == (b"", get.body)
    assert get.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(("method", "path"), [("GET", TOKENINFO), ("POST", "/api/v0/nothing")])
def test_another_method_or_path_is_not_found(server: MytokenServer, method: str, path: str) -> None:
    assert ask(server, method, path).error == (404, "not_found", path)


def test_a_preflight_is_allowed_what_it_asks_for(server: MytokenServer) -> None:
    asked = {"Access-Control-Request-Headers": "authorization,x-other"}

    answer = ask(server, "OPTIONS", TOKENINFO, b"", **asked)

    assert answer.status == 204
    assert answer.headers["access-control-allow-headers"] == "authorization,x-other"


def test_a_head_of_more_than_8_kib_is_refused(server: MytokenServer) -> None:
    assert tokeninfo(server, {}, Cookie="x" * 9_000).status == 431
