"""Every 15 minutes - removes what deleted calendars have left behind."""

import time
from typing import Any

from mytoken_calendars import logs
from mytoken_calendars.aws.dynamodb.sweeper import Sweeper

sweeper = Sweeper.from_environment()

TIME_FOR_A_BATCH = 15_000  # milliseconds, even if DynamoDB throttles


@logs.faults_by_name
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    def may_go_on() -> bool:
        return bool(context.get_remaining_time_in_millis() > TIME_FOR_A_BATCH)

    return {"swept": sweeper.sweep(int(time.time()), may_go_on)}
