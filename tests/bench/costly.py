"""Requests that are made to be costly: for every operation, in every place that clients fill.

Each is as large as API Gateway lets it through. What a place is filled with is known for being slow
somewhere: combining marks in Unicode's normal forms, semicolons and backslashes in media types,
long numbers, JSON that is deep or wide, thousands of small parts where a handful is usual.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from local.gateway import LARGEST_HEAD
from local.handlers import Event
from mytoken_calendars import limits
from tests.harness.samples import DOCUMENTED
from tests.harness.stacks import RemoteStack, Stack, Token, sample_event, set_body, set_token

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
_HEADER = LARGEST_HEAD - 1536  # bytes, since the request line and other headers want some too
_CLAIMS = limits.TOKEN * 3 // 4 - 1200  # bytes that a token has left for claims of a client's
_WITH_BODY = [operation for operation in DOCUMENTED if operation not in ("get_feed", "preflight")]
_BIGGEST_EVENT = 6 * 1024 * 1024  # bytes, which is what Lambda takes

# Texts by the number of bytes that they may take.
Text = Callable[[int], str]

_MARKS = "\u0344\u0334"  # of which the first is two more in normal form, and which are to be sorted


def _repeated(part: str) -> Text:
    return lambda size: part * (size // len(part.encode()))


def _marks(size: int) -> str:
    half = (size - 1) // 4
    return "a" + _MARKS[0] * half + _MARKS[1] * half


TEXTS: dict[str, Text] = {
    "marks": _marks,
    "one-letter": _repeated("a"),
    "jamo": _repeated("\u1112\u1161\u11ab"),
    "ligatures": _repeated("\ufdfa"),
    "emoji": _repeated("👩\u200d💻"),
    "digits": _repeated("9"),
    "base64": _repeated("Qg=="),
    "backslashes": _repeated("\\"),
    "quotes": _repeated('"'),
    "semicolons": _repeated(";"),
    "commas": _repeated(","),
    "spaces": lambda size: f"a{' ' * (size - 2)}b",
    "dots": _repeated("a."),
    "slashes": _repeated("/"),
    "percent": _repeated("%25"),
}


def _nested(opening: str, closing: str) -> Text:
    return lambda size: (
        opening * (size // 2 // len(opening)) + closing * (size // 2 // len(opening))
    )


def _listed(element: str) -> Text:
    return lambda size: "[" + ",".join([element] * (size // (len(element) + 1) - 2)) + "]"


def _members(value: str) -> Text:
    def text(size: int) -> str:
        count = size // (len(value) + 10)
        return "{" + ",".join(f'"{number:06}":{value}' for number in range(count)) + "}"

    return text


# Texts that are JSON, or nearly.
DOCUMENTS: dict[str, Text] = {
    "deep-lists": _nested("[", "]"),
    "deep-objects": lambda size: _nested('{"a":', "}")(size * 5 // 3).replace(":}", ":1}", 1),
    "unclosed-lists": _repeated("["),
    "unclosed-objects": _repeated('{"a":'),
    "wide-list": _listed("[]"),
    "wide-object": _members("[]"),
    "numbers": _members("1"),
    "long-numbers": _members("9" * 4000),
    "longest-number": lambda size: f'{{"a":{"9" * (size - 8)}}}',
    "long-fraction": lambda size: f'{{"a":0.{"7" * (size - 10)}}}',
    "long-fractions": _members("0." + "7" * 700),
    "exponents": _members("1e-9999"),
    "escapes": lambda size: '{"a":"' + "\\u0344" * ((size - 10) // 6) + '"}',
    "lone-surrogates": lambda size: '{"a":"' + "\\ud800" * ((size - 10) // 6) + '"}',
    "escaped-backslashes": lambda size: '{"a":"' + "\\\\" * ((size - 10) // 2) + '"}',
    "no-end": lambda size: '{"a":"' + "\\\\" * ((size - 10) // 2),
    "white-space": lambda size: " " * (size - 2) + "{}",
    "one-name-often": lambda size: "{" + ",".join(['"a":1'] * (size // 6 - 1)) + "}",
}

FORMS: dict[str, Text] = {
    "fields": lambda size: "&".join(f"f{number}=" for number in range(size // 8)),
    "no-fields": _repeated("&"),
    "equals": _repeated("="),
    "plus": lambda size: "name=" + "+" * (size - 5),
    "escaped": lambda size: "name=" + "%61" * ((size - 5) // 3),
    "escaped-marks": lambda size: "name=" + quote(_marks(size // 3 - 5)),
    "broken-escapes": lambda size: "name=" + "%C3" * ((size - 5) // 3),
    "semicolons": lambda size: "name=" + ";" * (size - 5),
    "percent": lambda size: "name=" + "%" * (size - 5),
}

MEDIA_TYPES: dict[str, Text] = {
    "semicolons": lambda size: "application/json" + ";" * (size - 16),
    "quotes": lambda size: 'application/json;a="' + '";' * ((size - 20) // 2),
    "backslashes": lambda size: 'application/json;a="' + '\\"' * ((size - 20) // 2),
    "open-quotes": lambda size: "application/json" + ';a="' * ((size - 16) // 4),
    "parameters": lambda size: "application/json" + ";a=b" * ((size - 16) // 4),
    "continuations": lambda size: (
        "application/json" + "".join(f";charset*{n}*=a" for n in range((size - 16) // 16))
    ),
    "charsets": lambda size: "application/json" + ";charset=utf-8" * ((size - 16) // 14),
    "slashes": _repeated("a/"),
}

HEADERS = (
    "authorization",
    "accept-encoding",
    "content-encoding",
    "content-type",
    "idempotency-key",
    "if-modified-since",
    "if-none-match",
    "origin",
    "sec-fetch-site",
)
_VALUES: dict[str, Text] = {
    **{name: TEXTS[name] for name in ("one-letter", "digits", "backslashes", "quotes")},
    **{name: TEXTS[name] for name in ("semicolons", "commas", "spaces", "dots", "slashes")},
    "bearers": _repeated("Bearer a,"),
    "codings": _repeated("gzip;q=0.001,"),
    "etags": _repeated('W/"a",'),
    "date": lambda size: f"Sun, 22 Nov {'9' * (size - 30)} 12:00:00 GMT",
    "time": lambda size: f"Sun, 22 Nov 2026 {'1:' * ((size - 25) // 2)} GMT",
}


@dataclass(frozen=True)
class Costly:
    """A request of an operation; `name` says where it is costly."""

    operation: str
    name: str
    event: Event

    def __str__(self) -> str:
        return f"{self.operation}: {self.name}"


def requests(stack: Stack) -> Iterator[Costly]:
    """One after the other, with a mytoken that has every capability: together they are large."""
    token = stack.mint("manage_mytokens", "tokeninfo")
    for make in (_in_bodies, _in_headers, _in_cookies, _in_paths, _in_events, _in_tokens):
        yield from make(token)
    yield from _in_claims(stack)


def _in_bodies(token: Token) -> Iterator[Costly]:
    for operation in _WITH_BODY:
        for name, text in DOCUMENTS.items():
            yield _with_body(operation, f"body of {name}", token, text(limits.BODY), JSON)
        for name, text in FORMS.items():
            yield _with_body(operation, f"form of {name}", token, text(limits.BODY), FORM)
        for name, text in TEXTS.items():
            for field in ("name", "mom_id", "comment", "mytoken", "token", "action"):
                document = _filled(field, text)
                yield _with_body(operation, f"{field} of {name}", token, document, JSON)
        # As large as they may be, and so not refused for their size.
        bounded = {
            "name": "a" + "\u0344\u0334" * 255,
            "comment": "\u0344\u0334" * 512,
            "mom_id": "",
        }
        yield _with_body(operation, "fields at their limits", token, json.dumps(bounded), JSON)


def _filled(field: str, text: Text) -> str:
    """A body at its limit, in which the one field has as much of the text as there is room for."""
    room = limits.BODY - 100
    value = json.dumps(text(room), ensure_ascii=False)
    if len(value.encode()) > room:  # what is escaped takes twice as much
        value = json.dumps(text(room // 2 - 2), ensure_ascii=False)
    own = {"name": "a", "mom_id": ""}
    own.pop(field, None)
    return json.dumps(own)[:-1] + f', "{field}": {value}}}'


def _in_headers(token: Token) -> Iterator[Costly]:
    for operation in DOCUMENTED:
        for header in HEADERS:
            for name, text in _VALUES.items():
                yield _with_header(operation, header, name, token, text(_HEADER))
        for name, text in MEDIA_TYPES.items():
            where = f"JSON and {name}"
            yield _with_header(operation, "content-type", where, token, text(_HEADER))
        for name, text in TEXTS.items():
            value = f"Bearer {text(_HEADER - 7)}"
            yield _with_header(operation, "authorization", f"bearer of {name}", token, value)


def _in_cookies(token: Token) -> Iterator[Costly]:
    for operation in DOCUMENTED:
        for name, cookies in {
            "many": ["a=b"] * (_HEADER // 5),
            "mytokens": ["mytoken=a"] * (_HEADER // 11),
            "tokens": [f"mytoken={token.bearer}"] * (_HEADER // (len(token.bearer) + 10)),
            "spaces": [" " * (_HEADER - 10) + "mytoken=a"],
            "equals": ["mytoken" + "=" * (_HEADER - 10)],
        }.items():
            event = _event(operation, None)
            event["cookies"] = cookies
            yield Costly(operation, f"cookies, {name}", event)


def _in_paths(token: Token) -> Iterator[Costly]:
    for operation in ("add_token", "delete_calendar", "get_calendar", "get_feed", "no_route"):
        for name, text in TEXTS.items():
            value = text(_HEADER // 3)  # a byte is three in the request line
            event = _event(operation, token)
            event["pathParameters"] = {"calendar": value, "secret": value, "file": value}
            event["rawPath"] = event["requestContext"]["http"]["path"] = f"/calendars/{value}"
            yield Costly(operation, f"path of {name}", event)


def _in_events(token: Token) -> Iterator[Costly]:
    """Bodies that are far too large, in each form that they come in."""
    for operation in DOCUMENTED:
        for encoded in (True, False):
            event = _event(operation, token)
            body = b"a" * (_BIGGEST_EVENT * 3 // 4)
            event["body"] = base64.b64encode(body).decode() if encoded else body.decode()
            event["isBase64Encoded"] = encoded
            yield Costly(operation, f"body of 4.5 MB, {'' if encoded else 'not '}encoded", event)


def _in_tokens(token: Token) -> Iterator[Costly]:
    """What is no mytoken, in the body, where there is more room than in a header."""
    head, payload, signature = token.bearer.split(".")
    room = limits.TOKEN * 3 // 4
    for operation in ("list_calendars", "create_calendar", "tokeninfo", "revoke_token"):
        for name, text in DOCUMENTS.items():
            segment = _base64url(text(room - 200))
            for where, bearer in {
                "head": f"{segment}.a.a",
                "claims": f"{head}.{segment}"[: limits.TOKEN - len(signature) - 1]
                + f".{signature}",
                "signature": f"{head}.{payload}.{segment}"[: limits.TOKEN],
            }.items():
                document = json.dumps({"mytoken": bearer, "token": bearer})
                yield _with_body(operation, f"token, {where} of {name}", None, document, JSON)


# Claims that an issuer without limits would sign.
_CLAIMED: dict[str, dict[str, Any]] = {
    "capabilities": {"capabilities": ["a"] * (_CLAIMS // 4)},
    "capabilities of many parts": {"capabilities": ["a:" * (_CLAIMS // 2)]},
    "clauses": {"restrictions": [{}] * (_CLAIMS // 3)},
    "clauses that never hold": {"restrictions": [{"exp": 1}] * (_CLAIMS // 10)},
    "clauses with a limit": {"restrictions": [{"usages_other": 0}] * (_CLAIMS // 19)},
    "clauses with a schedule": {"restrictions": [{"schedule": {"days": [8]}}] * (_CLAIMS // 28)},
    "clauses with a zone": {
        "restrictions": [{"schedule": {"timezone": f"a/{n}"}} for n in range(_CLAIMS // 36)]
    },
    "clauses with a host": {"restrictions": [{"hosts": ["a"]}] * (_CLAIMS // 16)},
    "clauses with hosts": {"restrictions": [{"hosts": ["1.1.1.1/33"] * 60}] * (_CLAIMS // 800)},
    "clauses with IPv6": {"restrictions": [{"hosts": ["::/999"] * 60}] * (_CLAIMS // 580)},
    "hosts": {"restrictions": [{"hosts": ["a"] * (_CLAIMS // 4)}]},
    "countries": {"restrictions": [{"geoip_allow": ["de"] * (_CLAIMS // 5)}]},
    "days": {"restrictions": [{"schedule": {"days": [1] * (_CLAIMS // 2 - 20)}}]},
    "days of months": {
        "restrictions": [{"schedule": {"days_of_month": [1] * (_CLAIMS // 2 - 20)}}]
    },
    "members": {"restrictions": [{f"{n:04}": 1 for n in range(_CLAIMS // 9)}]},
    "a long member": {"restrictions": [{"a" * (_CLAIMS - 10): 1}]},
}


def _in_claims(stack: Stack) -> Iterator[Costly]:
    good = stack.mint("manage_mytokens", "tokeninfo")
    codec = stack.authority.codec
    claims = codec.decode(good.bearer).claims
    for name, claimed in _CLAIMED.items():
        bearer = codec.encode({**claims, **claimed})
        for operation in ("list_calendars", "add_token", "get_calendar", "tokeninfo"):
            yield _signed(operation, f"signed {name}", bearer)


def of_another_issuer(stack: RemoteStack) -> Iterator[Costly]:
    """Mytokens that a server has signed, and what a stranger signs in its name."""
    good = stack.mint("manage_mytokens")
    for name, claimed in _CLAIMED.items():
        head, payload, signature = good.bearer.split(".")
        claims = {**json.loads(_from_base64url(payload)), **claimed}
        forged = f"{head}.{_base64url(json.dumps(claims, separators=(',', ':')))}.{signature}"
        yield _signed("list_calendars", f"forged {name}", forged)
        if "restrictions" in claimed:
            minted = stack.mint("manage_mytokens", restrictions=claimed["restrictions"])
            yield _signed("list_calendars", f"signed {name}, by another issuer", minted.bearer)


def _signed(operation: str, name: str, bearer: str) -> Costly:
    asked = {"mytoken": bearer, "mom_id": "", "action": "list_mytokens"}
    return _with_body(operation, name, None, json.dumps(asked), JSON)


def _event(operation: str, token: Token | None) -> Event:
    event = sample_event(operation)
    set_token(event, token)
    return event


def _with_body(
    operation: str, name: str, token: Token | None, body: str, media_type: str
) -> Costly:
    event = _event(operation, token)
    set_body(event, body.encode("utf-8", "surrogatepass"), media_type)
    return Costly(operation, name, event)


def _with_header(operation: str, header: str, name: str, token: Token, value: str) -> Costly:
    event = _event(operation, token)
    event["headers"][header] = value
    return Costly(operation, f"{header}, {name}", event)


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
