"""The fields of a feed in a body: what is read of them, and what is wrong with a field."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.errors import InvalidRequest
from mytoken_calendars.feeds.settings import Wish
from mytoken_calendars.feeds.style import DEFAULT, Detail, Reminders
from mytoken_calendars.http import body
from mytoken_calendars.http.feed_fields import FeedChanges, FeedFields
from mytoken_calendars.http.request import Request
from tests.harness import examples

FORM = {"content-type": "application/x-www-form-urlencoded"}
FIELDS = ("label", "reminders", "days", "detail")
NO_DAYS = r"days: .*1 to 6 different whole numbers from 0 to 365"
SOME_DAYS = st.sets(st.integers(0, 365), min_size=1, max_size=6)


def in_json(**fields: Any) -> Request:
    return examples.request(body=json.dumps(fields).encode())


def in_form(**fields: str) -> Request:
    return examples.request(body=urlencode(fields).encode(), headers=FORM)


def wish_of(request: Request) -> Wish:
    return body.read(request, FeedFields).wish


@pytest.mark.parametrize("request_", [in_json(), in_json(color="red"), in_form(color="red")])
def test_who_names_no_field_wishes_nothing(request_: Request) -> None:
    assert wish_of(request_) == Wish()


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_is_null_is_no_wish(field: str) -> None:
    assert wish_of(in_json(**{field: None})) == Wish()


@pytest.mark.parametrize("sent", [in_json, in_form])
@pytest.mark.parametrize(
    ("field", "wish"),
    [
        ("label", Wish(label="")),
        ("reminders", Wish(reminders=DEFAULT.reminders)),
        ("days", Wish(days=DEFAULT.days)),
        ("detail", Wish(detail=DEFAULT.detail)),
    ],
)
def test_an_empty_text_is_a_wish_for_the_default(sent: Any, field: str, wish: Wish) -> None:
    assert wish_of(sent(**{field: ""})) == wish


@pytest.mark.parametrize("sent", [in_json, in_form])
@pytest.mark.parametrize("reminders", Reminders)
@pytest.mark.parametrize("detail", Detail)
def test_every_style_can_be_wished_for(sent: Any, reminders: str, detail: str) -> None:
    wish = wish_of(sent(reminders=str(reminders), detail=str(detail)))

    assert wish == Wish(reminders=Reminders(reminders), detail=Detail(detail))


@given(SOME_DAYS.flatmap(lambda days: st.permutations(sorted(days))))
def test_days_come_in_any_order_and_leave_the_most_first(days: list[int]) -> None:
    most_first = tuple(sorted(days, reverse=True))

    assert wish_of(in_json(days=days + days)).days == most_first
    assert wish_of(in_form(days=",".join(map(str, days)))).days == most_first


@pytest.mark.parametrize(
    "days",
    [
        *(True, False, 0, 7, 1.5, {}, {"7": 1}, [], "x", "7", "7,1", "[7]", " "),
        *([True], [False, 1], [7.0], [1.5], [-1], [366], [10**400], [None], ["7"], [""], [[7]]),
        *([{}], [*range(7)], [*range(10_000)], [1, 2, 3, "4"], [0, 366]),
    ],
    ids=lambda days: str(days)[:24],
)
def test_what_are_no_days_in_json_is_refused(days: Any) -> None:
    with pytest.raises(InvalidRequest, match=NO_DAYS):
        wish_of(in_json(days=days))


@pytest.mark.parametrize(
    "days",
    [
        *(
            ",",
            "7,",
            ",7",
            "7,,1",
            "7, 1",
            " 7",
            "7\n",
            "7;1",
            "-1",
            "+1",
            "1.0",
            "1e1",
            "0x1",
            "٣",
        ),
        *("366", "1000", "0000", "1_0", "[7]", "true", "x", "0,1,2,3,4,5,6", "7," * 9_999 + "7x"),
    ],
    ids=lambda days: ascii(days)[:24],
)
def test_what_are_no_days_in_a_form_is_refused(days: str) -> None:
    with pytest.raises(InvalidRequest, match=NO_DAYS):
        wish_of(in_form(days=days))


@pytest.mark.parametrize("field", ["reminders", "detail"])
@pytest.mark.parametrize("value", ["x", "FULL", "Alarms", " full", "none\n", True, 0, 1, [], {}])
def test_what_is_no_style_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest, match=f"{field}: "):
        wish_of(in_json(**{field: value}))


@pytest.mark.parametrize("value", [5, True, 1.5, [], ["x"], {}, "x" * 65, "a\nb", "a\u200b"])
def test_what_is_no_label_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="label: "):
        wish_of(in_json(label=value))


@pytest.mark.parametrize("field", ["Label", "REMINDERS", "Days", "deTail"])
def test_a_field_in_capitals_is_refused(field: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{field.lower()}: .*small letters"):
        wish_of(in_json(**{field: "x"}))


@pytest.mark.parametrize(
    "request_", [in_json(), in_json(**dict.fromkeys(FIELDS)), in_json(color=""), in_form(color="")]
)
def test_a_change_of_nothing_is_refused(request_: Request) -> None:
    with pytest.raises(InvalidRequest, match="give label, reminders, days, detail"):
        body.read(request_, FeedChanges)


@pytest.mark.parametrize("field", FIELDS)
def test_one_field_is_a_change_also_an_empty_one(field: str) -> None:
    assert body.read(in_json(**{field: ""}), FeedChanges).wish != Wish()
