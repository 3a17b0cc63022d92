"""sweep: removes what deleted calendars have left behind, and touches nothing that lives."""

from typing import Any

import pytest

from local.handlers import Context
from mytoken_calendars.aws.dynamodb import keys
from tests.harness.stacks import Stack, sample_event
from tests.harness.steps import add, calendars, create, delete, overwrite, owner

pytestmark = pytest.mark.usefixtures("emptied")


class NoTimeLeft(Context):
    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 1_000


def test_it_removes_events_and_subscriptions_of_deleted_calendars(stack: Stack, user: str) -> None:
    token, other = stack.mint(user=user), stack.mint(user=user)
    for name in ("one", "two"):
        calendar = create(stack, token, name)
        for mom_id in (token.mom_id, other.mom_id):
            add(stack, token, calendar, mom_id)
        delete(stack, token, calendar)
    left_over = _sort_keys(stack, keys.owner_partition(owner(user)))
    jobs = [job["sk"] for job in stack.store.table.query(keys.SWEEP)]

    answer = _sweep(stack)

    assert answer == {"swept": 2}
    assert len(left_over) == 1 + 4
    assert _sort_keys(stack, keys.owner_partition(owner(user))) == [keys.HEAD]
    assert len(jobs) == 2
    assert [_sort_keys(stack, keys.tokens_partition(job)) for job in jobs] == [[], []]
    assert stack.store.table.query(keys.SWEEP) == []


def test_more_than_one_batch_is_removed(stack: Stack, user: str) -> None:
    token = stack.mint(user=user)
    delete(stack, token, create(stack, token))
    (job,) = stack.store.table.query(keys.SWEEP)
    for number in range(26):
        overwrite(stack, keys.subscribed(job["sk"], f"token {number}"))
        overwrite(stack, keys.subscription(owner(user), job["sk"], f"token {number}"))

    answer = _sweep(stack)

    assert answer == {"swept": 1}
    assert _sort_keys(stack, keys.tokens_partition(job["sk"])) == []
    assert _sort_keys(stack, keys.owner_partition(owner(user))) == [keys.HEAD]


def test_what_lives_stays_as_it_is(stack: Stack) -> None:
    token = stack.mint()
    kept, doomed = create(stack, token, "Kept"), create(stack, token, "Doomed")
    for calendar in (kept, doomed):
        add(stack, token, calendar, "", comment="kept" if calendar == kept else "doomed")
    delete(stack, token, doomed)
    namesake = create(stack, token, "Doomed")
    add(stack, token, namesake, "")
    listed, feeds = calendars(stack, token), [stack.feed(kept).body, stack.feed(namesake).body]

    _sweep(stack)

    assert calendars(stack, token) == listed
    assert [stack.feed(kept).body, stack.feed(namesake).body] == feeds
    assert stack.feed(doomed).status == 410


def test_it_has_nothing_to_do_twice(stack: Stack) -> None:
    token = stack.mint()
    delete(stack, token, create(stack, token))
    _sweep(stack)
    before = stack.dump()

    answer = _sweep(stack)

    assert answer == {"swept": 0}
    assert stack.dump() == before


def test_without_time_it_leaves_everything_to_the_next_sweep(stack: Stack) -> None:
    token = stack.mint()
    calendar = create(stack, token)
    add(stack, token, calendar, "")
    delete(stack, token, calendar)
    before = stack.dump()

    answer = _sweep(stack, NoTimeLeft())

    assert answer == {"swept": 0}
    assert stack.dump() == before
    assert _sweep(stack) == {"swept": 1}


def test_a_sweep_that_was_interrupted_is_finished_by_the_next(stack: Stack, user: str) -> None:
    token = stack.mint(user=user)
    calendar = create(stack, token)
    add(stack, token, calendar, "")
    delete(stack, token, calendar)
    (job,) = stack.store.table.query(keys.SWEEP)
    _sweep(stack)
    overwrite(stack, keys.sweep(job["sk"]), owner=job["owner"])

    answer = _sweep(stack)

    assert answer == {"swept": 1}
    assert stack.store.table.query(keys.SWEEP) == []


def _sweep(stack: Stack, context: Any = None) -> dict[str, int]:
    answer: dict[str, int] = stack.handlers["sweep"](sample_event("sweep"), context or Context())
    return answer


def _sort_keys(stack: Stack, partition: str) -> list[str]:
    return [item["sk"] for item in stack.store.table.query(partition)]
