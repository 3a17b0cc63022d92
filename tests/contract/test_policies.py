"""Each function may ask AWS for what it does ask for, and for nothing else."""

from unittest import mock

import pytest

from local.template import Template
from mytoken_calendars.aws.dynamodb import keys
from tests.harness import function_urls, permissions
from tests.harness.documented_answers import REPEATED, REQUESTS, WITH_KEY, one_token_of_a_calendar
from tests.harness.permissions import Call, Grant, NotPermitted, granted
from tests.harness.stacks import DAY, PUBLIC_URL, Stack, Token
from tests.harness.steps import Document, add, calendars, create, create_feed
from tests.harness.token_uses import LOOKS, REVOKED_WHEN_REPLAYED, USES, Person, Use

TEMPLATE = Template.read()
NOBODYS_FEED = "x" * 32

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
    for (_, _, status, _), request in [*REQUESTS.items(), *REPEATED]:
        if status < 400:
            request(stack)
    one_token_of_a_calendar(stack)
    with function_urls.starting(stack, api=PUBLIC_URL):
        function_urls.ask(stack, "GET", f"/calendars/{NOBODYS_FEED}/view")
    parent = stack.mint(user="policies", name="parent")
    child = stack.mint(user="policies", parent=parent.mom_id, expires_in=20 * DAY)
    calendar = create(stack, child)
    for comment in ("", "new"):
        add(stack, parent, calendar, child.mom_id, comment=comment)
    _change_by_id(stack, child, calendar)
    stack.revoke(parent)
    for _ in range(2):  # the second time its owner is known
        stack.feed(calendars(stack, child)[0])
        stack.page(calendars(stack, child)[0])
    for use in (*USES.values(), *LOOKS.values()):
        _use_and_replay(stack, use)


def _change_by_id(stack: Stack, token: Token, calendar: Document) -> None:
    """Changes of a calendar with two feeds, and others that change nothing."""
    path = {"calendar": calendar["id"]}
    of_a_feed = {**path, "feed": create_feed(stack, token, calendar)["id"]}
    for name in ("Another", "another", *[calendar["name"]] * 2):
        stack.invoke("update_calendar", token, path=path, json={"name": name})
    stack.invoke("create_calendar", token, json={"description": "without a name"})
    for folder in ("tag_calendar", "untag_calendar"):
        for _ in range(2):
            stack.invoke(folder, token, path=path, json={"tag": "nightly"})
    for _ in range(2):
        stack.invoke("update_feed", token, path=of_a_feed, json={"detail": "minimal"})
    stack.invoke("reset_feed", token, path=of_a_feed)
    stack.invoke("delete_feed", token, path=of_a_feed)
    for folder in ("remove_token", "delete_calendar"):
        for _ in range(2):
            stack.invoke(folder, token, path=path, json={"mom_id": token.mom_id})
        add(stack, token, calendar, "")


def _use_and_replay(stack: Stack, use: Use) -> None:
    """A token that is counted and rotated is used; and one that was rotated by another use."""
    person = Person.on(stack)
    used, replayed = (
        person.mint(
            parent=person.keeper.mom_id,
            restrictions=[{"usages_other": 9}],
            rotation=REVOKED_WHEN_REPLAYED,
        )
        for _ in range(2)
    )
    person.list(replayed)
    for token in (replayed, used):
        stack.invoke(use.operation, token, **use.request(person), headers=WITH_KEY)


@pytest.mark.slow
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
        ("view_calendar", "s3:GetObject", "FeedsBucket/feeds/x", {}),
        ("view_calendar", "dynamodb:Query", "CalendarsTable", {"dynamodb:LeadingKeys": "OWNER#x"}),
        ("view_calendar", "dynamodb:PutItem", "CalendarsTable", {"dynamodb:LeadingKeys": "FEED#x"}),
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
                ("create_calendar", "Query", "CALENDAR"),
                ("create_tag", "PutItem", "CALENDAR"),
                ("delete_tag", "UpdateItem", "OWNER"),
                ("list_tags", "GetItem", "CALENDAR"),
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
    prefixes = {
        prefix
        for policy in TEMPLATE.functions["get_feed"]["Policies"]
        for s in policy["Statement"]
        if "Condition" in s
        for prefix in s["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    }

    partitions = {
        keys.feed_head("x")["pk"],
        keys.calendar("x")["pk"],
        keys.revocations(keys.Owner("x"))["pk"],
    }

    assert {f"{partition.partition('#')[0]}#*" for partition in partitions} == prefixes
