"""Comments are found in the feeds of mytoken servers, and nothing else is taken for one."""

import pytest

from tests.doubles.original_tables import RECREATE_LINK, original_ics
from tests.harness.examples import MOM_ID, OTHER_MOM_ID
from tools.operate.exported_comments import comments


@pytest.mark.parametrize(
    "comment",
    [
        "the nightly build",
        "two\n\nparagraphs\n",
        "a, b; c: d",
        r"C:\new\backup, \n and \\",
        "ünïcode 🙂 " * 20,
        "a line\u2028separator",
        "BEGIN:VEVENT",
    ],
)
def test_the_comment_of_an_event_is_found_as_it_was_given(comment: str) -> None:
    assert comments(original_ics({MOM_ID: comment})) == {MOM_ID: comment}


def test_each_event_has_its_own_comment_or_none() -> None:
    ics = original_ics({MOM_ID: "", OTHER_MOM_ID: "other"})

    assert comments(ics) == {OTHER_MOM_ID: "other"}


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        (f"URL:{RECREATE_LINK}", "URL:https://mytoken.example/another"),
        (f"URL:{RECREATE_LINK}", "X-URL:none"),
        (f"UID:{MOM_ID}", "X-UID:none"),
        ("BEGIN:VEVENT", "BEGIN:VTODO"),
    ],
)
def test_a_description_that_is_not_made_as_the_server_makes_it_has_no_comment(
    line: str, instead: str
) -> None:
    ics = original_ics({MOM_ID: "the nightly build"})

    assert line in ics
    assert comments(ics.replace(line, instead)) == {}


@pytest.mark.parametrize("text", ["", "no calendar", "END:VEVENT\r\nEND:VEVENT", "BEGIN:VEVENT"])
def test_what_is_no_calendar_has_no_comments(text: str) -> None:
    assert comments(text) == {}
