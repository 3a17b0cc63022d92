"""Each alarm rings for what it watches: real handlers are driven to it, and what they, or the
gateway, write to the logs is read as CloudWatch reads it."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast
from unittest import mock

import pytest
from werkzeug.test import Client

from local.gateway import Gateway
from local.template import Template
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.aws.s3 import FeedCache
from tests.doubles import cloudwatch
from tests.doubles.cloudwatch import Alarm, Datum, access_line, of_aws
from tests.harness import function_urls
from tests.harness.aws_faults import Fault, answered, conflict, faults, refused, unreachable
from tests.harness.stacks import PUBLIC_URL, RemoteStack, Stack, Token
from tests.harness.steps import (
    Clock,
    Document,
    add,
    create,
    delete,
    new_user,
    overwrite_token,
    secret_of,
)
from tests.harness.token_uses import LATER, REVOKED_WHEN_REPLAYED, ROTATING, successor

pytestmark = pytest.mark.usefixtures("emptied", "impatient")

TEMPLATE = Template.read()
ALARMS = {
    name: Alarm(resource["Properties"])
    for name, resource in TEMPLATE.document["Resources"].items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
FEED = "GET /calendars/{secret}/{file+}"
THROTTLED = refused("ThrottlingException")
AGAIN_AND_AGAIN = 9


@dataclass(frozen=True)
class Scene:
    """A stack that is seen as CloudWatch sees it."""

    stack: Stack
    gateway: Gateway
    request: pytest.FixtureRequest

    def counted(self, *acts: Callable[[], object], stack: Stack | None = None) -> list[Datum]:
        """What the handlers count meanwhile."""
        capsys = self.request.getfixturevalue("capsys")
        capsys.readouterr()
        with (stack or self.stack).entered():
            for act in acts:
                act()
        return list(cloudwatch.embedded(capsys.readouterr().out.splitlines()))

    def asked(self, method: str, *paths: str, **more: Any) -> list[Datum]:
        """What API Gateway records of requests, and what is counted from its access log."""
        client = Client(self.gateway)
        caplog = self.request.getfixturevalue("caplog")
        with caplog.at_level("INFO", "local.gateway"):
            for path in paths:
                client.open(path, method=method, **more)
        told = [(record.name, record.levelname, record.args) for record in caplog.records]
        answers = [cast("Any", args) for *of, args in told if of == ["local.gateway", "INFO"]]
        caplog.clear()
        assert len(answers) == len(paths)
        lines = [access_line(TEMPLATE, route, status) for status, route in answers]
        recorded = [
            datum
            for status, _ in answers
            for name, count in (("Count", 1), ("5xx", status // 100 == 5))
            for datum in of_aws("AWS/ApiGateway", name, "HttpApi", count)
        ]
        return [*recorded, *cloudwatch.filtered(TEMPLATE, lines)]

    def calendar(self, token: Token | None = None) -> Document:
        """One with a token in it, whose feed nobody has asked for."""
        token = token or self.stack.mint()
        return add(self.stack, token, create(self.stack, token), "")

    def poll(self, document: Document) -> Callable[[], object]:
        return lambda: self.stack.feed(document)

    @contextmanager
    def dynamodb(
        self, *planned: Fault | None, operation: str = "*", of: str = "get_feed"
    ) -> Iterator[None]:
        """Meanwhile this happens to calls of the table by a function."""
        client = self.stack.door(of, "store").table.client
        with faults(client, *planned, operation=operation):
            yield


@pytest.fixture(scope="module")
def gateway(stack: Stack) -> Gateway:
    with stack.entered():
        gateway = Gateway(TEMPLATE, PUBLIC_URL)
    gateway.handlers.update(stack.handlers)
    return gateway


@pytest.fixture
def scene(stack: Stack, gateway: Gateway, request: pytest.FixtureRequest) -> Scene:
    stack.restart("get_feed")
    gateway.handlers["get_feed"] = stack.handlers["get_feed"]
    return Scene(stack, gateway, request)


# --- what rings them ------------------------------------------------------------------------------


def dynamodb_does_not_answer(scene: Scene) -> list[Datum]:
    path = f"/calendars/{secret_of(scene.calendar())}"
    with scene.dynamodb(*[unreachable] * 3 * 11):  # each call is tried three times
        return scene.asked("GET", *[path] * 12)


def a_function_fails(scene: Scene) -> list[Datum]:
    def mistaken(client: Any, request: Any) -> None:
        raise ValueError("a mistake of ours")

    path = f"/calendars/{secret_of(scene.calendar())}"
    with scene.dynamodb(mistaken):
        return scene.asked("GET", path)


def events_cannot_be_read(scene: Scene) -> list[Datum]:
    document = scene.calendar()
    with scene.dynamodb(None, *[unreachable] * AGAIN_AND_AGAIN, operation="GetItem"):
        return scene.counted(scene.poll(document))


def s3_fails(scene: Scene) -> list[Datum]:
    handler: Any = scene.stack.handlers["get_feed"]
    poll = scene.poll(scene.calendar())
    nowhere = {"cache": FeedCache("there-is-no-such-bucket")}
    with mock.patch.dict(inspect.unwrap(handler).__globals__, nowhere):
        return scene.counted(*[poll] * 6)


def the_issuer_is_down(scene: Scene) -> list[Datum]:
    stack = scene.request.getfixturevalue("remote_stack")
    token = stack.mint()
    stack.invoke("list_calendars", token)
    with stack.server.down():
        return scene.counted(lambda: stack.invoke("list_calendars", token), stack=stack)


def an_old_token_is_presented(scene: Scene) -> list[Datum]:
    token = scene.stack.mint(rotation=REVOKED_WHEN_REPLAYED)
    scene.stack.invoke("list_calendars", token)
    clock: Clock = scene.request.getfixturevalue("clock")
    clock.passes(LATER)
    return scene.counted(lambda: scene.stack.invoke("list_calendars", token))


def the_registry_was_set_back(scene: Scene) -> list[Datum]:
    token = scene.stack.mint(rotation=ROTATING)
    made = successor(scene.stack.invoke("list_calendars", token))
    overwrite_token(scene.stack, token, seq_no=1)
    return scene.counted(lambda: scene.stack.invoke("list_calendars", made))


def the_address_was_changed(scene: Scene) -> list[Datum]:
    token = replace(scene.stack, issuer="https://former.example").mint()
    return scene.counted(lambda: scene.stack.invoke("list_calendars", token))


def more_is_revoked_than_can_be_marked(scene: Scene) -> list[Datum]:
    user = new_user()
    token = scene.stack.mint(user=user, rotation=REVOKED_WHEN_REPLAYED)
    scene.stack.revoke(scene.stack.mint(user=user))
    scene.stack.invoke("list_calendars", token)
    clock: Clock = scene.request.getfixturevalue("clock")
    clock.passes(LATER)
    with mock.patch("mytoken_calendars.limits.MARKS", 1):
        return scene.counted(lambda: scene.stack.invoke("list_calendars", token))


def lambda_refuses_polls(scene: Scene) -> list[Datum]:
    return of_aws("AWS/Lambda", "Throttles", "GetFeedFunction")


def lambda_refuses_callers(scene: Scene) -> list[Datum]:
    return of_aws("AWS/Lambda", "Throttles", "AddTokenFunction")


def the_gateway_refuses_requests(scene: Scene) -> list[Datum]:
    return list(cloudwatch.filtered(TEMPLATE, [access_line(TEMPLATE, FEED, 429)] * 101))


def dynamodb_asks_to_slow_down(scene: Scene) -> list[Datum]:
    document = scene.calendar()
    with scene.dynamodb(*[THROTTLED] * AGAIN_AND_AGAIN):
        return scene.counted(scene.poll(document))


def the_url_answers_5xx(scene: Scene) -> list[Datum]:
    """As many as the function that polls reach by its URL, while DynamoDB is down."""
    target = f"/calendars/{secret_of(scene.calendar())}"
    with scene.dynamodb(*[unreachable] * 3 * 11):  # each call is tried three times
        answers = [function_urls.ask(scene.stack, "GET", target) for _ in range(12)]
    failed = sum(answer.status >= 500 for answer in answers)
    return of_aws("AWS/Lambda", "Url5xxCount", "GetFeedFunction", failed)


def the_function_of_feeds_fails_by_url(scene: Scene) -> list[Datum]:
    def mistaken(client: Any, request: Any) -> None:
        raise ValueError("a mistake of ours")

    target = f"/calendars/{secret_of(scene.calendar())}"
    with scene.dynamodb(mistaken), pytest.raises(ValueError, match="mistake"):
        function_urls.ask(scene.stack, "GET", target)
    return of_aws("AWS/Lambda", "Errors", "GetFeedFunction")


def the_function_of_pages_fails_by_url(scene: Scene) -> list[Datum]:
    def mistaken(client: Any, request: Any) -> None:
        raise ValueError("a mistake of ours")

    target = f"/calendars/{secret_of(scene.calendar())}/view"
    ask = function_urls.ask
    with scene.dynamodb(mistaken, of="view_calendar"), pytest.raises(ValueError, match="mistake"):
        ask(scene.stack, "GET", target, operation="view_calendar")
    return of_aws("AWS/Lambda", "Errors", "ViewCalendarFunction")


DRIVES: dict[str, Callable[[Scene], list[Datum]]] = {
    "ServerErrorsAlarm": dynamodb_does_not_answer,
    "HandlerFailedAlarm": a_function_fails,
    "FeedBuildFailedAlarm": events_cannot_be_read,
    "FeedCacheFailedAlarm": s3_fails,
    "AuthorityUnreachableAlarm": the_issuer_is_down,
    "ChainRevokedAlarm": an_old_token_is_presented,
    "TokenAheadOfRegistryAlarm": the_registry_was_set_back,
    "IssuerChangedAlarm": the_address_was_changed,
    "RevocationFailedAlarm": more_is_revoked_than_can_be_marked,
    "FeedThrottledAlarm": lambda_refuses_polls,
    "LambdaThrottledAlarm": lambda_refuses_callers,
    "RequestThrottledAlarm": the_gateway_refuses_requests,
    "ThrottledByAwsAlarm": dynamodb_asks_to_slow_down,
    "FeedUrlErrorsAlarm": the_url_answers_5xx,
    "FeedFailedAlarm": the_function_of_feeds_fails_by_url,
    "PageFailedAlarm": the_function_of_pages_fails_by_url,
}


def test_no_alarm_is_without_what_rings_it() -> None:
    assert DRIVES.keys() == ALARMS.keys()


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_rings_once_what_it_watches_has_lasted(scene: Scene, name: str) -> None:
    alarm = ALARMS[name]

    data = DRIVES[name](scene)

    assert alarm.state([data] * alarm.needed) == "ALARM"
    assert alarm.state([*[data] * (alarm.needed - 1), []]) != "ALARM"


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_what_exists(name: str) -> None:
    assert cloudwatch.exists(TEMPLATE, ALARMS[name].watched)


def test_an_ordinary_day_rings_no_alarm(scene: Scene) -> None:
    token = scene.stack.mint()
    document = scene.calendar(token)
    path = f"/calendars/{secret_of(document)}"
    etag = scene.stack.feed(document).headers["etag"]

    data = scene.asked("GET", path, path, "/nowhere")
    data += scene.asked("HEAD", path, headers={"if-none-match": etag})
    data += scene.counted(
        lambda: scene.stack.restart("get_feed"),
        scene.poll(document),
        lambda: scene.stack.invoke("list_calendars", None),
        lambda: delete(scene.stack, token, document),
        scene.poll(document),
    )

    assert {n: a.state([data] * a.periods) for n, a in ALARMS.items()} == dict.fromkeys(
        ALARMS, "OK"
    )
    assert [d.name for d in data if d.namespace.startswith(metrics.NAMESPACE)] == [
        *["FeedServed"] * 2,
        "FeedUnchanged",
        "FeedFetched",
    ]


def test_when_nothing_is_heard_no_alarm_rings() -> None:
    assert {alarm.state([[]] * alarm.periods) for alarm in ALARMS.values()} == {"OK"}


@pytest.mark.parametrize(("of_lambda", "state"), [(429, "OK"), (200, "ALARM"), (500, "ALARM")])
def test_a_function_that_lambda_throttles_has_not_failed(of_lambda: int, state: str) -> None:
    line = access_line(TEMPLATE, FEED, 500, of_lambda)

    data = list(cloudwatch.filtered(TEMPLATE, [line]))

    assert ALARMS["HandlerFailedAlarm"].state([data]) == state


@pytest.mark.parametrize(("errors", "state"), [(10, "OK"), (11, "ALARM")])
def test_as_many_errors_as_are_allowed_ring_no_alarm(errors: int, state: str) -> None:
    data = of_aws("AWS/ApiGateway", "5xx", "HttpApi", errors)

    assert ALARMS["ServerErrorsAlarm"].state([data] * 3) == state


# --- what is counted of feeds ---------------------------------------------------------------------


def test_a_poll_is_counted_by_where_its_feed_came_from_and_an_unchanged_one_writes_nothing(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    document = scene.calendar()
    etag = {"if-none-match": scene.stack.feed(document).headers["etag"]}

    def names(*acts: Callable[[], object]) -> list[str]:
        return [datum.name for datum in scene.counted(*acts)]

    assert names(scene.poll(scene.calendar())) == ["FeedBuilt"]
    scene.stack.restart("get_feed")
    assert names(scene.poll(document)) == ["FeedFetched"]
    assert names(scene.poll(document)) == []
    assert names(lambda: scene.stack.feed(document, headers=etag)) == []
    scene.stack.feed(document, headers=etag)
    assert capsys.readouterr().out == ""


# --- what else is counted -------------------------------------------------------------------------


def throttled_transaction(client: Any, request: Any) -> Any:
    """The transaction was too fast for one of its items."""
    answer: Any = conflict(client, request)
    body = answer.raw.getvalue().replace(b"TransactionConflict", b"ThrottlingError")
    return answered(request, 400, body)


def nothing_processed(client: Any, request: Any) -> Any:
    """A batch of which DynamoDB has done nothing."""
    asked = request.body if isinstance(request.body, bytes) else request.body.encode()
    keys = asked.partition(b'"RequestItems":')[2][:-1].strip()
    return answered(request, 200, b'{"Responses": {}, "UnprocessedKeys": ' + keys + b"}")


def test_a_transaction_that_was_throttled_is_counted_though_it_is_done_in_the_end(
    racing_stack: Stack, scene: Scene
) -> None:
    token = racing_stack.mint()
    racing = replace(scene, stack=racing_stack)  # moto does what it is made to refuse

    with racing.dynamodb(
        throttled_transaction, operation="TransactWriteItems", of="create_calendar"
    ):
        data = racing.counted(lambda: create(racing_stack, token))

    assert [datum.name for datum in data] == [Metric.THROTTLED_BY_AWS.value]


def test_a_batch_that_was_throttled_is_counted_though_it_is_done_in_the_end(scene: Scene) -> None:
    document = scene.calendar()
    scene.stack.feed(document)

    with scene.dynamodb(nothing_processed, operation="BatchGetItem"):
        data = scene.counted(scene.poll(document))

    assert [datum.name for datum in data] == [Metric.THROTTLED_BY_AWS.value]


def test_a_key_that_does_not_answer_is_an_authority_that_does_not(scene: Scene) -> None:
    token = scene.stack.mint(rotation=ROTATING)
    kms = scene.stack.door("list_calendars", "authority").codec.key.kms

    def fail(request: Any, **_: Any) -> None:
        unreachable(kms, request)

    kms.meta.events.register_first("before-send.kms.Sign", fail)
    try:
        data = scene.counted(lambda: scene.stack.invoke("list_calendars", token))
    finally:
        kms.meta.events.unregister("before-send.kms.Sign", fail)

    assert [datum.name for datum in data] == [Metric.AUTHORITY_UNREACHABLE.value]


def test_an_issuer_that_is_down_when_a_function_starts_is_counted_once(
    scene: Scene, remote_stack: RemoteStack
) -> None:
    token = remote_stack.mint()

    with remote_stack.cold("get_calendar"), remote_stack.server.down():
        data = scene.counted(lambda: remote_stack.invoke("get_calendar", token), stack=remote_stack)

    assert [datum.name for datum in data] == [Metric.AUTHORITY_UNREACHABLE.value]
