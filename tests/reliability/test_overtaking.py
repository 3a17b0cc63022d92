"""Every operation, overtaken by every change before each of its calls, ends as if the two had come
one after the other."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.harness.invariants import violations
from tests.harness.reliability.calls import Calls, Overtaken
from tests.harness.reliability.states import Names, Row, State, empty, put_back
from tests.harness.reliability.tag_variants import KNOWN, NEW, tag
from tests.harness.reliability.variants import NAME, Scene, Variant
from tests.harness.stacks import Answer, Stack
from tests.harness.steps import Clock
from tests.harness.tally import Tally

Act = Callable[[Scene], Answer]
Outcome = tuple[int, int, str, tuple[Row, ...]]  # both statuses, what a list has shown, all items


def asking(operation: str, *, of_tag: str = KNOWN, **body: Any) -> Act:
    """To ask for it with the keeper; `body` names a token of the scene in the place of a mom_id."""

    def act(scene: Scene) -> Answer:
        mom_id = {"mom_id": getattr(scene, body["mom_id"]).mom_id} if "mom_id" in body else {}
        path = {"calendar": NAME, "feed": scene.feed["id"], "tag": of_tag}
        json = {**body, **mom_id} or None
        return scene.stack.invoke(operation, scene.keeper, path=path, json=json)

    return act


CHANGES = {
    "create": asking("create_calendar", name="new"),
    "add": asking("add_token", mom_id="other"),
    "renew": asking("add_token", mom_id="known", comment="new"),
    "rename": asking("update_calendar", name="new"),
    "describe": asking("update_calendar", description="new"),
    "remove": asking("remove_token", mom_id="known"),
    "create-feed": asking("create_feed", detail="minimal"),
    "update-feed": asking("update_feed", reminders="both"),
    "reset-feed": asking("reset_feed"),
    "delete-feed": asking("delete_feed"),
    "tag": asking("tag_calendar", tag=NEW),
    "untag": asking("untag_calendar", tag=KNOWN),
    "retag": asking("update_calendar", tags=["daily", NEW]),
    "create-unnamed": asking("create_calendar", description="new", tags=[NEW]),
    "create-tag": asking("create_tag", of_tag=NEW, color="00FF00"),
    "rename-tag": asking("update_tag", tag=NEW),
    "delete-tag": asking("delete_tag"),
    "delete": asking("delete_calendar"),
    "revoke": asking("revoke_token", mom_id="known"),
    "revoke-other": asking("revoke_token", mom_id="other", recursive=True),
}
OPERATIONS = {
    **CHANGES,
    "list": asking("list_calendars"),
    "list-feeds": asking("list_feeds"),
    "list-tags": asking("list_tags"),
    "tag-again": asking("tag_calendar", tag=KNOWN),
    "retag-otherwise": asking("update_calendar", description="newer", tags=[KNOWN, NEW]),
    "create-unnamed-otherwise": asking("create_calendar", description="new", tags=[KNOWN]),
    "paint-tag": asking("update_tag", color="0000FF"),
    "rename-otherwise": asking("update_calendar", name=NAME.upper(), description="newer"),
    "update-feed-otherwise": asking("update_feed", label="newer", days=[1]),
    "add-again": asking("add_token", mom_id="known"),
    "renew-otherwise": asking("add_token", mom_id="known", comment="newer"),
    "revoke-more": asking("revoke_token", mom_id="known", recursive=True),
}


@pytest.mark.parametrize("overtaken", OPERATIONS)
@pytest.mark.usefixtures("impatient")
def test_whatever_overtakes_an_operation_they_end_as_one_after_the_other(
    embedded: Stack, calls: Calls, clock: Clock, tally: Tally, overtaken: str, *, deep: bool
) -> None:
    empty(embedded)
    scene = Variant("", "", 0, lambda _: {}).scene(embedded, clock)
    tag(scene, KNOWN)
    before = now = State.of(embedded, with_objects=False)
    names, operation = Names.of(before), partial(OPERATIONS[overtaken], scene)

    def ended(first: Answer, second: Answer) -> Outcome:
        nonlocal now
        now = State.of(embedded, with_objects=False)
        shown = names.normal(first.text) if overtaken.startswith("list") else ""
        assert violations(now.dump) == []
        return first.status, second.status, shown, tuple(names.rows(now))

    changes = [partial(act, scene) for act in CHANGES.values()]
    every_fourth = changes[[*OPERATIONS].index(overtaken) % 4 :: 4]
    for change in changes if deep else every_fourth:
        put_back(embedded, before, now)
        serial = [ended(operation(), change())]
        put_back(embedded, before, now)
        serial += [ended(*reversed((change(), operation())))]
        number = 0
        while True:
            number += 1
            put_back(embedded, before, now)
            overtaking = Overtaken(number, change)
            with calls.planned(overtaking):
                answer = operation()
            if not overtaking.answers:  # it makes no more calls
                now = State.of(embedded, with_objects=False)
                break
            with tally.case("overtaken before each call"):
                assert ended(answer, *overtaking.answers) in serial
        assert number > 1
    empty(embedded)
