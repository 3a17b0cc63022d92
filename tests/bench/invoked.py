"""One function in a process of its own, as Lambda runs it: it is imported, then handles events.

Usage: invoked.py FOLDER REPORT [PART], with the events on standard input. The report says what was
answered to each event, and how much CPU time that took: in all, and in the function PART of the
module. It imports little, as that is counted with the function.
"""

import json
import os
import sys
import time


class Context:
    """What Lambda tells a function of its invocation."""

    function_name = "get_feed"
    memory_limit_in_mb = "512"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:get_feed"
    aws_request_id = "8a6e1d5c-4b9f-4f0e-9b1d-2f6f3c9d7a10"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 25_000


class Timed:
    """A function whose CPU time adds up."""

    def __init__(self, function):
        self.function, self.seconds = function, 0.0

    def __call__(self, *args):
        began = time.process_time()
        result = self.function(*args)
        self.seconds += time.process_time() - began
        return result


def main(folder, report, part=""):
    events = json.load(sys.stdin)
    sys.path.insert(0, folder)
    import app  # noqa: PLC0415 - as late as Lambda does

    timed = Timed(getattr(app, part, None))
    if part:
        setattr(app, part, timed)
    answers = [invoked(app.handler, event, timed) for event in events]
    with open(report, "w") as file:  # noqa: PTH123 - pathlib would be imported
        json.dump({"answers": answers, "peak": peak()}, file)
    # Lambda freezes a function and does not end it, so ending is not to be counted.
    os._exit(0)


def invoked(handler, event, timed):
    part, began = timed.seconds, time.process_time()
    answer = handler(event, Context)
    cpu = time.process_time() - began
    body = answer.get("body") or ""
    encoded = answer["isBase64Encoded"]
    return {
        "status": answer["statusCode"],
        "headers": answer["headers"],
        "length": len(body) * 3 // 4 - body.count("=") if encoded else len(body.encode()),
        "cpu": cpu,
        "part": timed.seconds - part,
    }


def peak():
    """The most memory that this process has had, in bytes.

    Not `ru_maxrss`, which is at least what the process had that started this one.
    """
    with open("/proc/self/status") as status:  # noqa: PTH123
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    main(*sys.argv[1:])
