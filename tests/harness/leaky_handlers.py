"""Handlers that tell secrets, each in its own way, and one that does not. It is no part of the
tests: test_canaries.py runs it, and sees each of them caught."""

import json
import logging
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from moto import mock_aws

from mytoken_calendars.aws import metrics
from mytoken_calendars.calendars import calendar
from tests.harness.stacks import Answer, Stack, sample_event

HEADER = "eyJhbGciOiJFUzUxMiJ9"
SIGNATURE = "AbNqHqRNQL8S38DkzQgMJ9Df7wVmnuX1dkSk3kAlsUQM6igudDWL3ZMYf4xm1"
BEARER = f"{HEADER}.eyJ2ZXIiOiIwLjcifQ.{SIGNATURE}"
COOKIE = "59ckwFkBdQoqo6t5jAkdnek24kd9HvUBS38DkzQgMJ9D"
COMMENT = 'nobody\'s business: "the nightly build", für immer'
KEY = "6f0d4c1b-9a57-4f7d-8c1e-8b400c9a2b5e"
FEED = calendar.new_secret()
DONE = {"statusCode": 204, "headers": {}, "body": "", "isBase64Encoded": False}

Tell = Callable[[], Any]


def answer_of(tell: Tell) -> Answer:
    """That of a handler that was sent all the secrets."""
    event = sample_event("add_token")
    event["headers"] |= {"authorization": f"Bearer {BEARER}", "idempotency-key": KEY}
    event["cookies"] = [f"mytoken={COOKIE}"]
    event["body"], event["isBase64Encoded"] = json.dumps({"comment": COMMENT}), False
    stack = Stack({})
    stack.__dict__["_ready"] = {"add_token": lambda event, context: tell() or DONE}
    return stack.send("add_token", event)


def test_nothing_is_told() -> None:
    answer_of(lambda: Logger().info("refused", error="InvalidToken", kid=HEADER))


@pytest.mark.parametrize(
    "secret",
    [BEARER, SIGNATURE[20:56], FEED, COMMENT, COOKIE, KEY],
    ids=["mytoken", "part-of-one", "feed", "comment", "cookie", "key"],
)
def test_a_log_line(secret: str) -> None:
    answer_of(lambda: Logger().info("refused", cause=secret))


def test_a_warning_of_a_library() -> None:
    answer_of(lambda: logging.getLogger("botocore").warning("GET /calendars/%s", FEED))


def test_a_metric() -> None:
    named: Any = SimpleNamespace(value=BEARER)
    answer_of(lambda: metrics.count(named))


def test_what_a_test_reads_itself(capsys: pytest.CaptureFixture[str]) -> None:
    answer_of(lambda: sys.stdout.write(FEED) and None)

    assert FEED in capsys.readouterr().out


def test_an_exception() -> None:
    def fail() -> None:
        raise ValueError(COMMENT)

    with pytest.raises(ValueError, match="nobody"):
        answer_of(fail)


def test_a_refusal() -> None:
    error = json.dumps({"error": "invalid_request", "error_description": f"Not {KEY}."})

    answer = answer_of(lambda: {**DONE, "statusCode": 400, "body": error})

    assert answer.status == 400


@mock_aws
def test_a_key_of_s3() -> None:
    s3 = boto3.client("s3", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    s3.create_bucket(Bucket="feeds")

    answer_of(lambda: s3.put_object(Bucket="feeds", Key=f"feeds/{FEED}.ics.gz") and None)


@mock_aws
def test_a_key_of_dynamodb() -> None:
    table = {"TransactItems": [{"Put": {"TableName": "x", "Item": {"pk": {"S": f"FEED#{FEED}"}}}}]}
    client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")

    with pytest.raises(client.exceptions.ClientError):
        client.transact_write_items(**table)
