"""get_jwks: the public key, with which anybody can verify this stack's mytokens."""

import jwt
import pytest

from tests.harness.moto_stack import Deploy
from tests.harness.stacks import CORS, PUBLIC_URL, Stack
from tests.harness.token_uses import ROTATING


def test_the_key_set_has_one_public_key_for_signatures(stack: Stack) -> None:
    answer = stack.invoke("get_jwks")

    assert answer.status == 200
    assert answer.undated == {
        **CORS,
        "content-type": "application/json",
        "cache-control": "no-store",
    }
    (key,) = answer.json["keys"]
    assert {name: key[name] for name in ("kty", "crv", "alg", "use")} == {
        "kty": "EC",
        "crv": "P-521",
        "alg": "ES512",
        "use": "sig",
    }
    assert {"x", "y", "kid"} <= key.keys()
    assert "d" not in key


def test_a_mytoken_is_verified_with_the_key_that_its_header_names(stack: Stack) -> None:
    bearer = stack.mint(name="ci").bearer
    keys = jwt.PyJWKSet.from_dict(stack.invoke("get_jwks").json)

    key = keys[jwt.get_unverified_header(bearer)["kid"]]
    claims = jwt.decode(bearer, key, ["ES512"], audience=PUBLIC_URL, issuer=PUBLIC_URL)

    assert claims["name"] == "ci"


def test_a_mytoken_that_was_altered_is_not(stack: Stack) -> None:
    header, _, signature = stack.mint().bearer.split(".")
    _, payload, _ = stack.mint().bearer.split(".")
    keys = jwt.PyJWKSet.from_dict(stack.invoke("get_jwks").json)

    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(f"{header}.{payload}.{signature}", keys.keys[0], ["ES512"], audience=PUBLIC_URL)


def test_after_the_signing_key_was_rotated_old_mytokens_work_and_have_successors_of_the_new_key(
    stack: Stack, moto: Deploy
) -> None:
    old = stack.mint(rotation=ROTATING)
    new_key = moto("eu-central-1")["SIGNING_KEYS"]
    keys = f"{new_key},{stack.environment['SIGNING_KEYS']}"
    rotated = Stack({**stack.environment, "SIGNING_KEYS": keys})

    answer = rotated.invoke("list_calendars", old)
    jwks = jwt.PyJWKSet.from_dict(rotated.invoke("get_jwks").json)

    successor = answer.json["token_update"]["mytoken"]
    kids = [jwt.get_unverified_header(bearer)["kid"] for bearer in (successor, old.bearer)]
    assert answer.status == 200
    assert [key.key_id for key in jwks.keys] == kids
    assert kids[0] != kids[1]
    assert rotated.invoke("list_calendars", successor).status == 200


def test_the_key_stays_the_same(stack: Stack) -> None:
    first, second = stack.invoke("get_jwks"), stack.invoke("get_jwks")

    assert first.body == second.body
