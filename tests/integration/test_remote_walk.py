"""The contract's requests, one after the other, with the mytokens of another mytoken server."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.serving import make_server

from local.gateway import Gateway
from local.template import Template
from tests.harness import certificates
from tests.harness.stacks import DAY, PUBLIC_URL, Answer, RemoteStack, Stack
from tests.harness.steps import Document, events, new_user, summaries

pytestmark = pytest.mark.slow

NAME = "CI Mytokens"
FULL = "manage_mytokens:notify"
LISTING, LISTING_BELOW = "manage_mytokens:list", "tokeninfo:subtokens"
Claims = dict[str, Any]


@dataclass
class Client:
    """Somebody with a mytoken, who takes the successor where the token was rotated."""

    stack: RemoteStack
    bearer: str
    successors: list[Document] = field(default_factory=list)

    def __call__(self, operation: str, name: str = "", **request: Any) -> Answer:
        path = {"path": {"calendar": name}} if name else {}
        answer = self.stack.invoke(operation, self.bearer, **path, **request)
        update = answer.json.get("token_update") if answer.body else None
        if update:
            self.bearer = update["mytoken"]
            self.successors.append(update)
        return answer


@pytest.fixture(scope="module")
def stack_of_ours(
    moto: Callable[..., dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RemoteStack]:
    """A stack for whose mytokens another stack of ours vouches, over HTTPS."""
    folder: Path = tmp_path_factory.mktemp("issuer")
    authority = certificates.Authority(folder)
    with _serving(moto("eu-west-2"), authority.server(*certificates.HERE)) as issuing:
        trusted = {"SSL_CERT_FILE": str(authority.certificate)}
        yield RemoteStack({**moto("eu-west-3", issuing.issuer), **trusted}, server=issuing)


@contextmanager
def _serving(environment: dict[str, str], context: Any) -> Iterator[Stack]:
    """A stack that is its own issuer, at a URL of this machine."""
    server = make_server("127.0.0.1", 0, NotFound(), threaded=True, ssl_context=context)
    issuing = Stack(environment, f"https://localhost:{server.server_port}")
    with issuing.entered():
        server.app = Gateway(Template.read(), issuing.issuer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield issuing
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["remote_stack", "stack_of_ours"], ids=["mytoken-server", "stack-of-ours"])
def vouched(
    request: pytest.FixtureRequest, empty: Callable[[Stack], None]
) -> Iterator[RemoteStack]:
    stack: RemoteStack = request.getfixturevalue(request.param)
    yield stack
    empty(stack)


KINDS = {
    "plain": {},
    "never-expires": {"expires_in": None},
    "restricted": {"restrictions": [{"nbf": 1_700_000_000}, {"exp": 1}]},
    "usage-limited": {"restrictions": [{"usages_other": 50}]},
    "rotating": {"rotation": {"on_other": True}},
    "rotating-and-limited": {
        "rotation": {"on_other": True},
        "restrictions": [{"exp": 1}, {"usages_other": 50}],
    },
    "rotating-and-revoked-when-replayed": {"rotation": {"on_other": True, "auto_revoke": True}},
    # Only clauses say when a token ends for good that has a lifetime.
    "rotating-with-a-lifetime": {
        "rotation": {"on_other": True, "lifetime": 3600},
        "restrictions": [{"exp": int(time.time()) + 40 * DAY}],
    },
    "with-a-lifetime": {
        "rotation": {"lifetime": 3600},
        "restrictions": [{"exp": int(time.time()) + 40 * DAY}],
    },
}


@pytest.mark.parametrize(
    ("kind", "listing"),
    [
        *[(kind, LISTING) for kind in KINDS],
        ("plain", LISTING_BELOW),
        ("rotating-and-limited", LISTING_BELOW),
    ],
)
def test_the_walk_of_the_contract_gives_the_documented_answers(
    vouched: RemoteStack, kind: str, listing: str
) -> None:
    _walk(vouched, KINDS[kind], listing)


@pytest.mark.parametrize("kind", ["plain", "usage-limited", "rotating-and-limited"])
def test_the_walk_is_the_same_with_a_short_token(
    remote_stack: RemoteStack, empty: Callable[[Stack], None], kind: str
) -> None:
    _walk(remote_stack, KINDS[kind], LISTING, short=True)

    empty(remote_stack)


def _walk(stack: RemoteStack, claims: Claims, listing: str, **more: Any) -> None:
    user = new_user()
    own = stack.mint(FULL, listing, "tokeninfo:introspect", user=user, name="own", **claims, **more)
    below = stack.mint("AT", user=user, parent=own.mom_id, name="below", expires_in=20 * DAY)
    client = Client(stack, own.bearer)
    expires = "expires_in" not in claims
    rotates = claims.get("rotation", {}).get("on_other", False)

    configuration = client("get_configuration").json
    empty = client("list_calendars")
    created = client("create_calendar", json={"name": NAME})
    by_form = client("create_calendar", form={"name": "forms"})
    redirect = client("get_calendar", NAME)
    before = stack.feed(created.json)
    added = [
        *([client("add_token", NAME, json={"mom_id": ""})] if expires else []),
        client("add_token", NAME, json={"mom_id": below.mom_id, "comment": "nightly"}),
        client("add_token", NAME, form={"mom_id": below.mom_id}),
    ]
    if expires:
        added.append(client("add_token", NAME, form={"mom_id": own.mom_id, "comment": "mine"}))
    after = stack.feed(created.json)
    listed = client("list_calendars")
    deleted = client("delete_calendar", NAME)
    gone = stack.feed(created.json, headers={"if-none-match": after.headers["etag"]})

    assert configuration["issuer"] == stack.environment["MYTOKEN_ISSUER"]
    assert configuration["notifications_endpoint"] == f"{PUBLIC_URL}/api/v0/notifications"
    assert (empty.status, _document(empty)) == (200, {"calendars": []})
    calendar = _document(created)
    assert (created.status, calendar["name"]) == (201, NAME)
    assert (by_form.status, by_form.json["name"]) == (201, "forms")
    assert (redirect.status, redirect.headers["location"]) == (302, calendar["ics_path"])
    assert events(before) == []
    assert [answer.status for answer in added] == [200] * len(added)
    watched = sorted([own.mom_id, below.mom_id] if expires else [below.mom_id])
    assert sorted(added[-1].json["subscribed_tokens"]) == watched
    assert summaries(after) == [
        *(["below: mytoken expires"]),
        *(["own: mytoken expires"] if expires else []),
    ]
    assert "nightly" in after.text
    assert ("mine" in after.text) is expires
    assert [c["name"] for c in listed.json["calendars"]] == [NAME, "forms"]
    assert deleted.status == (200 if rotates else 204)
    assert gone.status == 410
    uses = len([empty, created, by_form, *added, listed, deleted])
    assert len(client.successors) == (uses if rotates else 0)
    assert _counted(client) == (uses if "usages_other" in str(claims) else 0)


def _counted(client: Client) -> int:
    """How many uses the issuer has counted under the limited clause."""
    tokeninfo = client.stack.door("list_calendars", "authority").tokeninfo
    introspection = tokeninfo.introspect(client.bearer)
    clauses = zip(introspection.mytoken.restrictions, introspection.usages_other_done, strict=True)
    return sum(done for clause, done in clauses if clause.limits_use)


def _document(answer: Answer) -> Document:
    """The answer without the successor of a token."""
    return {name: value for name, value in answer.json.items() if name != "token_update"}
