"""Mytokens of an existing server: only what it signed is taken, and garbage costs no request."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars import limits
from mytoken_calendars.authorities.remote.codec import RemoteCodec, is_short_token
from mytoken_calendars.authorities.remote.https import Https
from mytoken_calendars.authorities.remote.issuer import Configuration, Issuer
from mytoken_calendars.authorities.remote.key_set import VerificationKey
from mytoken_calendars.errors import InvalidToken, TemporarilyUnavailable
from tests.doubles import mytoken_server
from tests.doubles.mytoken_server import JWKS, MytokenServer
from tests.harness.examples import ISSUER, NOW, claims

Header = dict[str, Any]
Sign = Callable[[bytes], bytes]

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CURVES: dict[str, Any] = {"256": ec.SECP256R1(), "384": ec.SECP384R1(), "521": ec.SECP521R1()}
HASHES: dict[str, Any] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
ELLIPTIC = {size: ec.generate_private_key(curve) for size, curve in CURVES.items()}
RSA = rsa.generate_private_key(65537, 2048)
STRANGER = ec.generate_private_key(ec.SECP521R1())
STRANGE_RSA = rsa.generate_private_key(65537, 2048)
ALGORITHMS = [family + size for family in ("RS", "PS", "ES") for size in HASHES]


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def key_of(algorithm: str) -> Any:
    """The issuer's private key for an algorithm."""
    return ELLIPTIC[algorithm[2:].replace("512", "521")] if algorithm.startswith("ES") else RSA


def signing(algorithm: str, key: Any = None) -> Sign:
    """How the issuer, or whoever has this key, signs with an algorithm."""
    key = key or key_of(algorithm)
    digest = HASHES[algorithm[2:]]
    match algorithm[:2]:
        case "RS":
            return lambda message: key.sign(message, padding.PKCS1v15(), digest)
        case "PS":
            pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
            return lambda message: key.sign(message, pss, digest)
    size = (key.curve.key_size + 7) // 8

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
        return r.to_bytes(size) + s.to_bytes(size)

    return sign


def header(*, without: str = "", **changes: Any) -> Header:
    known = {"alg": "ES512", "typ": "MT+JWT", **changes}
    return {name: value for name, value in known.items() if name != without}


def token(
    head: Header | bytes | None = None,
    payload: Mapping[str, Any] | bytes | None = None,
    sign: Sign | None = None,
) -> str:
    """A token of these parts, signed by the issuer with ES512 unless said otherwise."""
    parts = [header() if head is None else head, claims() if payload is None else payload]
    data = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]
    signed = ".".join(base64url(part) for part in data)
    return f"{signed}.{base64url((sign or signing('ES512'))(signed.encode()))}"


@dataclass
class Known:
    """An Issuer without a network: what it knows, what it knows next, how often it was asked."""

    keys: Sequence[tuple[str | None, Any]] = field(
        default_factory=lambda: [(None, key_of("ES512"))]
    )
    algorithm: Any = "ES512"
    newer: "Known | None" = None
    url: str = ISSUER
    asked: int = 0
    refreshed: int = 0
    is_down: bool = False

    def configuration(self) -> Configuration:
        self.asked += 1
        if self.is_down:
            raise TemporarilyUnavailable
        keys = tuple(VerificationKey(kid, key.public_key()) for kid, key in self.keys)
        return Configuration({}, {}, "", "", self.algorithm, keys)

    def newer_than(self, _: Configuration) -> Configuration | None:
        self.refreshed += 1
        return self.newer and self.newer.configuration()


def codec(known: Known) -> RemoteCodec:
    return RemoteCodec(cast("Issuer", known))


def is_taken(bearer: str, known: Known | None = None) -> bool:
    try:
        codec(known or Known()).decode(bearer)
    except InvalidToken:
        return False
    return True


