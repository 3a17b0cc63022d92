"""preflight: web applications of any origin may call the API, without their users' cookies."""

import pytest

from mytoken_calendars import limits
from tests.harness.stacks import CORS, Answer, Stack

OF_THE_API = "Authorization, Content-Type, Idempotency-Key"


def asked(stack: Stack, headers: str | None) -> Answer:
    """What a page is answered that wants to send these headers."""
    return stack.invoke("preflight", headers={"access-control-request-headers": headers})


def test_preflight_allows_every_origin_the_methods_and_headers_of_the_api(stack: Stack) -> None:
    answer = stack.invoke("preflight")

    assert (answer.status, answer.body) == (204, b"")
    assert answer.undated == {
        **CORS,
        "access-control-allow-methods": "*",
        "access-control-allow-headers": OF_THE_API,
        "access-control-max-age": "86400",
    }


def test_no_origin_may_send_credentials_of_the_browser(stack: Stack) -> None:
    answer = stack.invoke("preflight")

    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.found("A36")
@pytest.mark.parametrize(
    ("headers", "others"),
    [
        ("x-requested-with", ", x-requested-with"),
        ("traceparent,tracestate", ", traceparent, tracestate"),
        ("authorization, X-Request-Id ,x-b3-traceid", ", X-Request-Id, x-b3-traceid"),
        ("a,a,,CONTENT-TYPE", ", a"),
        (",".join(f"x-{number:06}" for number in range(113)), ", x-000000, x-000001"),
        ("", ""),
        (None, ""),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_the_headers_that_are_asked_for_are_allowed(
    stack: Stack, headers: str | None, others: str
) -> None:
    answer = asked(stack, headers)

    allowed = answer.headers["access-control-allow-headers"]
    assert allowed.startswith(f"{OF_THE_API}{others}")
    assert {name.strip().lower() for name in (headers or "").split(",")} <= {
        "",
        *allowed.lower().split(", "),
    }


@pytest.mark.parametrize(
    "headers",
    [
        "x" * (limits.ASKED_HEADERS + 1),
        "x\r\nSet-Cookie: a=b",
        "x: y",
        "x;y",
        "é",
        '"x"',
        "(x)",
        "\x00",
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_list_of_names_or_a_long_one_is_not_repeated(stack: Stack, headers: str) -> None:
    answer = asked(stack, headers)

    assert answer.headers["access-control-allow-headers"] == OF_THE_API
