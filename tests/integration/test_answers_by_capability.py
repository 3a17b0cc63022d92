"""No answer shows more than the capability reads: a table of every answer by every capability."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from local.template import Template
from tests.harness.stacks import Answer, Stack, Token
from tests.harness.steps import Document, add, create, create_feed, feeds, new_user, secret_of

READ, WRITE, OWN = "read@manage_mytokens:notify", "manage_mytokens:notify", "tokeninfo:notify"
CAPABILITIES = [
    *(READ, WRITE, OWN, "read@manage_mytokens", "manage_mytokens", "tokeninfo"),
    *("manage_mytokens:list", "manage_mytokens:revoke", "tokeninfo:introspect"),
    *("tokeninfo:subtokens", "AT", "create_mytoken", "settings", "read@settings"),
    *("manage_mytokens:notify:more", "read@tokeninfo:notify", "tokeninfo:history"),
]

NAME = "The calendar's name"

# What an answer may show: the calendar's name and its addresses, the mom_ids and names of the token
# that asks, of a token below it, and of another one of the user.
SECRETS = ("calendar", "address", "own", "below", "other")

# By operation and capability, what is shown; nothing where there is no row. Deletions come last.
ALL = frozenset(SECRETS)
MINE = frozenset({"calendar", "own", "below"})
TABLE: dict[str, dict[str, frozenset[str]]] = {
    "list_calendars": dict.fromkeys((READ, WRITE, "read@manage_mytokens", "manage_mytokens"), ALL),
    "get_calendar": dict.fromkeys(
        (READ, WRITE, "read@manage_mytokens", "manage_mytokens"), frozenset({"address"})
    ),
    "create_calendar": {},  # a new calendar has an address of its own, and no tokens
    "update_calendar": dict.fromkeys((WRITE, "manage_mytokens"), ALL),
    "list_feeds": dict.fromkeys(
        (READ, WRITE, "read@manage_mytokens", "manage_mytokens"), frozenset({"address"})
    ),
    "create_feed": {},  # a new feed has an address of its own, too
    "update_feed": dict.fromkeys((WRITE, "manage_mytokens"), frozenset({"address"})),
    "add_token": {
        **dict.fromkeys((WRITE, "manage_mytokens"), ALL),
        **dict.fromkeys((OWN, "tokeninfo"), MINE),
    },
    "introspect": dict.fromkeys(("tokeninfo:introspect", "tokeninfo"), frozenset({"own"})),
    "subtokens": dict.fromkeys(("tokeninfo:subtokens", "tokeninfo"), frozenset({"own", "below"})),
    "list_mytokens": dict.fromkeys(
        ("manage_mytokens:list", "manage_mytokens"), frozenset({"own", "below", "other"})
    ),
    "tag_calendar": {},
    "untag_calendar": {},
    "list_tags": {},
    "create_tag": {},
    "update_tag": {},
    "delete_tag": {},
    "notifications": {
        **dict.fromkeys((READ, WRITE, "read@manage_mytokens", "manage_mytokens"), ALL),
        **dict.fromkeys((OWN, "tokeninfo"), MINE),
    },
    "delete_feed": {},
    "remove_token": {},
    "remove_by_delete": {},
    "reset_feed": {},  # it has another address
    "delete_calendar": {},
    "revoke_token": {},
}


@dataclass(frozen=True)
class World:
    """A user with a calendar of three tokens: one that asks, its child, and an unrelated one.

    The calendar has two feeds.
    """

    stack: Stack
    keeper: Token
    own: Token
    below: Token
    other: Token
    calendar: Document
    feeds: list[Document]

    @classmethod
    def on(cls, stack: Stack, capability: str) -> "World":
        user = new_user()
        keeper = stack.mint("manage_mytokens", "tokeninfo", user=user, name="name of the keeper")
        own = stack.mint(capability, user=user, name="name of own")
        below = stack.mint("AT", user=user, parent=own.mom_id, name="name of below")
        other = stack.mint("AT", user=user, name="name of other")
        calendar = create(stack, keeper, NAME)
        for token in (own, below, other):
            add(stack, keeper, calendar, token.mom_id)
        create_feed(stack, keeper, calendar)
        return cls(stack, keeper, own, below, other, calendar, feeds(stack, keeper, calendar))

    def ask(self, operation: str, key: str | None = None) -> Answer:
        headers = {"idempotency-key": key}
        path, mom_id = {"calendar": NAME}, {"mom_id": self.own.mom_id}
        of_first = {**path, "feed": self.feeds[0]["id"]}
        of_last = {**path, "feed": self.feeds[-1]["id"]}
        asks: dict[str, Callable[[], Answer]] = {
            "list_calendars": lambda: self._invoke("list_calendars"),
            "get_calendar": lambda: self._invoke("get_calendar", path=path),
            "create_calendar": lambda: self._invoke("create_calendar", json={"name": "new"}),
            "add_token": lambda: self._invoke("add_token", path=path, json=mom_id, headers=headers),
            "update_calendar": lambda: self._invoke(
                "update_calendar", path=path, json={"description": "new"}
            ),
            "list_feeds": lambda: self._invoke("list_feeds", path=path),
            "create_feed": lambda: self._invoke("create_feed", path=path, json={}),
            "update_feed": lambda: self._invoke(
                "update_feed", path=of_first, json={"label": "new"}
            ),
            "tag_calendar": lambda: self._invoke("tag_calendar", path=path, json={"tag": "x"}),
            "untag_calendar": lambda: self._invoke("untag_calendar", path=path, json={"tag": "x"}),
            "list_tags": lambda: self._invoke("list_tags"),
            "create_tag": lambda: self._invoke("create_tag", path={"tag": "x"}),
            "update_tag": lambda: self._invoke("update_tag", path={"tag": "x"}, json={"tag": "y"}),
            "delete_tag": lambda: self._invoke("delete_tag", path={"tag": "x"}),
            "delete_feed": lambda: self._invoke("delete_feed", path=of_last),
            "remove_token": lambda: self._invoke("remove_token", path=path, json=mom_id),
            "remove_by_delete": lambda: self._invoke("delete_calendar", path=path, json=mom_id),
            "reset_feed": lambda: self._invoke("reset_feed", path=of_first),
            "delete_calendar": lambda: self._invoke("delete_calendar", path=path),
            "revoke_token": lambda: self._invoke("revoke_token", json=mom_id),
        }
        if operation in asks:
            return asks[operation]()
        return self._invoke("tokeninfo", json={"action": operation})

    def shown(self, answer: Answer) -> frozenset[str]:
        """Which of the secrets stand in an answer, with its headers."""
        told = f"{dict(answer.headers)} {answer.text}"
        secrets = {
            "calendar": (NAME,),
            "address": tuple(secret_of(feed) for feed in self.feeds),
            "own": (self.own.mom_id, "name of own"),
            "below": (self.below.mom_id, "name of below"),
            "other": (self.other.mom_id, "name of other", self.keeper.mom_id),
        }
        return frozenset(
            name
            for name, spellings in secrets.items()
            if any(json.dumps(text)[1:-1] in told or text in told for text in spellings)
        )

    def _invoke(self, operation: str, **more: Any) -> Answer:
        return self.stack.invoke(operation, self.own, **more)


def test_the_table_has_every_operation_that_takes_a_mytoken() -> None:
    actions = {"introspect", "subtokens", "list_mytokens", "notifications", "remove_by_delete"}
    functions = Template.read().functions
    admitting = {
        folder
        for folder, properties in functions.items()
        if {"Ref": "AdmitCallers"} in properties.get("Policies", [])
    }

    assert {*TABLE} - actions == admitting - {"tokeninfo"}


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_an_answer_shows_what_the_capability_reads(stack: Stack, capability: str) -> None:
    world = World.on(stack, capability)

    shown = {operation: world.shown(world.ask(operation)) for operation in TABLE}

    assert shown == {
        operation: row.get(capability, frozenset()) for operation, row in TABLE.items()
    }


@pytest.mark.parametrize("capability", [WRITE, OWN])
def test_a_repeated_answer_shows_no_more(stack: Stack, capability: str) -> None:
    world = World.on(stack, capability)

    first, again = (world.ask("add_token", key="k" * 20) for _ in range(2))

    assert again.headers["idempotent-replayed"] == "true"
    assert again.json == first.json
    assert world.shown(again) == TABLE["add_token"][capability]


@pytest.mark.found("A5")
def test_the_holder_of_its_own_token_is_not_told_the_address(stack: Stack) -> None:
    user = new_user()
    keeper, weak = stack.mint(user=user), stack.mint(OWN, user=user)
    calendar = create(stack, keeper, "Secret")
    add(stack, keeper, calendar, "")

    answer = stack.invoke("add_token", weak, path={"calendar": "Secret"}, json={"mom_id": ""})

    shown = {"id": calendar["id"], "name": "Secret", "subscribed_tokens": [weak.mom_id]}
    assert answer.json == shown


def test_of_a_revoked_descendant_nothing_is_shown(stack: Stack) -> None:
    world = World.on(stack, OWN)
    world.stack.revoke(world.below)

    assert world.shown(world.ask("add_token")) == {"calendar", "own"}