def is_garbage(bearer: str) -> bool:
    """Whether a token is refused without a question to its issuer."""
    known = Known(is_down=True)
    return not is_taken(bearer, known) and known.asked == 0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_the_issuer_signed_is_taken_whatever_its_algorithm(algorithm: str) -> None:
    known = Known([(None, key_of(algorithm))], algorithm)
    bearer = token(header(alg=algorithm), sign=signing(algorithm))

    mytoken = codec(known).decode(bearer)

    assert mytoken.mom_id == codec(Known()).decode(token()).mom_id
    assert mytoken.capabilities == ["manage_mytokens:notify"]
    assert known.refreshed == 0


@pytest.mark.parametrize("announced", ALGORITHMS)
@pytest.mark.parametrize("named", ALGORITHMS)
@pytest.mark.parametrize("signed", ["as named", "as announced"])
def test_no_other_algorithm_than_the_announced_one_is_taken(
    announced: str, named: str, signed: str
) -> None:
    known = Known([(None, key_of(announced)), (None, key_of(named))], announced)
    algorithm = named if signed == "as named" else announced

    bearer = token(header(alg=named), sign=signing(algorithm))

    assert is_taken(bearer, known) == (named == announced)


@pytest.mark.parametrize(
    "alg",
    [
        *("none", "None", "NONE", "nOnE", "", " ", "es512", "ES512 ", "ES512\0", "ES512,none"),
        *("HS256", "HS384", "HS512", "ES256K", "EdDSA", "Ed25519", "RSA-OAEP", "RS1", "dir"),
        *(None, 1, True, [], {}, ["ES512"], {"alg": "ES512"}),
    ],
    ids=repr,
)
@pytest.mark.parametrize("sign", [None, lambda _: b"\0", lambda _: b"\0" * 132])
def test_an_algorithm_that_no_issuer_has_costs_no_request(alg: object, sign: Sign | None) -> None:
    assert is_garbage(token(header(alg=alg), sign=sign))


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("key", [RSA, key_of("ES512")])
@pytest.mark.parametrize("form", ["PEM", "DER", "JWK", "numbers"])
def test_a_token_that_is_keyed_with_the_public_key_is_refused(
    form: str, key: Any, digest: str
) -> None:
    public = key.public_key()
    numbers = public.public_numbers()
    info = PublicFormat.SubjectPublicKeyInfo
    secrets = {
        "PEM": public.public_bytes(Encoding.PEM, info),
        "DER": public.public_bytes(Encoding.DER, info),
        "JWK": json.dumps({"keys": []}).encode(),
        "numbers": (numbers.n if key is RSA else numbers.x).to_bytes(256),
    }
    announced = "RS256" if key is RSA else "ES512"

    def keyed(message: bytes) -> bytes:
        return hmac.digest(secrets[form], message, digest)

    assert is_garbage(token(header(alg=f"HS{digest.removeprefix('sha')}"), sign=keyed))
    known = Known([(None, key)], announced)
    assert not is_taken(token(header(alg=announced), sign=keyed), known)


@pytest.mark.parametrize(
    "more",
    [
        {"jku": "https://evil.example/jwks"},
        {"jku": f"{ISSUER}/jwks"},
        {"jwk": {"kty": "EC"}},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["AAAA"]},
        {"x5t": "x"},
        {"x5t#S256": "x"},
        {"crit": ["x"], "x": 1},
        {"crit": ["b64"], "b64": False},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"b64": True},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"enc": "A256GCM"},
        {"iss": ISSUER},
        {"x": None},
        {" ": ""},
        {"Alg": "ES512"},
    ],
    ids=str,
)
def test_a_header_that_has_more_costs_no_request_even_if_the_issuer_signed_it(more: Header) -> None:
    assert is_garbage(token(header(**more)))


@pytest.mark.parametrize(
    "kid",
    ["", None, 1, 1.5, True, [], ["1"], {}, "k" * 129, "k" * 10_000],
    ids=lambda k: str(k)[:9],
)
def test_a_kid_that_is_no_name_costs_no_request(kid: object) -> None:
    assert is_garbage(token(header(kid=kid)))


@pytest.mark.parametrize(
    "typ",
    ["JWT", "mt+jwt", "application/MT+JWT", "at+jwt", "", "MT+JWT ", None, 1, ["MT+JWT"]],
    ids=repr,
)
def test_a_token_of_another_type_costs_no_request(typ: object) -> None:
    assert is_garbage(token(header(typ=typ)))


