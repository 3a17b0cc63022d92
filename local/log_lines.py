"""Log lines of the functions as people read them in a terminal. In AWS they are JSON."""

import logging

from mytoken_calendars import logs

_OF_EVERY_RECORD = vars(logging.makeLogRecord({})).keys()


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        own = vars(record).items()
        more = [f"{n}={v}" for n, v in own if n not in _OF_EVERY_RECORD and v is not None]
        return " ".join([f"  {record.getMessage()}:", *more])


def make_readable() -> None:
    logs.logger().registered_handler.setFormatter(_Line())
