"""HTTPS with one pinned server: whatever it does, an answer is small and in time, or none."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mytoken_calendars.authorities.remote.https import Https
from mytoken_calendars.errors import TemporarilyUnavailable
from tests.doubles import mytoken_server
from tests.doubles.mytoken_server import (
    JWKS,
    TOKENINFO,
    Fault,
    MytokenServer,
    answering,
    dripping,
    sending,
)

BEARER = "a-very-secret-mytoken"
SHORT = 0.3  # seconds
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MytokenServer]:
    with mytoken_server.running(tmp_path) as running:
        yield running


@pytest.fixture
def https(server: MytokenServer) -> Https:
    return Https(server.url)


@pytest.fixture
def no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def told(error: BaseException | None) -> Iterator[str]:
    """What is printed of an error and of all that led to it."""
    while error is not None:
        yield f"{error!r} {error}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def is_unavailable(call: Callable[[], object]) -> bool:
    """Whether a call fails as it should: without a word of what was sent, or to where."""
    try:
        call()
    except TemporarilyUnavailable as error:
        text = " ".join(told(error))
        return not any(secret in text for secret in (BEARER, "https://", TOKENINFO))
    return False


def get(https: Https, path: str = JWKS, **more: Any) -> bytes:
    return https.get(https.url + path, **more)


def post(https: Https, **more: Any) -> tuple[int, bytes]:
    return https.post(https.url + TOKENINFO, {"mytoken": BEARER}, **more)


def test_a_document_is_fetched(server: MytokenServer, https: Https) -> None:
    with server.failing(answering(200, b"{}")):
        assert get(https) == b"{}"

    (request,) = server.requests
    assert (request.method, request.path) == ("GET", JWKS)
    assert request.headers["Host"] == server.url.removeprefix("https://")
    assert request.headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in request.headers


def test_a_document_is_posted(server: MytokenServer, https: Https) -> None:
    with server.failing(answering(201, b"[]")):
        assert post(https) == (201, b"[]")

    (request,) = server.requests
    assert request.document == {"mytoken": BEARER}
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404, 429, 500, 503])
def test_whether_a_post_succeeded_is_for_the_caller_to_say(
    server: MytokenServer, https: Https, status: int
) -> None:
    with server.failing(answering(status)):
        assert post(https) == (status, b"")


@pytest.mark.parametrize("status", [201, 204, 206, 301, 304, 400, 401, 404, 500, 503])
def test_a_document_comes_with_200_or_not_at_all(
    server: MytokenServer, https: Https, status: int
) -> None:
    with server.failing(answering(status)):
        assert is_unavailable(lambda: get(https))


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_no_redirect_is_followed(server: MytokenServer, https: Https, status: int) -> None:
    with server.failing(answering(status, Location=f"{server.url}/elsewhere")):
        assert is_unavailable(lambda: get(https))
        assert is_unavailable(lambda: post(https))

    assert [request.path for request in server.requests] == [JWKS, TOKENINFO]


def test_proxies_of_the_environment_are_not_asked(
    server: MytokenServer, https: Https, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with server.failing(answering(200, b"{}")):
        assert get(https) == b"{}"


def test_each_request_has_a_connection_of_its_own(server: MytokenServer, https: Https) -> None:
    ports: list[int] = []

    def note(exchange: mytoken_server.Exchange) -> None:
        ports.append(exchange.client_address[1])
        exchange.answer(200, b"")

    with server.failing(note):
        for _ in range(3):
            post(https)

    assert len(set(ports)) == 3


@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP", "identity, gzip", "x"])
def test_no_content_coding_is_undone(server: MytokenServer, https: Https, coding: str) -> None:
    with server.failing(answering(200, b"{}", Content_Encoding=coding)):
        assert is_unavailable(lambda: get(https))


ELSEWHERE = [
    "",
    "/jwks",
    "//mytoken.example/jwks",
    "http://mytoken.example/jwks",
    "HTTP://mytoken.example/jwks",
    "ftp://mytoken.example/jwks",
    "file:///etc/passwd",
    "file://mytoken.example/etc/passwd",
    "data:application/json,{}",
    "javascript:alert(1)",
    "gopher://mytoken.example/",
    "https:mytoken.example/jwks",
    "https:/mytoken.example/jwks",
    "https:///jwks",
    "https://mytoken.example.evil.example/jwks",
    "https://mytoken.example:8443/jwks",
    "https://mytoken.example:80/jwks",
    "https://mytoken.example:/jwks",
    "https://mytoken.example:0/jwks",
    "https://mytoken.example:65979/jwks",  # 443 in 16 bits
    "https://mytoken.example:+443/jwks",
    "https://mytoken.example:４４３/jwks",
    "https://mytoken.example./jwks",
    "https://user@mytoken.example/jwks",
    "https://user:password@mytoken.example/jwks",
    "https://mytoken.example@evil.example/jwks",
    "https://evil.example#@mytoken.example/jwks",
    "https://evil.example\\@mytoken.example/jwks",
    "https://mytoken.example\\@evil.example/jwks",
    "https://mytoken.example%2eevil.example/jwks",
    "https://mytoken.example?x=/jwks",
    "https://mytoken.example#/jwks",
    "https://mytoken.example/jwks#x",
    "https://mytoken.example/jw ks",
    "https://mytoken.example/jwks\r\nX: y",
    "https://mytoken.example/jwks\n",
    " https://mytoken.example/jwks",
    "\thttps://mytoken.example/jwks",
    "https://mytoken.example/jwks\0",
    "https://mytoken.example/jwké",
    "https://mytoken.exаmple/jwks",  # its third a is Cyrillic
    "https://127.0.0.1/jwks",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/jwks",
    "https://localhost/jwks",
    "https://169.254.100.1:9001/2018-06-01/runtime/invocation/next",
]


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize("url", ELSEWHERE)
def test_no_connection_is_made_for_a_url_elsewhere(url: str) -> None:
    https = Https("https://mytoken.example/")

    assert not https.reaches(url)
    with pytest.raises(ValueError, match="not a URL of the pinned server"):
        https.get(url)
    with pytest.raises(ValueError, match="not a URL of the pinned server"):
        https.post(url, {"mytoken": BEARER})


@pytest.mark.parametrize(
    "url",
    [
        "https://mytoken.example",
        "https://mytoken.example/",
        "https://mytoken.example:443/jwks",
        "HTTPS://MyToken.Example/jwks?x=y&z",
        "https://mytoken.example//evil.example/jwks",
    ],
)
def test_the_pinned_server_has_several_spellings(url: str) -> None:
    assert Https("https://mytoken.example").reaches(url)
    assert Https(url).reaches("https://mytoken.example/jwks")


@pytest.mark.parametrize("url", ["", "mytoken.example", "http://mytoken.example", "https://a..b"])
def test_a_server_without_https_cannot_be_pinned(url: str) -> None:
    with pytest.raises(ValueError, match="not an https URL"):
        Https(url)


def test_a_server_is_found_by_its_name(tmp_path: Path) -> None:
    with mytoken_server.running(tmp_path, host="localhost", names=("localhost",)) as server:
        assert b"ES512" in get(Https(server.url))


@pytest.mark.parametrize(
    "certificate",
    [
        {"names": ("mytoken.example",)},
        {"names": ("localhost",)},
        {"names": ("127.0.0.2",)},
        {"names": ("*",)},
        {"expired": True},
    ],
    ids=str,
)
def test_a_server_with_the_certificate_of_another_is_sent_nothing(
    tmp_path: Path, certificate: dict[str, Any]
) -> None:
    with mytoken_server.running(tmp_path, **certificate) as server:
        https = Https(server.url)

        assert is_unavailable(lambda: post(https))

    assert not server.requests


def test_a_server_whose_authority_is_not_trusted_is_sent_nothing(
    server: MytokenServer, https: Https, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    assert is_unavailable(lambda: post(https))
    assert not server.requests


def test_a_server_that_is_down_is_unavailable(server: MytokenServer, https: Https) -> None:
    with server.down():
        assert is_unavailable(lambda: post(https))
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    assert is_unavailable(lambda: post(Https(f"https://127.0.0.1:{port}")))


def test_a_host_that_nobody_knows_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert is_unavailable(lambda: post(Https("https://mytoken.invalid")))


def test_all_addresses_of_a_host_are_tried_and_share_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    real = socket.create_connection
    look_up = socket.getaddrinfo

    def create(address: Any, timeout: float) -> socket.socket:
        waits.append(timeout)
        if address[0] != "127.0.0.1":
            raise TimeoutError
        return real(address, timeout)

    addresses = [(2, 1, 6, "", (host, 0)) for host in ("192.0.2.1", "192.0.2.2", "127.0.0.1")]
    monkeypatch.setattr(socket, "create_connection", create)
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *more, **named: (
            addresses if host == "mytoken.example" else look_up(host, *more, **named)
        ),
    )

    with mytoken_server.running(tmp_path, host="mytoken.example", names=("mytoken.example",)) as s:
        assert b"keys" in get(Https(s.url), within=6)
    assert waits == pytest.approx([2, 3, 6], abs=0.5)


SLOW: dict[str, Fault] = {
    "nothing": mytoken_server.hanging,
    "a status line": dripping(b"HTTP/1.1 200 " + b"O" * 1000),
    "headers": dripping(OK + b"X: y\r\n" * 1000),
    "a body": dripping(OK + b"Content-Length: 1000\r\n\r\n" + b" " * 1000),
    "a body without end": dripping(OK + b"\r\n" + b" " * 1000),
    "chunks": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 1000),
    "trailers": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 1000),
    "announcements": dripping(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
}


@pytest.mark.parametrize("slow", SLOW)
def test_a_server_that_drips_is_not_waited_for(
    server: MytokenServer, https: Https, slow: str
) -> None:
    with server.failing(SLOW[slow]):
        for call in (get, post):
            begin = time.monotonic()
            assert is_unavailable(lambda call=call: call(https, within=SHORT))
            assert SHORT * 0.9 < time.monotonic() - begin < SHORT + 3


@pytest.mark.usefixtures("no_connection")
def test_no_connection_is_made_without_time_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 0))])

    assert is_unavailable(lambda: post(Https("https://mytoken.example"), within=0))


def raw_server(serve: Callable[[socket.socket, threading.Event], None]) -> Any:
    """A TCP server of one connection; closing it ends the thread that serves."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def accept() -> None:
        connection, _ = listener.accept()
        with connection:
            serve(connection, ended)

    thread = threading.Thread(target=accept)
    thread.start()

    class Running:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"

        def close(self) -> None:
            ended.set()
            thread.join()
            listener.close()

    return closing(Running())