@pytest.mark.parametrize("name", ["typ", "alg"])
def test_a_header_that_lacks_a_name_costs_no_request(name: str) -> None:
    assert is_garbage(token(header(without=name)))


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="empty"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"MT+JWT"', id="a text"),
        pytest.param(b"null", id="null"),
        pytest.param(json.dumps(header()).encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf" + json.dumps(header()).encode(), id="a byte order mark"),
        pytest.param(json.dumps(header())[:-1].encode() + b',"alg":"ES512"}', id="a name twice"),
        pytest.param(json.dumps(header()).encode() + b"{}", id="two objects"),
        pytest.param(b"[" * 5_000, id="nested deeply"),
        pytest.param(b"\xff", id="no UTF-8"),
    ],
)
def test_a_header_that_is_not_strictly_json_costs_no_request(head: bytes) -> None:
    assert is_garbage(token(head))


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"{}", id="no claims"),
        pytest.param(json.dumps(claims()).encode() + b" {}", id="two objects"),
        pytest.param(json.dumps(claims())[:-1].encode() + b',"exp":1}', id="a claim twice"),
        pytest.param(json.dumps(claims()).encode("utf-16"), id="UTF-16"),
        pytest.param(json.dumps(claims()).encode()[:-9], id="cut"),
        pytest.param(b'{"a":' * 2_000, id="nested deeply"),
        pytest.param(json.dumps(claims(exp=1e400)).encode(), id="infinity"),
    ],
)
def test_a_payload_that_is_not_strictly_a_mytoken_costs_no_request(payload: bytes) -> None:
    assert is_garbage(token(payload=payload))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://other.example"),
        ("iss", f"{ISSUER}/"),
        ("iss", ISSUER.upper()),
        ("iss", f"{ISSUER}@evil.example"),
        ("iss", "http://169.254.169.254/"),
        ("iss", "file:///etc/passwd"),
        ("iss", [ISSUER]),
        ("iss", None),
        ("aud", "https://other.example"),
        ("aud", ""),
        ("aud", [ISSUER]),
        ("aud", None),
        ("sub", ""),
        ("sub", "alice"),
        ("oidc_sub", "bob"),
        ("oidc_iss", "https://other.example"),
        ("jti", str(UUID(int=0))),
        ("jti", "x"),
        ("token_type", "id_token"),
        ("token_type", "transfer_code"),
        ("ver", "1"),
        ("seq_no", 0),
        ("capabilities", None),
    ],
)
def test_claims_that_the_issuer_never_makes_cost_no_request(claim: str, value: object) -> None:
    assert is_garbage(token(payload=claims(**{claim: value})))


@pytest.mark.parametrize(
    "bearer",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "....",
        "a" * 64,
        token().rpartition(".")[0],
        token().rpartition(".")[0] + ".",
        token() + ".",
        token() + "." + token(),
        " " + token(),
        token() + "\n",
        token() + "A" * 16 * 1024,
        token().replace(".", ".A", 1),
        token().upper(),
        token()[1:],
        json.dumps({"token": token()}),
        "\ud800.\ud800.\ud800",
        "é.é.é",
        "٣.٣.٣",
    ],
    ids=lambda bearer: ascii(bearer[:20]),
)
def test_what_is_not_spelled_like_a_token_costs_no_request(bearer: str) -> None:
    assert is_garbage(bearer)


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("padding", ["=", "=="])
def test_a_token_with_padding_costs_no_request(part: int, padding: str) -> None:
    parts = token().split(".")
    parts[part] += padding

    assert is_garbage(".".join(parts))


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "RS256"])
@pytest.mark.parametrize("spaces", [0, 1, 2])
def test_a_token_has_one_spelling_only(algorithm: str, spaces: int) -> None:
    known = Known([(None, key_of(algorithm))], algorithm)
    pad = b" " * spaces  # so that each part ends in bits that say nothing, once
    head = json.dumps(header(alg=algorithm)).encode() + pad
    bearer = token(head, json.dumps(claims()).encode() + pad, signing(algorithm))
    others = []
    for part in range(3):
        parts = bearer.split(".")
        last = ALPHABET.index(parts[part][-1])
        for other in range(64):
            if other != last:
                spelling = [*parts]
                spelling[part] = parts[part][:-1] + ALPHABET[other]
                others.append(".".join(spelling))

    assert is_taken(bearer, known)
    assert not any(is_taken(other, known) for other in others)


