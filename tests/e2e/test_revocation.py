"""Mytokens that are issued for this, added, revoked and gone from the feed with the next request.

It shows that the rights of the functions suffice on AWS, where conditions on keys of items hold:
no stand-in has these. It is opt-in, as it needs the operator's credentials: ISSUE=1, and STACK.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from icalendar import Calendar

from tests.harness.deployment import Deployment
from tests.harness.stacks import ROOT

FULL = ("--capability", "manage_mytokens", "--capability", "tokeninfo")
REPLAYED = json.dumps({"on_other": True, "auto_revoke": True})


@pytest.fixture
def issued(deployment: Deployment) -> Iterator["Issued"]:
    """What issues mytokens of a user of this run alone."""
    if os.environ.get("ISSUE") != "1":
        pytest.skip("nobody asked for it: ISSUE=1 STACK=... issues mytokens, and revokes them")
    user = Issued(deployment.url, deployment.run)
    yield user
    user.clean_up()


class Issued:
    def __init__(self, url: str, user: str) -> None:
        self.url, self.user = url, user
        self.mom_ids: list[str] = []
        self.owner = Deployment(url, self.token("owner", *FULL)["mytoken"], run=user)

    def token(self, name: str, *more: str) -> dict[str, Any]:
        """What `make token STACK=...` prints."""
        command = [sys.executable, "-m", "tools.operate.issue_token", "--user", self.user]
        done = subprocess.run(
            [*command, "--name", name, "--expires-in", "1d", *more],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"make token does not work: {done.stderr.strip().splitlines()[-1:]}")
        token: dict[str, Any] = json.loads(done.stdout)
        self.mom_ids.append(token["mom_id"])
        return token

    def expiries(self, calendar: dict[str, Any]) -> int:
        feed = self.owner.feed(calendar)
        assert feed.status == 200
        return len(Calendar.from_ical(feed.text).walk("VEVENT"))

    def clean_up(self) -> None:
        """Deletes the calendars, then revokes all that was issued, the owner's last."""
        assert self.owner.clean_up() == []
        for mom_id in reversed(self.mom_ids):
            self.owner.ask("revoke_token", json={"mom_id": mom_id})


def test_a_revoked_mytoken_is_out_of_the_feed_at_once(issued: Issued) -> None:
    owner, watched = issued.owner, issued.token("watched")
    name = owner.name()
    calendar = owner.ask("create_calendar", json={"name": name}).document
    for mom_id in ("", watched["mom_id"]):
        assert owner.ask("add_token", name=name, json={"mom_id": mom_id}).status == 200
    before = issued.expiries(calendar)

    revoked = owner.ask("revoke_token", json={"mom_id": watched["mom_id"]})
    again = owner.ask("revoke_token", json={"mom_id": watched["mom_id"]})

    assert (revoked.status, again.status) == (204, 204)
    assert (before, issued.expiries(calendar)) == (2, 1)
    assert owner.ask("add_token", name=name, json={"mom_id": ""}).status == 200  # it tidies

    owner.ask("delete_calendar", name=name)

    assert owner.feed(calendar).status == 410


def test_a_replayed_mytoken_ends_its_chain(issued: Issued) -> None:
    first = issued.token("rotating", *FULL, "--rotation", REPLAYED)["mytoken"]
    client = Deployment(issued.url, first, run=issued.user)
    assert client.ask("list_calendars").status == 200
    successor = client.successor
    assert successor is not None

    replayed = [
        Deployment(issued.url, first, run=issued.user).ask("list_calendars").status
        for _ in range(2)
    ]

    assert replayed == [401, 401]