def _silent(_: socket.socket, ended: threading.Event) -> None:
    ended.wait(10)


def _dripping_handshake(connection: socket.socket, ended: threading.Event) -> None:
    for byte in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + b"\0" * 1000:  # a ServerHello, at length
        try:
            connection.sendall(bytes([byte]))
        except OSError:
            return
        if ended.wait(0.02):
            return


@pytest.mark.parametrize("serve", [_silent, _dripping_handshake])
def test_a_handshake_that_drips_is_not_waited_for(
    serve: Callable[[socket.socket, threading.Event], None],
) -> None:
    with raw_server(serve) as running:
        begin = time.monotonic()
        assert is_unavailable(lambda: post(Https(running.url), within=SHORT))
        assert SHORT * 0.9 < time.monotonic() - begin < SHORT + 3


def test_a_server_that_reads_nothing_is_not_waited_for(server: MytokenServer, https: Https) -> None:
    large = {"mytoken": "x" * 20_000_000}

    def hang(exchange: mytoken_server.Exchange) -> None:
        exchange.server.stopping.wait(10)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mytoken_server.Exchange, "do_POST", hang)
        begin = time.monotonic()
        assert is_unavailable(lambda: https.post(server.url + TOKENINFO, large, within=SHORT))
        assert time.monotonic() - begin < SHORT + 3


