"""What functions write under Lambda's runtime client: nothing that people wrote, no secret, and no
line that the template's LogLevel leaves out.

The runtime's environment is the one that Lambda makes of the template. Each process answers all
events of one function in one setting.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.template import ROOT, Template
from mytoken_calendars.identifiers import new_secret
from tests.doubles.quoting_aws import REFUSAL, Relay
from tests.harness import lambda_runtime
from tests.harness.canaries import Canaries
from tests.harness.lambda_runtime import ROLE, SIGNED, Failed, Runtime
from tests.harness.samples import ASKING_FOR_A_MYTOKEN, prepared
from tests.harness.stacks import Stack, Token, body_of, dumps, sample_event, set_body, set_token

pytestmark = pytest.mark.skipif(not lambda_runtime.is_there(), reason=lambda_runtime.NOT_THERE)

FOLDERS = sorted(Template.read().functions)
WITH_FIELDS = ("add_token", "create_calendar", "revoke_token", "tokeninfo")
# They ask AWS nothing, or nothing any more.
NEVER_FAILING = (
    *("get_configuration", "get_jwks", "get_settings"),
    *("no_route", "not_offered", "preflight"),
)

NAME = "CI Mytokens"  # of the calendar in the sample events
TOKEN_NAME = "the token of the nightly build"
COMMENT = "see the ticket of the night shift"


@dataclass(frozen=True)
class Setting:
    """`told` goes over what the template says; `refusals` are lines for each refused request."""

    level: str
    told: dict[str, str]
    refusals: int


TRACE = lambda_runtime.logging_environment({"LogFormat": "JSON", "ApplicationLogLevel": "TRACE"})
SAMPLED = {"POWERTOOLS_LOGGER_SAMPLE_RATE": "1"}
FOR_ALL = {
    "as the template says": Setting("INFO", {}, refusals=1),
    "ERROR sampled under TRACE": Setting("ERROR", {**TRACE, **SAMPLED}, refusals=1),
}
SETTINGS = {
    **FOR_ALL,
    "WARNING": Setting("WARNING", {}, refusals=0),
    "ERROR under TRACE": Setting("ERROR", TRACE, refusals=0),
}


@dataclass(frozen=True)
class Scene:
    """A function's events: one that it answers, and some that it refuses."""

    good: dict[str, Any]
    refused: list[dict[str, Any]]
    canaries: Canaries

    @classmethod
    def of(cls, stack: Stack, operation: str) -> "Scene":
        token = stack.mint("manage_mytokens", name=TOKEN_NAME)
        good = prepared(stack, operation, token)
        if operation != "create_calendar":
            stack.invoke("create_calendar", token, json={"name": NAME})
            fields = {"mom_id": "", "comment": COMMENT}
            stack.invoke("add_token", token, path={"calendar": NAME}, json=fields)
        scene = cls(good, [*_refused(operation, token)], Canaries())
        scene.canaries.plant(token.bearer, token.mom_id, TOKEN_NAME, COMMENT, *ROLE.values())
        for event in (good, *scene.refused):
            scene.canaries.sent(event, body_of(event))
            scene.canaries.plant(event.get("pathParameters", {}).get("secret"))
        return scene

    def found(self, *texts: str) -> list[str]:
        """What is told in these texts and may not be."""
        self.canaries.look("a log", *texts)
        words = [word for word in (NAME, *SIGNED) if any(word in text for text in texts)]
        return [*self.canaries.hits, *words]


def _refused(operation: str, token: Token) -> Iterator[dict[str, Any]]:
    if operation in ASKING_FOR_A_MYTOKEN:
        for bearer in (None, f"{token.bearer[:-8]}AAAAAAAA"):
            event = sample_event(operation)
            set_token(event, bearer)
            yield event
    if operation in WITH_FIELDS:
        event = sample_event(operation)
        set_token(event, token)
        fields = {"name": f"{COMMENT}/", "mom_id": COMMENT, "action": COMMENT, "token": [COMMENT]}
        set_body(event, dumps(fields), "application/json")
        yield event
    if operation == "get_feed":
        event = sample_event(operation)
        event["pathParameters"]["secret"] = new_secret()
        yield event


