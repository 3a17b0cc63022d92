"""`make deploy`: what it looks for before it builds, what it refuses, and what it hands to SAM."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.template import ROOT, Template
from tests.doubles.account_of_stacks import AccountOfStacks
from tools.deploy import __main__ as command
from tools.deploy import identity, sam
from tools.deploy.stack import Stack

NAME = "calendars"
API = "https://abc123.execute-api.eu-central-1.amazonaws.com"
FEED_URL = "https://abc.lambda-url.eu-central-1.on.aws"
OWN = "arn:aws:kms:eu-central-1:123456789012:key/own"
NEW = "arn:aws:kms:eu-central-1:123456789012:key/new"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/x"
DEFAULTS = {
    name: str(parameter["Default"])
    for name, parameter in Template.read().document["Parameters"].items()
}
OF_AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_PROFILE")


@dataclass
class World:
    """An account, and what `make deploy` runs and prints there."""

    account: AccountOfStacks
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    ran: list[list[str]] = field(default_factory=list)

    def has_stack(self, issuer: str = API, keys: str = OWN, **parameters: str) -> None:
        """A stack that was deployed with these parameters."""
        addresses = {"PublicUrl": issuer, "ApiUrl": API, "FeedUrl": f"{FEED_URL}/"}
        outputs = {**addresses, "SigningKeys": keys, "CalendarsTable": "c"}
        self.account.has(NAME, Outputs=outputs, Parameters={**DEFAULTS, **parameters})

    def deploy(self, *arguments: str, yes: bool = True) -> str:
        """What it prints; raises SystemExit with the line that it ends with."""
        words = ["deploy", "--stack", NAME, *arguments, *(["--yes"] if yes else [])]
        self.monkeypatch.setattr(sys, "argv", words)
        with self.account.entered():
            command.main()
        return self.capsys.readouterr().out

    def refused(self, *arguments: str, yes: bool = True) -> str:
        """The one line that says why nothing was built."""
        with pytest.raises(SystemExit) as ended:
            self.deploy(*arguments, yes=yes)
        line = str(ended.value)
        assert line.startswith("make deploy: ")
        assert "\n" not in line
        assert self.ran == []
        return line

    @property
    def overrides(self) -> list[str]:
        """The parameters that the SAM CLI is given."""
        given = self.ran[-1]
        if "--parameter-overrides" not in given:
            return []
        return given[given.index("--parameter-overrides") + 1 :]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> World:
    made = World(AccountOfStacks(), capsys, monkeypatch)
    for name, value in zip(OF_AWS, ("testing", "testing", "eu-central-1"), strict=False):
        monkeypatch.setenv(name, value)

    def run(arguments: list[str], **more: Any) -> Any:
        made.ran.append(arguments)
        if NAME not in made.account.stacks:
            made.has_stack()
        return subprocess.CompletedProcess(arguments, 0)

    monkeypatch.setattr(sam.subprocess, "run", run)
    return made


# --- before anything is built ---------------------------------------------------------------------


def test_without_credentials_it_ends_in_a_line_before_the_build(world: World) -> None:
    world.account.signed_in = False

    assert "there are no credentials of AWS" in world.refused()


def test_without_a_region_it_ends_in_a_line_before_the_build(world: World) -> None:
    world.monkeypatch.delenv("AWS_DEFAULT_REGION")
    world.monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)

    assert "there is no region" in world.refused()


def test_an_answer_that_is_none_of_aws_is_told_in_a_line(world: World) -> None:
    """Of a proxy that wants somebody to sign in, say."""
    world.account.answers_with_a_page = True

    assert "AWS does not answer these credentials" in world.refused()


def test_the_command_itself_ends_in_a_line_without_credentials(tmp_path: Path) -> None:
    environment = {n: v for n, v in os.environ.items() if not n.startswith("AWS_")}
    paths = os.pathsep.join(("layers/shared", "."))
    nothing = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": paths}
    region = {"AWS_DEFAULT_REGION": "eu-central-1"}

    done = subprocess.run(
        [sys.executable, "-m", "tools.deploy", "--yes"],
        cwd=ROOT,
        env={**environment, **nothing, **region},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("make deploy: there are no credentials of AWS")


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("DomainNme=x.example", "DomainNme: the template has no such parameter; do you mean Dom"),
        ("--no-such-thing", ""),
        ("DomainName", "DomainName: parameters are named as Name=Value"),
        ("DomainName=UPPER.example", "DomainName=UPPER.example: it has to match"),
        ("LogLevel=DEBUG", "it is one of INFO, WARNING, ERROR"),
        ("ServerErrorsAllowed=many", "ServerErrorsAllowed=many: it is a number"),
        ("ServerErrorsAllowed=-1", "it is at least 0"),
        ("FeedConcurrency=1.5", "it is a number"),
        ("FeedConcurrency=00", "it is a number"),
        ("LogSampleRate=1.5", "it is at least 0 and at most 1"),
        ("BudgetEmail=a,ParameterKey=LogLevel,ParameterValue=ERROR@b.c", "no ParameterKey="),
        ("ShortTokenLength=2000", "it is at least 0 and at most 1024"),
        (f"MytokenIssuer=https://{'a' * 100}", "it has at most 100 characters"),
        (
            "MytokenIssuer=https://mytoken.example:99999",
            "99999: the functions cannot ask it: not a port",
        ),
        ("MytokenIssuer=https://a..b", "a..b: the functions cannot ask it: not an https URL"),
        ('AlarmTopic=arn:aws:sns:a"b', "it has no quotes"),
        ("DomainName=calendars.example.org", "A DomainName needs the CertificateArn"),
        ("--built=nowhere", "there is no template.yaml that sam build has made"),
    ],
)
def test_what_the_template_refuses_is_refused_before_the_build(
    world: World, pair: str, said: str
) -> None:
    if not said:  # argparse says it
        with pytest.raises(SystemExit):
            world.deploy(pair)
        assert world.ran == []
    else:
        assert said in world.refused(pair)


def test_a_parameter_that_is_named_twice_is_refused(world: World) -> None:
    assert "LogLevel is named twice" in world.refused("LogLevel=INFO", "LogLevel=ERROR")


def test_a_value_that_the_template_no_longer_allows_is_named(world: World) -> None:
    world.has_stack(LogLevel="DEBUG")

    assert "LogLevel=DEBUG: it is one of" in world.refused()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("ROLLBACK_COMPLETE", f"make remove STACK={NAME}"),
        ("DELETE_FAILED", f"make remove STACK={NAME}"),
        ("UPDATE_IN_PROGRESS", "wait until that has ended"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
    ],
)
def test_a_stack_that_cannot_be_changed_is_refused_with_what_to_do(
    world: World, status: str, said: str
) -> None:
    world.account.has(NAME, status)

    assert said in world.refused()


def test_a_stack_of_another_kind_is_left_alone(world: World) -> None:
    world.account.has(NAME, Outputs={"Url": "https://other.example"})

    assert "none of mytoken-calendars" in world.refused()


def test_a_name_that_no_stack_can_have_is_refused(world: World) -> None:
    assert "STACK=a_b" in world.refused("--stack", "a_b")


def test_without_a_terminal_it_asks_for_yes(world: World) -> None:
    assert "ARGS=--yes" in world.refused(yes=False)


def test_it_says_what_the_concurrency_of_a_new_account_means(world: World) -> None:
    world.account.concurrency = world.account.unreserved = 10

    said = world.deploy()

    assert "Lambda serves 10 requests of this account at the same time, some 100 a second" in said
    assert "servicequotas" in said


@pytest.mark.parametrize("may_ask", [True, False])
def test_it_says_nothing_of_enough_concurrency_or_of_what_it_may_not_ask(
    world: World, *, may_ask: bool
) -> None:
    world.account.may_ask_lambda = may_ask

    assert "Lambda serves" not in world.deploy()


def test_a_reservation_that_aws_would_refuse_is_refused_before_the_build(world: World) -> None:
    world.account.unreserved = 150

    assert "this account can reserve 50" in world.refused("FeedConcurrency=51")
    assert "PublicUrl" in world.deploy("FeedConcurrency=50")


def test_what_the_pages_of_cloudfront_reserve_counts(world: World) -> None:
    world.account.unreserved = 100
    domain = {"FeedDomainName": "feeds.example.org", "FeedCertificateArn": CERTIFICATE}
    world.has_stack(FeedConcurrency="50", **domain)

    assert "the stack would take 60" in world.refused("FeedFront=cloudfront")
    assert "PublicUrl" in world.deploy("FeedFront=cloudfront", "FeedConcurrency=40")


# --- what makes mytokens invalid ------------------------------------------------------------------

MOVES = [
    pytest.param({}, "PublicUrl=https://new.example", "https://new.example", id="another-host"),
    pytest.param(
        {}, "MytokenIssuer=https://mytoken.example", "https://mytoken.example", id="server"
    ),
    pytest.param({"PublicUrl": "https://old.example"}, "PublicUrl=", API, id="no-host"),
]


@pytest.mark.parametrize(("parameters", "pair", "issuer"), MOVES)
def test_a_change_of_the_issuer_is_refused(
    world: World, parameters: dict[str, str], pair: str, issuer: str
) -> None:
    world.has_stack(parameters.get("PublicUrl", API), **parameters)

    said = world.refused(pair)

    assert "the issuer would change from" in said
    assert said.endswith(f"add --new-issuer {issuer}")


@pytest.mark.parametrize(("parameters", "pair", "issuer"), MOVES)
def test_a_change_of_the_issuer_that_is_told_by_name_is_done(
    world: World, parameters: dict[str, str], pair: str, issuer: str
) -> None:
    world.has_stack(parameters.get("PublicUrl", API), **parameters)

    world.deploy(pair, "--new-issuer", issuer)

    assert world.overrides == [pair.replace("=", '="') + '"']


def test_another_issuer_than_the_one_told_is_refused(world: World) -> None:
    world.has_stack()

    said = world.refused("PublicUrl=https://new.example", "--new-issuer", "https://other.example")

    assert "the issuer would be https://new.example" in said


def test_a_domain_beside_the_address_of_before_changes_no_issuer(world: World) -> None:
    world.has_stack()
    certificate = "CertificateArn=arn:aws:acm:eu-central-1:123456789012:certificate/x"

    said = world.deploy("DomainName=new.example.org", certificate, f"PublicUrl={API}")

    assert "DomainName: new.example.org; was (empty)" in said


def test_a_template_that_knows_a_parameter_no_longer_changes_no_issuer_silently(
    world: World,
) -> None:
    world.has_stack("https://d123.cloudfront.net", WhatNoTemplateHas="on")

    assert "the issuer would change from https://d123.cloudfront.net" in world.refused()


# A template with an address that AWS chooses, and that no output tells by itself.
WITH_A_FRONT: dict[str, Any] = {
    "Conditions": {"HasFront": {"Fn::Equals": [{"Ref": "Front"}, "on"]}},
    "Outputs": {
        "ApiUrl": {"Value": {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]}},
        "PublicUrl": {
            "Value": {
                "Fn::If": [
                    "HasFront",
                    {"Fn::Sub": "https://${Distribution.DomainName}"},
                    {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]},
                ]
            }
        },
        "SigningKeys": {"Value": {"Fn::GetAtt": ["SigningKey", "Arn"]}},
    },
}
FRONT, TO_BE_CHOSEN = "https://d123.example", "https://Distribution.DomainName"


@pytest.mark.parametrize(
    ("was", "then", "now", "address"),
    [
        (FRONT, "on", "on", FRONT),
        (FRONT, "on", "off", API),
        (API, "off", "on", TO_BE_CHOSEN),
        (API, "on", "on", TO_BE_CHOSEN),  # a new version of the template has it by default
        (API, "off", "off", API),
    ],
)
def test_an_address_that_aws_chooses_stays_while_the_template_means_the_same(
    was: str, then: str, now: str, address: str
) -> None:
    outputs = {"PublicUrl": was, "ApiUrl": API, "SigningKeys": OWN}
    stack = Stack(NAME, "CREATE_COMPLETE", {}, outputs)
    before, after = ({"Front": front, "MytokenIssuer": ""} for front in (then, now))

    assert identity.future(WITH_A_FRONT, after, stack, before).address == address


@pytest.mark.parametrize(
    ("present", "keys", "named", "lost"),
    [("", OWN, NEW, [OWN]), (f"{OWN},{NEW}", f"{OWN},{NEW}", NEW, [OWN]), (NEW, NEW, "", [NEW])],
)
def test_a_key_that_is_left_out_has_to_be_named(
    world: World, present: str, keys: str, named: str, lost: list[str]
) -> None:
    world.has_stack(keys=keys, SigningKeys=present)
    drops = [word for key in lost for word in ("--drop-key", key)]

    assert world.refused(f"SigningKeys={named}").endswith(" ".join(drops))
    world.deploy(f"SigningKeys={named}", *drops)

    assert world.overrides == [f'SigningKeys="{named}"']


def test_a_key_beside_the_stacks_own_needs_no_word(world: World) -> None:
    world.has_stack()

    world.deploy(f"SigningKeys={OWN},{NEW}")

    assert world.overrides == [f'SigningKeys="{OWN},{NEW}"']


@pytest.mark.parametrize(
    ("was", "former", "now", "kept"),
    [
        ("api", "", "url", ""),
        ("url", "", "api", "url"),
        ("url", "", "url", ""),
        ("url", "", "cloudfront", "url"),
        ("cloudfront", "url", "url", "cloudfront"),
        ("cloudfront", "url", "api", "url,cloudfront"),
        ("api", "url,cloudfront", "url", "cloudfront"),
    ],
)
def test_a_front_that_people_have_subscribed_to_is_kept(
    world: World, was: str, former: str, now: str, kept: str
) -> None:
    domain = {"FeedDomainName": "feeds.example.org", "FeedCertificateArn": CERTIFICATE}
    world.has_stack(FeedFront=was, FormerFeedFronts=former, **domain)

    world.deploy(f"FeedFront={now}")

    named = {"FormerFeedFronts": kept} if kept else {}
    assert world.overrides == [f'{n}="{v}"' for n, v in {"FeedFront": now, **named}.items()]


AT_CLOUDFRONT = {
    "FeedFront": "cloudfront",
    "FeedDomainName": "feeds.example.org",
    "FeedCertificateArn": CERTIFICATE,
}
AT_A_DOMAIN = {
    "DomainName": "calendars.example.org",
    "CertificateArn": CERTIFICATE,
    "MytokenIssuer": "https://mytoken.example",
}
PUBLIC = {**AT_A_DOMAIN, "MytokenIssuer": "", "PublicUrl": "https://calendars.example.org"}
ENDS = [
    (AT_CLOUDFRONT, ["FeedDomainName=new.example.org"], "https://feeds.example.org"),
    (AT_CLOUDFRONT, ["FeedFront=api", "FormerFeedFronts="], "https://feeds.example.org"),
    ({**AT_CLOUDFRONT, "HostedZoneId": "Z1"}, ["HostedZoneId="], "https://feeds.example.org"),
    ({"FeedFront": "url"}, ["FeedFront=api", "FormerFeedFronts="], FEED_URL),
    (AT_A_DOMAIN, ["DomainName=new.example.org"], "https://calendars.example.org"),
    (PUBLIC, ["DomainName="], "https://calendars.example.org"),
]


@pytest.mark.parametrize(("parameters", "pairs", "address"), ENDS)
def test_an_address_that_ends_has_to_be_named(
    world: World, parameters: dict[str, str], pairs: list[str], address: str
) -> None:
    world.has_stack(parameters.get("PublicUrl", API), **parameters)

    assert world.refused(*pairs).endswith(f"If you mean that, add --drop-address {address}")

    world.deploy(*pairs, "--drop-address", address)

    assert len(world.ran) == 2


def test_a_domain_that_serves_no_feeds_may_change(world: World) -> None:
    world.has_stack(**{**AT_CLOUDFRONT, "FeedFront": "api"})

    world.deploy("FeedDomainName=new.example.org")

    assert world.overrides == ['FeedDomainName="new.example.org"']


def test_an_address_that_ends_with_its_issuer_is_named_once(world: World) -> None:
    world.has_stack("https://calendars.example.org", **{**AT_A_DOMAIN, "MytokenIssuer": ""})

    world.deploy("DomainName=new.example.org", "--new-issuer", "https://new.example.org")

    assert world.overrides == ['DomainName="new.example.org"']


# --- what is done ---------------------------------------------------------------------------------


def test_it_builds_and_then_deploys_only_the_parameters_that_are_named(world: World) -> None:
    world.has_stack(LogRetentionDays="7", AlarmTopic="arn:aws:sns:eu-central-1:123456789012:x")

    said = world.deploy("LogLevel=WARNING")

    built, deployed = world.ran
    assert built == ["make", "--no-print-directory", "build"]
    assert deployed[1:2] == ["deploy"]
    assert world.overrides == ['LogLevel="WARNING"']
    assert "LogLevel: WARNING; was INFO\n  All other parameters stay as they are." in said


@pytest.mark.parametrize(
    ("yes", "option"), [(True, "--no-confirm-changeset"), (False, "--confirm-changeset")]
)
def test_the_changes_are_confirmed_unless_yes_is_said(
    world: World, *, yes: bool, option: str
) -> None:
    world.monkeypatch.setattr(sys.stdin, "isatty", lambda: True)

    world.deploy(yes=yes)

    assert option in world.ran[-1]
    assert not {"--guided", "--save-params"} & set(world.ran[-1])  # which write samconfig.toml


def test_make_itself_builds_nothing_before_it_is_asked() -> None:
    (target,) = re.findall(r"^deploy:(.*?)##", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert all(needed.startswith(".venv") for needed in target.split())


def test_two_stacks_share_neither_name_nor_folder_of_uploads_nor_tags() -> None:
    first, second = (sam.options(Path(), name, {}, ask=True) for name in ("one", "two"))

    assert [a for a, b in zip(first, second, strict=True) if a != b] == ["one", "one", "stack=one"]


def test_it_ends_with_the_address_and_three_lines_to_paste(world: World) -> None:
    said = world.deploy()

    url, nothing, token, curl, e2e = said.splitlines()[-5:]
    assert (url, nothing) == (f"PublicUrl: {API}", "")
    assert f"make token STACK={NAME}" in token
    assert curl.startswith(f"curl -sS {API}/api/v0/notifications/calendars ")
    assert e2e == f"make e2e URL={API}"


def test_beside_a_mytoken_server_it_asks_for_a_token_of_that(world: World) -> None:
    world.has_stack(MytokenIssuer="https://mytoken.example")

    assert "# a mytoken of https://mytoken.example" in world.deploy()


def test_it_says_that_nothing_was_changed(world: World) -> None:
    world.has_stack()

    assert "Nothing was changed." in world.deploy()


def test_a_first_deployment_that_is_declined_is_told_in_a_line(world: World) -> None:
    world.account.has(NAME, "REVIEW_IN_PROGRESS")

    with pytest.raises(SystemExit, match="nothing was deployed"):
        world.deploy()


@pytest.mark.parametrize("step", [0, 1])
def test_a_step_that_fails_ends_in_a_line(world: World, step: int) -> None:
    def run(arguments: list[str], **more: Any) -> Any:
        world.ran.append(arguments)
        return subprocess.CompletedProcess(arguments, int(len(world.ran) > step))

    world.monkeypatch.setattr(sam.subprocess, "run", run)

    with pytest.raises(SystemExit, match="failed: see above"):
        world.deploy()

    assert len(world.ran) == step + 1
