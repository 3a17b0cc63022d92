"""A deployed stack as its clients see it: with one mytoken, and calendars that go again."""

import os
import re
import secrets
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self
from urllib.parse import quote, urlsplit

import jwt
import pytest
import requests

from mytoken_calendars.tokens.mytoken import Capability, Mytoken
from tests.harness import openapi
from tests.harness.canaries import CANARIES
from tests.harness.stacks import CALENDARS, Answer

PATIENCE = 60  # seconds
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOBODY = {"Authorization": None}  # the headers of a request without a mytoken

_PAUSES = (1, 2, 4, 8)  # seconds, when a request was throttled
_RENAMED = "x-amzn-remapped-"  # by API Gateway, which keeps some names for itself
_OPERATIONS = {o.folder: o for o in reversed(openapi.operations())}  # GET before HEAD
_SECRETS = ((re.compile(r"eyJ[\w.-]{16,}"), "<mytoken>"), (re.compile(r"\w{32}"), "<feed>"))


class NotUsable(ValueError):
    """Says in one line why nothing can be checked."""


@dataclass(frozen=True)
class Seen(Answer):
    """An answer. API Gateway has passed on the headers `renamed` under other names than these."""

    renamed: frozenset[str] = frozenset()

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object, but for the successor of the mytoken."""
        return {name: value for name, value in self.json.items() if name != "token_update"}

    @property
    def error(self) -> str | None:
        """The code of an error of the API; None if it is no such error."""
        with suppress(ValueError, TypeError, KeyError):
            return str(self.json["error"])
        return None


@dataclass
class Deployment:
    """A stack at `url`, and the mytoken to be presented: when it rotates, its successor.

    The calendars that are made have names that begin with `run`.
    """

    url: str
    bearer: str
    run: str = field(default_factory=lambda: f"e2e-{secrets.token_hex(6)}")
    names: int = 0  # that were given to calendars
    presented: set[str] = field(default_factory=set)
    throttled: list[Seen] = field(default_factory=list)

    @classmethod
    def from_environment(cls) -> Self:
        """That of URL and TOKEN. Raises NotUsable."""
        url, bearer = (os.environ.pop(name, "").strip() for name in ("URL", "TOKEN"))
        if not (url and bearer):
            raise NotUsable("needs URL, where the stack is, and TOKEN, a mytoken of it")
        if not _is_confidential(url):
            raise NotUsable("URL has to begin with https://, as the mytoken is sent there")
        deployment = cls(url.rstrip("/"), bearer)
        if mytoken := deployment.mytoken:
            if not mytoken.may(Capability.READ_NOTIFY):
                raise NotUsable(f"TOKEN needs {Capability.NOTIFY}")
            if any(clause.usages_other is not None for clause in mytoken.restrictions):
                raise NotUsable("TOKEN may be used a few times only, and the checks use it often")
        return deployment

    def reach(self) -> None:
        """Asks for the first time. Raises NotUsable if nothing else is worth asking."""
        try:
            answer = self.send("GET", CALENDARS)
        except requests.RequestException as error:
            raise NotUsable(f"nothing answers at URL: {type(error).__name__}") from None
        except AssertionError:
            return  # a fault is for the checks to report
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise NotUsable("TOKEN is not valid at URL")

    @property
    def successor(self) -> str | None:
        """What the mytoken that was given has become, if it has rotated."""
        return self.bearer if self.presented - {self.bearer} else None

    @cached_property
    def mytoken(self) -> Mytoken | None:
        """What the mytoken says; None if it is a short one, which says nothing."""
        try:
            return Mytoken.of(jwt.decode(self.bearer, options={"verify_signature": False}))
        except (jwt.InvalidTokenError, ValueError):
            return None

    @property
    def rotates(self) -> bool:
        """Whether a use of the mytoken makes a successor; of a short one the first use shows it."""
        return self.successor is not None if self.mytoken is None else self.mytoken.rotates

    @property
    def expires(self) -> bool:
        return self.mytoken is None or self.mytoken.expires is not None

    @property
    def done(self) -> int:
        """The status of an answer that has nothing to say but the successor, if there is one."""
        return 200 if self.rotates else 204

    @property
    def lacking(self) -> list[Capability]:
        """What the mytoken may not, of all that is checked; a short one is taken to be able."""
        of_mytokens = (Capability.INTROSPECT, Capability.SUBTOKENS, Capability.LIST)
        checked = (Capability.NOTIFY, *of_mytokens, Capability.TAGS)
        return [c for c in checked if self.mytoken is not None and not self.mytoken.may(c)]

    def needs(self, capability: Capability) -> None:
        """Skips the check if the mytoken does not have it."""
        if capability in self.lacking:
            pytest.skip(f"needs {capability}")

    def name(self, ending: str = "") -> str:
        """For a new calendar, which only some mytokens may create."""
        self.needs(Capability.NOTIFY)
        self.names += 1
        return f"{self.run}-{self.names}{ending}"

    def ask(
        self,
        operation: str,
        *,
        name: str = "",
        feed: str = "",
        tag: str = "",
        method: str = "",
        path: str = "",
        **request: Any,
    ) -> Seen:
        """The answer of an operation, which has to be as docs/openapi.yaml says.

        `path` takes the place of the operation's own, which has the name of a calendar in it, and
        perhaps the id of a feed; or the name of a tag.
        """
        described = _OPERATIONS[operation]
        named = {"calendar": quote(name, safe=""), "tag": quote(tag, safe="")}
        target = path or described.path.format(feed=feed, **named)
        answer = self.send(method or described.method, target, operation=operation, **request)
        known = {n: v for n, v in answer.headers.items() if n in openapi.header_names()}
        for fault in openapi.faults(replace(answer, headers=known)):
            raise AssertionError(f"{operation}: expected what is documented, got {fault}")
        return answer

    def feed(self, calendar: Mapping[str, Any], method: str = "GET", **headers: str) -> Seen:
        """The feed, uncompressed unless asked for otherwise; `headers` have _ for -."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        path = calendar["ics_path"]
        return self.ask("get_feed", method=method, path=path, headers={**NOBODY, **given})

    def send(
        self,
        method: str,
        target: str,
        *,
        operation: str = "no_route",
        headers: Mapping[str, str | None] | None = None,
        **request: Any,
    ) -> Seen:
        """Any answer but a fault of the server. The target is sent as it is spelled.

        Who is throttled waits, and asks again. The mytoken is in the header, unless others say.
        """
        for pause in (*_PAUSES, None):
            presented = {"Authorization": f"Bearer {self.bearer}", **(headers or {})}
            with _uninterrupted():  # an answer may be the only place where the successor is
                answer = self._sent(method, target, presented, operation, request)
                self._take_over(answer)
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS or pause is None:
                break
            self.throttled.append(answer)
            time.sleep(pause)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise AssertionError(f"expected no fault, got {answer.status} {answer.body[:200]!r}")
        return answer

    def clean_up(self) -> list[str]:
        """Deletes the calendars that were made; the names of those that could not be."""
        if self.names == 0:
            return []
        for _ in range(3):
            for name in self._left():
                with suppress(AssertionError, requests.RequestException):
                    self.ask("delete_calendar", name=name)
        return self._left()

    def scrubbed(self, text: str) -> str:
        """The text without mytokens and addresses of feeds."""
        for secret in self.presented:
            text = text.replace(secret, "<mytoken>")
        for pattern, what in _SECRETS:
            text = pattern.sub(what, text)
        return text

    def _left(self) -> list[str]:
        calendars = self.ask("list_calendars").json["calendars"]
        return [c["name"] for c in calendars if c["name"].lower().startswith(self.run)]

    def _sent(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str | None],
        operation: str,
        request: Mapping[str, Any],
    ) -> Seen:
        url = target if "://" in target else f"{self.url}{target}"
        assert _is_confidential(url), f"{url} is no place to send a mytoken to"
        given = {name: value for name, value in headers.items() if value is not None}
        CANARIES.plant(self.bearer, (request.get("json") or {}).get("comment"))
        self.presented.add(self.bearer)
        prepared = self._session.prepare_request(
            requests.Request(method, url, headers=given, **request)
        )
        prepared.url = url  # requests would mend it
        settings = self._session.merge_environment_settings(url, {}, True, None, None)
        response = self._session.send(prepared, timeout=PATIENCE, allow_redirects=False, **settings)
        body = response.raw.read(decode_content=False)
        CANARIES.answered(response.status_code, response.headers, body)
        return _seen(response, body, operation, method)

    def _take_over(self, answer: Seen) -> None:
        """From now on the successor is presented, if there is one in the answer."""
        with suppress(ValueError, TypeError, KeyError):
            self.bearer = str(answer.json["token_update"]["mytoken"])

    @cached_property
    def _session(self) -> requests.Session:
        session = requests.Session()
        session.headers.clear()
        session.headers.update({"User-Agent": "mytoken-calendars e2e", "Accept": "*/*"})
        session.auth = lambda request: request  # and not what a .netrc has for this host
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return session


def _seen(response: requests.Response, body: bytes, operation: str, method: str) -> Seen:
    headers = {name.lower(): value for name, value in response.headers.items()}
    remapped = {n.removeprefix(_RENAMED): v for n, v in headers.items() if n.startswith(_RENAMED)}
    return Seen(
        response.status_code,
        {**remapped, **headers},
        body,
        operation=operation,
        method=method,
        renamed=frozenset(remapped.keys() - headers.keys()),
    )


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Who ends the checks meanwhile is heard afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _is_confidential(url: str) -> bool:
    """Whether nobody on the way can read what is sent there."""
    address = urlsplit(url)
    host = address.hostname or ""
    is_here = host == "127.0.0.1" or host.split(".")[-1] == "localhost"
    return address.scheme == "https" or (address.scheme == "http" and is_here)
