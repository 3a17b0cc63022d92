"""What the tokeninfo endpoint tells of notifications: the calendars that mytokens are in."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.identifiers import mom_id_of
from mytoken_calendars.tokens import tokeninfo
from tests.harness.stacks import DAY, Answer, Stack, Token
from tests.harness.steps import Clock, Document, add, calendars, create, error, new_user, owner

pytestmark = pytest.mark.usefixtures("emptied")

MALFORMED, NO_GRANT = (400, "invalid_request"), (403, "invalid_grant")
FORBIDDEN = (403, "insufficient_capabilities")
NOBODYS = mom_id_of(uuid4())
CAPABILITIES = ("manage_mytokens:notify", "tokeninfo")


class Family:
    """parent > (child > grandchild), and a token beside them, each in a calendar of its own name,
    and the parent and the child in one that has a description and a tag."""

    def __init__(self, stack: Stack, user: str) -> None:
        self.stack, self.user = stack, user
        self.parent = stack.mint(*CAPABILITIES, user=user)
        self.child = self.mint(parent=self.parent.mom_id)
        self.grandchild = self.mint(parent=self.child.mom_id)
        self.other = self.mint()
        for name in ("parent", "child", "grandchild", "other"):
            calendar = create(stack, self.parent, name)
            add(stack, self.parent, calendar, getattr(self, name).mom_id)
        both = create(stack, self.parent, "both", description="words", tags=["ci"])
        for one in (self.parent, self.child):
            add(stack, self.parent, both, one.mom_id)

    def mint(self, *capabilities: str, **more: Any) -> Token:
        return self.stack.mint(*capabilities, user=self.user, **more)

    def ask(self, token: Token, *mom_ids: str) -> Answer:
        return ask(self.stack, token, mom_ids=[*mom_ids])

    def calendars(self, *names: str) -> list[Document]:
        """The calendar objects of these, as they are listed."""
        listed = calendars(self.stack, self.parent)
        return [calendar for calendar in listed if calendar["name"] in names]


@pytest.fixture
def family(stack: Stack, user: str) -> Family:
    return Family(stack, user)


def ask(stack: Stack, token: Token, **fields: Any) -> Answer:
    """Asks with the token in the body, as the stock client does."""
    body = {"action": "notifications", "mytoken": token.bearer, **fields}
    return stack.invoke("tokeninfo", json=body)


def told(calendars: list[Document]) -> Document:
    return {"notifications": [], "calendars": calendars}


@pytest.mark.parametrize("asked", [{}, {"mom_ids": None}, {"mom_ids": []}, {"mom_ids": ["this"]}])
def test_it_tells_the_calendars_of_the_token_itself(
    stack: Stack, family: Family, asked: Document
) -> None:
    answer = ask(stack, family.parent, **asked)

    assert answer.status == 200
    assert answer.json == told(family.calendars("both", "parent"))
    assert answer.json["calendars"][0]["tags"] == [{"tag": "ci", "color": "3B67F3"}]


class Counted(tuple[str, ...]):
    """The tokens of a calendar; it is counted how often somebody looks through those of any."""

    __slots__ = ()
    looks: ClassVar[int] = 0

    def __iter__(self) -> Iterator[str]:
        Counted.looks += 1
        return super().__iter__()


def test_each_calendar_is_looked_through_once_and_told_once_however_many_tokens_are_asked_about(
    stack: Stack, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = stack.store.all(owner(family.user))
    counted = [replace(one, subscribed_tokens=Counted(one.subscribed_tokens)) for one in stored]
    monkeypatch.setattr(CalendarStore, "all", lambda store, of: counted)
    before = Counted.looks

    answer = family.ask(family.parent, "this", "children", family.other.mom_id)

    assert answer.status == 200
    assert len(answer.json["mom_id_mapping"]) == 4
    assert Counted.looks - before == 2 * len(counted)


def test_a_calendar_that_many_tokens_would_repeat_is_refused_before_it_is_written_out(
    stack: Stack, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = stack.mint(*CAPABILITIES, user=user, restrictions=[{"usages_other": 1}])
    keeper, calendar = stack.mint(user=user), create(stack, stack.mint(user=user))
    for _ in range(30):
        add(stack, keeper, calendar, stack.mint(user=user, parent=parent.mom_id).mom_id)
    size, written = tokeninfo.size, list[int]()
    once = size(calendars(stack, keeper)[0])

    def recorded(told: Any) -> int:
        written.append(size(told))
        return written[-1]

    monkeypatch.setattr("mytoken_calendars.limits.ANSWER", 31 * once - 1)
    monkeypatch.setattr(tokeninfo, "size", recorded)

    refused = ask(stack, parent, mom_ids=["children"])

    assert error(refused) == MALFORMED
    assert "more than one answer holds" in refused.json["error_description"]
    assert max(written) <= once
    assert ask(stack, parent).status == 200


def test_its_own_mom_id_is_this(stack: Stack, family: Family) -> None:
    answer = family.ask(family.parent, family.parent.mom_id, "this")

    assert answer.json == told(family.calendars("both", "parent"))


def test_children_are_all_tokens_below_and_each_is_told_of(family: Family) -> None:
    answer = family.ask(family.parent, "children")

    assert answer.json == {
        **told(family.calendars("both", "child", "grandchild")),
        "mom_id_mapping": {
            family.child.mom_id: told(family.calendars("both", "child")),
            family.grandchild.mom_id: told(family.calendars("grandchild")),
        },
    }


def test_a_calendar_of_several_is_told_once(family: Family) -> None:
    answer = family.ask(family.parent, "this", "children")

    names = [calendar["name"] for calendar in answer.json["calendars"]]
    assert names == ["both", "child", "grandchild", "parent"]
    assert {*answer.json["mom_id_mapping"]} == {
        family.parent.mom_id,
        family.child.mom_id,
        family.grandchild.mom_id,
    }


def test_one_child_needs_no_map(family: Family) -> None:
    answer = family.ask(family.mint(*CAPABILITIES), "children")
    only = family.ask(family.parent, family.child.mom_id)

    assert answer.json == told([])
    assert only.json == told(family.calendars("both", "child"))


@pytest.mark.parametrize("capability", ["read@manage_mytokens:notify", "manage_mytokens:notify"])
def test_who_reads_calendars_asks_about_any_token(family: Family, capability: str) -> None:
    reader = family.mint(capability)

    answer = family.ask(reader, family.other.mom_id)

    assert answer.json == told(family.calendars("other"))


def test_who_does_not_sees_its_own_tokens_alone_and_no_address(family: Family) -> None:
    narrow = family.mint("tokeninfo:notify")
    below = family.mint(parent=narrow.mom_id)
    both = {"name": "both"}
    for one in (narrow, below):
        add(family.stack, family.parent, both, one.mom_id)

    answer = family.ask(narrow, "this", below.mom_id)

    (listed,) = family.calendars("both")
    assert answer.json["calendars"] == [
        {"id": listed["id"], "name": "both", "subscribed_tokens": [narrow.mom_id, below.mom_id]}
    ]
    assert answer.json["mom_id_mapping"].keys() == {narrow.mom_id, below.mom_id}


@pytest.mark.parametrize("asked", ["other", "parent", "nobody"])
def test_who_does_not_asks_about_no_other_token(family: Family, asked: str) -> None:
    narrow = family.mint("tokeninfo:notify", parent=family.parent.mom_id)
    mom_id = NOBODYS if asked == "nobody" else getattr(family, asked).mom_id

    answers = [family.ask(narrow, mom_id), family.ask(narrow, "this", mom_id)]

    assert {error(answer) for answer in answers} == {FORBIDDEN}


def test_an_unknown_token_and_another_users_are_told_alike(stack: Stack, family: Family) -> None:
    stranger = stack.mint(user=new_user())

    unknown, strangers = (family.ask(family.parent, of) for of in (NOBODYS, stranger.mom_id))

    assert error(unknown) == NO_GRANT
    assert (strangers.status, strangers.body) == (unknown.status, unknown.body)


@pytest.mark.parametrize("capability", ["tokeninfo:introspect", "settings:tags", "AT"])
def test_another_capability_tells_nothing(family: Family, capability: str) -> None:
    assert error(family.ask(family.mint(capability))) == FORBIDDEN


def test_a_revoked_token_is_in_no_calendar(stack: Stack, family: Family) -> None:
    stack.revoke(family.child, recursive=True)

    answer = family.ask(family.parent, "this", "children")

    assert answer.json == told(family.calendars("both", "parent"))
    assert answer.json["calendars"][0]["subscribed_tokens"] == [family.parent.mom_id]
    assert error(family.ask(family.parent, family.child.mom_id)) == NO_GRANT


@pytest.mark.parametrize(
    "mom_ids", [["x"], [""], [5], [None], "this", {"this": 1}, ["this"] * 101, [["this"]]], ids=str
)
def test_what_is_no_list_of_mom_ids_is_refused(family: Family, mom_ids: Any) -> None:
    before = family.stack.dump()

    assert error(ask(family.stack, family.parent, mom_ids=mom_ids)) == MALFORMED
    assert family.stack.dump() == before


def test_a_hundred_tokens_are_asked_about_at_once(family: Family) -> None:
    answer = family.ask(family.parent, *["this"] * 100)

    assert answer.json == told(family.calendars("both", "parent"))


def test_a_form_asks_about_one_token(stack: Stack, family: Family) -> None:
    form = {"action": "notifications", "mom_ids": family.other.mom_id}

    answer = stack.invoke("tokeninfo", family.parent, form=form)

    assert answer.json == told(family.calendars("other"))


def test_a_child_that_expired_a_month_ago_is_not_told_of(
    stack: Stack, user: str, clock: Clock
) -> None:
    parent = stack.mint(*CAPABILITIES, user=user, expires_in=90 * DAY)
    child = stack.mint(user=user, parent=parent.mom_id, expires_in=DAY)
    add(stack, parent, create(stack, parent), child.mom_id)
    asked: Document = {"mom_ids": ["children"]}
    before = ask(stack, parent, **asked)

    clock.passes(32 * DAY)

    assert len(before.json["calendars"]) == 1
    assert ask(stack, parent, **asked).json == told([])


def test_history_is_not_offered_and_the_answer_says_so(family: Family) -> None:
    answer = family.stack.invoke("tokeninfo", family.parent, json={"action": "event_history"})

    assert error(answer) == MALFORMED
    assert "notifications" in answer.json["error_description"]
