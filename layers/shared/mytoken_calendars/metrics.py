"""The door to CloudWatch's metrics, which the logs carry there (embedded metric format).

Their one dimension is `service`, which tells the stacks of an account apart.
"""

from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "mytoken-calendars"


def count(event: str) -> None:
    """Counts an event by its name alone: no metric says whose it was."""
    with single_metric(name=event, unit=MetricUnit.Count, value=1, namespace=NAMESPACE):
        pass
