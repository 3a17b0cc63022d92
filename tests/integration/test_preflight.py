"""preflight: web applications of any origin may call the API, without their users' cookies."""

from tests.harness.stacks import Stack


def test_preflight_allows_every_origin_the_methods_and_headers_of_the_api(stack: Stack) -> None:
    answer = stack.invoke("preflight")

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "*",
        "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key",
        "access-control-max-age": "86400",
    }


def test_no_origin_may_send_credentials_of_the_browser(stack: Stack) -> None:
    answer = stack.invoke("preflight")

    assert "access-control-allow-credentials" not in answer.headers
