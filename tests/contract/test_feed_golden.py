"""Feeds stay what calendar apps accept: byte for byte, for every reader, and line by line."""

import pytest

from tests.harness.feeds import raw_lines
from tests.harness.feeds.fixed_feeds import GOLDEN, SAMPLES
from tests.harness.feeds.readers import Reader, by_icalendar
from tests.harness.stacks import Stack

each_sample = pytest.mark.parametrize("name", SAMPLES)


def golden(name: str) -> bytes:
    return (GOLDEN / f"{name}.ics").read_bytes()


def test_every_golden_file_has_its_sample() -> None:
    files = {path.name for path in GOLDEN.iterdir()}

    assert files == {f"{name}.ics" for name in SAMPLES}


@each_sample
def test_a_feed_is_its_golden_file_byte_for_byte(name: str) -> None:
    expected = golden(name)

    text = SAMPLES[name].text

    assert text.encode() == expected


@each_sample
def test_every_reader_finds_the_same_events_alarms_and_properties(read: Reader, name: str) -> None:
    text = golden(name).decode()

    calendar = read(text)

    assert calendar == SAMPLES[name].calendar


@each_sample
def test_the_judge_finds_no_fault_in_a_golden_file(name: str) -> None:
    feed = golden(name)

    faults = raw_lines.faults(feed)

    assert faults == []


def test_the_judge_finds_no_fault_in_a_feed_that_is_served(stack: Stack) -> None:
    token = stack.mint(name="nightly build", user="golden")
    calendar = stack.invoke("create_calendar", token, json={"name": "Судьба 📅"}).json
    body = {"mom_id": "", "comment": "линия " * 100}
    stack.invoke("add_token", token, path={"calendar": calendar["name"]}, json=body)

    feed = stack.feed(calendar)

    assert raw_lines.faults(feed.body) == []
    assert len(by_icalendar(feed.text).events) == 1
