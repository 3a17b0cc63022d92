"""create_calendar: a new, empty calendar, once for each name."""

import re

from tests.support import PUBLIC_URL, Stack


def test_create_answers_201_with_the_calendar_object(stack: Stack) -> None:
    token = stack.mint()

    answer = stack.invoke("create_calendar", token, json={"name": "CI Mytokens"})

    assert answer.status == 201
    assert answer.json.keys() == {"name", "ics_path"}
    assert answer.json["name"] == "CI Mytokens"
    assert re.fullmatch(rf"{PUBLIC_URL}/calendars/[A-Za-z0-9]{{32}}", answer.json["ics_path"])
