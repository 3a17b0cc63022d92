"""Whatever happens, in whatever order: answers, tables and feeds are what the model says."""

import random
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import cache, partial
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from local import data
from local.template import Template
from mytoken_calendars.aws import clients
from mytoken_calendars.errors import InvalidGrant
from tests.harness.reliability.model import Answer, Calendar, Feed, Model, Shown, Token, folded
from tests.harness.reliability.twins import AT_ONCE, FAULTS, Moment, Trouble, Twins
from tests.harness.stacks import DAY, Stack
from tests.harness.steps import Clock
from tests.harness.tally import Tally
from tests.harness.token_uses import EVERYTHING, REVOKED_WHEN_REPLAYED, ROTATING

RUNS, STEPS = "model: runs of a state machine", "model: steps"
# The first is the simplest there is; from the tenth on hypothesis tries variants of earlier ones.
RUNS_OF_A_SEED = 9

USERS = ("alice", "bob")
HOUR = 60 * 60
UNKNOWN_MOM_ID = "A" * 86 + "=="
UNKNOWN_SECRET = "x" * 32
NO_FEED = Feed("0" * 16, UNKNOWN_SECRET)

# What occurs here more often is taken more often.
users = st.sampled_from(["alice", "alice", "bob"])
capabilities = st.sampled_from(
    [
        *[EVERYTHING] * 6,
        ("AT",),
        ("manage_mytokens:notify",),
        ("read@manage_mytokens:notify",),
        ("tokeninfo:notify",),
        ("tokeninfo", "AT"),
    ]
)
# Some of these are one name in two spellings, and the last one is none.
names = st.sampled_from(["CI"] * 8 + ["ci", "Straße", "STRASSE", "\u00c9", "e\u0301", "a/b"])
comments = st.sampled_from(["", "", "mind it", "renew it"])
keys = st.sampled_from(["", "", "a", "b"])  # Idempotency-Keys, "" for none
ages = st.sampled_from([0, 0, 0, 0, 1, 2])  # of the token that is shown, 0 for the newest
descriptions = st.sampled_from([None, None, "", "of CI", "of all"])
tags = st.sampled_from(["nightly", "nightly", "weekly", "Nightly"])
wishes = st.fixed_dictionaries(
    {},
    optional={
        "label": st.sampled_from(["phone", ""]),
        "reminders": st.sampled_from(["events", "both", "none", "alarms", ""]),
        "days": st.sampled_from([[1, 30, 1], [7, 0], [0], [14, 2, 60], ""]),
        "detail": st.sampled_from(["minimal", "name", "full", ""]),
    },
)
questions = st.sampled_from(
    [
        *["list_calendars"] * 3,
        *["get_calendar"] * 2,
        *["list_feeds"] * 3,
        "introspect",
        "list_tags",
        "list_mytokens",
        "subtokens",
    ]
)
positions = st.integers(0, 4)
troubles = st.builds(
    Trouble, st.sampled_from(sorted(FAULTS)), st.integers(0, 7), st.sampled_from([1, 99, 99])
)
moments = st.builds(
    Moment,
    st.sampled_from([0] * 24 + [1, 30, 61, 61, 61, HOUR, DAY, DAY, 10 * DAY, 91 * DAY, -5, -6]),
    st.one_of(*[st.none()] * 4, troubles),
    st.sampled_from([*[False] * 7, True]),
)


