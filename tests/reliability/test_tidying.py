"""The dead leave in any order of events: none is ever shown again, and nothing living is lost."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import entries, keys, revocations
from mytoken_calendars.aws.dynamodb.imports import Importer
from mytoken_calendars.calendars.calendar import Address, Calendar
from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Change
from mytoken_calendars.identifiers import mom_id_of, short_mom_id
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.harness.invariants import violations
from tests.harness.reliability.calls import Call, Calls, Overtaken
from tests.harness.reliability.injected_faults import KILLED_AFTER, KILLED_BEFORE, Killed
from tests.harness.reliability.states import State, empty, put_back
from tests.harness.stacks import DAY, Answer, Stack, Token
from tests.harness.steps import Clock, Document, add, at_once, create, feeds, new_user, owner
from tests.harness.tally import Tally

FIRST, SECOND = "first", "second"
STEPS = ["tidy", "add", "revoke"]  # each is overtaken at another third of its calls, or --deep
KINDS = [KILLED_BEFORE, KILLED_AFTER]

Shown = dict[str, frozenset[str]]  # the mom_ids in each calendar, by its name


@dataclass(frozen=True)
class Scene:
    """Two calendars of the living and the dead. `feed` is that of one; `other` is in none."""

    stack: Stack
    clock: Clock
    user: str
    keeper: Token
    calendars: tuple[Document, Document]
    feed: Document
    alive: Token
    child: Token  # of a dead one, which was revoked without it
    dead: Token
    below: Token  # a descendant of one that was revoked with all of them
    over: Token  # expired a month ago
    other: Token

    @classmethod
    def on(cls, stack: Stack, clock: Clock) -> "Scene":
        user = new_user()
        keeper = stack.mint("manage_mytokens", user=user, expires_in=None)
        mint = partial(stack.mint, "AT", user=user, expires_in=400 * DAY)
        alive, dead, parent, other = mint(), mint(), mint(), mint()
        child, below = mint(parent=dead.mom_id), mint(parent=parent.mom_id)
        over = stack.mint("AT", user=user, expires_in=DAY)
        first, second = (create(stack, keeper, name) for name in (FIRST, SECOND))
        for calendar in (first, second):
            for token in (alive, dead, over):
                add(stack, keeper, calendar, token.mom_id)
        add(stack, keeper, first, below.mom_id)
        add(stack, keeper, second, child.mom_id)
        stack.revoke(dead)
        stack.revoke(parent, recursive=True)
        clock.passes(DAY + limits.EXPIRED_KEPT + 1)
        (feed,) = feeds(stack, keeper, first)
        tokens = (alive, child, dead, below, over, other)
        return cls(stack, clock, user, keeper, (first, second), feed, *tokens)

    @property
    def revoked(self) -> set[str]:
        return {self.dead.mom_id, self.below.mom_id}

    def ask(self, operation: str, calendar: str = "", **body: Any) -> Answer:
        path = {"calendar": calendar, "feed": self.feed["id"]}
        return self.stack.invoke(operation, self.keeper, path=path, json=body or None)

    def shown(self) -> Shown:
        """What a list shows, and each feed with it. The expired are in it until they leave."""
        listed = self.ask("list_calendars")
        assert listed.status == 200, listed.text
        return {
            calendar["name"]: frozenset(calendar.get("subscribed_tokens", ())) - {self.over.mom_id}
            for calendar in listed.json["calendars"]
        }

    def stored(self) -> Shown:
        """What the items of the calendars hold."""
        items = self.stack.store._items(owner(self.user))
        held = {item["name"]: entries.unpacked(item["tokens"]).values() for item in items}
        return {name: frozenset(one.mom_id for one in tokens) for name, tokens in held.items()}

    def tidy(self) -> bool:
        return self.stack.store.tidy(owner(self.user), int(self.clock.now))

    def poll(self) -> None:
        """Both feeds, whose function has just started, show none that is revoked."""
        for calendar in self.calendars:
            feed = self.stack.feed(calendar)
            assert feed.status in (200, 410), feed.text
            assert not [mom_id for mom_id in self.revoked if mom_id[:8] in feed.text]

    def list(self) -> None:
        assert self.shown() == {FIRST: {self.alive.mom_id}, SECOND: self.living}

    def bring_in(self) -> None:
        """An import, of which one token is held by a calendar already."""
        now = int(self.clock.now)
        records = [TokenRecord(self.alive.mom_id, None, now, now + DAY)]
        records += [TokenRecord(mom_id_of(UUID(int=7)), None, now, now + DAY)]
        tokens = [Subscription.of(record, "", added=now * 1000) for record in records]
        calendar = Calendar(str(uuid4()), owner(self.user), "brought", (Address.new(),))
        Importer(self.stack.store.table).bring_in(calendar, tokens, Change.new(now))

    @property
    def living(self) -> set[str]:
        return {self.alive.mom_id, self.child.mom_id}


Act = Callable[[Scene], Any]

TIDYING: dict[str, Act] = {
    "tidy": Scene.tidy,
    "add": lambda s: s.ask("add_token", FIRST, mom_id=s.other.mom_id).status,
    "revoke": lambda s: s.ask("revoke_token", mom_id=s.other.mom_id).status,
}
CHANGES: dict[str, Act] = {
    **TIDYING,
    "renew": lambda s: s.ask("add_token", SECOND, mom_id=s.alive.mom_id, comment="new").status,
    "revoke-the-living": lambda s: s.ask("revoke_token", mom_id=s.alive.mom_id).status,
    "grow": lambda s: s.ask("revoke_token", mom_id=s.dead.mom_id, recursive=True).status,
    "revoke-a-child": lambda s: s.ask("revoke_token", mom_id=s.child.mom_id).status,
    "remove": lambda s: s.ask("remove_token", FIRST, mom_id=s.dead.mom_id).status,
    "rename": lambda s: s.ask("update_calendar", FIRST, name="another").status,
    "create-feed": lambda s: s.ask("create_feed", FIRST, detail="minimal").status,
    "reset": lambda s: s.ask("reset_feed", FIRST).status,
    "delete": lambda s: s.ask("delete_calendar", FIRST).status,
    "create": lambda s: s.ask("create_calendar", name="third").status,
    "import": Scene.bring_in,
}
READERS: dict[str, Act] = {"list": Scene.list, "poll": Scene.poll}


@pytest.fixture
def scene(embedded: Stack, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Every revocation and every addition finds so many marks that it tidies."""
    empty(embedded)
    scene = Scene.on(embedded, clock)
    monkeypatch.setattr("mytoken_calendars.limits.MARKS_TIDIED", 1)
    return scene


