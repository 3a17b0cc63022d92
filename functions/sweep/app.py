"""Every 15 minutes - removes what deleted calendars have left behind."""

from typing import Any

from mytoken_calendars.sweeper import Sweeper

sweeper = Sweeper.from_environment()

TIME_FOR_A_BATCH = 15_000  # milliseconds, if DynamoDB asks for patience


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    return {
        "swept": sweeper.sweep(lambda: context.get_remaining_time_in_millis() > TIME_FOR_A_BATCH)
    }
