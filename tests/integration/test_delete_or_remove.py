"""What a DELETE means, at a calendar and at its mytokens: a table of bodies, and what they end.

Only a body that is absent, null, or an object or form without a `mom_id` deletes a calendar.
"""

import gzip
from collections.abc import Mapping
from urllib.parse import quote

import pytest

from tests.harness.stacks import Answer, Stack, Token
from tests.harness.steps import Document, add, calendars, create, error, subscriptions

pytestmark = [pytest.mark.usefixtures("emptied"), pytest.mark.found("A10")]

NAME = "CI Mytokens"
JSON, FORM, NONE = "application/json", "application/x-www-form-urlencoded", None
UNKNOWN = "A" * 86 + "=="
LARGE = b" " * (64 * 1024 + 1)

# What is gone after it: the calendar, the token that was named, the one that was presented, or
# nothing though it was done. Or it was refused, and nothing has changed.
CALENDAR, NAMED, OWN, NOTHING = "calendar", "named", "own", "nothing"
MALFORMED, UNSUPPORTED, TOO_LARGE = (
    (400, "invalid_request"),
    (415, "unsupported_media_type"),
    (413, "payload_too_large"),
)
Outcome = str | tuple[int, str]
Body = tuple[bytes, str | None]

# In a body, @ stands for the mom_id of another token in the calendar.
WITHOUT_A_TOKEN: list[Body] = [
    *((body, JSON) for body in (b"", b"null", b" null\n", b" ", b"{}", b" {} ")),
    *((body, NONE) for body in (b"", b"null", b"{}")),
    *((body, JSON) for body in (b'{"comment": ""}', b'{"a": {"mom_id": "@"}}', b'{"": "mom_id"}')),
    *((body, JSON) for body in (b'{"momid": "@"}', b'{"mytoken": null}')),
    *((body, FORM) for body in (b"", b"comment=", b"a=mom_id", b"comment=mom_id%3D@")),
    (b"", "text/plain"),
]
WITH_A_TOKEN: dict[str, list[Body]] = {
    OWN: [
        *((body, JSON) for body in (b'{"mom_id": ""}', b'{"mom_id": "", "comment": ""}')),
        *((body, FORM) for body in (b"mom_id=", b"a=b&mom_id=", b"mom%5Fid=")),
        (b'{"mom_id": ""}', NONE),
    ],
    NAMED: [
        *((body, JSON) for body in (b'{"mom_id": "@"}', b'{"a": [], "mom_id": "@"}')),
        *((body, JSON) for body in (b'{"mom\\u005fid": "@"}', b'\n{"mom_id":"@"}\n')),
        *((body, FORM) for body in (b"mom_id=@", b"mom%5fid=@&a=")),
        (b'{"mom_id": "@"}', NONE),
        (b'{"mom_id": "@"}', f"{JSON}; charset=utf-8"),
    ],
    NOTHING: [
        (b'{"mom_id": "%s"}' % UNKNOWN.encode(), JSON),
        (b"mom_id=%s" % UNKNOWN.replace("=", "%3D").encode(), FORM),
    ],
}
BROKEN: dict[tuple[int, str], list[Body]] = {
    MALFORMED: [
        *((b'{"mom_id": %s}' % value, JSON) for value in (b"null", b"5", b"[]", b"{}", b"false")),
        *((b'{"mom_id": %s}' % value, JSON) for value in (b"0", b"1.5", b'["@"]', b'"x"', b'" "')),
        *((b'{"mom_id": %s}' % value, JSON) for value in (b'"@ "', b'"@\\n"', b'"\\ud800"')),
        *((body, JSON) for body in (b'{"MOM_ID": "@"}', b'{"Mom_Id": null}', b'{"MOM_id": ""}')),
        *((body, JSON) for body in (b'{"mom_id": "@", "MOM_ID": "@"}', b'{"mytoken": 5}')),
        *((body, JSON) for body in (b'{"mom_id": "@", "mom_id": "@"}', b'{"a": 1, "a": 2}')),
        *((body, JSON) for body in (b"[]", b'[{"mom_id": "@"}]', b'"mom_id"', b"0", b"true")),
        *((body, JSON) for body in (b"{", b'{"mom_id', b'{"mom_id": "@"', b'{"mom_id": "@"}}')),
        *((body, JSON) for body in (b"nul", b"null null", b"NULL", b"undefined", b"'", b"\xff")),
        *((body, JSON) for body in ("{}".encode("utf-16"), b"\xef\xbb\xbf{}", b"\x00", b"{},")),
        *((body, JSON) for body in (b"mom_id=@", b"mom_id=", b"x")),
        *((body, NONE) for body in (b"mom_id=@", b"x")),
        *((body, FORM) for body in (b"mom_id", b"mom_id&a=b", b"a=%zz", b"a=\xff", b"&", b"null")),
        *((body, FORM) for body in (b"mom_id=@&mom_id=@", b"a=1&a=2", b"MOM_ID=@", b"mom_id=x")),
        *((body, FORM) for body in (b'{"mom_id": "@"}', b"{}", b'{"a": "="}', b"mom_id=a+b")),
    ],
    UNSUPPORTED: [
        *((b'{"mom_id": "@"}', media_type) for media_type in ("text/plain", "text/json", "x", "")),
        *((b"{}", media_type) for media_type in ("text/plain", f"{JSON}; charset=utf-16")),
        *((b"null", media_type) for media_type in ("text/plain", "multipart/form-data")),
    ],
    TOO_LARGE: [(LARGE, JSON), (LARGE, FORM), (LARGE, "text/plain")],
}