ISSUED = token()


@given(st.integers(0, len(ISSUED) - 1), st.sampled_from([*ALPHABET, ".", "=", " ", "\n", "é"]))
def test_a_token_with_any_other_character_is_refused(index: int, character: str) -> None:
    changed = ISSUED[:index] + character + ISSUED[index + 1 :]

    assert is_taken(changed) == (changed == ISSUED)


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param(lambda message: signing("ES512")(message)[:-1], id="short by a byte"),
        pytest.param(lambda message: b"\0" + signing("ES512")(message), id="long by a byte"),
        pytest.param(lambda message: signing("ES512")(message) + b"\0", id="longer at its end"),
        pytest.param(
            lambda message: key_of("ES512").sign(message, ec.ECDSA(hashes.SHA512())), id="in DER"
        ),
        pytest.param(
            lambda message: signing("ES512")(message)[66:] + signing("ES512")(message)[:66],
            id="turned around",
        ),
        pytest.param(lambda _: b"\0" * 132, id="of zeros"),
        pytest.param(lambda _: b"\xff" * 132, id="of ones"),
        pytest.param(lambda _: b"\0" * 65 + b"\1" + b"\0" * 65 + b"\1", id="of one and one"),
        pytest.param(signing("ES512", STRANGER), id="by a stranger"),
        pytest.param(signing("ES256"), id="by another key of the issuer"),
        pytest.param(signing("RS256"), id="by an RSA key of the issuer"),
        pytest.param(lambda message: signing("ES512")(message + b" "), id="of another token"),
    ],
)
def test_a_signature_that_the_issuer_did_not_make_is_refused(sign: Sign) -> None:
    known = Known(newer=Known())

    assert not is_taken(token(sign=sign), known)
    assert known.refreshed == 1


def test_both_signatures_that_are_equally_good_are_taken() -> None:
    order = ec.SECP521R1().group_order

    def turned(message: bytes) -> bytes:
        signature = signing("ES512")(message)
        return signature[:66] + (order - int.from_bytes(signature[66:])).to_bytes(66)

    assert is_taken(token())
    assert is_taken(token(sign=turned))


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_an_rsa_signature_of_a_stranger_is_refused(algorithm: str) -> None:
    known = Known([(None, RSA)], algorithm)
    head = header(alg=algorithm)

    assert is_taken(token(head, sign=signing(algorithm)), known)
    assert not is_taken(token(head, sign=signing(algorithm, STRANGE_RSA)), known)


@pytest.mark.parametrize("salt", [0, 20, 64, 190])
def test_a_pss_signature_has_a_salt_of_the_digests_length(salt: int) -> None:
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt)

    bearer = token(
        header(alg="PS256"), sign=lambda message: RSA.sign(message, pss, hashes.SHA256())
    )

    assert not is_taken(bearer, Known([(None, RSA)], "PS256"))


def test_a_token_that_has_expired_is_still_read() -> None:
    assert is_taken(token(payload=claims(exp=NOW - 1_000_000)))


ES512 = key_of("ES512")


