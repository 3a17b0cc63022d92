"""The peer of get_feed: a feed function as the documentation of its libraries has one write it.

It answers from the same table and bucket: 304 for a client that has the feed as it is, else the
feed from S3, else one that it renders with icalendar, uncompressed as the rest.
"""

import base64
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from icalendar import Alarm, Calendar, Event

logger = Logger()
tracer = Tracer()
metrics = Metrics(namespace="mytoken-calendars")
app = APIGatewayHttpResolver()

table = boto3.resource("dynamodb").Table(os.environ["CALENDARS_TABLE"])
s3 = boto3.client("s3")
bucket = os.environ["FEEDS_BUCKET"]

REMINDERS = (30, 14, 7, 3, 1, 0)
FIELDS = (
    *("mom_id", "name", "created", "expires", "ancestors", "comment", "added", "changed"),
    *("changes", "weight"),
)


@app.get("/calendars/<secret>/<name>")
@tracer.capture_method
def get_feed(secret, name):
    metrics.add_metric(name="FeedsRequested", unit=MetricUnit.Count, value=1)
    head = item(f"FEED#{digest(secret)}")
    if "version" not in head:
        raise NotFoundError("no such feed")
    revoked = item(f"REVOKED#{head['owner']}")
    etag = f'"{digest(head["version"] + revoked.get("version", ""))}"'
    if app.current_event.headers.get("if-none-match") == etag:
        return Response(HTTPStatus.NOT_MODIFIED.value, headers={"ETag": etag})
    body = cached_or_rendered(head, f"straightforward/{head['calendar']}/{etag[1:-1]}.ics")
    return Response(HTTPStatus.OK.value, "text/calendar; charset=utf-8", body, {"ETag": etag})


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    return app.resolve(event, context)


def cached_or_rendered(head, key):
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except s3.exceptions.NoSuchKey:
        body = rendered(head, subscriptions(head["calendar"]))
        s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
        return body


def item(pk):
    return table.get_item(Key={"pk": pk, "sk": "#HEAD"}, ConsistentRead=True).get("Item", {})


def subscriptions(calendar_id):
    calendar = item(f"CALENDAR#{calendar_id}")
    return [
        dict(zip(FIELDS, [short_id + rest, *fields], strict=True))
        for short_id, text in calendar["tokens"].items()
        for rest, *fields in [json.loads(text)]
    ]


def rendered(head, found):
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//straightforward//EN")
    calendar.add("name", head["name"])
    calendar.add("x-wr-calname", head["name"])
    calendar.add("refresh-interval", timedelta(hours=1))
    for subscription in found:
        calendar.add_component(event_of(subscription))
    return calendar.to_ical().decode()


def event_of(subscription):
    subject = f"{subscription['name']}: mytoken"
    event = Event()
    event.add("uid", digest(subscription["mom_id"]))
    event.add("sequence", int(subscription["changes"]))
    event.add("dtstamp", utc(subscription["changed"]))
    event.add("created", utc(subscription["added"] // 1000))
    event.add("last-modified", utc(subscription["changed"]))
    event.add("dtstart", utc(subscription["expires"]))
    event.add("dtend", utc(subscription["expires"]) + timedelta(minutes=15))
    event.add("summary", f"{subject} expires")
    event.add("description", description(subscription))
    event.add("categories", ["mytoken"])
    event.add("status", "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    for days in REMINDERS:
        event.add_component(alarm(subject, days))
    return event


def description(subscription):
    created, mom_id = utc(subscription["created"]), subscription["mom_id"]
    return (
        f"{subscription['comment']}\n\n"
        "What uses this mytoken stops working when it expires.\n"
        f"Its mom_id begins with {mom_id[:8]}. It was created on {created:%Y-%m-%d}."
    )


def alarm(subject, days):
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", f"{subject} expires in {days} days")
    alarm.add("trigger", timedelta(days=-days), parameters={"RELATED": "START"})
    return alarm


def utc(seconds):
    return datetime.fromtimestamp(int(seconds), UTC)


def digest(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
