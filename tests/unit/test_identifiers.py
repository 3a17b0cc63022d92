"""Identifiers: the values that other servers make too, and the one spelling that each has."""

import base64
import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mytoken_calendars.identifiers import (
    is_calendar_id,
    is_secret,
    mom_id,
    mom_id_of,
    new_secret,
    owner_of,
    subject,
)
from tests.harness import examples


def base64_of(size: int) -> str:
    return base64.b64encode(b"\xfb" * size).decode()


def test_a_mom_id_is_made_from_a_jti_as_mytoken_servers_make_it() -> None:
    assert mom_id_of(UUID(examples.JTI)) == examples.MOM_ID


def test_a_subject_is_made_from_a_user_as_mytoken_servers_make_it() -> None:
    expected = "kyYwTRzCHNOSAfs/51bQyTWH53cYCwBPqpTWFmgHljk="

    assert subject("alice", "https://mytoken.example") == expected


@given(st.binary(min_size=64, max_size=64))
def test_the_base64_of_64_bytes_is_a_mom_id(digest: bytes) -> None:
    text = base64.b64encode(digest).decode()

    assert mom_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(base64_of(63), id="63 bytes"),
        pytest.param(base64_of(65), id="65 bytes"),
        pytest.param(base64_of(64).rstrip("="), id="no padding"),
        pytest.param(base64_of(64)[:-1], id="half of its padding"),
        pytest.param(base64_of(64) + "=", id="more padding"),
        pytest.param(base64_of(64).replace("+", "-"), id="the alphabet of URLs"),
        pytest.param(base64_of(64) + "\n", id="a line feed at its end"),
        pytest.param("é" + base64_of(64)[1:], id="a letter beyond ASCII"),
        pytest.param("\ud800" + base64_of(64)[1:], id="a surrogate"),
        pytest.param(base64_of(64)[:85] + "x==", id="its spare bits set"),
        pytest.param("3b2e1f3c-9a39-4c59-8a53-0d1f6d0e7a11", id="a jti"),
    ],
)
def test_a_text_that_is_not_the_base64_of_64_bytes_is_no_mom_id(text: str) -> None:
    with pytest.raises(ValueError, match="a mom_id is"):
        mom_id(text)


def test_a_mom_id_with_spaces_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"^a mom_id has no spaces$"):
        mom_id(base64_of(64).replace("+", " "))


@given(st.text() | st.text("AQgw+/=", min_size=86, max_size=89))
def test_every_text_is_a_mom_id_as_it_stands_or_none(text: str) -> None:
    try:
        known = mom_id(text)
    except ValueError:
        return

    assert known == text
    assert len(known) == 88


def test_an_owner_is_40_characters_without_the_delimiter_of_keys() -> None:
    assert re.fullmatch("[a-z2-7]{40}", owner_of("https://a.example", "sub#/é"))


def test_an_owner_is_the_same_every_time() -> None:
    assert owner_of("https://a.example", "x") == "g4lofridxsfcjfhsjzjbsss3df422hrr2im6ygek"


@given(st.text(max_size=4), st.text(max_size=4), st.text(max_size=4))
def test_users_whose_issuer_and_subject_run_together_are_two_owners(a: str, b: str, c: str) -> None:
    one, other = owner_of(a + b, c), owner_of(a, b + c)

    assert (one == other) == (b == "")


def test_a_new_feed_id_is_one_and_never_an_old_one() -> None:
    new = [new_secret() for _ in range(100)]

    assert all(is_secret(secret) for secret in new)
    assert len(set(new)) == 100


def test_every_letter_and_digit_occurs_in_new_feed_ids() -> None:
    letters = set("".join(new_secret() for _ in range(200)))

    assert len(letters) == 62


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a" * 31,
        "a" * 33,
        "a" * 31 + "-",
        "a" * 32 + "\n",
        "a" * 31 + "é",
        "a" * 31 + "٣",  # a digit, but not an ASCII one
        "a" * 29 + "%41",
        "a" * 28 + ".ics",
    ],
)
def test_a_text_that_is_not_32_letters_and_digits_is_no_feed_id(text: str) -> None:
    assert not is_secret(text)


@given(st.uuids())
def test_every_uuid_has_the_form_of_a_calendars_id_in_letters_of_any_case(uuid: UUID) -> None:
    assert is_calendar_id(str(uuid))
    assert is_calendar_id(str(uuid).upper())


@pytest.mark.parametrize(
    "text",
    [
        "",
        examples.CALENDAR_ID[:-1],
        f"{examples.CALENDAR_ID}0",
        f"{examples.CALENDAR_ID}\n",
        f" {examples.CALENDAR_ID}",
        f"{{{examples.CALENDAR_ID}}}",
        f"urn:uuid:{examples.CALENDAR_ID}",
        examples.CALENDAR_ID.replace("-", ""),
        examples.CALENDAR_ID.replace("-", "_"),
        examples.CALENDAR_ID.replace("0", "g"),
        examples.CALENDAR_ID.replace("0", "٠"),
    ],
)
def test_a_text_of_another_form_is_no_calendars_id(text: str) -> None:
    assert not is_calendar_id(text)