class Machine(RuleBasedStateMachine):
    """Two users of a stack, and what may happen to them.

    Many requests are refused, since anybody may try anything. So there are rules for what most
    people do, too: those whose names end in `that_is_there`.
    """

    tokens = Bundle("tokens")  # their mom_ids
    mom_ids = st.one_of(*[tokens] * 5, st.sampled_from(["", UNKNOWN_MOM_ID]))

    def __init__(self, stack: Stack, clock: Clock, tally: Tally) -> None:
        super().__init__()
        self.twins, self.tally = Twins(stack, clock, USERS), tally

    def teardown(self) -> None:
        self.twins.end()
        self.tally.add(RUNS, 1)

    @property
    def model(self) -> Model:
        return self.twins.model

    @initialize(target=tokens)
    def begin(self) -> Any:
        """Each user has a token for everything, and a calendar with it that has two feeds; one has
        more tokens."""
        everything: Any = {"capabilities": EVERYTHING, "expires_in": 400 * DAY, "starts_in": -HOUR}
        keepers = [self.twins.issue(user, **everything) for user in USERS]
        for keeper in keepers:
            self.create_calendar(keeper, 0, AT_ONCE, "CI", "")
            self.add_token(keeper, 0, AT_ONCE, "CI", "", comment="", key="")
            self.create_feed(keeper, 0, AT_ONCE, "CI", wish={"reminders": "both"}, key="")
        chain = self.twins.issue("alice", **everything, rotation=REVOKED_WHEN_REPLAYED)
        self.create_calendar(chain, 0, AT_ONCE, "Straße", "a")
        limited = self.twins.issue("alice", **everything, limit=2, parent=chain)
        watched = self.twins.issue("alice", capabilities=("tokeninfo:notify",), expires_in=40 * DAY)
        return multiple(*keepers, chain, limited, watched)

    @rule(
        target=tokens,
        user=users,
        capabilities=capabilities,
        expires_in=st.sampled_from([None, HOUR, 5 * DAY, 40 * DAY, 400 * DAY]),
        starts_in=st.sampled_from([-HOUR, 0, 0, HOUR]),
        limit=st.sampled_from([None, None, None, 0, 1, 2]),
        rotation=st.sampled_from([None, ROTATING, REVOKED_WHEN_REPLAYED]),
        parent=st.none() | tokens,
    )
    def issue(self, user: str, parent: str | None, **more: Any) -> Any:
        if parent is not None:
            family = self.model.tokens[parent].owner
            user = next(user for user in USERS if self.twins.owner(user) == family)
        refused = parent is not None and not self.model.is_there(parent)
        with pytest.raises(InvalidGrant) if refused else nullcontext():
            return self.twins.issue(user, parent=parent, **more)
        return multiple()

    @rule(by=tokens, age=ages, when=moments, name=names, key=keys)
    def create_calendar(self, by: str, age: int, when: Moment, name: str, key: str) -> None:
        def expect(model: Model, shown: Shown) -> Answer:
            calendar_id, feeds = self.twins.made(model.tokens[by].owner, name)
            feed = feeds[0] if feeds else NO_FEED
            return model.create_calendar(shown, name, feed, calendar_id, key)

        self.twins.ask("create_calendar", by, age, when, expect, json={"name": name}, key=key)

    @rule(by=tokens, age=ages, when=moments, name=names, mom_id=mom_ids, comment=comments, key=keys)
    def add_token(
        self, by: str, age: int, when: Moment, name: str, mom_id: str, *, comment: str, key: str
    ) -> None:
        def expect(model: Model, shown: Shown) -> Answer:
            return model.add_token(shown, name, mom_id, comment, key)

        body = {"mom_id": mom_id, **({"comment": comment} if comment else {})}
        self.twins.ask("add_token", by, age, when, expect, name=name, json=body, key=key)

    @rule(user=users, when=moments, name=names, nth=positions, comment=comments, key=keys)
    def add_a_token_that_is_there(self, user: str, nth: int, **more: Any) -> None:
        mom_id = _nth([*self._that_are_there(user), ""], nth)
        self.add_token(self._keeper(user), 0, mom_id=mom_id, **more)

    @rule(
        by=tokens,
        age=ages,
        when=moments,
        name=names,
        new_name=st.none() | names,
        description=descriptions,
        new_tags=st.one_of(st.none(), st.none(), st.lists(tags, max_size=3)),
        by_id=st.booleans(),
        key=keys,
    )
    def update_calendar(
        self,
        by: str,
        age: int,
        when: Moment,
        name: str,
        *,
        new_name: str | None,
        description: str | None,
        new_tags: list[str] | None,
        by_id: bool,
        key: str,
    ) -> None:
        known = self._calendar(by, name)
        named = known.id if by_id and known else name

        def expect(model: Model, shown: Shown) -> Answer:
            return model.update_calendar(shown, named, new_name, description, new_tags, key=key)

        body = {"name": new_name, "description": description, "tags": new_tags}
        self.twins.ask("update_calendar", by, age, when, expect, name=named, json=body, key=key)

    @rule(user=users, when=moments, nth=positions, new_name=names, key=keys)
    def rename_a_calendar_that_is_there(self, user: str, nth: int, **more: Any) -> None:
        self.update_calendar(
            self._keeper(user),
            0,
            name=_nth(self._names(user), nth),
            description=None,
            new_tags=None,
            by_id=False,
            **more,
        )

    @rule(
        by=tokens,
        when=moments,
        description=descriptions,
        new_tags=st.lists(tags, max_size=3),
        key=keys,
    )
    def create_a_calendar_without_a_name(
        self, by: str, when: Moment, description: str | None, new_tags: list[str], key: str
    ) -> None:
        def expect(model: Model, shown: Shown) -> Answer:
            owner = model.tokens[by].owner
            calendar_id, feeds = self.twins.made(owner, model.free_name(owner, description or ""))
            feed = feeds[0] if feeds else NO_FEED
            return model.create_unnamed(
                shown, description or "", new_tags, feed=feed, calendar_id=calendar_id, key=key
            )

        body = {"description": description, "tags": new_tags}
        self.twins.ask("create_calendar", by, 0, when, expect, json=body, key=key)

    @rule(by=tokens, age=ages, when=moments, name=names, tag=tags, lost=st.booleans(), key=keys)
    def tag_a_calendar(
        self, by: str, age: int, when: Moment, name: str, tag: str, *, lost: bool, key: str
    ) -> None:
        def expect(model: Model, shown: Shown) -> Answer:
            return model.tag_calendar(shown, name, tag, key, lost=lost)

        operation = "untag_calendar" if lost else "tag_calendar"
        self.twins.ask(operation, by, age, when, expect, name=name, json={"tag": tag}, key=key)

    @rule(
        by=tokens,
        age=ages,
        when=moments,
        tag=tags,
        what=st.sampled_from(["create_tag", "update_tag", "update_tag", "delete_tag"]),
        new=st.fixed_dictionaries(
            {"color": st.sampled_from([None, "", "00FF00"])}, optional={"tag": tags}
        ),
        key=keys,
    )
    def change_a_tag(
        self, by: str, age: int, when: Moment, tag: str, *, what: str, new: Any, key: str
    ) -> None:
        def expect(model: Model, shown: Shown) -> Answer:
            return model.change_tag(shown, what, tag, new, key)

        body = None if what == "delete_tag" else new
        self.twins.ask(what, by, age, when, expect, tag=tag, json=body, key=key)

    @rule(
        by=tokens,
        age=ages,
        when=moments,
        name=names,
        mom_id=mom_ids,
        asked=st.sampled_from(["remove_token", "delete_calendar"]),
        key=keys,
    )
    def remove_token(
        self, by: str, age: int, when: Moment, name: str, mom_id: str, *, asked: str, key: str
    ) -> None:
        def expect(model: Model, shown: Shown) -> Answer:
            return model.remove_token(shown, name, mom_id, key, asked)

        self.twins.ask(asked, by, age, when, expect, name=name, json={"mom_id": mom_id}, key=key)

    @rule(user=users, when=moments, nth=positions, of=positions, key=keys)
    def remove_a_token_that_is_there(self, user: str, nth: int, of: int, **more: Any) -> None:
        name = _nth(self._names(user), of)
        calendar = self._calendar(self._keeper(user), name)
        mom_id = _nth([*(calendar.subscriptions if calendar else ()), ""], nth)
        self.remove_token(
            self._keeper(user), 0, name=name, mom_id=mom_id, asked="remove_token", **more
        )

    @rule(by=tokens, age=ages, when=moments, name=names, wish=wishes, key=keys)
    def create_feed(
        self, by: str, age: int, when: Moment, name: str, *, wish: dict[str, Any], key: str
    ) -> None:
        owner = self.model.tokens[by].owner

        def expect(model: Model, shown: Shown) -> Answer:
            _, feeds = self.twins.made(owner, name)
            known = [feed.id for feed in self._feeds(by, name)]  # now, also if it is a repetition
            new = next((feed for feed in feeds if feed.id not in known), NO_FEED)
            return model.create_feed(shown, name, wish, replace(new), key)

        self.twins.ask("create_feed", by, age, when, expect, name=name, json=wish, key=key)

    @rule(
        by=tokens,
        age=ages,
        when=moments,
        name=names,
        nth=positions,
        what=st.sampled_from(["update_feed", "update_feed", "reset_feed", "delete_feed"]),
        wish=wishes,
        key=keys,
    )
    def change_a_feed(
        self,
        by: str,
        age: int,
        when: Moment,
        name: str,
        nth: int,
        *,
        what: str,
        wish: dict[str, Any],
        key: str,
    ) -> None:
        """The newest first; the last is one that there is not."""
        owner = self.model.tokens[by].owner
        known = [feed.id for feed in reversed(self._feeds(by, name))]
        feed_id = _nth([*known, NO_FEED.id], nth)

        def expect(model: Model, shown: Shown) -> Answer:
            if what == "update_feed":
                return model.update_feed(shown, name, feed_id, wish, key)
            if what == "delete_feed":
                return model.delete_feed(shown, name, feed_id, key)
            _, feeds = self.twins.made(owner, name)
            new = next((feed for feed in feeds if feed.id == feed_id), NO_FEED)
            return model.reset_feed(shown, name, feed_id, new.secret, key)

        body = wish if what == "update_feed" else None
        self.twins.ask(what, by, age, when, expect, name=name, feed=feed_id, json=body, key=key)

    @rule(user=users, of=positions, wish=wishes, when=moments, key=keys)
    def create_a_feed_of_a_calendar_that_is_there(self, user: str, of: int, **more: Any) -> None:
        self.create_feed(self._keeper(user), 0, name=_nth(self._names(user), of), **more)

    @rule(
        user=users,
        of=positions,
        nth=positions,
        what=st.sampled_from(["update_feed", "update_feed", "reset_feed", "delete_feed"]),
        wish=wishes,
        when=moments,
        key=keys,
    )
    def change_a_feed_that_is_there(self, user: str, of: int, **more: Any) -> None:
        self.change_a_feed(self._keeper(user), 0, name=_nth(self._names(user), of), **more)

    @rule(by=tokens, age=ages, when=moments, name=names, key=keys)
    def delete_calendar(self, by: str, age: int, when: Moment, name: str, key: str) -> None:
        def expect(model: Model, shown: Shown) -> Answer:
            return model.delete_calendar(shown, name, key)

        self.twins.ask("delete_calendar", by, age, when, expect, name=name, key=key)

    @rule(user=users, when=moments, nth=positions, key=keys)
    def delete_a_calendar_that_is_there(self, user: str, nth: int, **more: Any) -> None:
        self.delete_calendar(self._keeper(user), 0, name=_nth(self._names(user), nth), **more)

    @precondition(lambda self: self.twins.keyed)
    @rule(ago=positions, when=moments)
    def repeat(self, ago: int, when: Moment) -> None:
        """A request that has an Idempotency-Key is sent as it was before."""
        _nth(self.twins.keyed, -1 - ago)(when)

    @rule(by=tokens, age=ages, when=moments, mom_id=mom_ids, recursive=st.booleans(), key=keys)
    def revoke_token(
        self, by: str, age: int, when: Moment, mom_id: str, *, recursive: bool, key: str
    ) -> None:
        def expect(model: Model, shown: Shown) -> Answer:
            return model.revoke_token(shown, mom_id, recursive=recursive, key=key)

        body = {"mom_id": mom_id, "recursive": recursive}
        self.twins.ask("revoke_token", by, age, when, expect, json=body, key=key)

    @rule(by=tokens, age=ages, when=moments, recursive=st.booleans())
    def revoke_by_itself(self, by: str, age: int, when: Moment, *, recursive: bool) -> None:
        def expect(model: Model, shown: Shown) -> Answer:
            return model.revoke_by_itself(shown, recursive=recursive)

        def body(bearer: str) -> dict[str, Any]:
            return {"token": bearer, "recursive": recursive}

        self.twins.ask("revoke_token", by, age, when, expect, json=body)

    @rule(user=users, when=moments, nth=positions, recursive=st.booleans(), key=keys)
    def revoke_a_token_that_is_there(self, user: str, nth: int, **more: Any) -> None:
        mom_id = _nth(self._that_are_there(user) or [UNKNOWN_MOM_ID], nth)
        self.revoke_token(self._keeper(user), 0, mom_id=mom_id, **more)

    @rule(by=tokens, age=ages, when=moments, what=questions, name=names, key=keys)
    def look(self, by: str, age: int, when: Moment, what: str, *, name: str, key: str) -> None:
        def expect(model: Model, shown: Shown) -> Answer:
            of_what = {
                "get_calendar": [name],
                "list_feeds": [name, key],
                "introspect": [],
                "list_tags": [],
            }.get(what, [key])
            answer: Answer = getattr(model, what)(shown, *of_what)
            return answer

        if what in ("list_calendars", "get_calendar", "list_feeds", "list_tags"):
            self.twins.ask(what, by, age, when, expect, name=name, key=key)
        else:
            self.twins.ask("tokeninfo", by, age, when, expect, json={"action": what}, key=key)

    @rule(
        nth=positions,
        age=st.sampled_from([1, 2]),
        when=moments,
        what=questions,
        name=names,
        key=keys,
    )
    def replay(self, nth: int, **more: Any) -> None:
        """A token is shown that has a successor."""
        rotated = [shown.mom_id for shown in self.twins.given if shown.seq_no > 1]
        self.look(_nth(rotated, nth), **more)

    @rule(
        nth=positions,
        etag=st.none() | positions,
        coding=st.sampled_from([None, "gzip", "identity"]),
        method=st.sampled_from(["GET", "GET", "HEAD"]),
        when=moments,
    )
    def get_feed(self, nth: int, etag: int | None, **more: Any) -> None:
        """One that is there, was, or never was; with an etag that any of them had."""
        gone = _nth([UNKNOWN_SECRET, *self.model.deleted], -1 - nth)
        known = "" if etag is None else _nth(["none", *self.twins.etags], -1 - etag)
        self.twins.fetch(_nth([gone, *self.model.secrets], nth), known, **more)

    # The more names a rule has, the more often it is taken.
    create_another_calendar = create_calendar
    add_another_token = add_a_third_token = add_a_token_that_is_there
    repeat_again = repeat
    look_again = look
    change_another_feed = change_a_third_feed = change_a_feed_that_is_there

    @invariant()
    def tables_and_feeds_are_what_the_model_says(self) -> None:
        self.twins.assert_tables_are_alike()
        self.twins.assert_feeds_are_alike()
        self.tally.add(STEPS, 1)

    def _keeper(self, user: str) -> str:
        """A token of the user for everything: the first that works, if there is one."""
        keepers = [t for t in self._tokens(user) if t.capabilities == EVERYTHING]
        plain = [t for t in keepers if t.limit is None and not t.rotates]
        there = [t for t in plain if self.model.is_there(t.mom_id)]
        return next((t for t in there if t.is_valid(1, self.model.now)), plain[0]).mom_id

    def _names(self, user: str) -> list[str]:
        """Those of the user's calendars, or that of one that is not there."""
        owner, calendars = self.twins.owner(user), self.model.calendars.values()
        return [calendar.name for calendar in calendars if calendar.owner == owner] or ["CI"]

    def _calendar(self, by: str, name: str) -> Calendar | None:
        """The calendar of this name of the token's user, if there is one."""
        return self.model.calendars.get((self.model.tokens[by].owner, folded(name)))

    def _feeds(self, by: str, name: str) -> list[Feed]:
        calendar = self._calendar(by, name)
        return calendar.feeds if calendar else []

    def _that_are_there(self, user: str) -> list[str]:
        """The tokens of the user that are not revoked, the newest first, but for the keeper."""
        theirs = [token.mom_id for token in reversed(self._tokens(user))]
        keeper = self._keeper(user)
        return [m for m in theirs if m != keeper and self.model.is_there(m)]

    def _tokens(self, user: str) -> list[Token]:
        owner = self.twins.owner(user)
        return [token for token in self.model.tokens.values() if token.owner == owner]