def _is_clean(scene: Scene) -> None:
    """After one more tidying, at the latest, only the living are stored, and nothing is marked."""
    assert violations(scene.stack.dump()) == []
    shown = scene.shown()
    assert not scene.revoked & frozenset().union(*shown.values())
    scene.poll()
    scene.clock.passes(limits.MARK_KEPT + 1)
    assert scene.tidy()
    assert violations(scene.stack.dump()) == []
    assert scene.stored() == shown == scene.shown()
    assert revocations.read(scene.stack.store.table, owner(scene.user)).tokens == {}
    scene.clock.passes(-limits.MARK_KEPT - 1)


def _ended(answer: Any) -> str:
    """A tidying may always leave something to the next one."""
    return "tidied" if isinstance(answer, bool) else str(answer)


@pytest.mark.parametrize("overtaken", TIDYING)
@pytest.mark.usefixtures("impatient")
def test_whatever_overtakes_a_tidying_nothing_dead_shows_and_nothing_living_is_lost(
    scene: Scene, calls: Calls, tally: Tally, overtaken: str, *, deep: bool
) -> None:
    before, operation = (
        State.of(scene.stack, with_objects=False),
        partial(TIDYING[overtaken], scene),
    )
    for name, change in {**CHANGES, **READERS}.items():
        act, serial = partial(change, scene), list[Any]()
        for order in ((operation, act), (act, operation)) if name not in READERS else ():
            done = [one() for one in order]
            serial.append((sorted(map(_ended, done)), scene.shown()))
            put_back(scene.stack, before, State.of(scene.stack, with_objects=False))
        number = 0 if deep else STEPS.index(overtaken) - len(STEPS) + 1
        while True:
            number += 1 if deep else len(STEPS)
            overtaking = Overtaken(number, act)
            with calls.planned(overtaking):
                answer = operation()
            if overtaking.answers:
                with tally.case("overtaken while tidying"):
                    if name not in READERS:
                        done = sorted(map(_ended, (answer, *overtaking.answers)))
                        assert (done, scene.shown()) in serial
                    _is_clean(scene)
            put_back(scene.stack, before, State.of(scene.stack, with_objects=False))
            if not overtaking.answers:
                break
        assert number > len(STEPS)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.usefixtures("impatient")
