"""Revoked and long expired tokens leave: they fill no calendar, no owner and no marks."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys, revocations, tidying
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.calendars import weight
from mytoken_calendars.identifiers import Owner, short_mom_id
from tests.doubles.mytoken_server import TOKENINFO
from tests.harness.aws_faults import faults, unreachable
from tests.harness.stacks import DAY, Answer, RemoteStack, Stack, Token
from tests.harness.steps import (
    Clock,
    Document,
    add,
    calendars,
    create,
    events,
    internal_id,
    new_user,
    overwrite,
    owner,
    subscriptions,
)
from tests.harness.token_uses import REVOKED_WHEN_REPLAYED

MONTH = limits.EXPIRED_KEPT
ROOM = 4  # tokens
ONE = weight.of_token("", "", 0)

pytestmark = [pytest.mark.found("A4"), pytest.mark.usefixtures("emptied")]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A calendar holds a few tokens."""
    room = weight.of_calendar("CI Mytokens", "", 0) + ROOM * ONE
    monkeypatch.setattr("mytoken_calendars.limits.CALENDAR_WEIGHT", room)


@pytest.fixture
def user() -> str:
    return new_user()


@pytest.fixture
def keeper(stack: Stack, user: str) -> Token:
    return stack.mint("manage_mytokens", user=user, expires_in=None)


def mint(stack: Stack, user: str, *, days: int = 400, **more: Any) -> Token:
    return stack.mint("AT", user=user, name=None, expires_in=days * DAY, **more)


def filled(stack: Stack, keeper: Token, user: str, name: str = "CI Mytokens", **more: Any) -> Any:
    """A calendar, and the tokens that fill it."""
    calendar, tokens = create(stack, keeper, name), [mint(stack, user, **more) for _ in range(ROOM)]
    for token in tokens:
        add(stack, keeper, calendar, token.mom_id)
    return calendar, tokens


def revoke(stack: Stack, keeper: Token, token: Token, **more: Any) -> Answer:
    return stack.invoke("revoke_token", keeper, json={"mom_id": token.mom_id, **more})


def adding(stack: Stack, keeper: Token, calendar: Document, token: Token) -> Answer:
    path = {"calendar": calendar["name"]}
    return stack.invoke("add_token", keeper, path=path, json={"mom_id": token.mom_id})


def marked(stack: Stack, user: str) -> set[str]:
    return set(revocations.read(stack.store.table, owner(user)).tokens)


# --- a calendar -----------------------------------------------------------------------------------


def test_a_calendar_full_of_revoked_tokens_takes_another_one(
    stack: Stack, keeper: Token, user: str
) -> None:
    calendar, tokens = filled(stack, keeper, user)
    new = mint(stack, user)
    full = adding(stack, keeper, calendar, new)
    for token in tokens:
        assert revoke(stack, keeper, token).status == 204

    added = add(stack, keeper, calendar, new.mom_id)

    assert (full.status, full.json["error"]) == (400, "invalid_request")
    assert added["subscribed_tokens"] == [new.mom_id]
    assert calendars(stack, keeper) == [added]
    assert subscriptions(stack, calendar).keys() == {new.mom_id}
    assert len(events(stack.feed(calendar))) == 1


def test_a_calendar_full_of_descendants_of_a_revoked_token_takes_another_one(
    stack: Stack, keeper: Token, user: str
) -> None:
    parent = mint(stack, user)
    calendar, _ = create(stack, keeper), None
    for number in range(ROOM):
        child = mint(stack, user, parent=parent.mom_id, days=300 + number)
        add(stack, keeper, calendar, child.mom_id)
    assert revoke(stack, keeper, parent, recursive=True).status == 204
    new = mint(stack, user)

    assert add(stack, keeper, calendar, new.mom_id)["subscribed_tokens"] == [new.mom_id]


def test_a_calendar_full_of_long_expired_tokens_takes_another_one(
    stack: Stack, keeper: Token, user: str, clock: Clock
) -> None:
    calendar, _ = filled(stack, keeper, user, days=1)
    new = mint(stack, user)
    clock.passes(DAY + MONTH)
    month_ago = adding(stack, keeper, calendar, new)
    clock.passes(1)

    added = add(stack, keeper, calendar, new.mom_id)

    assert month_ago.status == 400
    assert added["subscribed_tokens"] == [new.mom_id]
    assert len(events(stack.feed(calendar))) == len(
        {e["uid"] for e in events(stack.feed(calendar))}
    )