@dataclass(frozen=True)
class Lambda:
    """A function under Lambda's runtime client, and AWS as it sees it."""

    call: Runtime
    aws: Relay

    @classmethod
    @contextmanager
    def running(cls, folder: str, stack: Stack, setting: Setting, log: Path) -> Iterator["Lambda"]:
        with Relay.to(stack.environment["AWS_ENDPOINT_URL"]) as aws:
            told = lambda_runtime.environment(folder, stack.environment)
            told |= {**ROLE, "AWS_ENDPOINT_URL": aws.url}
            told |= {"POWERTOOLS_LOG_LEVEL": setting.level, **setting.told}
            with Runtime.running(ROOT / "functions" / folder, told, log) as function:
                yield cls(function, aws)

    def outcome(self, event: dict[str, Any]) -> tuple[int, list[str]]:
        """The status of the answer, and the lines that were written."""
        before = self.call.log.stat().st_size
        status = self.call(event).get("statusCode", 200)
        return status, self.call.written(before).splitlines()

    def failure(self, event: dict[str, Any]) -> dict[str, Any]:
        """What is reported to Lambda when AWS refuses and quotes requests, if anything is."""
        self.aws.refusing = True
        try:
            self.call(event)
        except Failed as failed:
            return failed.reported
        else:
            return {}
        finally:
            self.aws.refusing = False


@pytest.mark.parametrize("operation", FOLDERS)
@pytest.mark.parametrize("setting", FOR_ALL.values(), ids=FOR_ALL)
def test_no_content_is_logged(
    racing_stack: Stack, tmp_path: Path, operation: str, setting: Setting
) -> None:
    scene = Scene.of(racing_stack, operation)

    with Lambda.running(operation, racing_stack, setting, tmp_path / "log") as function:
        refused = [function.outcome(event) for event in scene.refused]
        answered, _ = function.outcome(scene.good)
        reported = function.failure(scene.good)
        told = function.call.written()

    assert scene.found(told, json.dumps(reported)) == []
    assert answered < 500
    assert {status // 100 for status, _ in refused} <= {4}
    assert {len(lines) for _, lines in refused} <= {setting.refusals}
    assert bool(reported) == (operation not in NEVER_FAILING)
    if reported:
        assert reported["errorMessage"] == f"ClientError: {REFUSAL}"
        assert any(f"{operation}/app.py" in place for place in reported["stackTrace"])


@pytest.mark.found("A1")
@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_the_polled_function_writes_what_loglevel_says(
    racing_stack: Stack, tmp_path: Path, setting: Setting
) -> None:
    scene = Scene.of(racing_stack, "get_feed")

    with Lambda.running("get_feed", racing_stack, setting, tmp_path / "log") as function:
        scene.good["headers"]["if-none-match"] = function.call(scene.good)["headers"]["ETag"]
        polls = [function.outcome(scene.good) for _ in range(3)]
        status, lines = function.outcome(scene.refused[0])
        told = function.call.written()

    levels = [(line["level"], line["message"]) for line in map(json.loads, lines)]
    assert polls == [(304, [])] * 3
    assert (status, levels) == (404, [("INFO", "refused")] * setting.refusals)
    assert scene.found(told) == []


def test_every_level_of_the_template_is_tried() -> None:
    parameter = Template.read().document["Parameters"]["LogLevel"]

    assert {setting.level for setting in SETTINGS.values()} == {*parameter["AllowedValues"]}
    assert parameter["Default"] == SETTINGS["as the template says"].level


# --- that it would be found -----------------------------------------------------------------------

LEAKS = {
    "a line": "import logging; logging.getLogger('any').error(event['comment'])",
    "an output": "print(event['comment'])",
    "a debug line": "import logging; logging.getLogger('any').debug(event['comment'])",
    "a warning": "import warnings; warnings.warn(event['comment'])",
    "an exception": "raise ValueError(event['comment'])",
}
PREVENTED = ("a debug line", "a warning", "an exception")
MENDED = "from mytoken_calendars import logs\n\n@logs.faults_by_name\n"


def leaked(folder: Path, code: str, **told: str) -> list[str]:
    """What is found in all that a function writes whose handler has this body."""
    (folder / "app.py").write_text(code)
    scene = Scene({}, [], Canaries())
    scene.canaries.plant(COMMENT)
    with Runtime.running(folder, {**TRACE, **told}, folder / "log") as function:
        with suppress(Failed):
            function({"comment": COMMENT})
        return scene.found(function.written())


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_found(tmp_path: Path, leak: str) -> None:
    code = f"def handler(event, context):\n    {LEAKS[leak]}\n    return {{}}\n"

    assert leaked(tmp_path, code) != []


@pytest.mark.parametrize("leak", PREVENTED)
def test_what_libraries_say_is_not_logged(tmp_path: Path, leak: str) -> None:
    code = f"{MENDED}def handler(event, context):\n    {LEAKS[leak]}\n    return {{}}\n"
    warnings = Template.read().environment("get_feed")["PYTHONWARNINGS"]

    assert leaked(tmp_path, code, PYTHONWARNINGS=warnings) == []