def test_a_host_that_does_not_answer_is_not_waited_for() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        for _ in range(4):  # more than its queue has room for
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(full.getsockname())
            waiting.append(client)
        begin = time.monotonic()

        url = f"https://127.0.0.1:{full.getsockname()[1]}"
        assert is_unavailable(lambda: post(Https(url), within=SHORT))

        assert time.monotonic() - begin < SHORT + 3
        for client in waiting:
            client.close()


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
@pytest.mark.parametrize("framing", ["length", "chunks", "end"])
def test_an_answer_has_at_most_so_many_bytes(
    server: MytokenServer, https: Https, framing: str, size: int, *, fits: bool
) -> None:
    body = b"x" * size
    answers = {
        "length": OK + b"Content-Length: %d\r\n\r\n" % size + body,
        "chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (size, body),
        "end": OK + b"\r\n" + body,
    }

    with server.failing(sending(answers[framing])):
        if fits:
            assert get(https, at_most=1000) == body
        else:
            assert is_unavailable(lambda: get(https, at_most=1000))


ENDLESS: dict[str, Fault] = {
    "a body": mytoken_server.flooding(),
    "a body of a length": mytoken_server.flooding(OK + b"Content-Length: 9999999999999\r\n\r\n"),
    "a chunk": mytoken_server.flooding(OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n"),
    "a chunk of -1": mytoken_server.flooding(OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n"),
    "chunks": mytoken_server.flooding(
        OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000
    ),
    "a header": mytoken_server.flooding(OK + b"X: ", b"y" * 60_000),
    "headers": mytoken_server.flooding(OK, b"X: y\r\n" * 10_000),
    "a status line": mytoken_server.flooding(b"", b"HTTP/1.1 200 "),
    "announcements": mytoken_server.flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "trailers": mytoken_server.flooding(
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 10_000
    ),
}


@pytest.mark.parametrize("endless", ENDLESS)
def test_a_server_that_never_stops_is_given_up_by_size(
    server: MytokenServer, https: Https, endless: str
) -> None:
    with server.failing(ENDLESS[endless]):
        begin = time.monotonic()
        assert is_unavailable(lambda: get(https, within=20))
        assert time.monotonic() - begin < 5


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n",
        b"<html>",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 OK 200\r\n\r\n",
        b"HTTP/1.1 99 ?\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"SSH-2.0-" + BEARER.encode() + b"\r\n\r\n",
        b"HTTP/1.1 " + BEARER.encode() + b"\r\n\r\n",
        OK + b"Content-Length: 10\r\n\r\nshort",
        OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + BEARER.encode() + b"\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        OK + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        OK + b"X: y\r\n" * 101 + b"\r\n",
    ],
    ids=lambda answer: repr(answer[:60]),
)
def test_what_is_not_http_is_no_answer_and_is_not_quoted(
    server: MytokenServer, https: Https, answer: bytes
) -> None:
    with server.failing(sending(answer)):
        assert is_unavailable(lambda: post(https, within=3))


def test_a_failed_post_is_not_sent_again(server: MytokenServer, https: Https) -> None:
    with server.failing(sending(b"")):
        assert is_unavailable(lambda: post(https))

    assert len(server.requests) == 1