TABLE: dict[str, dict[Outcome, list[Body]]] = {
    "delete_calendar": {CALENDAR: WITHOUT_A_TOKEN, **WITH_A_TOKEN, **BROKEN},
    "remove_token": {**WITH_A_TOKEN, **BROKEN, MALFORMED: BROKEN[MALFORMED] + WITHOUT_A_TOKEN},
}


@pytest.fixture
def token(stack: Stack, user: str) -> Token:
    return stack.mint(user=user)


@pytest.fixture
def other(stack: Stack, user: str) -> Token:
    return stack.mint(user=user)


@pytest.fixture
def calendar(stack: Stack, token: Token, other: Token) -> Document:
    """With both tokens in it."""
    calendar = create(stack, token, NAME)
    add(stack, token, calendar, token.mom_id)
    return add(stack, token, calendar, other.mom_id)


@pytest.mark.parametrize(
    ("operation", "body", "media_type", "ended"),
    [
        pytest.param(
            operation, body, media_type, ended, id=f"{operation}-{media_type}-{body[:32]!r}"
        )
        for operation, outcomes in TABLE.items()
        for ended, bodies in outcomes.items()
        for body, media_type in bodies
        if isinstance(ended, str)
    ],
)
def test_a_delete_ends_what_its_body_says_and_nothing_more(
    stack: Stack,
    token: Token,
    other: Token,
    calendar: Document,
    *,
    operation: str,
    body: bytes,
    media_type: str | None,
    ended: str,
) -> None:
    headers = {"content-type": media_type}

    answer = _ask(stack, operation, token, _naming(other, body, media_type), headers)

    assert (answer.status, answer.body) == (204, b"")
    assert _gone(stack, token, other, calendar) == ended


@pytest.mark.parametrize("refusal", [MALFORMED, UNSUPPORTED, TOO_LARGE], ids=str)
@pytest.mark.parametrize("operation", TABLE)
@pytest.mark.usefixtures("calendar")
def test_a_delete_whose_body_says_neither_ends_nothing(
    stack: Stack, token: Token, other: Token, operation: str, refusal: tuple[int, str]
) -> None:
    before = stack.dump()

    answers = {
        (body, media_type): error(
            _ask(
                stack,
                operation,
                token,
                _naming(other, body, media_type),
                {"content-type": media_type},
            )
        )
        for body, media_type in TABLE[operation][refusal]
    }

    assert {asked: answer for asked, answer in answers.items() if answer != refusal} == {}
    assert stack.dump() == before


@pytest.mark.parametrize("operation", ["delete_calendar", "remove_token"])
@pytest.mark.parametrize("body", [b"{}", b"null", b'{"mom_id": "@"}'])
def test_a_body_in_a_content_coding_ends_nothing(
    stack: Stack, token: Token, other: Token, calendar: Document, *, operation: str, body: bytes
) -> None:
    before, headers = stack.dump(), {"content-encoding": "gzip"}
    packed = gzip.compress(_naming(other, body, JSON))

    answer = _ask(stack, operation, token, packed, headers)

    assert error(answer) == UNSUPPORTED
    assert stack.dump() == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 403),
        (b"null", 403),
        (b"{}", 403),
        (b'{"mom_id": null}', 400),
        (b'{"mom_id": ""}', 204),
    ],
)
def test_who_manages_its_own_token_alone_deletes_no_calendar(
    stack: Stack, user: str, token: Token, calendar: Document, *, body: bytes, status: int
) -> None:
    weak = stack.mint("tokeninfo:notify", user=user)

    answer = _ask(stack, "delete_calendar", weak, body)

    assert answer.status == status
    assert calendars(stack, token) == [calendar]


def _ask(
    stack: Stack,
    operation: str,
    token: Token,
    body: bytes,
    headers: Mapping[str, str | None] | None = None,
) -> Answer:
    return stack.invoke(operation, token, path={"calendar": NAME}, body=body, headers=headers)


def _naming(other: Token, body: bytes, media_type: str | None) -> bytes:
    mom_id = quote(other.mom_id, safe="") if media_type == FORM else other.mom_id
    return body.replace(b"@", mom_id.encode())


def _gone(stack: Stack, token: Token, other: Token, calendar: Document) -> str:
    """What the calendar lacks now; the whole of it, if it is gone with its feed."""
    if not calendars(stack, token):
        assert stack.feed(calendar).status == 410
        return CALENDAR
    left = frozenset(subscriptions(stack, calendar))
    return {
        frozenset({token.mom_id, other.mom_id}): NOTHING,
        frozenset({token.mom_id}): NAMED,
        frozenset({other.mom_id}): OWN,
    }[left]
