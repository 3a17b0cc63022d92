"""The door to the logs: each line is a JSON object, written by Powertools.

Powertools is loaded for the first line. Most polls of feeds write none, and start without it.

No log holds a secret or a text of a user. Lambda's runtime would break this rule in two ways, so
every function imports this module. The runtime sets the level of the root logger, and at DEBUG
botocore logs whole requests. And the runtime logs the text of every exception of a handler, in
which botocore and pydantic quote their input.
"""

import logging
import os
from collections.abc import Callable
from functools import cache, wraps
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

# The runtime has read it. Powertools would take it in place of POWERTOOLS_LOG_LEVEL.
os.environ.pop("AWS_LAMBDA_LOG_LEVEL", None)

logging.getLogger().setLevel(logging.WARNING)
logging.getLogger("botocore").setLevel(logging.WARNING)
logging.getLogger("urllib3").setLevel(logging.ERROR)  # its warnings have URLs


class Fault(Exception):
    """A fault of ours as Lambda may log it: the class of the exception, and its traceback."""


def faults_by_name(handler: Handler) -> Handler:
    """Makes a handler raise a Fault in place of any other exception.

    The traceback stays: it has files, lines and source text, and no values.
    """

    @wraps(handler)
    def named(event: dict[str, Any], context: Any) -> dict[str, Any]:
        try:
            return handler(event, context)
        except Exception as error:  # noqa: BLE001 - each may quote what it was given
            raise Fault(_name_of(error)).with_traceback(error.__traceback__) from None

    return named


def fault(error: Exception, request_id: str) -> None:
    """Logs a fault that does not leave its handler, with the same name and places."""
    places = [f"{frame.filename}:{frame.lineno}" for frame in extract_tb(error.__traceback__)]
    logger().error("failed", error=_name_of(error), places=places, request_id=request_id)


@cache
def logger() -> "Logger":
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - see above

    return Logger()


def _name_of(error: Exception) -> str:
    """The error's class; for AWS's errors also their code, which is one of AWS's words."""
    name = type(error).__name__
    match getattr(error, "response", None):
        case {"Error": {"Code": str(code)}}:
            return f"{name}: {code}"
    return name
