"""What is known of the mytoken server: fetched when it is needed, and no more often than agreed."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from mytoken_calendars import limits
from mytoken_calendars.authorities.remote.https import Https
from mytoken_calendars.authorities.remote.issuer import Issuer
from mytoken_calendars.errors import TemporarilyUnavailable
from tests.doubles import mytoken_server
from tests.doubles.fakes import Scripted
from tests.doubles.mytoken_server import CONFIGURATION, JWKS, Fault, MytokenServer, answering
from tests.harness.examples import NOW

URL = "https://mytoken.example"
KEYS = [ECKey.generate_key("P-521") for _ in range(3)]


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Scripted:
    server = Scripted(URL)
    server.publish(KEYS[0])
    return server


@pytest.fixture
def issuer(server: Scripted, clock: Clock) -> Issuer:
    return Issuer(URL, server, clock)


def is_unavailable(issuer: Issuer) -> bool:
    try:
        issuer.configuration()
    except TemporarilyUnavailable:
        return True
    return False


def has_key(issuer: Issuer, key: Any) -> bool:
    numbers = [known.public.public_numbers() for known in issuer.configuration().keys]
    return numbers == [key.public_key.public_numbers()]


def test_nothing_is_fetched_before_it_is_needed(server: Scripted, issuer: Issuer) -> None:
    assert server.asked == []
    assert issuer.url == URL


def test_the_configuration_and_the_keys_are_fetched_together_and_once(
    server: Scripted, issuer: Issuer
) -> None:
    known = issuer.configuration()

    assert known.document == server.documents[f"{URL}{CONFIGURATION}"]
    assert known.jwks == server.documents[f"{URL}/jwks"]
    assert known.jwks_uri == f"{URL}/jwks"
    assert known.tokeninfo_endpoint == f"{URL}/api/v0/tokeninfo"
    assert known.algorithm == "ES512"
    assert has_key(issuer, KEYS[0])
    assert issuer.configuration() is known
    assert server.asked == [f"{URL}{CONFIGURATION}", f"{URL}/jwks"]


def test_they_are_fetched_again_after_an_hour(
    server: Scripted, issuer: Issuer, clock: Clock
) -> None:
    issuer.configuration()
    server.publish(KEYS[1])

    clock.now += limits.CONFIGURATION_FRESH - 1
    assert has_key(issuer, KEYS[0])
    clock.now += 1
    assert has_key(issuer, KEYS[1])
    assert len(server.asked) == 4


def test_an_issuer_url_may_end_in_a_slash(server: Scripted, clock: Clock) -> None:
    server.publish(KEYS[0], issuer=f"{URL}/")

    assert not is_unavailable(Issuer(f"{URL}/", server, clock))
    assert server.asked[0] == f"{URL}{CONFIGURATION}"


@pytest.mark.parametrize(
    "url", ["", "http://mytoken.example", "https://evil.example", f"{URL}#", f"{URL} "]
)
def test_an_issuer_is_at_the_pinned_server(server: Scripted, url: str) -> None:
    with pytest.raises(ValueError, match="not an issuer at the pinned server"):
        Issuer(url, server)


BAD_CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "no issuer": {"issuer": None},
    "another issuer": {"issuer": "https://evil.example"},
    "an issuer with a slash": {"issuer": f"{URL}/"},
    "an issuer in upper case": {"issuer": URL.upper()},
    "an issuer that is a list": {"issuer": [URL]},
    "no key set": {"jwks_uri": None},
    "a key set elsewhere": {"jwks_uri": "https://evil.example/jwks"},
    "a key set at another port": {"jwks_uri": f"{URL}:8443/jwks"},
    "a key set without TLS": {"jwks_uri": "http://mytoken.example/jwks"},
    "a key set in a file": {"jwks_uri": "file:///etc/passwd"},
    "a key set at a relative address": {"jwks_uri": "/jwks"},
    "a key set behind an @": {"jwks_uri": f"{URL}@evil.example/jwks"},
    "a key set that is a number": {"jwks_uri": 1},
    "no tokeninfo": {"tokeninfo_endpoint": None},
    "tokeninfo elsewhere": {"tokeninfo_endpoint": "https://evil.example/tokeninfo"},
    "tokeninfo without TLS": {"tokeninfo_endpoint": "http://mytoken.example/tokeninfo"},
    "tokeninfo in the cloud": {"tokeninfo_endpoint": "https://169.254.169.254/"},
    "no algorithm": {"token_signing_alg_value": None},
    "the algorithm none": {"token_signing_alg_value": "none"},
    "a shared secret": {"token_signing_alg_value": "HS256"},
    "an algorithm in lower case": {"token_signing_alg_value": "es512"},
    "another curve": {"token_signing_alg_value": "ES256K"},
    "EdDSA": {"token_signing_alg_value": "EdDSA"},
    "two algorithms": {"token_signing_alg_value": ["ES512", "RS256"]},
    "an algorithm that no key fits": {"token_signing_alg_value": "RS256"},
}
BAD_BODIES: dict[str, bytes] = {
    "nothing": b"",
    "HTML": b"<!doctype html><title>It works!</title>",
    "a list": b"[]",
    "null": b"null",
    "half of it": b'{"issuer": "https://mytoken.exa',
    "a member twice": b'{"issuer": "https://mytoken.example", "issuer": "https://evil.example"}',
    "NaN": b'{"keys": NaN}',
    "UTF-16": '{"keys": []}'.encode("utf-16"),
    "nested deeply": b"[" * 100_000,
    "a number of 100,000 digits": b"1" * 100_000,
}


@pytest.mark.parametrize("bad", BAD_CONFIGURATIONS)
def test_a_configuration_that_is_not_the_pinned_servers_is_refused(
    server: Scripted, issuer: Issuer, clock: Clock, bad: str
) -> None:
    known = issuer.configuration()
    server.publish(KEYS[1], **BAD_CONFIGURATIONS[bad])
    clock.now += limits.CONFIGURATION_FRESH

    assert issuer.configuration() is known
    assert is_unavailable(Issuer(URL, server, clock))
    assert all(url.startswith(f"{URL}/") for url in server.asked)


@pytest.mark.parametrize("bad", BAD_BODIES)
@pytest.mark.parametrize("path", [CONFIGURATION, "/jwks"])
def test_a_document_that_is_no_json_object_is_refused(
    server: Scripted, issuer: Issuer, clock: Clock, path: str, bad: str
) -> None:
    known = issuer.configuration()
    server.publish(KEYS[1])
    server.documents[f"{URL}{path}"] = BAD_BODIES[bad]
    clock.now += limits.CONFIGURATION_FRESH

    assert issuer.configuration() is known
    assert is_unavailable(Issuer(URL, server, clock))


def test_a_key_set_with_a_secret_replaces_nothing(
    server: Scripted, issuer: Issuer, clock: Clock
) -> None:
    known = issuer.configuration()
    server.documents[f"{URL}/jwks"] = {"keys": [KEYS[1].as_dict(private=True)]}
    clock.now += limits.CONFIGURATION_FRESH

    assert issuer.configuration() is known


def test_a_new_algorithm_comes_with_its_keys(
    server: Scripted, issuer: Issuer, clock: Clock
) -> None:
    issuer.configuration()
    key = RSAKey.generate_key(2048)
    server.publish(key, token_signing_alg_value="PS384")
    clock.now += limits.CONFIGURATION_FRESH

    assert issuer.configuration().algorithm == "PS384"
    assert has_key(issuer, key)


@pytest.mark.parametrize("lost", [CONFIGURATION, "/jwks"])
def test_a_server_that_fails_is_left_alone_for_30_seconds_after_the_attempt_began(
    server: Scripted, issuer: Issuer, clock: Clock, lost: str
) -> None:
    document = server.documents.pop(f"{URL}{lost}")

    assert is_unavailable(issuer)
    requests = len(server.asked)
    server.documents[f"{URL}{lost}"] = document
    clock.now += limits.CONFIGURATION_COOLDOWN - 1
    assert is_unavailable(issuer)
    assert len(server.asked) == requests
    clock.now += 1
    assert not is_unavailable(issuer)


def test_the_time_that_an_attempt_took_counts(clock: Clock, issuer: Issuer) -> None:
    def slow(_self: Scripted, _url: str, **_: Any) -> bytes:
        clock.now += 4
        raise TemporarilyUnavailable

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scripted, "get", slow)
        assert is_unavailable(issuer)
    clock.now += limits.CONFIGURATION_COOLDOWN - 4

    assert not is_unavailable(issuer)


def test_a_hundred_requests_while_the_server_is_down_make_four_attempts_in_100_seconds(
    server: Scripted, issuer: Issuer, clock: Clock
) -> None:
    server.documents.clear()

    for _ in range(100):
        assert is_unavailable(issuer)
        clock.now += 1

    assert len(server.asked) == 4


def test_the_last_good_ones_serve_for_a_day_while_the_server_is_down(
    server: Scripted, issuer: Issuer, clock: Clock
) -> None:
    known = issuer.configuration()
    server.documents.clear()

    clock.now += limits.CONFIGURATION_KEPT - 1
    assert issuer.configuration() is known
    assert len(server.asked) == 3
    clock.now += 1
    assert is_unavailable(issuer)
    server.publish(KEYS[1])
    clock.now += limits.CONFIGURATION_COOLDOWN
    assert has_key(issuer, KEYS[1])


def test_failed_attempts_do_not_make_the_last_good_ones_younger(
    server: Scripted, issuer: Issuer, clock: Clock
) -> None:
    issuer.configuration()
    server.documents.clear()

    for _ in range(24):
        assert not is_unavailable(issuer)
        clock.now += 60 * 60
    assert is_unavailable(issuer)


def test_a_clock_that_is_set_back_makes_nothing_last_longer(
    server: Scripted, issuer: Issuer, clock: Clock
) -> None:
    issuer.configuration()
    server.publish(KEYS[1])

    clock.now -= 10 * limits.CONFIGURATION_FRESH

    assert has_key(issuer, KEYS[1])


def test_newer_keys_are_fetched_for_a_token_that_the_known_ones_do_not_verify(
    server: Scripted, issuer: Issuer, clock: Clock
) -> None:
    known = issuer.configuration()
    server.publish(KEYS[1])
    clock.now += limits.CONFIGURATION_COOLDOWN

    newer = issuer.newer_than(known)

    assert newer is not None
    assert newer is issuer.configuration()
    assert has_key(issuer, KEYS[1])


def test_newer_keys_are_fresh_for_another_hour(
    server: Scripted, issuer: Issuer, clock: Clock
) -> None:
    known = issuer.configuration()
    clock.now += limits.CONFIGURATION_FRESH - 1
    newer = issuer.newer_than(known)
    clock.now += limits.CONFIGURATION_FRESH - 1

    assert issuer.configuration() is newer


def test_newer_keys_are_fetched_once_in_30_seconds_after_a_success_and_after_a_failure(
    server: Scripted, issuer: Issuer, clock: Clock
) -> None:
    known = issuer.configuration()
    for _ in range(1000):
        assert issuer.newer_than(issuer.configuration()) is None
    assert len(server.asked) == 2

    clock.now += limits.CONFIGURATION_COOLDOWN
    for _ in range(1000):
        issuer.newer_than(issuer.configuration())
    assert len(server.asked) == 4

    server.documents.clear()
    clock.now += limits.CONFIGURATION_COOLDOWN
    newest = issuer.configuration()
    assert newest is not known
    for _ in range(1000):
        assert issuer.newer_than(newest) is None
    assert len(server.asked) == 5


def test_what_somebody_else_has_fetched_is_newer_without_another_request(
    server: Scripted, issuer: Issuer, clock: Clock
) -> None:
    known = issuer.configuration()
    clock.now += limits.CONFIGURATION_FRESH
    newest = issuer.configuration()

    assert issuer.newer_than(known) is newest
    assert len(server.asked) == 4


def test_many_threads_fetch_once(server: Scripted, issuer: Issuer) -> None:
    found: list[Any] = []
    together = threading.Barrier(16)
    get = Scripted.get

    def slow(self: Scripted, url: str, **more: Any) -> bytes:
        time.sleep(0.02)
        return get(self, url, **more)

    def run() -> None:
        together.wait()
        found.append(issuer.configuration())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scripted, "get", slow)
        threads = [threading.Thread(target=run) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(found) == 16
    assert len({id(known) for known in found}) == 1
    assert len(server.asked) == 2


@pytest.fixture
def real_server(tmp_path: Path) -> Iterator[MytokenServer]:
    with mytoken_server.running(tmp_path, path="/mytoken/") as running:
        yield running


FAULTS: dict[str, Fault] = {
    "500": answering(500),
    "HTML": mytoken_server.html,
    "a redirect": answering(302, Location="/elsewhere"),
    "an endless body": mytoken_server.flooding(),
    "no answer": mytoken_server.sending(b""),
    "an empty object": answering(200, {}),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("path", [CONFIGURATION, JWKS])
def test_a_real_server_that_fails_does_not_take_away_what_is_known(
    real_server: MytokenServer, clock: Clock, path: str, fault: str
) -> None:
    issuer = Issuer(real_server.url, Https(real_server.url), clock)
    known = issuer.configuration()
    clock.now += limits.CONFIGURATION_FRESH

    with real_server.failing(FAULTS[fault], path):
        assert issuer.configuration() is known
    clock.now += limits.CONFIGURATION_COOLDOWN
    assert issuer.configuration() is not known


def test_a_real_server_is_asked_at_its_own_paths(real_server: MytokenServer) -> None:
    Issuer(real_server.url, Https(real_server.url)).configuration()

    paths = [request.path for request in real_server.requests]
    assert paths == [f"/mytoken{CONFIGURATION}", f"/mytoken{JWKS}"]
