"""Transactions that meet at an item, as on AWS: none is refused for that, and all end rightly.

No stand-in cancels the later of two transactions that overlap in time, so `Conflicts` does, in
simulated time: whatever the machine, the same seed gives the same race.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mytoken_calendars.aws import clients
from mytoken_calendars.changes import Change, Write
from tests.harness.invariants import violations
from tests.harness.reliability.calls import Calls
from tests.harness.reliability.conflicts import Conflicts
from tests.harness.reliability.racing import refused, statuses
from tests.harness.reliability.simulated import SimulatedTime
from tests.harness.reliability.states import empty
from tests.harness.reliability.variants import REVOKES, ROTATES
from tests.harness.stacks import Answer, Stack, Token
from tests.harness.steps import Document, add, calendars, changes_of, create_feed, events, feeds
from tests.harness.tally import Tally
from tests.harness.token_uses import Person, successor

SEEDS, DEEP_SEEDS = 2, 12
MANY, SOME = 64, 12  # at once

Act = Callable[[], Answer]


@dataclass(frozen=True)
class Race:
    """Requests at once to a stack on which transactions conflict; `person` asks."""

    stack: Stack
    calls: Calls
    time: SimulatedTime
    conflicts: Conflicts
    person: Person

    def at_once(self, *groups: Sequence[Act]) -> list[list[Answer]]:
        """The answers, group by group; the groups are mixed by chance, as they start."""
        acts = [(group, act) for group, acts in enumerate(groups) for act in acts]
        self.conflicts.chance.shuffle(acts)
        with self.calls.planned(self.conflicts):
            answers = self.time.at_once([act for _, act in acts])
        return [
            [answer for (of, _), answer in zip(acts, answers, strict=True) if of == group]
            for group in range(len(groups))
        ]

    def create(self, name: str) -> Answer:
        return self.stack.invoke("create_calendar", self.person.keeper, json={"name": name})

    def add(self, token: Token, comment: str = "") -> Answer:
        body = {"mom_id": token.mom_id, "comment": comment}
        return self.stack.invoke("add_token", self.person.keeper, path=self._path, json=body)

    def remove(self, token: Token) -> Answer:
        return self.change("remove_token", mom_id=token.mom_id)

    def change(self, operation: str, feed: Document | None = None, **body: Any) -> Answer:
        """Of the calendar, which may be renamed meanwhile, or of one of its feeds."""
        path = {"calendar": self.person.calendar["id"], "feed": feed["id"] if feed else ""}
        return self.stack.invoke(operation, self.person.keeper, path=path, json=body)

    def delete(self) -> Answer:
        return self.stack.invoke("delete_calendar", self.person.keeper, path=self._path)

    def revoke(self, token: Token) -> Answer:
        body = {"mom_id": token.mom_id, "recursive": True}
        return self.stack.invoke("revoke_token", self.person.keeper, json=body)

    def minted(self, number: int, **more: Any) -> list[Token]:
        return [self.person.mint("AT", **more) for _ in range(number)]

    def calendar_with(self, *tokens: Token) -> Document:
        """The person's calendar, with these tokens in it."""
        for token in tokens:
            add(self.stack, self.person.keeper, self.person.calendar, token.mom_id)
        return self.person.calendar

    def listed(self) -> list[str]:
        """The tokens in the person's one calendar; its feeds have them, too."""
        (calendar,) = calendars(self.stack, self.person.keeper)
        tokens: list[str] = calendar.get("subscribed_tokens", [])
        for feed in feeds(self.stack, self.person.keeper, calendar):
            assert len(events(self.stack.feed(feed))) == len(tokens)
        return tokens

    @property
    def _path(self) -> dict[str, str]:
        return {"calendar": self.person.calendar["name"]}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "race" in metafunc.fixturenames:
        seeds = DEEP_SEEDS if metafunc.config.getoption("--deep") else SEEDS
        metafunc.parametrize("race", range(seeds), indirect=True)


@pytest.fixture
def race(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    embedded: Stack,
    calls: Calls,
    tally: Tally,
) -> Iterator[Race]:
    chance, simulated = random.Random(request.param), SimulatedTime(time.time())
    monkeypatch.setattr("mytoken_calendars.backoff.time", simulated)
    monkeypatch.setattr("mytoken_calendars.backoff._RANDOM", chance)
    conflicts = Conflicts(simulated, chance)
    with tally.case("races: on AWS, where transactions conflict"):
        yield Race(embedded, calls, simulated, conflicts, Person.on(embedded))
        assert conflicts.cancelled, "nothing has met"
        assert violations(embedded.dump()) == []
    empty(embedded)


# --- what AWS does --------------------------------------------------------------------------------


