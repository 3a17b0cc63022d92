"""Canaries: all that is secret is remembered as it comes up, and looked for in all that is told.

Secret are mytokens, cookies, addresses of feeds, comments and Idempotency-Keys. Told is what the
tests and their handlers print and log (which is how metrics leave, too), what a handler raises, its
refusals, and the keys of S3 and DynamoDB. One secret that was told fails the whole run.
"""

import json
import os
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
from botocore.client import BaseClient

from mytoken_calendars.authorities.embedded.codec import JwtCodec
from mytoken_calendars.calendars import calendar
from mytoken_calendars.feeds import settings
from tests.doubles.mytoken_ledger import Ledger
from tests.harness.tally import TALLY

_WIDTH = 16  # characters; any text that has 31 of a secret in a row is noticed
_LEAST_LETTERS = 7  # different ones in a window: tests are fond of "xxxxxxxxxxxxxxxx"
_FEED = re.compile(r"/calendars/([A-Za-z0-9]{32})")
_JWT = re.compile(r"[\w-]{16,}\.([\w-]{16,})\.([\w-]{16,})")


@dataclass
class Canaries:
    """All secrets, in windows by which a text is looked through in one go; and what was found."""

    secrets: set[str] = field(default_factory=set)
    windows: set[str] = field(default_factory=set)
    hits: list[str] = field(default_factory=list)

    def plant(self, *secrets: Any) -> None:
        """Remembers what is long enough to be recognised; of a JWT its header is no secret."""
        for secret in secrets:
            if isinstance(secret, str) and len(secret) >= _WIDTH and secret not in self.secrets:
                self.secrets.add(secret)
                jwt = _JWT.fullmatch(secret)
                for part in jwt.groups() if jwt else (secret,):
                    for spelling in {part, json.dumps(part)[1:-1], quote(part)}:
                        self.windows.update(_windows(spelling))

    def sent(self, event: Mapping[str, Any], body: bytes) -> None:
        """Plants what is secret in a request."""
        headers, fields = event["headers"], _fields(body)
        self.plant(headers.get("authorization", "").rpartition(" ")[2])
        self.plant(headers.get("idempotency-key"))
        self.plant(*(cookie.partition("=")[2] for cookie in event.get("cookies", ())))
        self.plant(*(fields.get(name) for name in ("mytoken", "token", "comment")))

    def answered(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Plants what is secret in an answer; a refusal is looked through."""
        fields = _fields(body)
        self.plant(fields.pop("token_update", {}).get("mytoken"))
        told = f"{dict(headers)} {fields or body!r}"
        if status < HTTPStatus.BAD_REQUEST:
            self.plant(*_FEED.findall(told))
        else:
            self.look("a refusal", told)

    def look(self, where: str, *texts: str, test: str = "") -> None:
        """Looks for secrets in what was told there, by default in the test that runs now."""
        test = test or os.environ.get("PYTEST_CURRENT_TEST", "after the last test")
        for text in texts:
            ends = range(_WIDTH, len(text) + 1)
            found = next((end for end in ends if text[end - _WIDTH : end] in self.windows), None)
            if found is not None:
                self.hits.append(f"{test}: {where}: {text[max(0, found - 200) : found + 60]!r}")

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Looks through what is raised meanwhile, as Lambda logs it."""
        try:
            yield
        except Exception as error:
            self.look("an exception", "".join(traceback.format_exception(error)))
            raise


CANARIES = Canaries()
_found_elsewhere: list[str] = []  # in processes of pytest-xdist


def pytest_configure(config: pytest.Config) -> None:
    """Plants all mytokens and addresses that are made; looks through what tests read of their own
    output, and through the keys by which AWS is called."""
    patches = pytest.MonkeyPatch()
    config.add_cleanup(patches.undo)

    def plant_result(owner: Any, name: str) -> None:
        make = getattr(owner, name)

        @wraps(make)
        def made(*arguments: Any, **named: Any) -> str:
            secret: str = make(*arguments, **named)
            CANARIES.plant(secret)
            return secret

        patches.setattr(owner, name, made)

    plant_result(JwtCodec, "encode")
    plant_result(Ledger, "sign")
    plant_result(calendar, "new_secret")
    plant_result(settings, "new_secret")

    call, read = BaseClient._make_api_call, pytest.CaptureFixture.readouterr

    def call_aws(self: BaseClient, operation: str, parameters: Any) -> Any:
        CANARIES.look(f"a key of {operation}", *_keys(parameters))
        return call(self, operation, parameters)

    def read_output(self: pytest.CaptureFixture[str]) -> Any:
        output = read(self)
        CANARIES.look("output that the test read", *output)
        return output

    patches.setattr(BaseClient, "_make_api_call", call_aws)
    patches.setattr(pytest.CaptureFixture, "readouterr", read_output)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "teardown":  # which has the output of all of the test
        for name, text in report.sections:
            CANARIES.look(name, text, test=report.nodeid)


@pytest.hookimpl(tryfirst=True)  # before what was counted is sent on
def pytest_sessionfinish(session: pytest.Session) -> None:
    TALLY.add("canaries planted", len(CANARIES.secrets), len(CANARIES.hits))
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["canaries"] = CANARIES.hits
    if CANARIES.hits or _found_elsewhere:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    _found_elsewhere.extend(getattr(node, "workeroutput", {}).get("canaries", ()))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if hits := CANARIES.hits + _found_elsewhere:
        terminalreporter.section("secrets that were told", red=True)
        for hit in hits:
            terminalreporter.write_line(hit)


def _windows(secret: str) -> Iterator[str]:
    for start in range(0, len(secret) - _WIDTH + 1, _WIDTH):
        window = secret[start : start + _WIDTH]
        if len(set(window)) >= _LEAST_LETTERS:
            yield window


def _fields(body: bytes) -> dict[str, Any]:
    """The fields of a body, whether JSON or a form; none if it is neither."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace")
        return {name: values[0] for name, values in parse_qs(text).items()}
    return document if isinstance(document, dict) else {}


def _keys(parameters: Any) -> Iterator[str]:
    """The keys of objects and items, wherever they stand in the parameters of a call."""
    if isinstance(parameters, dict):
        for name, value in parameters.items():
            if name == "Key" and isinstance(value, str):
                yield value
            elif name in ("pk", "sk"):
                yield value["S"] if isinstance(value, dict) else value  # as a resource has it
            else:
                yield from _keys(value)
    elif isinstance(parameters, list):
        for value in parameters:
            yield from _keys(value)
