"""Key sets: of what a server may publish, only what verifies its signatures is taken."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from mytoken_calendars.authorities.remote.key_set import ALGORITHMS, keys_of

Jwk = dict[str, Any]


def jwk_of(key: Any, **more: Any) -> Jwk:
    """The public key as a JWK without `kid`, changed; None removes a member."""
    members = {**key.as_dict(private=False), "kid": None, **more}
    return {name: value for name, value in members.items() if value is not None}


def base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8 or 1)
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


P256, P384, P521 = (ECKey.generate_key(curve) for curve in ("P-256", "P-384", "P-521"))
K256 = ECKey.generate_key("secp256k1")
RSA = RSAKey.generate_key(2048)
WEAK = rsa.generate_private_key(65537, 1024).public_key().public_numbers().n
ED25519 = OKPKey.generate_key("Ed25519")
OCT = OctKey.generate_key(512)

EC_JWK = jwk_of(P521)
RSA_JWK = jwk_of(RSA)
# The announced algorithm, and a key that fits it.
FITTING = {"ES256": P256, "ES384": P384, "ES512": P521}


def key_for(algorithm: str) -> Any:
    return FITTING.get(algorithm, RSA)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
@pytest.mark.parametrize("named", [True, False])
def test_a_key_of_the_algorithm_is_taken_whether_or_not_it_says_so(
    algorithm: Any, *, named: bool
) -> None:
    key = key_for(algorithm)
    jwk = jwk_of(key, alg=algorithm if named else None, kid="1", use="sig")

    (found,) = keys_of({"keys": [jwk]}, algorithm)

    assert found.kid == "1"
    assert found.public.public_numbers() == key.public_key.public_numbers()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(jwk_of(P256, alg="ES256"), id="of another algorithm"),
        pytest.param(jwk_of(P521, use="enc"), id="for encryption"),
        pytest.param(jwk_of(P256, use="enc", alg="ECDH-ES"), id="for agreement"),
        pytest.param(jwk_of(P521, key_ops=["sign"]), id="not for verification"),
        pytest.param(jwk_of(K256, alg="ES256K"), id="of a curve unknown here"),
        pytest.param(jwk_of(ED25519), id="of Edwards' curve"),
        pytest.param(jwk_of(ED25519, alg="EdDSA"), id="of EdDSA"),
        pytest.param(RSA_JWK, id="RSA"),
        pytest.param(jwk_of(RSA, alg="PS256"), id="of PS256"),
        pytest.param(
            {"kty": "AKP", "alg": "ML-DSA-65", "pub": "AAAA"}, id="of a kind unknown here"
        ),
    ],
)
def test_a_key_for_other_things_is_passed_over(other: Jwk) -> None:
    (found,) = keys_of({"keys": [other, jwk_of(P521, kid="1")]}, "ES512")

    assert found.kid == "1"


def test_up_to_twenty_keys_are_taken_in_their_order() -> None:
    jwks = [jwk_of(P521, kid=str(number)) for number in range(20)]

    assert [key.kid for key in keys_of({"keys": jwks}, "ES512")] == [j["kid"] for j in jwks]


def test_keys_may_all_be_without_a_name() -> None:
    assert [key.kid for key in keys_of({"keys": [EC_JWK, EC_JWK]}, "ES512")] == [None, None]


def off_the_curve() -> Jwk:
    return jwk_of(P521, y=EC_JWK["x"])


def with_exponent(exponent: int) -> Jwk:
    return jwk_of(RSA, e=base64url(exponent))


def secret_of(key: Any, *names: str) -> Jwk:
    """A public key, and of its secrets those of these names."""
    return {**jwk_of(key), **{name: key.as_dict(private=True)[name] for name in names}}


# Every way in which an entry of a key set can be odd.
ODD_ENTRIES: dict[str, Any] = {
    "a shared secret": OCT.as_dict(),
    "a shared secret without its value": {"kty": "oct"},
    "a shared secret for HS256": {"kty": "oct", "k": base64url(1 << 500), "alg": "HS256"},
    "a shared secret for encryption": {"kty": "oct", "k": "AAAA", "use": "enc"},
    "a private key": P521.as_dict(private=True),
    "a private key for encryption": {**P521.as_dict(private=True), "use": "enc"},
    "a private key of another curve": {**P256.as_dict(private=True), "alg": "ES256"},
    "a private key of Edwards' curve": ED25519.as_dict(private=True),
    "a private RSA key": RSA.as_dict(private=True),
    "a private exponent": secret_of(RSA, "d"),
    "a prime": secret_of(RSA, "p"),
    "the other prime": secret_of(RSA, "q"),
    "an exponent of CRT": secret_of(RSA, "dp"),
    "the other exponent of CRT": secret_of(RSA, "dq"),
    "a coefficient of CRT": secret_of(RSA, "qi"),
    "other primes": {**RSA_JWK, "oth": []},
    "an empty private member": {**EC_JWK, "d": ""},
    "a private member that is null": {**EC_JWK, "d": None},
    "a weak RSA key": jwk_of(RSA, n=base64url(WEAK)),
    "a weak RSA key of another algorithm": jwk_of(RSA, n=base64url(WEAK), alg="RS256"),
    "an RSA key of 8,200 bits": jwk_of(RSA, n=base64url((1 << 8199) + 1)),
    "an RSA key of 100,000 bits": jwk_of(RSA, n=base64url((1 << 100_000) + 1)),
    "an exponent of 1": with_exponent(1),
    "an even exponent": with_exponent(65536),
    "an exponent of 33 bits": with_exponent((1 << 32) + 1),
    "a large exponent": with_exponent((1 << 2000) + 1),
    "no exponent": jwk_of(RSA, e=None),
    "an RSA key that is called ES512": jwk_of(RSA, alg="ES512"),
    "an elliptic key that is called RS256": jwk_of(P521, alg="RS256"),
    "another curve": jwk_of(P256),
    "another curve that is called ES512": jwk_of(P256, alg="ES512"),
    "a curve that is called ES256 wrongly": jwk_of(P521, alg="ES256"),
    "a curve unknown here": jwk_of(K256),
    "the name of another curve": jwk_of(P256, crv="P-521"),
    "no curve": jwk_of(P521, crv=None),
    "no coordinate": jwk_of(P521, y=None),
    "a point off the curve": off_the_curve(),
    "the point at infinity": jwk_of(P521, x="A" * 88, y="A" * 88),
    "a short coordinate": jwk_of(P521, x=EC_JWK["x"][:-2]),
    "a coordinate with padding": jwk_of(P521, x=EC_JWK["x"] + "="),
    "a coordinate with spaces": jwk_of(P521, x=" " + EC_JWK["x"]),
    "a coordinate that is a number": {**EC_JWK, "x": 1},
    "a name that is a number": {**EC_JWK, "kid": 1},
    "a long name": jwk_of(P521, kid="k" * 129),
    "the name of the good key for encryption": jwk_of(RSA, kid="good", use="enc"),
    "no type": jwk_of(P521, kty="") | {"kty": None},
    "a use that is a list": {**EC_JWK, "use": ["sig"]},
    "operations that are a text": {**EC_JWK, "key_ops": "verify"},
    "an algorithm that is null and a type that is none": {"kty": 1, "alg": None},
    "a text": "key",
    "null": None,
    "a list": [EC_JWK],
}


@pytest.mark.parametrize("odd", ODD_ENTRIES)
def test_an_odd_entry_spoils_no_key(odd: str) -> None:
    entries = [jwk_of(P521, kid="good"), ODD_ENTRIES[odd]]

    for keys in (entries, entries[::-1]):
        assert [key.kid for key in keys_of({"keys": keys}, "ES512")] == ["good"]


@pytest.mark.parametrize("odd", ODD_ENTRIES)
def test_an_odd_entry_alone_is_no_key(odd: str) -> None:
    with pytest.raises(ValueError, match="no key fits"):
        keys_of({"keys": [ODD_ENTRIES[odd]]}, "ES512")


def test_keys_of_one_name_are_both_tried() -> None:
    keys = [jwk_of(P521, kid="good"), jwk_of(ECKey.generate_key("P-521"), kid="good")]

    assert [key.kid for key in keys_of({"keys": keys}, "ES512")] == ["good", "good"]


@pytest.mark.parametrize("beside", [EC_JWK, ED25519.as_dict(private=False), None])
def test_of_many_entries_the_first_twenty_keys_are_taken(beside: object) -> None:
    entries = [beside, *[jwk_of(P521, kid=str(number)) for number in range(30)]]

    keys = keys_of({"keys": entries}, "ES512")

    assert len(keys) == 20
    assert keys[-1].kid == ("18" if beside is EC_JWK else "19")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(None, id="null"),
        pytest.param([], id="a list"),
        pytest.param([EC_JWK], id="a list of keys"),
        pytest.param(EC_JWK, id="a key"),
        pytest.param({}, id="an object"),
        pytest.param({"keys": None}, id="no keys"),
        pytest.param({"keys": {}}, id="keys that are an object"),
        pytest.param({"keys": {"1": EC_JWK}}, id="keys by name"),
        pytest.param({"keys": json.dumps([EC_JWK])}, id="keys in a text"),
        pytest.param({"keys": []}, id="an empty set"),
        pytest.param({"keys": [{}]}, id="an empty key"),
        pytest.param({"keys": [RSA_JWK]}, id="another algorithm's key alone"),
        pytest.param({"keys": [jwk_of(P521, use="enc")]}, id="a key for encryption alone"),
        pytest.param({"keys": [jwk_of(P521, use="SIG")]}, id="a use in upper case"),
        pytest.param({"keys": [jwk_of(P521, alg="es512")]}, id="an algorithm in lower case"),
        pytest.param({"keys": [jwk_of(P521, alg="none")]}, id="no algorithm"),
        pytest.param({"keys": [jwk_of(P521, alg="HS512")]}, id="a key that is called a secret"),
    ],
)
def test_a_set_without_a_fitting_key_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        keys_of(document, "ES512")


def test_an_rsa_key_of_2047_bits_is_refused() -> None:
    number = RSA.public_key.public_numbers().n >> 1 | 1

    assert number.bit_length() == 2047
    with pytest.raises(ValueError, match="no key fits"):
        keys_of({"keys": [jwk_of(RSA, n=base64url(number))]}, "RS256")


def test_the_keys_are_public() -> None:
    (elliptic,) = keys_of({"keys": [EC_JWK]}, "ES512")
    (other,) = keys_of({"keys": [RSA_JWK]}, "PS512")

    assert isinstance(elliptic.public, ec.EllipticCurvePublicKey)
    assert isinstance(other.public, rsa.RSAPublicKey)