def test_of_two_transactions_on_one_item_the_later_is_cancelled(
    embedded: Stack, calls: Calls
) -> None:
    table, simulated = embedded.store.table, SimulatedTime(0)

    def counting(sk: str) -> Write:
        return table.update({"pk": "conflict", "sk": sk}, "ADD #count :one", one=1)

    def commit(later: float, *writes: Write) -> str:
        simulated.sleep(later)
        actions: Any = [{w.action: clients.dynamodb_parameters(w.parameters)} for w in writes]
        try:
            table.client.transact_write_items(
                TransactItems=actions, ClientRequestToken=Change.new(0).id
            )
        except ClientError as error:
            return " ".join(r["Code"] for r in error.response["CancellationReasons"])
        return "done"

    with calls.planned(Conflicts(simulated, random.Random(0))):
        done = simulated.at_once(
            [
                partial(commit, 0, counting("a"), counting("b")),
                partial(commit, 0.001, counting("c"), counting("b")),
                partial(commit, 0.001, counting("c")),
                partial(commit, 1, counting("b")),
            ]
        )

    found = {item["sk"]: item["count"] for item in table.query("conflict")}
    assert done == ["done", "None TransactionConflict", "done", "done"]
    assert found == {"a": 1, "b": 2, "c": 1}
    empty(embedded)


# --- what comes of it -----------------------------------------------------------------------------


def test_of_64_adds_at_once_to_one_calendar_none_is_refused(race: Race) -> None:
    known, new = race.minted(5), race.minted(MANY)
    race.calendar_with(*known)

    (added,) = race.at_once([partial(race.add, token) for token in new])

    assert statuses(added) == {200: MANY}
    assert sorted(race.listed()) == sorted(token.mom_id for token in [*known, *new])


def test_of_comments_at_once_on_one_token_none_is_refused(race: Race) -> None:
    (token,) = race.minted(1)
    race.calendar_with(token)
    comments = [f"comment {number}" for number in range(SOME)]

    (renewed,) = race.at_once([partial(race.add, token, comment) for comment in comments])

    (event,) = events(race.stack.feed(race.person.calendar))
    assert statuses(renewed) == {200: SOME}
    assert changes_of(race.stack, race.person.calendar, token.mom_id) == SOME
    assert event["description"].partition("\n")[0] in comments


def test_renewals_beside_adds_all_succeed(race: Race) -> None:
    known, new = race.minted(SOME), race.minted(SOME)
    calendar = race.calendar_with(*known)

    renewed, added = race.at_once(
        [partial(race.add, token, "renewed") for token in known],
        [partial(race.add, token) for token in new],
    )

    assert statuses([*renewed, *added]) == {200: 2 * SOME}
    assert sorted(race.listed()) == sorted(token.mom_id for token in [*known, *new])
    assert {changes_of(race.stack, calendar, token.mom_id) for token in known} == {1}
    assert {changes_of(race.stack, calendar, token.mom_id) for token in new} == {0}


def test_removals_beside_adds_all_succeed(race: Race) -> None:
    known, new = race.minted(SOME), race.minted(SOME)
    race.calendar_with(*known)

    removed, added = race.at_once(
        [partial(race.remove, token) for token in known],
        [partial(race.add, token) for token in new],
    )

    assert (statuses(removed), statuses(added)) == ({204: SOME}, {200: SOME})
    assert sorted(race.listed()) == sorted(token.mom_id for token in new)


def test_changes_of_the_feeds_beside_adds_all_succeed(race: Race) -> None:
    """All change one item, and most of them other addresses than they have read."""
    keeper, calendar, new = race.person.keeper, race.person.calendar, race.minted(SOME)
    reset, *deleted = [create_feed(race.stack, keeper, calendar) for _ in range(4)]

    *changed, made, added = race.at_once(
        [partial(race.change, "reset_feed", reset)] * 3,
        [partial(race.change, "update_feed", reset, detail="name")],
        [partial(race.change, "delete_feed", feed) for feed in deleted],
        [partial(race.change, "create_feed", label=str(number)) for number in range(4)],
        [partial(race.add, token) for token in new],
    )

    _, again, *others = feeds(race.stack, keeper, calendar)
    assert [*map(statuses, changed)] == [{200: 3}, {200: 1}, {204: 3}]
    assert (statuses(made), statuses(added)) == ({201: 4}, {200: SOME})
    assert (again["id"], again["detail"]) == (reset["id"], "name")
    assert again["ics_path"] in [answer.json["ics_path"] for answer in changed[0]]
    assert sorted(one["label"] for one in others) == ["0", "1", "2", "3"]
    assert sorted(race.listed()) == sorted(token.mom_id for token in new)


