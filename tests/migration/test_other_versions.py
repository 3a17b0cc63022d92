"""Code and data of two versions get along, whichever is the newer one: docs/decisions/0015.

Every test runs on what each recorded version has left, and on the same as a later version may leave
it: with attributes and items that this one does not know.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.harness.invariants import violations
from tests.harness.moto_stack import Deploy
from tests.harness.reliability import states
from tests.harness.stacks import Stack, Token
from tests.harness.steps import Clock, add, calendars, create, delete, events, summaries
from tests.harness.token_uses import LATER
from tests.migration import recording
from tests.migration.recording import Recording

RECORDINGS = sorted(recording.FOLDER.glob("*.json"), key=lambda path: int(path.stem))
UNKNOWN_ATTRIBUTES = {
    "later": {"S": "of a later version"},
    "later_number": {"N": "7"},
    "later_flag": {"BOOL": True},
    "later_list": {"L": [{"S": "of a later version"}]},
    "later_map": {"M": {"of": {"S": "a later version"}}},
}


def as_it_was(tables: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
    return tables


def as_a_later_version_may_leave_it(tables: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
    """All that lives has attributes more; there are new partitions, and new items of owners."""
    new = {"pk": {"S": "LATER#1"}, "sk": {"S": "#HEAD"}}
    later = {
        table: [row if "deleted" in row else {**row, **UNKNOWN_ATTRIBUTES} for row in (*rows, new)]
        for table, rows in tables.items()
    }
    for row in later["CALENDARS_TABLE"]:
        for token in row.get("tokens", {"M": {}})["M"].values():
            token["S"] = f'{token["S"][:-1]},"of a later version"]'
    owners = {row["pk"]["S"] for row in later["CALENDARS_TABLE"] if row["pk"]["S"][:6] == "OWNER#"}
    later["CALENDARS_TABLE"] += [
        {"pk": {"S": owner}, "sk": {"S": "LATER#1"}, **UNKNOWN_ATTRIBUTES} for owner in owners
    ]
    return later


@dataclass(frozen=True)
class Left:
    """A stack that has what was recorded."""

    stack: Stack
    recorded: Recording

    def token(self, name: str) -> Token:
        """A recorded token, signed with the stack's own key."""
        bearer = self.stack.authority.codec.encode(self.recorded.tokens[name])
        return Token(bearer, self.recorded.mom_ids[name])

    def calendar(self, name: str) -> dict[str, Any]:
        (document,) = [each for each in self.recorded.calendars if each["name"] == name]
        return document


@pytest.fixture(scope="module")
def later_stack(moto: Deploy) -> Iterator[Stack]:
    """A stack that nobody else uses."""
    stack = Stack(moto("sa-east-1"))
    with _emptied(stack):
        yield stack


@pytest.fixture(params=RECORDINGS, ids=lambda path: f"version {path.stem}")
def recorded(request: pytest.FixtureRequest) -> Recording:
    return Recording.read(request.param)


@pytest.fixture(params=[as_it_was, as_a_later_version_may_leave_it], ids=lambda data: data.__name__)
def left(
    request: pytest.FixtureRequest, later_stack: Stack, recorded: Recording, clock: Clock
) -> Iterator[Left]:
    clock.now = recorded.at + LATER
    with _emptied(later_stack):
        recording.put(later_stack, request.param(recorded.tables))
        yield Left(later_stack, recorded)
        assert violations(later_stack.dump()) == []


@contextmanager
def _emptied(stack: Stack) -> Iterator[None]:
    states.empty(stack)
    yield
    states.empty(stack)


def test_calendars_and_feeds_are_what_they_were(left: Left) -> None:
    listed = calendars(left.stack, left.token("keeper"))
    feeds = {document["ics_path"]: left.stack.feed(document).text for document in listed}

    assert listed == left.recorded.calendars
    assert feeds == left.recorded.feeds


def test_a_feed_takes_new_events_beside_its_old_ones(left: Left) -> None:
    keeper, calendar = left.token("keeper"), left.calendar("Straße")
    before = summaries(left.stack.feed(calendar))
    new = left.stack.mint("AT", user="recorded", name="new")

    add(left.stack, keeper, calendar, new.mom_id)

    assert summaries(left.stack.feed(calendar)) == sorted([*before, "new: mytoken expires"])