def test_what_leaves_a_calendar_leaves_its_weight_and_its_owners(
    stack: Stack, keeper: Token, user: str
) -> None:
    calendar, tokens = filled(stack, keeper, user)
    for token in tokens:
        revoke(stack, keeper, token)

    add(stack, keeper, calendar, mint(stack, user).mom_id)

    head = stack.store.table.get(keys.owner_head(owner(user))) or {}
    weighs = weight.of_calendar(calendar["name"], "", 0) + ONE
    assert head == {**keys.owner_head(owner(user)), "calendars": 1, "feeds": 1, "weight": weighs}


def test_a_calendar_full_of_living_tokens_stays_full(
    stack: Stack, keeper: Token, user: str
) -> None:
    calendar, tokens = filled(stack, keeper, user)
    revoke(stack, keeper, tokens[0])
    add(stack, keeper, calendar, mint(stack, user).mom_id)
    before = stack.dump()

    refused = adding(stack, keeper, calendar, mint(stack, user))

    assert refused.status == 400
    assert "4 mytokens in it" in refused.json["error_description"]
    assert _calendars_of(stack.dump()) == _calendars_of(before)


def _calendars_of(dump: dict[str, Any]) -> list[Any]:
    return [row for rows in dump.values() for row in rows if "tokens" in row]


