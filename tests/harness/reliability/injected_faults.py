"""What may happen to a call, and how often: faults of AWS, of an issuer, and the end of Lambda."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.awsrequest import AWSResponse

from tests.doubles import mytoken_server
from tests.doubles.mytoken_server import MytokenServer
from tests.harness import aws_faults
from tests.harness.reliability.calls import Call, Fault, Plan

# No issuer need be waited for that does not answer, nor be heard to the end that does not end.
SOON, LONG = 0.05, 1.0  # seconds
FEW = 1000  # bytes


class Killed(BaseException):
    """The function was ended from outside: nothing in it can take notice."""


class Times(StrEnum):
    ONCE = "once"
    AGAIN = "each time it is sent"
    ALWAYS = "from then on"


@dataclass(frozen=True)
class Kind:
    """A kind of mishap: its name, what it does to a call, and which calls it can befall.

    One that `may_last` may happen to whatever is sent next, too.
    """

    name: str
    fault: Fault
    befalls: Callable[[Call], bool]
    may_last: bool = True
    kills: bool = False


@dataclass(frozen=True)
class Mishap:
    """What happens to a run: to its call of this number, from 1, and perhaps to further ones."""

    number: int
    call: str
    kind: Kind
    times: Times = Times.ONCE

    def __str__(self) -> str:
        return f"call {self.number}, {self.call}: {self.kind.name}, {self.times}"


def plan(*mishaps: Mishap) -> Plan:
    """What befalls calls if all of these happen."""
    first: dict[Mishap, Call] = {}

    def fault(number: int, call: Call) -> Fault | None:
        for mishap in mishaps:
            if number == mishap.number:
                first[mishap] = call
            if mishap in first and _strikes(mishap, number, call, first[mishap]):
                return mishap.kind.fault
        return None

    return fault


def _strikes(mishap: Mishap, number: int, call: Call, first: Call) -> bool:
    match mishap.times:
        case Times.ONCE:
            return number == mishap.number
        case Times.AGAIN:
            return (call.operation, call.body) == (first.operation, first.body)
        case Times.ALWAYS:
            return mishap.kind.befalls(call)


def singles(calls: Sequence[Call], kinds: Sequence[Kind], *, deep: bool) -> Iterator[Mishap]:
    """Every kind of mishap at every call of a run; without `deep` only those that differ."""
    changes = [call for call in calls if _writes(call)]
    for number, call in enumerate(calls, 1):
        for kind in kinds:
            if kind.befalls(call) and (deep or _differs(kind, calls[:number])):
                yield Mishap(number, str(call), kind)
                # What fails for good ends the run, unless another change may follow.
                if kind.may_last and (deep or _writes(call) or kind is LOST_REQUEST):
                    yield Mishap(number, str(call), kind, Times.ALWAYS)
                if kind.may_last and (deep or (_writes(call) and changes[1:])):
                    yield Mishap(number, str(call), kind, Times.AGAIN)


def _differs(kind: Kind, calls: Sequence[Call]) -> bool:
    """Whether it matters that this happens to the last of the calls, and not to another one.

    Whether a read was done before its answer was lost nobody can tell; to end after a call is to
    end before the next; and wherever a run ends that has not left anything yet, nothing has begun.
    """
    if kind in (LOST_ANSWER, KILLED_AFTER):
        return _leaves_something(calls[-1])
    return kind is not KILLED_BEFORE or len(calls) == 1 or any(map(_leaves_something, calls))


# --- which calls ----------------------------------------------------------------------------------


def _any(call: Call) -> bool:
    return True


def _of_aws(call: Call) -> bool:
    return call.service != "issuer"


def _to(service: str) -> Callable[[Call], bool]:
    return lambda call: call.service == service


def _writes(call: Call) -> bool:
    return call.operation == "TransactWriteItems"


def _leaves_something(call: Call) -> bool:
    reads = ("GetItem", "BatchGetItem", "Query", "GetObject", "GetPublicKey", "Sign")
    return call.operation not in reads


def _named(operation: str) -> Callable[[Call], bool]:
    return lambda call: call.operation == operation


# --- what happens ---------------------------------------------------------------------------------


def at_client(fault: aws_faults.Fault) -> Fault:
    return lambda call: fault(call.client, call.request)


def _killed_before(call: Call) -> None:
    raise Killed


def _killed_after(call: Call) -> None:
    call.proceed()
    raise Killed


def _unprocessed(call: Call) -> AWSResponse:
    """Nothing of a batch was done."""
    asked = json.loads(call.request.body)["RequestItems"]
    done = {"Responses": {}, "UnprocessedKeys": asked, "UnprocessedItems": asked}
    return aws_faults.answered(call.request, 200, json.dumps(done).encode())


def _of_s3(status: int, code: str) -> Fault:
    body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    return lambda call: aws_faults.answered(call.request, status, body)


def _with_body(changed: Callable[[bytes], bytes]) -> Fault:
    """What was asked for, with a changed body under the length of the proper one."""

    def answer(call: Call) -> AWSResponse:
        proper = call.proceed()
        length = {"content-length": str(len(proper.content))}
        body = changed(proper.content)
        return aws_faults.answered(call.request, proper.status_code, body, **length)

    return answer


LOST_REQUEST = Kind("the request is lost", at_client(aws_faults.lost_request), _of_aws)
LOST_ANSWER = Kind("the answer is lost", at_client(aws_faults.lost_answer), _of_aws)
KILLED_BEFORE = Kind("killed before", _killed_before, _any, may_last=False, kills=True)
KILLED_AFTER = Kind("killed after", _killed_after, _any, may_last=False, kills=True)

OF_AWS = (
    LOST_REQUEST,
    LOST_ANSWER,
    Kind(
        "throttled",
        at_client(aws_faults.refused("ProvisionedThroughputExceededException")),
        _to("dynamodb"),
    ),
    Kind("throttled", at_client(aws_faults.refused("ThrottlingException")), _to("kms")),
    Kind("500", at_client(aws_faults.refused("InternalServerError", 500)), _writes),
    Kind("in conflict with another transaction", at_client(aws_faults.conflict), _writes),
    Kind(
        "nothing of the batch is done",
        _unprocessed,
        lambda call: call.operation in ("BatchGetItem", "BatchWriteItem"),
    ),
    Kind("slow down", _of_s3(503, "SlowDown"), _to("s3"), may_last=False),
    Kind("no such key", _of_s3(404, "NoSuchKey"), _named("GetObject"), may_last=False),
    Kind(
        "precondition failed",
        _of_s3(412, "PreconditionFailed"),
        _named("PutObject"),
        may_last=False,
    ),
    Kind("cut short", _with_body(lambda body: body[:-9]), _named("GetObject"), may_last=False),
    Kind(
        "damaged",
        _with_body(lambda body: body[:-9] + bytes(9)),
        _named("GetObject"),
        may_last=False,
    ),
    KILLED_BEFORE,
    KILLED_AFTER,
)


def of_issuer(server: MytokenServer) -> tuple[Kind, ...]:
    """What a mytoken server may do to a call instead of answering it."""

    def refused(call: Call) -> Any:
        with server.down():
            return call.proceed()

    def failing(name: str, fault: mytoken_server.Fault, **limits: Any) -> Kind:
        def fail(call: Call) -> Any:
            taken_up = threading.Event()

            def happen(exchange: mytoken_server.Exchange) -> None:
                taken_up.set()
                fault(exchange)

            with server.failing(happen):
                try:
                    return call.proceed(**limits)
                finally:
                    # Else who gave up waiting might still be served, and properly.
                    taken_up.wait(LONG)

        return Kind(name, fail, _to("issuer"), may_last=False)

    return (
        Kind("refused", refused, _to("issuer"), may_last=False),
        failing("hung up on", mytoken_server.sending(b"")),
        failing("the answer is lost", mytoken_server.losing_the_answer),
        failing("it hangs", mytoken_server.hanging, within=SOON),
        failing("500", mytoken_server.answering(500)),
        failing("302", mytoken_server.answering(302, Location="https://127.0.0.1/")),
        failing("HTML", mytoken_server.html),
        failing("too large", mytoken_server.flooding(), at_most=FEW),
        failing("it drips", mytoken_server.dripping(b"HTTP/1.1 200 OK\r\n" * 99), within=SOON),
    )
