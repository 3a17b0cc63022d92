"""The door to CloudWatch's metrics, which the logs carry there (embedded metric format).

The one dimension is `service`, which tells the stacks of an account apart. Only rare events are
counted here: each line is billed, and most polls of feeds write none. template.yaml counts all
requests, by their status, from the access log.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

NAMESPACE = "mytoken-calendars"


class Metric(Enum):
    """The names of the metrics. The template's alarms and dashboard use the same names."""

    FEED_FETCHED = "FeedFetched"  # a feed came from S3
    FEED_BUILT = "FeedBuilt"  # a feed was built from the table
    FEED_BUILD_FAILED = "FeedBuildFailed"
    FEED_CACHE_FAILED = "FeedCacheFailed"  # S3 failed, or had a damaged feed
    AUTHORITY_UNREACHABLE = "AuthorityUnreachable"  # KMS or the issuer has not answered
    CHAIN_REVOKED = "ChainRevoked"  # an old token was replayed
    TOKEN_AHEAD_OF_REGISTRY = "TokenAheadOfRegistry"  # noqa: S105 - no password
    ISSUER_CHANGED = "IssuerChanged"  # the stack's own token, of an address that it had before
    REVOCATION_FAILED = "RevocationFailed"  # for want of room
    THROTTLED_BY_AWS = "ThrottledByAws"  # after all attempts, or a part of a batch


def count(metric: Metric, value: int = 1) -> None:
    """Counts one event, or `value` of them. No metric names a user.

    Prints the line that Powertools' Metrics would: to load that takes longer than most requests.
    Does nothing if POWERTOOLS_METRICS_DISABLED is true, as it is outside of Lambda.
    """
    if os.environ.get("POWERTOOLS_METRICS_DISABLED") == "true":
        return
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["service"]],
        "Metrics": [{"Name": metric.value, "Unit": "Count"}],
    }
    line = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        "service": os.environ.get("POWERTOOLS_SERVICE_NAME", "service_undefined"),
        metric.value: [value],
    }
    print(json.dumps(line, separators=(",", ":")))  # noqa: T201 - Lambda takes it to the logs


@contextmanager
def counted(metric: Metric, error: type[Exception]) -> Iterator[None]:
    """Counts each error of this class that is raised inside, and lets it pass."""
    try:
        yield
    except error:
        count(metric)
        raise