def test_renames_beside_adds_all_succeed(race: Race) -> None:
    names, new = [f"Calendar {number}" for number in range(4)], race.minted(SOME)

    renamed, added = race.at_once(
        [partial(race.change, "update_calendar", name=name) for name in names],
        [partial(race.change, "add_token", mom_id=token.mom_id) for token in new],
    )

    assert (statuses(renamed), statuses(added)) == ({200: 4}, {200: SOME})
    assert calendars(race.stack, race.person.keeper)[0]["name"] in names
    assert sorted(race.listed()) == sorted(token.mom_id for token in new)


def test_of_renames_to_one_name_one_succeeds(race: Race) -> None:
    made = [race.create(f"Calendar {number}").json for number in range(SOME)]

    (renamed,) = race.at_once(
        [
            partial(
                race.stack.invoke,
                "update_calendar",
                race.person.keeper,
                path={"calendar": calendar["id"]},
                json={"name": "one"},
            )
            for calendar in made
        ]
    )

    assert statuses(renamed) == {200: 1, 409: SOME - 1}
    assert len(calendars(race.stack, race.person.keeper)) == SOME + 1


def test_creates_beside_adds_all_succeed(race: Race) -> None:
    names, new = [f"Calendar {number:02}" for number in range(SOME)], race.minted(SOME)

    created, added = race.at_once(
        [partial(race.create, name) for name in names], [partial(race.add, token) for token in new]
    )

    *made, filled = calendars(race.stack, race.person.keeper)
    assert (statuses(created), statuses(added)) == ({201: SOME}, {200: SOME})
    assert [calendar["name"] for calendar in made] == names
    assert filled["name"] == race.person.calendar["name"]
    assert sorted(filled["subscribed_tokens"]) == sorted(token.mom_id for token in new)


def test_of_creates_of_one_name_one_succeeds(race: Race) -> None:
    (created,) = race.at_once([partial(race.create, "one")] * SOME)

    assert statuses(created) == {201: 1, 409: SOME - 1}
    assert len(calendars(race.stack, race.person.keeper)) == 2


def test_of_deletes_beside_adds_one_succeeds_and_all_is_gone(race: Race) -> None:
    deleted, added = race.at_once(
        [race.delete] * SOME, [partial(race.add, token) for token in race.minted(SOME)]
    )

    assert statuses(deleted) == {204: 1, 404: SOME - 1}
    assert {*statuses(added)} <= {200, 404}
    assert calendars(race.stack, race.person.keeper) == []
    assert race.stack.feed(race.person.calendar).status == 410


def test_revocations_beside_adds_leave_nothing_of_what_is_revoked(race: Race) -> None:
    parents, others = race.minted(SOME), race.minted(SOME)
    children = [race.person.mint("AT", parent=parent.mom_id) for parent in parents]

    revoked, of_revoked, added = race.at_once(
        [partial(race.revoke, parent) for parent in parents],
        [partial(race.add, child) for child in children],
        [partial(race.add, other) for other in others],
    )

    assert (statuses(revoked), statuses(added)) == ({204: SOME}, {200: SOME})
    assert {*statuses(of_revoked)} <= {200, 403}
    assert sorted(race.listed()) == sorted(token.mom_id for token in others)


@pytest.mark.parametrize("rotation", [ROTATES, REVOKES], ids=["rotates", "revoked-when-replayed"])
def test_of_uses_of_a_rotating_token_one_gets_its_successor(
    race: Race, rotation: dict[str, Any]
) -> None:
    token, arrived = race.person.mint(**rotation), time.time()
    uses = islice(cycle(("list_calendars", "create_calendar")), SOME)

    (used,) = race.at_once([partial(race.person.use, u, token, arrived=arrived) for u in uses])

    (won,) = [answer for answer in used if answer.status < 400]
    assert refused(used) == [(401, "invalid_token")] * (SOME - 1)
    assert race.person.introspect(successor(won)).status == 200


def test_of_uses_of_a_limited_token_as_many_succeed_as_it_has(race: Race) -> None:
    token = race.person.mint(restrictions=[{"usages_other": 3}])

    (used,) = race.at_once([partial(race.person.use, "create_calendar", token)] * SOME)

    assert refused(used) == [(403, "usage_restricted")] * (SOME - 3)
    assert race.person.done(token) == [3]


def test_one_request_sent_often_with_a_key_is_done_once(race: Race) -> None:
    key, token = {"idempotency-key": "a-key"}, race.person.mint(**REVOKES)
    asking = partial(race.stack.invoke, "create_calendar", token, headers=key, json={"name": "one"})

    (answers,) = race.at_once([asking] * SOME)

    assert len({(answer.status, answer.body) for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert len(calendars(race.stack, race.person.keeper)) == 2
