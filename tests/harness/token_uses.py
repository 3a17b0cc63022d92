"""Everything that uses a mytoken, somebody who does it, and what becomes of the token."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.harness.stacks import Answer, Stack, Token
from tests.harness.steps import Document, add, create, create_feed, new_user

EVERYTHING = ("manage_mytokens", "tokeninfo", "settings")
ROTATING = {"on_other": True}
REVOKED_WHEN_REPLAYED = {"on_other": True, "auto_revoke": True}
UNUSABLE: list[dict[str, Any]] = [  # claims of a token that may be used nowhere
    {"restrictions": [{"exp": 1}]},
    {"restrictions": [{"usages_other": 0}]},
    {"restrictions": [{"hosts": ["198.51.100.9"]}]},
    {"restrictions": [{"made_up": True}]},
    {"rotation": {"made_up": True}},
]
LATER = 100  # seconds after a rotation: nobody can have been on the way since before it


@dataclass(frozen=True)
class Person:
    """A user with a calendar, a mytoken that stays as it is, and one that calendars can take."""

    stack: Stack
    user: str
    keeper: Token
    other: Token
    calendar: Document

    @classmethod
    def on(cls, stack: Stack) -> "Person":
        user = new_user()
        keeper = stack.mint(*EVERYTHING, user=user)
        other = stack.mint(user=user, name="other")
        return cls(stack, user, keeper, other, create(stack, keeper))

    @property
    def id(self) -> str:
        """The id of the calendar."""
        identifier: str = self.calendar["id"]
        return identifier

    def mint(self, *capabilities: str, **more: Any) -> Token:
        """A token of the user, with all capabilities by default."""
        return self.stack.mint(*(capabilities or EVERYTHING), user=self.user, **more)

    def use(self, use: str, token: Token | str | None, **more: Any) -> Answer:
        """Uses a token for something that succeeds; `more` is as in `Stack.invoke`."""
        operation, request = USES[use].operation, USES[use].request(self)
        return self.stack.invoke(operation, token, **request, **more)

    def list(self, token: Token | str | None, **more: Any) -> Answer:
        return self.stack.invoke("list_calendars", token, **more)

    def introspect(self, token: Token | str | None, **more: Any) -> Answer:
        return self.stack.invoke("tokeninfo", token, json={"action": "introspect"}, **more)

    def done(self, token: Token) -> Sequence[int | None]:
        """How often each clause of a token was counted; None for one that limits nothing."""
        answer = self.introspect(token)
        assert answer.status == 200, answer.text
        return [c.get("usages_other_done") for c in answer.json["token"]["restrictions"]]


@dataclass(frozen=True)
class Use:
    """An operation, its answer, and a request of a person's that succeeds."""

    operation: str
    status: int
    request: Callable[[Person], Mapping[str, Any]]


def _named(person: Person) -> dict[str, str]:
    return {"calendar": person.calendar["name"]}


USES = {
    "list_calendars": Use("list_calendars", 200, lambda person: {}),
    "create_calendar": Use("create_calendar", 201, lambda person: {"json": {"name": _new_name()}}),
    "add_token": Use(
        "add_token",
        200,
        lambda person: {"path": _named(person), "json": {"mom_id": person.other.mom_id}},
    ),
    "update_calendar": Use(
        "update_calendar",
        200,
        lambda person: {"path": _named(person), "json": {"description": _new_name()}},
    ),
    "tag_calendar": Use(
        "tag_calendar", 204, lambda person: {"path": _named(person), "json": {"tag": "nightly"}}
    ),
    "untag_calendar": Use(
        "untag_calendar", 204, lambda person: {"path": _named(person), "json": {"tag": "nightly"}}
    ),
    "remove_token": Use(
        "remove_token",
        204,
        lambda person: {"path": _named(person), "json": {"mom_id": _subscribed(person)}},
    ),
    "list_feeds": Use("list_feeds", 200, lambda person: {"path": _named(person)}),
    "create_feed": Use(
        "create_feed", 201, lambda person: {"path": _named(person), "json": {"reminders": "both"}}
    ),
    "update_feed": Use(
        "update_feed",
        200,
        lambda person: {"path": _of_a_feed(person), "json": {"detail": "minimal"}},
    ),
    "reset_feed": Use("reset_feed", 200, lambda person: {"path": _of_a_feed(person)}),
    "delete_feed": Use("delete_feed", 204, lambda person: {"path": _of_a_feed(person)}),
    "delete_calendar": Use(
        "delete_calendar",
        204,
        lambda person: {"path": _only_named(create(person.stack, person.keeper, _new_name()))},
    ),
    "list_mytokens": Use("tokeninfo", 200, lambda person: {"json": {"action": "list_mytokens"}}),
    "subtokens": Use("tokeninfo", 200, lambda person: {"json": {"action": "subtokens"}}),
    "notifications": Use("tokeninfo", 200, lambda person: {"json": {"action": "notifications"}}),
    "revoke_token": Use(
        "revoke_token",
        204,
        lambda person: {"json": {"mom_id": person.stack.mint(user=person.user).mom_id}},
    ),
}


# What takes a mytoken, and is no use of it.
LOOKS = {
    "get_calendar": Use("get_calendar", 302, lambda person: {"path": {"calendar": person.id}}),
    "list_tags": Use("list_tags", 200, lambda person: {}),
    "create_tag": Use("create_tag", 204, lambda person: {"path": {"tag": _new_name()}}),
    "update_tag": Use(
        "update_tag", 204, lambda person: {"path": _of_a_tag(person), "json": {"color": "00FF00"}}
    ),
    "delete_tag": Use("delete_tag", 204, lambda person: {"path": _of_a_tag(person)}),
}


def update(answer: Answer) -> Document:
    """The mytoken response object of an answer to a use that has rotated the token."""
    assert answer.status < 400, answer.text
    document: Document = answer.json["token_update"]
    return document


def successor(answer: Answer) -> Token:
    document = update(answer)
    return Token(document["mytoken"], document["mom_id"])


def claims(token: Token) -> dict[str, Any]:
    payload = token.bearer.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * 3))
    return decoded


def with_claims(stack: Stack, token: Token, **changed: Any) -> Token:
    """The token as the stack would have made it with these claims, under the same `jti`."""
    return Token(stack.authority.codec.encode({**claims(token), **changed}), token.mom_id)


def _new_name() -> str:
    return f"Calendar {uuid4()}"


def _subscribed(person: Person) -> str:
    """The mom_id of a mytoken that the person has just put into the calendar."""
    token = person.stack.mint(user=person.user)
    add(person.stack, person.keeper, person.calendar, token.mom_id)
    return token.mom_id


def _of_a_feed(person: Person) -> dict[str, str]:
    """The path of a further feed of the calendar, which the person has just made."""
    feed = create_feed(person.stack, person.keeper, person.calendar)
    return {**_named(person), "feed": feed["id"]}


def _of_a_tag(person: Person) -> dict[str, str]:
    """The path of a tag that the person has just made."""
    path = {"tag": _new_name()}
    assert person.stack.invoke("create_tag", person.keeper, path=path).status == 204
    return path


def _only_named(calendar: Document) -> dict[str, str]:
    return {"calendar": calendar["name"]}
