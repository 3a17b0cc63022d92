"""Mytokens as they travel: of everything that looks like one, only what the key signed is taken."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from mytoken_calendars.authorities.embedded.codec import JwtCodec
from mytoken_calendars.errors import InvalidToken, TemporarilyUnavailable
from mytoken_calendars.tokens.mytoken import Mytoken
from tests.doubles.fakes import LocalKey
from tests.harness import examples
from tests.harness.examples import ISSUER, NOW, claims

Header = dict[str, Any]

ORDER = ec.SECP521R1().group_order


@dataclass(frozen=True)
class LopsidedKey(LocalKey):
    """Of the two signatures that are equally good it always makes the same: KMS makes either."""

    high: bool = False

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(super().sign(message))
        return encode_dss_signature(r, (max if self.high else min)(s, ORDER - s))


class UnreachableKey(LocalKey):
    def sign(self, message: bytes) -> bytes:
        raise TemporarilyUnavailable


class UnknownKey(LocalKey):
    @property
    def public(self) -> ec.EllipticCurvePublicKey:
        raise TemporarilyUnavailable


KEY = LocalKey()
CODEC = JwtCodec(KEY)
ISSUED = CODEC.encode(claims())
PUBLIC_KEYS = {
    "PEM": KEY.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "DER": KEY.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    "JWK": json.dumps(CODEC.jwk).encode(),
}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def header(without: str = "", **changes: Any) -> Header:
    """The header that issued mytokens have, changed."""
    known = {"typ": "MT+JWT", "alg": "ES512", "kid": CODEC.jwk["kid"], **changes}
    return {name: value for name, value in known.items() if name != without}


def halves_of(signature: str) -> tuple[bytes, bytes]:
    data = base64.urlsafe_b64decode(signature)
    return data[:66], data[66:]


def raw(r: int, s: int) -> bytes:
    return r.to_bytes(66) + s.to_bytes(66)


def lowered(der: bytes) -> bytes:
    """A signature as it travels: of its two spellings, the one with the lower s."""
    r, s = decode_dss_signature(der)
    return raw(r, min(s, ORDER - s))


def es512(message: bytes, key: LocalKey = KEY) -> bytes:
    return lowered(key.sign(message))


def forged(
    head: Header | bytes,
    payload: Mapping[str, Any] | bytes | None = None,
    sign: Callable[[bytes], bytes] = es512,
) -> str:
    """A token of these parts, signed with the true key unless said otherwise."""
    body = claims() if payload is None else payload
    parts = [
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, body)
    ]
    signed = ".".join(base64url(part) for part in parts)
    return f"{signed}.{base64url(sign(signed.encode()))}"


def is_taken(bearer: str) -> bool:
    try:
        CODEC.decode(bearer)
    except InvalidToken:
        return False
    return True


def test_the_issued_token_is_taken_with_all_its_claims() -> None:
    decoded = CODEC.decode(ISSUED)

    assert decoded == Mytoken.of(claims())
    assert decoded.claims == claims()


def test_a_claim_that_means_nothing_here_is_kept_as_it_stands() -> None:
    odd = claims(unknown={"a": [None, "é", 1]}, restrictions=[{"made_up": True, "nbf": None}])

    assert CODEC.decode(CODEC.encode(odd)).claims == odd


def test_a_token_that_is_put_together_like_an_issued_one_is_taken() -> None:
    assert is_taken(forged(header()))


def test_the_issued_token_names_its_algorithm_its_type_and_its_key() -> None:
    head = json.loads(base64.urlsafe_b64decode(ISSUED.split(".")[0] + "=="))

    assert head == {"alg": "ES512", "typ": "MT+JWT", "kid": CODEC.jwk["kid"]}


def test_the_issued_token_is_verified_by_others_with_the_published_key() -> None:
    registry = jws.JWSRegistry(algorithms=["ES512"])

    verified = jws.deserialize_compact(ISSUED, ECKey.import_key(CODEC.jwk), registry=registry)

    assert json.loads(verified.payload) == claims()


def test_the_claims_of_the_issued_token_are_compact_json() -> None:
    payload = base64.urlsafe_b64decode(ISSUED.split(".")[1] + "==")

    assert payload == json.dumps(claims(), separators=(",", ":")).encode()


@pytest.mark.parametrize("high", [False, True])
def test_whichever_signature_the_key_makes_the_token_has_the_one_with_the_lower_s(
    *, high: bool
) -> None:
    bearer = JwtCodec(LopsidedKey(KEY.private, high)).encode(claims())

    signature = base64.urlsafe_b64decode(bearer.split(".")[2])
    assert int.from_bytes(signature[66:]) <= ORDER // 2
    assert is_taken(bearer)


def test_a_token_under_the_second_spelling_of_its_signature_is_refused() -> None:
    signed, _, signature = ISSUED.rpartition(".")
    r, s = (int.from_bytes(half) for half in halves_of(signature))
    second = ORDER - s

    KEY.public.verify(
        encode_dss_signature(r, second), signed.encode(), ec.ECDSA(hashes.SHA512())
    )  # it is as good as the first
    assert not is_taken(f"{signed}.{base64url(raw(r, second))}")
    assert is_taken(f"{signed}.{base64url(raw(r, s))}")


@pytest.mark.parametrize("s", [0, ORDER // 2, ORDER // 2 + 1, ORDER - 1, ORDER, ORDER + 1])
def test_a_signature_with_a_made_up_s_is_refused(s: int) -> None:
    def sign(message: bytes) -> bytes:
        r, _ = decode_dss_signature(KEY.sign(message))
        return raw(r, s)

    assert not is_taken(forged(header(), sign=sign))


def test_a_token_that_has_expired_is_still_read() -> None:
    expired = CODEC.encode(claims(exp=NOW - 1_000_000))

    assert CODEC.decode(expired).exp == NOW - 1_000_000


def test_the_kid_is_the_thumbprint_of_the_key() -> None:
    thumbprint = ECKey.import_key(PUBLIC_KEYS["PEM"]).thumbprint()

    assert CODEC.jwk["kid"] == thumbprint


def test_the_published_key_is_public_and_says_what_it_is_for() -> None:
    assert CODEC.jwk.keys() == {"kty", "crv", "x", "y", "use", "alg", "kid"}
    assert CODEC.jwk["kty"] == "EC"
    assert CODEC.jwk["crv"] == "P-521"
    assert CODEC.jwk["use"] == "sig"
    assert CODEC.jwk["alg"] == "ES512"


@pytest.mark.parametrize("secret", range(1, 9))
def test_the_published_coordinates_have_66_bytes_even_if_the_first_are_zero(secret: int) -> None:
    jwk = JwtCodec(LocalKey(ec.derive_private_key(secret, ec.SECP521R1()))).jwk

    assert len(jwk["x"]) == len(jwk["y"]) == 88
    assert ECKey.import_key(jwk).thumbprint() == jwk["kid"]


def test_the_mytokens_of_a_retired_key_are_still_taken_and_new_ones_are_the_new_keys() -> None:
    codec = JwtCodec(LocalKey(), retired=(CODEC,))

    issued = codec.encode(claims())

    assert codec.decode(ISSUED) == codec.decode(issued) == Mytoken.of(claims())
    assert [jwk["kid"] for jwk in codec.jwks] == [codec.jwk["kid"], CODEC.jwk["kid"]]
    assert not is_taken(issued)


def test_the_name_of_a_retired_key_does_not_help_another_one() -> None:
    codec = JwtCodec(LocalKey(), retired=(CODEC,))

    with pytest.raises(InvalidToken):
        codec.decode(forged(header(), sign=lambda m: es512(m, LocalKey())))
    with pytest.raises(InvalidToken):
        codec.decode(JwtCodec(LocalKey()).encode(claims()))


def test_a_retired_key_is_not_asked_for_while_tokens_of_the_new_one_come() -> None:
    codec = JwtCodec(KEY, retired=(JwtCodec(UnknownKey()),))

    assert codec.decode(ISSUED) == Mytoken.of(claims())


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "es512", "ES512 "])
@pytest.mark.parametrize(
    "sign",
    [
        pytest.param(lambda _: b"", id="not signed"),
        pytest.param(lambda _: b"\0" * 132, id="signed with nothing"),
        pytest.param(es512, id="signed with the true key"),
    ],
)
def test_a_token_without_its_algorithm_is_refused(alg: str, sign: Callable[[bytes], bytes]) -> None:
    assert not is_taken(forged(header(alg=alg), sign=sign))


@pytest.mark.parametrize("form", PUBLIC_KEYS)
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("named_as", ["HS", "ES"])
def test_a_token_that_is_keyed_with_the_public_key_is_refused(
    named_as: str, digest: str, form: str
) -> None:
    alg = f"{named_as}{digest.removeprefix('sha')}"

    bearer = forged(
        header(alg=alg), sign=lambda message: hmac.digest(PUBLIC_KEYS[form], message, digest)
    )

    assert not is_taken(bearer)


@pytest.mark.parametrize(
    "alg", ["ES256", "ES384", "ES256K", "RS256", "RS512", "PS256", "PS512", "HS512", "EdDSA"]
)
def test_a_token_of_another_algorithm_is_refused_whoever_signed_it(alg: str) -> None:
    assert not is_taken(forged(header(alg=alg)))


def test_a_token_that_an_rsa_key_signed_is_refused() -> None:
    key = rsa.generate_private_key(65537, 1024)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)

    for alg, scheme in (("PS256", pss), ("RS256", padding.PKCS1v15()), ("ES512", pss)):
        bearer = forged(
            header(alg=alg), sign=lambda message, by=scheme: key.sign(message, by, hashes.SHA256())
        )
        assert not is_taken(bearer)


def test_a_token_that_another_key_signed_is_refused() -> None:
    stranger = LocalKey()

    assert not is_taken(forged(header(), sign=lambda message: es512(message, stranger)))
    assert not is_taken(JwtCodec(stranger).encode(claims()))


@pytest.mark.parametrize(
    "more",
    [
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": CODEC.jwk},
        {"x5c": [base64.b64encode(PUBLIC_KEYS["DER"]).decode()]},
        {"x5t": "x"},
        {"crit": ["x"], "x": 1},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"b64": False},
        {"b64": True},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"enc": "A256GCM"},
        {"x": None},
    ],
    ids=lambda more: f"{next(iter(more))}-{type(next(iter(more.values()))).__name__}",
)
def test_a_token_whose_header_has_more_is_refused_even_if_the_true_key_signed_it(
    more: Header,
) -> None:
    assert not is_taken(forged(header(**more)))


@pytest.mark.parametrize(
    "kid",
    [
        *("unknown", "", "../../dev/null", None, 1, True, [], {}, "k" * 10_000),
        pytest.param([CODEC.jwk["kid"]], id="the-right-one-in-a-list"),
    ],
    ids=lambda kid: str(kid)[:20],
)
def test_a_token_of_another_kid_is_refused(kid: object) -> None:
    assert not is_taken(forged(header(kid=kid)))


@pytest.mark.parametrize("typ", ["JWT", "mt+jwt", "application/MT+JWT", "at+jwt", None, ["MT+JWT"]])
def test_a_token_of_another_type_is_refused(typ: object) -> None:
    assert not is_taken(forged(header(typ=typ)))


@pytest.mark.parametrize("name", ["typ", "alg", "kid"])
def test_a_token_whose_header_lacks_a_name_is_refused(name: str) -> None:
    assert not is_taken(forged(header(without=name)))


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="empty"),
        pytest.param(b"[]", id="no object"),
        pytest.param(json.dumps(header()).encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf" + json.dumps(header()).encode(), id="a byte order mark"),
        pytest.param(json.dumps(header())[:-1].encode() + b',"alg":"ES512"}', id="a name twice"),
        pytest.param(b"[" * 5_000, id="nested deeply"),
        pytest.param(b"\xff", id="no UTF-8"),
    ],
)
def test_a_token_whose_header_is_not_strictly_json_is_refused(head: bytes) -> None:
    assert not is_taken(forged(head))


def with_payload(text: str) -> str:
    return forged(header(), text.encode())


@pytest.mark.parametrize("name", ["exp", "capabilities", "jti", "unknown"])
def test_a_token_that_has_a_claim_twice_is_refused(name: str) -> None:
    known = claims(unknown=1)
    once = json.dumps(known)
    again = json.dumps({name: known[name]})

    assert is_taken(with_payload(once))
    assert not is_taken(with_payload(f"{once[:-1]}, {again[1:]}"))


@pytest.mark.parametrize(
    "exp",
    [
        "1e400",
        "-1e400",
        "1800000000.0",
        '"1800000000"',
        "true",
        "[]",
        "{}",
        "-1",
        "NaN",
        "Infinity",
        "9" * 5_000,
        "253402214401",
        "253402300800",
    ],
    ids=lambda exp: exp[:20],
)
def test_a_token_whose_expiry_is_no_time_is_refused(exp: str) -> None:
    payload = json.dumps(claims(exp="EXP"))

    assert is_taken(with_payload(payload.replace('"EXP"', "1800000000")))
    assert not is_taken(with_payload(payload.replace('"EXP"', exp)))


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"{}", id="no claims"),
        pytest.param(json.dumps(claims()).encode() + b" {}", id="two objects"),
        pytest.param(json.dumps(claims()).encode("utf-16"), id="UTF-16"),
        pytest.param(json.dumps(claims()).encode()[:-9], id="cut"),
        pytest.param(b'{"a":' * 2_000, id="nested deeply"),
    ],
)
def test_a_token_whose_payload_is_not_strictly_json_is_refused(payload: bytes) -> None:
    assert not is_taken(forged(header(), payload))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://other.example"),
        ("iss", f"{ISSUER}/"),
        ("iss", "HTTPS://mytoken.example"),
        ("iss", "http://169.254.169.254/"),
        ("iss", None),
        ("aud", "https://other.example"),
        ("aud", ""),
        ("aud", [ISSUER]),
        ("aud", [ISSUER, "https://other.example"]),
        ("aud", None),
        ("sub", examples.USER),
        ("sub", ""),
        ("oidc_sub", "bob"),
        ("oidc_iss", "https://other.example"),
        ("jti", str(UUID(int=0))),
        ("jti", "x"),
        ("jti", None),
        ("token_type", "id_token"),
        ("seq_no", 0),
        ("capabilities", None),
    ],
)
def test_a_token_with_claims_that_the_issuer_never_makes_is_refused_though_it_is_signed(
    claim: str, value: object
) -> None:
    assert not is_taken(CODEC.encode(claims(**{claim: value})))


def test_a_token_of_another_issuer_that_has_the_same_key_is_told_by_its_issuer() -> None:
    other = claims(iss="https://other.example", aud="https://other.example")

    assert CODEC.decode(CODEC.encode(other)).iss == "https://other.example"


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("padding", ["=", "=="])
def test_a_token_with_padding_is_refused(part: int, padding: str) -> None:
    parts = ISSUED.split(".")
    parts[part] += padding

    assert not is_taken(".".join(parts))


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_whose_last_bits_are_others_is_refused(part: int) -> None:
    parts = ISSUED.split(".")
    last = ALPHABET.index(parts[part][-1])
    parts[part] = parts[part][:-1] + ALPHABET[last ^ 1]

    assert not is_taken(".".join(parts))


def test_a_token_whose_last_bits_say_nothing_has_just_one_spelling() -> None:
    # A payload of 3n + 1 bytes, so that four bits of its last character are spare.
    payload = json.dumps(claims()).encode()
    payload += b" " * ((1 - len(payload)) % 3)
    bearer = forged(header(), payload)
    head, body, signature = bearer.split(".")
    last = ALPHABET.index(body[-1])

    others = [f"{head}.{body[:-1]}{ALPHABET[last | spare]}.{signature}" for spare in range(1, 16)]

    assert is_taken(bearer)
    assert not any(is_taken(other) for other in others)


@given(st.integers(0, len(ISSUED) - 1), st.sampled_from([*ALPHABET, ".", "=", " ", "\n", "é"]))
def test_a_token_with_any_other_character_is_refused(index: int, character: str) -> None:
    changed = ISSUED[:index] + character + ISSUED[index + 1 :]

    assert is_taken(changed) == (changed == ISSUED)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda token: "", id="nothing"),
        pytest.param(lambda token: token[:-1], id="cut at its end"),
        pytest.param(lambda token: token[1:], id="cut at its start"),
        pytest.param(lambda token: token + "A", id="longer by one"),
        pytest.param(lambda token: token + "AAAA", id="longer by three bytes"),
        pytest.param(lambda token: token + "\n", id="a line feed at its end"),
        pytest.param(lambda token: " " + token, id="a space at its start"),
        pytest.param(lambda token: token + ".", id="a fourth part"),
        pytest.param(lambda token: token + "." + token, id="twice"),
        pytest.param(lambda token: token.rpartition(".")[0], id="no signature"),
        pytest.param(lambda token: token.rpartition(".")[0] + ".", id="an empty signature"),
        pytest.param(lambda token: token.replace(".", ".A", 1), id="a payload that is longer"),
        pytest.param(lambda token: token.upper(), id="in upper case"),
        pytest.param(lambda token: "a" * 64, id="a short token"),
        pytest.param(lambda token: "\ud800", id="a surrogate"),
        pytest.param(lambda token: "a.b.c", id="three letters"),
        pytest.param(lambda token: json.dumps({"token": token}), id="JSON"),
    ],
)
def test_a_token_that_was_cut_or_added_to_is_refused(change: Callable[[str], str]) -> None:
    assert not is_taken(change(ISSUED))


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param(KEY.sign, id="in DER"),
        pytest.param(lambda message: es512(message)[:-1], id="short by a byte"),
        pytest.param(lambda message: b"\0" + es512(message), id="long by a byte"),
        pytest.param(lambda message: es512(message)[66:] + es512(message)[:66], id="turned around"),
        pytest.param(lambda message: b"\0" * 132, id="of zeros"),
        pytest.param(lambda message: b"\xff" * 132, id="of ones"),
        pytest.param(
            lambda message: lowered(KEY.private.sign(message, ec.ECDSA(hashes.SHA256()))),
            id="over another digest",
        ),
        pytest.param(lambda message: es512(hashlib.sha512(message).digest()), id="hashed twice"),
    ],
)
def test_a_signature_in_another_form_is_refused(sign: Callable[[bytes], bytes]) -> None:
    assert not is_taken(forged(header(), sign=sign))


def of_length(length: int) -> str:
    """A signed token of this many characters; spaces bring it to lengths that base64 leaves out."""
    size = length * 3 // 4 - 700
    spellings = ((spaces, pad) for spaces in range(3) for pad in range(size, size + 200))
    for spaces, pad in spellings:
        head = json.dumps(header()).encode() + b" " * spaces
        body = json.dumps(claims(pad="x" * pad)).encode()
        if len(f"{base64url(head)}.{base64url(body)}.{base64url(b'x' * 132)}") == length:
            return forged(head, body)
    raise AssertionError("there is no token of this length")


@pytest.mark.parametrize("length", [16 * 1024, 16 * 1024 - 1])
def test_a_token_of_16_kib_is_taken(length: int) -> None:
    assert is_taken(of_length(length))


@pytest.mark.parametrize("length", [16 * 1024 + 1, 16 * 1024 + 2, 60_000])
def test_a_token_of_more_than_16_kib_is_refused(length: int) -> None:
    assert not is_taken(of_length(length))


def test_a_key_that_cannot_be_asked_signs_nothing() -> None:
    with pytest.raises(TemporarilyUnavailable):
        JwtCodec(UnreachableKey()).encode(claims())


def test_a_token_never_repeats_its_signature_and_each_is_taken() -> None:
    other = CODEC.encode(claims())

    assert other != ISSUED
    assert is_taken(other)
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]{176}", other, re.ASCII)