@pytest.mark.parametrize(
    ("kid", "keys", "taken"),
    [
        # A token without a kid is tried with all of them.
        (None, [(None, ES512)], True),
        (None, [("1", ES512)], True),
        (None, [("1", STRANGER), ("2", ES512)], True),
        (None, [(None, STRANGER), ("2", STRANGER)], False),
        # With a kid that names a key, only with this one.
        ("1", [("1", ES512), ("2", STRANGER)], True),
        ("2", [("1", ES512), ("2", STRANGER)], False),
        ("2", [(None, ES512), ("2", STRANGER)], False),
        # With a kid where no key has one, with all of them.
        ("1", [(None, STRANGER), (None, ES512)], True),
        # With one that names no key, with none.
        ("3", [("1", ES512), ("2", STRANGER)], False),
        ("3", [("1", ES512), (None, ES512)], False),
        ("../../dev/null", [("1", ES512)], False),
        ("1' or '1'='1", [("1", ES512)], False),
        ("https://evil.example/", [("1", ES512)], False),
        ("k" * 128, [("k" * 128, ES512)], True),
    ],
)
def test_a_kid_chooses_among_the_keys_that_have_names(
    kid: str | None, keys: list[tuple[str | None, Any]], *, taken: bool
) -> None:
    known = Known(keys)
    head = header() if kid is None else header(kid=kid)

    assert is_taken(token(head), known) == taken
    assert known.refreshed == (0 if taken else 1)


def test_a_token_of_a_key_that_is_new_is_taken() -> None:
    newer = Known([("2", ES512)])
    old = [("1", STRANGER)]

    assert is_taken(token(header(kid="2")), Known(old, newer=newer))
    assert is_taken(token(), Known(old, newer=newer))
    assert is_taken(token(), Known([(None, RSA)], "RS256", newer))
    assert not is_taken(token(header(kid="3")), Known(old, newer=newer))
    assert not is_taken(token(), Known(old, newer=Known([("2", STRANGER)])))


def test_an_issuer_that_cannot_be_reached_says_nothing_about_a_token() -> None:
    with pytest.raises(TemporarilyUnavailable):
        codec(Known(is_down=True)).decode(token())


@pytest.mark.parametrize(
    ("bearer", "is_one"),
    [
        ("a" * 64, True),
        ("aZ09" * 16, True),
        ("a" * 63, False),
        ("a" * 65, False),
        ("", False),
        ("a" * 63 + "\n", False),
        ("a" * 63 + ".", False),
        ("a" * 63 + "-", False),
        ("a" * 63 + "_", False),
        ("a" * 63 + "=", False),
        ("é" * 64, False),
        ("٣" * 64, False),
        (token(), False),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_short_token_is_letters_and_digits(bearer: str, *, is_one: bool) -> None:
    assert is_short_token(bearer, 64) == is_one


@pytest.mark.parametrize("bearer", ["", "a", "a" * 64, "a" * 1024])
def test_an_issuer_without_short_tokens_has_none(bearer: str) -> None:
    assert not is_short_token(bearer, 0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MytokenServer]:
    with mytoken_server.running(tmp_path) as running:
        yield running


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("algorithm", ["ES512", "ES256", "RS512", "PS256"])
@pytest.mark.parametrize("kid", [None, "2027"])
def test_the_tokens_of_a_server_are_taken(tmp_path: Path, algorithm: str, kid: str | None) -> None:
    with mytoken_server.running(tmp_path, algorithm=algorithm, kid=kid) as server:
        minted = server.mint("manage_mytokens", name="nightly")
        mytoken = RemoteCodec(Issuer(server.url, Https(server.url))).decode(minted.bearer)

    assert mytoken.mom_id == minted.mom_id
    assert mytoken.name == "nightly"


def test_a_server_that_renews_its_key_is_asked_at_once_and_then_not_for_30_seconds(
    server: MytokenServer,
) -> None:
    clock = Clock()
    remote = RemoteCodec(Issuer(server.url, Https(server.url), clock))
    old = server.mint().bearer
    remote.decode(old)
    clock.now += limits.CONFIGURATION_COOLDOWN
    server.ledger.rotate_signing_key("ES256")

    assert remote.decode(server.mint().bearer)
    requests = len(server.requests)
    assert requests == 4
    for _ in range(100):
        with pytest.raises(InvalidToken):
            remote.decode(old)
    assert len(server.requests) == requests


def test_garbage_is_never_a_request(server: MytokenServer) -> None:
    remote = RemoteCodec(Issuer(server.url, Https(server.url)))

    for bearer in ("", "a.b.c", "a" * 64, token(), token(header(jku=f"{server.url}{JWKS}"))):
        with pytest.raises(InvalidToken):
            remote.decode(bearer)

    assert server.requests == []