def _nth(some: list[Any], n: int) -> Any:
    return some[n % len(some)]


@pytest.fixture
def stack(racing_stack: Stack) -> Iterator[Stack]:
    """The racing stack with tables of its own, and with one client for all functions."""
    elsewhere = {**racing_stack.environment, "AWS_DEFAULT_REGION": "eu-north-1"}
    with Stack(elsewhere).entered(), mock.patch.object(clients, "client", cache(clients.client)):
        stack = Stack({**elsewhere, **data.deploy(Template.read())})
        with stack.entered():
            yield stack


@pytest.mark.parametrize("quarter", range(4))  # so that they can run side by side
@pytest.mark.usefixtures("impatient")
def test_whatever_happens_the_stack_is_what_the_model_says(
    stack: Stack, clock: Clock, tally: Tally, quarter: int, *, deep: bool
) -> None:
    seeds, steps = (9, 50) if deep else (1, 15)
    first = random.randrange(10**6) if deep else quarter
    explored = settings(
        max_examples=RUNS_OF_A_SEED,
        stateful_step_count=steps,
        phases=[Phase.generate, Phase.shrink],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    for number in range(first, first + seeds):
        machine = seed(number)(partial(Machine, stack, clock, tally))
        try:
            run_state_machine_as_test(machine, settings=explored, _min_steps=steps)
        except Exception as found:
            tally.add(RUNS, 0, violations=1)
            found.add_note(f"It was found with seed {number}.")
            raise