def test_whoever_reads_while_all_is_tidied_sees_what_lives(
    scene: Scene, calls: Calls, tally: Tally, reader: str
) -> None:
    before, number, overtaking = State.of(scene.stack, with_objects=False), 0, None
    while not overtaking or overtaking.answers:
        number += 1
        scene.stack.restart("get_feed")
        overtaking = Overtaken(number, scene.tidy)
        with calls.planned(overtaking), tally.case("overtaken by a tidying"):
            READERS[reader](scene)
        put_back(scene.stack, before, State.of(scene.stack, with_objects=False))
    assert number > 3


@pytest.mark.parametrize("name", TIDYING)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.usefixtures("impatient")
def test_a_tidying_that_is_cut_off_anywhere_is_done_by_the_next_one(
    scene: Scene, calls: Calls, tally: Tally, name: str, kind: Any
) -> None:
    before, shown = State.of(scene.stack, with_objects=False), scene.shown()
    number, was_killed = 0, True
    while was_killed:
        number += 1
        was_killed = False

        def plan(met: int, call: Call) -> Any:
            return kind.fault if met == number else None  # noqa: B023 - it is called in this turn

        with calls.planned(plan):
            try:
                TIDYING[name](scene)
            except Killed:
                was_killed = True
        with tally.case("killed while tidying"):
            left = scene.shown()
            assert {n: left[n] - {scene.other.mom_id} for n in left} == shown
            _is_clean(scene)
        put_back(scene.stack, before, State.of(scene.stack, with_objects=False))
    assert number > 5


def test_two_first_revocations_at_once_are_both_there(racing_stack: Stack) -> None:
    user = new_user()
    keeper = racing_stack.mint("manage_mytokens", user=user)
    calendar = create(racing_stack, keeper)
    tokens = [racing_stack.mint("AT", user=user) for _ in range(4)]
    for token in tokens:
        add(racing_stack, keeper, calendar, token.mom_id)

    at_once([partial(racing_stack.revoke, token) for token in tokens])

    marks = revocations.read(racing_stack.store.table, owner(user)).tokens
    assert set(marks) == {short_mom_id(token.mom_id) for token in tokens}


def test_tidyings_at_once_take_everything_out_once(embedded: Stack, clock: Clock) -> None:
    empty(embedded)
    scene = Scene.on(embedded, clock)
    scene.clock.passes(limits.MARK_KEPT + 1)

    at_once([scene.tidy] * 4)

    _is_clean(scene)


def test_many_calendars_are_tidied_by_some_additions(
    embedded: Stack, clock: Clock, monkeypatch: pytest.MonkeyPatch, *, deep: bool
) -> None:
    """The case of A4 with many calendars, with --deep 1,000, each with a token that is revoked."""
    empty(embedded)
    user, now = new_user(), int(clock.now)
    keeper = embedded.mint("manage_mytokens", user=user, expires_in=None)
    dead, new = (embedded.mint("AT", user=user) for _ in range(2))
    of, table = owner(user), embedded.store.table
    token = Subscription.of(TokenRecord(dead.mom_id, None, now, now + DAY), "", added=now * 1000)
    for number in range(limits.CALENDARS if deep else 150):
        calendar = Calendar(str(uuid4()), of, f"calendar {number}", (Address.new(),))
        Importer(table).bring_in(calendar, [token], Change.new(now))
    embedded.revoke(dead)
    weighs = (table.get(keys.owner_head(of)) or {})["weight"]
    monkeypatch.setattr("mytoken_calendars.limits.OWNER_WEIGHT", weighs)
    path, body, statuses = {"calendar": "calendar 7"}, {"mom_id": new.mom_id}, [400]
    began = time.monotonic()

    while statuses[-1] != 200 and len(statuses) < 20:
        answer = embedded.invoke("add_token", keeper, path=path, json=body)
        statuses.append(answer.status)

    assert statuses[-1] == 200
    assert time.monotonic() - began < 20 * (limits.TIDYING + 10)
    head = table.get(keys.owner_head(of)) or {}
    assert head["weight"] < weighs
    assert violations(embedded.dump()) == []
    empty(embedded)
