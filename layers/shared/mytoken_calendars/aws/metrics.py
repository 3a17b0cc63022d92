"""The door to CloudWatch's metrics, which the logs carry there (embedded metric format).

The one dimension is `service`, which tells the stacks of an account apart. Only rare events are
counted here: each line is billed, and most polls of feeds write none. template.yaml counts all
requests, by their status, from the access log.
"""

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

    Does nothing if POWERTOOLS_METRICS_DISABLED is set, as it is outside of Lambda.
    """
    # Loaded for the first event, as in logs.py.
    from aws_lambda_powertools.metrics import MetricUnit, single_metric  # noqa: PLC0415
    from aws_lambda_powertools.metrics.functions import is_metrics_disabled  # noqa: PLC0415

    if is_metrics_disabled():
        return
    with single_metric(metric.value, MetricUnit.Count, value, namespace=NAMESPACE):
        pass


@contextmanager
def counted(metric: Metric, error: type[Exception]) -> Iterator[None]:
    """Counts each error of this class that is raised inside, and lets it pass."""
    try:
        yield
    except error:
        count(metric)
        raise