# --- all calendars of an owner --------------------------------------------------------------------


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner has room for three full calendars."""
    room = 3 * limits.CALENDAR_WEIGHT
    monkeypatch.setattr("mytoken_calendars.limits.OWNER_WEIGHT", room)


@pytest.mark.usefixtures("narrow")
def test_the_dead_of_other_calendars_make_room_too(stack: Stack, keeper: Token, user: str) -> None:
    empty = create(stack, keeper, "d")
    of_each = {name: filled(stack, keeper, user, name)[1] for name in "ab"}
    third = create(stack, keeper, "c")
    news = [mint(stack, user) for _ in range(ROOM)]
    statuses = [adding(stack, keeper, third, new).status for new in news]
    refused = news[statuses.index(400)]
    for token in of_each["a"]:
        revoke(stack, keeper, token)

    added = add(stack, keeper, empty, refused.mom_id)

    assert added["subscribed_tokens"] == [refused.mom_id]
    numbers = {c["name"]: len(c.get("subscribed_tokens", ())) for c in calendars(stack, keeper)}
    assert numbers == {"a": 0, "b": ROOM, "c": statuses.index(400), "d": 1}


@pytest.mark.usefixtures("narrow")
def test_an_owner_is_told_to_try_again_when_not_all_calendars_were_looked_through(
    stack: Stack, keeper: Token, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar, tokens = filled(stack, keeper, user)
    revoke(stack, keeper, tokens[0])
    new, other = mint(stack, user), create(stack, keeper, "other")
    monkeypatch.setattr("mytoken_calendars.limits.OWNER_WEIGHT", 1)
    with monkeypatch.context() as hasty:
        hasty.setattr("mytoken_calendars.limits.TIDYING", -1)
        in_haste = adding(stack, keeper, other, new)
    left = len(subscriptions(stack, calendar))

    in_time = adding(stack, keeper, other, new)

    assert in_haste.status == in_time.status == 400
    assert "try again" in in_haste.json["error_description"]
    assert "try again" not in in_time.json["error_description"]
    assert (left, len(subscriptions(stack, calendar))) == (ROOM, ROOM - 1)


def test_what_an_addition_has_not_come_to_the_next_ones_do(
    stack: Stack, keeper: Token, user: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, dead = [f"c{number}" for number in range(9)], mint(stack, user)
    made = [create(stack, keeper, name) for name in names]
    for calendar in made:
        add(stack, keeper, calendar, dead.mom_id)
    revoke(stack, keeper, dead)
    new, weighs = mint(stack, user), (stack.store.table.get(keys.owner_head(owner(user))) or {})
    # The new one takes as much room as seven of the dead.
    path, body = {"calendar": "c0"}, {"mom_id": new.mom_id, "comment": "x" * 1_000}
    more = weight.of_token("", body["comment"], 0)
    room = weighs["weight"] - 7 * ONE + more
    monkeypatch.setattr("mytoken_calendars.limits.CALENDAR_WEIGHT", limits.CALENDAR_WEIGHT + more)
    monkeypatch.setattr("mytoken_calendars.limits.OWNER_WEIGHT", room)
    take_out = tidying.take_out_dead

    def slowly(table: Any, calendar: Any, *more: Any) -> None:
        take_out(table, calendar, *more)
        if _short(dead) in calendar["tokens"]:
            clock.passes(limits.TIDYING / 3 + 1)

    monkeypatch.setattr(tidying, "take_out_dead", slowly)
    answers, left = [], []
    for _ in range(3):
        answers.append(stack.invoke("add_token", keeper, path=path, json=body))
        left.append(sum(dead.mom_id in subscriptions(stack, calendar) for calendar in made))

    assert [answer.status for answer in answers] == [400, 400, 200]
    assert all("try again" in answer.json["error_description"] for answer in answers[:2])
    assert left[0] > left[1] > 0


@pytest.mark.usefixtures("narrow")
def test_a_new_calendar_has_room_beside_the_dead(stack: Stack, keeper: Token, user: str) -> None:
    for name in "abc":
        filled(stack, keeper, user, name)

    fourth = stack.invoke("create_calendar", keeper, json={"name": "d"})

    assert fourth.status == 201
    assert adding(stack, keeper, fourth.json, mint(stack, user)).status == 400


def _short(token: Token) -> str:
    return short_mom_id(token.mom_id)


# --- the marks ------------------------------------------------------------------------------------


@pytest.fixture
def few_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mytoken_calendars.limits.MARKS_TIDIED", 3)
    monkeypatch.setattr("mytoken_calendars.limits.MARKS", 5)


@pytest.mark.usefixtures("few_marks")
def test_revocations_never_end_for_want_of_room(
    stack: Stack, keeper: Token, user: str, clock: Clock
) -> None:
    calendar = create(stack, keeper)
    tokens = [mint(stack, user) for _ in range(12)]
    for number, token in enumerate(tokens):
        if number % 3 == 0:
            add(stack, keeper, calendar, token.mom_id)
        assert revoke(stack, keeper, token).status == 204
        clock.passes(limits.MARK_KEPT + 1)
        assert "subscribed_tokens" not in calendars(stack, keeper)[0]

    assert len(marked(stack, user)) <= 4
    assert {stack.invoke("list_calendars", token).status for token in tokens} == {401}


@pytest.mark.usefixtures("few_marks")
def test_marks_that_are_young_stay_and_those_of_a_minute_make_room(
    stack: Stack, keeper: Token, user: str, clock: Clock
) -> None:
    tokens = [mint(stack, user) for _ in range(7)]

    at_once = [revoke(stack, keeper, token).status for token in tokens[:6]]
    clock.passes(limits.MARK_KEPT + 1)
    later = revoke(stack, keeper, tokens[5]).status

    assert (at_once, later) == ([204] * 5 + [503], 204)
    assert marked(stack, user) == {_short(tokens[5])}
    assert stack.invoke("list_calendars", tokens[6]).status == 403


@pytest.mark.usefixtures("few_marks", "impatient")
@pytest.mark.parametrize("operation", ["TransactWriteItems", "GetItem", "Query", "BatchGetItem"])
def test_a_revocation_is_done_even_if_tidying_is_not(
    stack: Stack, keeper: Token, user: str, clock: Clock, operation: str
) -> None:
    calendar, tokens = filled(stack, keeper, user)
    for token in tokens[:3]:
        revoke(stack, keeper, token)
    clock.passes(limits.MARK_KEPT + 1)
    client, last = stack.door("revoke_token", "authority").calendars.client, tokens[3]
    read = stack.store.tidy.__func__  # type: ignore[attr-defined]

    def without_aws(store: Any, of: Any, now: int) -> Any:
        with faults(client, *[unreachable] * 100, operation=operation):
            return read(store, of, now)

    with mock.patch.object(CalendarStore, "tidy", without_aws):
        answer = revoke(stack, keeper, last)

    assert answer.status == 204
    assert "subscribed_tokens" not in calendars(stack, keeper)[0]
    assert subscriptions(stack, calendar)  # it was not tidied


@pytest.mark.usefixtures("few_marks")
def test_room_is_kept_for_the_chains_of_replayed_tokens(
    stack: Stack, keeper: Token, user: str, clock: Clock
) -> None:
    chains = [stack.mint(user=user, rotation=REVOKED_WHEN_REPLAYED) for _ in range(3)]
    for chain in chains:
        assert stack.invoke("list_calendars", chain).status == 200
    for _ in range(3):
        revoke(stack, keeper, mint(stack, user))
    clock.passes(limits.SUCCESSOR_REPEATED + 60)

    replayed = [stack.invoke("list_calendars", chain).status for chain in chains]

    assert replayed == [401, 401, 503]
    assert len(marked(stack, user)) == 5


@pytest.mark.usefixtures("few_marks")
def test_an_addition_takes_the_marks_away_that_nothing_needs(
    stack: Stack, keeper: Token, user: str, clock: Clock
) -> None:
    calendar, tokens = filled(stack, keeper, user)
    for token in tokens[1:]:
        revoke(stack, keeper, token)
    clock.passes(limits.MARK_KEPT + 1)
    new = mint(stack, user)

    added = add(stack, keeper, calendar, new.mom_id)

    assert added["subscribed_tokens"] == [tokens[0].mom_id, new.mom_id]
    assert subscriptions(stack, calendar).keys() == {tokens[0].mom_id, new.mom_id}
    assert marked(stack, user) == set()


@pytest.mark.usefixtures("few_marks")
def test_a_mark_stays_while_a_calendar_that_was_not_reached_has_its_token(
    stack: Stack, keeper: Token, user: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = mint(stack, user)
    calendar = create(stack, keeper)
    add(stack, keeper, calendar, mint(stack, user, parent=parent.mom_id, days=9).mom_id)
    gone = mint(stack, user)
    revoke(stack, keeper, parent, recursive=True)
    revoke(stack, keeper, gone)
    clock.passes(limits.MARK_KEPT + 1)
    monkeypatch.setattr("mytoken_calendars.limits.TIDYING", -1)

    is_whole = stack.store.tidy(owner(user), int(clock.now))

    assert not is_whole
    assert marked(stack, user) == {_short(parent)}
    assert "subscribed_tokens" not in calendars(stack, keeper)[0]


def test_the_operators_command_tidies_as_well(
    stack: Stack, keeper: Token, user: str, clock: Clock, few_marks: None
) -> None:
    tokens = [mint(stack, user) for _ in range(4)]
    for token in tokens[:3]:
        stack.revoke(token)
    clock.passes(limits.MARK_KEPT + 1)

    stack.revoke(tokens[3])

    assert marked(stack, user) == {_short(tokens[3])}


# --- what is listed of mytokens -------------------------------------------------------------------


@pytest.mark.parametrize("action", ["list_mytokens", "subtokens"])
def test_mytokens_that_expired_a_month_ago_are_listed_no_more(
    stack: Stack, user: str, clock: Clock, action: str
) -> None:
    keeper = stack.mint("manage_mytokens", "tokeninfo", user=user, expires_in=None)
    short = mint(stack, user, days=1, parent=keeper.mom_id)
    below = mint(stack, user, days=90, parent=short.mom_id)

    def listed() -> set[str]:
        answer = stack.invoke("tokeninfo", keeper, json={"action": action})
        assert answer.status == 200
        return set(_mom_ids(answer.json["mytokens"]))

    clock.passes(DAY + MONTH)
    month_after = listed()
    clock.passes(1)

    assert month_after == {keeper.mom_id, short.mom_id, below.mom_id}
    assert listed() == {keeper.mom_id, below.mom_id}


def _mom_ids(trees: Any) -> Iterator[str]:
    for tree in trees if isinstance(trees, list) else [trees]:
        yield tree["token"]["mom_id"]
        yield from _mom_ids(tree.get("children", []))


# --- another issuer -------------------------------------------------------------------------------


@pytest.fixture
def remote(remote_stack: RemoteStack) -> RemoteStack:
    return remote_stack


@pytest.mark.parametrize("capability", ["manage_mytokens:list", "tokeninfo:subtokens"])
def test_what_an_issuer_takes_back_is_shown_again_when_it_is_added(
    remote: RemoteStack, user: str, capability: str
) -> None:
    lister = remote.mint("manage_mytokens:notify", "manage_mytokens:list", user=user)
    token = remote.mint("manage_mytokens:notify", capability, user=user, parent=lister.mom_id)
    child = remote.mint("AT", user=user, parent=token.mom_id)
    calendar = create(remote, lister)
    add(remote, lister, calendar, child.mom_id)
    at = _owner(remote, calendar)
    mark = {revocations.attribute(_short(child)): [1_700_000_000, False], "version": "v"}
    overwrite(remote, keys.revocations(at), **mark)
    overwrite(remote, keys.revocations_head(at), version="v", marks=1)
    hidden = calendars(remote, lister)[0].get("subscribed_tokens")

    added = add(remote, token, calendar, child.mom_id)

    assert hidden is None
    assert added["subscribed_tokens"] == [child.mom_id]
    assert calendars(remote, lister)[0].get("subscribed_tokens") == [child.mom_id]


def test_what_is_revoked_after_an_addition_has_asked_stays_hidden(
    remote: RemoteStack, user: str, clock: Clock
) -> None:
    """One that begins later than the other has its answer earlier: before the revocation."""
    lister = remote.mint("manage_mytokens:notify", "manage_mytokens:list", user=user)
    below = remote.mint("manage_mytokens:notify", "tokeninfo:subtokens", user=user)
    doomed, other = remote.mint("AT", user=user, parent=below.mom_id), remote.mint("AT", user=user)
    calendar = create(remote, lister)
    add(remote, lister, calendar, doomed.mom_id)
    other_function = RemoteStack(remote.environment, server=remote.server)
    clock.passes(60)
    listings: list[str] = []

    def listed(exchange: Any) -> None:
        request = remote.server.requests[-1]
        answer = remote.server.respond(request, "127.0.0.1")
        if request.action == "subtokens" and not listings:
            listings.append("subtokens")
            # It has shown the token. Now it is revoked, and an older request finds that out.
            remote.revoke(doomed)
            clock.passes(-limits.CLOCK_LEEWAY - 2)
            add(other_function, lister, calendar, other.mom_id)
        if request.action == "list_mytokens":
            clock.passes(limits.CLOCK_LEEWAY + 2)
        exchange.answer(*answer)

    with remote.server.failing(listed, TOKENINFO):
        answer = remote.invoke(
            "add_token",
            below,
            path={"calendar": calendar["name"]},
            json={"mom_id": doomed.mom_id, "comment": "late"},
        )

    assert (listings, answer.status) == (["subtokens"], 403)
    assert calendars(remote, lister)[0]["subscribed_tokens"] == [other.mom_id]


def test_what_an_issuer_lists_no_more_leaves_and_stays_gone(
    remote: RemoteStack, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lister = remote.mint("manage_mytokens:notify", "manage_mytokens:list", user=user)
    doomed, other = (remote.mint("AT", user=user) for _ in range(2))
    calendar = create(remote, lister)
    add(remote, lister, calendar, doomed.mom_id)
    remote.revoke(doomed)
    add(remote, lister, calendar, other.mom_id)
    monkeypatch.setattr("mytoken_calendars.limits.MARK_KEPT", -9)
    monkeypatch.setattr("mytoken_calendars.limits.MARKS_TIDIED", 1)

    add(remote, lister, calendar, other.mom_id, comment="so it tidies")

    assert subscriptions(remote, calendar).keys() == {other.mom_id}
    assert revocations.read(remote.store.table, _owner(remote, calendar)).tokens == {}
    assert adding(remote, lister, calendar, doomed).status == 403
    assert calendars(remote, lister)[0]["subscribed_tokens"] == [other.mom_id]


def _owner(remote: RemoteStack, calendar: Document) -> Owner:
    item = remote.store.table.get(keys.calendar(internal_id(remote, calendar))) or {}
    return Owner(item["owner"])