def test_the_comment_of_an_old_event_can_be_changed(left: Left) -> None:
    keeper, calendar = left.token("keeper"), left.calendar("Straße")
    watched = left.token("watched").mom_id
    add(left.stack, keeper, calendar, watched, comment="as of then")
    (known,) = [e for e in events(left.stack.feed(calendar)) if "as of then" in e["description"]]

    add(left.stack, keeper, calendar, watched, comment="as of now")

    feed = left.stack.feed(calendar)

    (renewed,) = [e for e in events(feed) if str(e["description"]).startswith("as of now")]
    assert renewed["sequence"] == known["sequence"] + 1
    assert len(events(feed)) == len(calendar["subscribed_tokens"])


def test_calendars_can_be_created_and_old_ones_deleted(left: Left) -> None:
    keeper, old = left.token("keeper"), left.calendar("Straße")
    left.stack.feed(old)

    delete(left.stack, keeper, old)
    new = create(left.stack, keeper, "STRASSE")

    assert left.stack.feed(old).status == 410
    assert events(left.stack.feed(new)) == []
    assert new in calendars(left.stack, keeper)


def test_what_was_deleted_stays_gone(left: Left) -> None:
    assert left.stack.feed({"ics_path": left.recorded.deleted}).status == 410


def test_a_name_that_is_taken_stays_taken(left: Left) -> None:
    answer = left.stack.invoke("create_calendar", left.token("keeper"), json={"name": "STRASSE"})

    assert answer.status == 409


def test_what_was_revoked_stays_revoked_with_its_descendants(left: Left) -> None:
    feed, keeper = left.stack.feed(left.calendar("Straße")), left.token("keeper")
    refused = left.stack.invoke("list_calendars", left.token("parent"))
    body = {"mom_id": left.token("child").mom_id}
    added = left.stack.invoke("add_token", keeper, path={"calendar": "Empty"}, json=body)

    assert len(events(feed)) == 2
    assert refused.status == 401
    assert (added.status, added.json["error"]) == (403, "invalid_grant")


def test_a_token_that_is_revoked_now_leaves_the_feed(left: Left) -> None:
    calendar = left.calendar("Straße")
    before = left.stack.feed(calendar)

    left.stack.revoke(left.token("watched"))
    after = left.stack.feed(calendar)

    assert (len(events(before)), len(events(after))) == (2, 1)
    assert after.headers["etag"] != before.headers["etag"]


def test_uses_that_were_counted_count(left: Left) -> None:
    limited = left.token("limited")

    answers = [left.stack.invoke("list_calendars", limited) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 403]


def test_a_rotating_token_goes_on_where_it_was(left: Left) -> None:
    answer = left.stack.invoke("list_calendars", left.token("chain"))

    successor = Token(answer.json["token_update"]["mytoken"], left.token("chain").mom_id)
    assert answer.status == 200
    assert left.stack.invoke("list_calendars", successor).status == 200


def test_who_replays_an_old_token_is_still_found_out(left: Left) -> None:
    replayed = left.stack.invoke("list_calendars", left.token("replayed"))
    then = left.stack.invoke("list_calendars", left.token("chain"))

    assert (replayed.status, then.status) == (401, 401)


def test_users_find_their_old_tokens(left: Left) -> None:
    body = {"action": "list_mytokens"}
    answer = left.stack.invoke("tokeninfo", left.token("keeper"), json=body)

    names = {tree["token"]["name"] for tree in answer.json["mytokens"]}
    assert names == {"keeper", "limited", "chain", left.recorded.tokens["watched"]["name"]}


def test_what_this_version_leaves_is_what_the_last_recording_has(later_stack: Stack) -> None:
    """If not: a layout has changed. Record it, and read what decision 0015 asks for."""
    with _emptied(later_stack):
        now = Recording.of(later_stack)

    assert now.layout == Recording.read(RECORDINGS[-1]).layout
