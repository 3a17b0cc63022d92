"""Each function may ask AWS for what it does ask for, and for nothing else."""

from unittest import mock

import pytest

from local.template import Template
from mytoken_calendars.aws.dynamodb import keys
from tests.harness import permissions
from tests.harness.documented_answers import OF_THE_API, REQUESTS, WITH_KEY
from tests.harness.permissions import Call, Grant, NotPermitted, granted
from tests.harness.stacks import DAY, Stack

TEMPLATE = Template.read()

# S3 tells that a feed is not cached, and not that it is forbidden, only to those who may list.
NEVER_ASKED_FOR = {Grant("s3:ListBucket", "FeedsBucket")}


@pytest.fixture(scope="module")
def used(stack: Stack) -> dict[str, set[Grant]]:
    """What allowed each function to do all that it can do."""
    with permissions.enforced() as record:
        _do_everything(stack)
        # As if there were so many marks, and old ones.
        with (
            mock.patch("mytoken_calendars.limits.MARKS_TIDIED", 0),
            mock.patch("mytoken_calendars.limits.MARK_KEPT", -9),
        ):
            _tidy(stack)
    return record.used


def _tidy(stack: Stack) -> None:
    user = "policies of tidying"
    root = stack.mint("manage_mytokens", user=user)
    dead, last, new = (stack.mint("AT", user=user) for _ in range(3))
    path = {"calendar": stack.invoke("create_calendar", root).json["name"]}
    for token in (dead, last):
        stack.invoke("add_token", root, path=path, json={"mom_id": token.mom_id})
    for token in (dead, last):
        stack.invoke("revoke_token", root, json={"mom_id": token.mom_id})
    stack.invoke("add_token", root, path=path, json={"mom_id": new.mom_id})
    stack.invoke("revoke_token", root, json={"mom_id": new.mom_id})


def _do_everything(stack: Stack) -> None:
    for folder in TEMPLATE.functions:
        stack.restart(folder)  # what is asked once is asked again
    for (_, _, status, _), request in REQUESTS.items():
        if status < 400:
            request(stack)
    parent = stack.mint(user="policies", name="parent")
    child = stack.mint(user="policies", parent=parent.mom_id, expires_in=20 * DAY)
    for folder in OF_THE_API:
        stack.invoke(folder, child, json={"name": "CI Mytokens", "mom_id": child.mom_id})
    stack.invoke("create_calendar", parent)
    for comment in ("", "new"):
        stack.invoke("add_token", parent, json={"mom_id": child.mom_id, "comment": comment})
    stack.revoke(parent)
    stack.feed(stack.invoke("list_calendars", child).json["calendars"][0])
    for folder in (*OF_THE_API, "tokeninfo", "revoke_token"):
        _use_and_replay(stack, folder)


def _use_and_replay(stack: Stack, folder: str) -> None:
    """A token that is counted and rotated is used; and one that was rotated by another use."""
    user = f"policies of {folder}"
    root, other = stack.mint(user=user), stack.mint(user=user)
    stack.invoke("create_calendar", root)
    used, replayed = (
        stack.mint(
            "manage_mytokens",
            user=user,
            parent=root.mom_id,
            restrictions=[{"usages_other": 9}],
            rotation={"on_other": True, "auto_revoke": True},
        )
        for _ in range(2)
    )
    body = {"name": "another", "mom_id": other.mom_id, "action": "list_mytokens"}
    stack.invoke("list_calendars", replayed)
    for token in (replayed, used):
        stack.invoke(folder, token, json=body, headers=WITH_KEY)


@pytest.mark.parametrize("folder", TEMPLATE.functions)
def test_a_function_may_do_nothing_that_it_never_does(
    used: dict[str, set[Grant]], folder: str
) -> None:
    assert granted(folder) - NEVER_ASKED_FOR == used[folder]


_SIGNING = {"kms:SigningAlgorithm": "ECDSA_SHA_512", "kms:MessageType": "DIGEST"}


@pytest.mark.parametrize(
    ("folder", "action", "resource", "context"),
    [
        ("get_feed", "dynamodb:Query", "TokensTable", {"dynamodb:LeadingKeys": "OWNER#x"}),
        ("get_feed", "dynamodb:Query", "CalendarsTable", {"dynamodb:LeadingKeys": "OWNER#x"}),
        ("get_feed", "dynamodb:PutItem", "CalendarsTable", {"dynamodb:LeadingKeys": "FEED#x"}),
        ("get_feed", "s3:GetObject", "FeedsBucket/elsewhere", {}),
        ("get_feed", "s3:DeleteObject", "FeedsBucket/feeds/x", {}),
        (
            "get_calendar",
            "dynamodb:UpdateItem",
            "CalendarsTable",
            {"dynamodb:LeadingKeys": "FEED#"},
        ),
        ("get_calendar", "kms:Sign", "SigningKey", _SIGNING),
        ("add_token", "kms:Sign", "SigningKey", {**_SIGNING, "kms:MessageType": "RAW"}),
        *[
            (folder, f"dynamodb:{action}", "CalendarsTable", {"dynamodb:LeadingKeys": f"{key}#x"})
            for folder, action, key in [
                ("revoke_token", "PutItem", "CALENDAR"),
                ("revoke_token", "Query", "REVOKED"),
                ("revoke_token", "GetItem", "FEED"),
                ("revoke_token", "BatchGetItem", "OWNER"),
                ("revoke_token", "UpdateItem", "RECEIPT"),
                ("add_token", "Query", "CALENDAR"),
                ("add_token", "PutItem", "CALENDAR"),
                ("create_calendar", "Query", "OWNER"),
                ("list_calendars", "PutItem", "REVOKED"),
            ]
        ],
        ("no_route", "dynamodb:GetItem", "CalendarsTable", {"dynamodb:LeadingKeys": "FEED#x"}),
    ],
)
def test_what_no_policy_allows_is_not_granted(
    folder: str, action: str, resource: str, context: dict[str, str]
) -> None:
    call = Call(action, resource, context)

    assert not [grant for grant in granted(folder) if grant.allows(call)]


def test_a_handler_that_does_what_it_may_not_is_stopped_in_every_test(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = stack.mint()
    monkeypatch.setattr(permissions, "granted", lambda folder: granted("get_feed"))

    with pytest.raises(NotPermitted, match=r"list_calendars: .*dynamodb:GetItem.*TokensTable"):
        stack.invoke("list_calendars", token)


def test_every_partition_that_feeds_are_read_from_is_open_to_the_feed() -> None:
    (statement,) = (
        s
        for policy in TEMPLATE.functions["get_feed"]["Policies"]
        for s in policy["Statement"]
        if "Condition" in s
    )
    prefixes = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]

    partitions = {
        keys.feed_head("x")["pk"],
        keys.calendar("x")["pk"],
        keys.revocations(keys.Owner("x"))["pk"],
    }

    assert {f"{partition.partition('#')[0]}#*" for partition in partitions} == set(prefixes)
