"""Calendars whose pages are looked at, each with something that a page may get wrong."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime

from tests.harness.pages.words import MARKUP, SCRIPTS
from tests.harness.stacks import DAY, Stack, Token
from tests.harness.steps import Document, add, create, create_feed, new_user

Watched = tuple[str, int, str]  # a token: its name, the seconds it has left, a comment

ORDINARY: tuple[Watched, ...] = (
    ("backup", 12 * DAY, "Uploads to the archive every Sunday."),
    ("nightly build", 40 * DAY, "Runs at 2:00; the release team owns it."),
    ("release signing", 41 * DAY, ""),
    ("data portal upload", 3 * DAY, "Renew it before the campaign begins."),
    ("", 365 * DAY, ""),
)
FORTY: tuple[Watched, ...] = tuple(
    (f"pipeline {n}", (2 + 11 * n) * DAY, "The release team owns it; renew it in the portal.")
    for n in range(40)
)
HOSTILE: tuple[Watched, ...] = tuple(
    (text[:100], (n + 1) * DAY, text) for n, text in enumerate(MARKUP)
)
ANY_SCRIPT: tuple[Watched, ...] = tuple(
    (text, (n + 1) * DAY, f"{text}: {text}") for n, text in enumerate(SCRIPTS)
)


def calendar(
    stack: Stack, name: str, tokens: Iterable[Watched] = (), description: str = ""
) -> tuple[Token, Document]:
    """A calendar of a new user with these tokens, and the mytoken that may change it."""
    user = new_user()
    owner = stack.mint("manage_mytokens", user=user)
    document = create(stack, owner, name, description=description)
    for token, left, comment in tokens:
        mom_id = stack.mint("AT", user=user, name=token, expires_in=left).mom_id
        add(stack, owner, document, mom_id, comment=comment)
    return owner, document


def expired(stack: Stack) -> Document:
    """A calendar of which one token has expired since it was added, and one is ahead."""
    _, document = calendar(stack, "Some are over", [("old", 2, ""), ("new", 90 * DAY, "")])
    time.sleep(2.5)
    return document


def in_style(stack: Stack, **wish: str) -> Document:
    """Another feed of an ordinary calendar."""
    owner, document = calendar(stack, "Of the night shift", ORDINARY, "Known to few.")
    return create_feed(stack, owner, document, **wish)


def until_the_end_of_a_month() -> int:
    """Seconds until half an hour before the end of the next month but one, in UTC."""
    today = datetime.now(UTC)
    months = today.year * 12 + today.month - 1 + 3
    first = datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
    return int((first - today).total_seconds()) - 1800


def page_of(document: Document) -> str:
    address: str = document["ics_path"]
    return f"{address}/view"


def all_of(stack: Stack) -> dict[str, str]:
    """The pages of all scenes, by name."""
    title = '<img src=x onerror=alert(1)> & "x"'
    documents = {
        "ordinary": calendar(stack, "CI Mytokens", ORDINARY, "What builds use.")[1],
        "forty": calendar(stack, "Forty", FORTY)[1],
        "empty": calendar(stack, "Empty")[1],
        "hostile": calendar(stack, title, HOSTILE, MARKUP[0])[1],
        "any script": calendar(stack, "المفاتيح 鍵 🔑", ANY_SCRIPT, "ملاحظات")[1],
        "expired": expired(stack),
        "minimal": in_style(stack, detail="minimal"),
        "events": in_style(stack, reminders="events"),
    }
    pages = {name: page_of(document) for name, document in documents.items()}
    return {**pages, "not found": page_of({"ics_path": f"{stack.issuer}/calendars/{'x' * 32}"})}
