"""The door to the logs: each line is a JSON object, written by Powertools.

Powertools is loaded for the first line. Most polls of feeds write none, and start without it.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


@cache
def logger() -> "Logger":
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - see above

    return Logger()
