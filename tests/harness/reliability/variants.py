"""The operations in all their variants: what there is before, what is asked, and with which token.

In each the same user has a calendar with one token in it, another token, and the one presented.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.harness.stacks import Answer, Stack, Token
from tests.harness.steps import Clock, Document, add, create, delete, feed_id, new_user
from tests.harness.token_uses import EVERYTHING, LATER, REVOKED_WHEN_REPLAYED, ROTATING

NAME = "CI Mytokens"
KEY = "a-key-of-the-clients"

Request = dict[str, Any]  # keyword arguments of Stack.invoke


@dataclass(frozen=True)
class Scene:
    """What a variant begins with. `known` is in the calendar, `other` is not, nor is `token`."""

    stack: Stack
    clock: Clock
    user: str
    keeper: Token
    token: Token
    known: Token
    other: Token
    calendar: Document


@dataclass(frozen=True)
class Variant:
    """An operation as a client asks for it, and what is answered if nothing goes wrong.

    `request` does what is left to prepare, and gives the request. `again` is the status for a
    client that repeats it though it was done, with a token that may do it once more.
    """

    name: str
    operation: str
    status: int
    request: Callable[[Scene], Request]
    again: int = 200
    may: tuple[str, ...] = EVERYTHING  # the capabilities of the token
    claims: Mapping[str, Any] = field(default_factory=dict)
    below: bool = False  # the token has an ancestor
    key: bool = False  # the request has an Idempotency-Key
    cold: bool = False  # the function is started for it
    looks: bool = False  # it may note first which tokens are gone, whatever becomes of it
    remote: bool = False  # another server vouches for the token
    rare: bool = False  # much like another one: for --deep

    def __str__(self) -> str:
        return f"remote-{self.name}" if self.remote else self.name

    @property
    def is_for_one_use(self) -> bool:
        return self.claims.get("restrictions") == ONE_USE["restrictions"]

    def scene(self, stack: Stack, clock: Clock) -> Scene:
        user = new_user()
        keeper, known, other = (stack.mint(*EVERYTHING, user=user) for _ in range(3))
        parent = keeper.mom_id if self.below else None
        token = stack.mint(*self.may, user=user, parent=parent, **self.claims)
        calendar = create(stack, keeper, NAME)
        add(stack, keeper, calendar, known.mom_id, comment="known")
        return Scene(stack, clock, user, keeper, token, known, other, calendar)

    def asked(self, scene: Scene, request: Request, token: Token | str) -> Answer:
        headers = {**request.get("headers", {}), **({"idempotency-key": KEY} if self.key else {})}
        bearer = None if self.operation == "get_feed" else token
        return scene.stack.invoke(self.operation, bearer, **{**request, "headers": headers})


ONE_USE = {"restrictions": [{"usages_other": 1}]}
SOME_USES = {"restrictions": [{"usages_other": 9}]}
ROTATES = {"rotation": ROTATING}
REVOKES = {"rotation": REVOKED_WHEN_REPLAYED}


def _nothing(scene: Scene) -> Request:
    return {}


def _named(scene: Scene) -> Request:
    return {"path": {"calendar": NAME}}


def _new(scene: Scene) -> Request:
    return {"json": {"name": "new"}}


def _existing(scene: Scene) -> Request:
    return {"json": {"name": NAME.upper()}}


def _adding(which: str, **more: str) -> Callable[[Scene], Request]:
    """To add the scene's token of this name; an empty one is the presented token."""

    def request(scene: Scene) -> Request:
        mom_id = getattr(scene, which).mom_id if which else ""
        return {**_named(scene), "json": {"mom_id": mom_id, **more}}

    return request


def _adding_a_child(scene: Scene) -> Request:
    child = scene.stack.mint("AT", user=scene.user, parent=scene.token.mom_id)
    return {**_named(scene), "json": {"mom_id": child.mom_id}}


def _adding_while_one_is_gone(scene: Scene) -> Request:
    gone = scene.stack.mint("AT", user=scene.user)
    add(scene.stack, scene.keeper, create(scene.stack, scene.keeper, "second"), gone.mom_id)
    scene.stack.revoke(gone)
    return _adding("other")(scene)


def _feed(scene: Scene) -> Request:
    return {"path": {"secret": feed_id(scene.calendar)}, "headers": {"accept-encoding": "gzip"}}


def _cached_feed(scene: Scene) -> Request:
    scene.stack.feed(scene.calendar)
    return _feed(scene)


def _unchanged_feed(scene: Scene) -> Request:
    request = _feed(scene)
    etag = scene.stack.invoke("get_feed", **request).headers["etag"]
    return {**request, "headers": {**request["headers"], "if-none-match": etag}}


def _feed_without_the_revoked(scene: Scene) -> Request:
    add(scene.stack, scene.keeper, scene.calendar, scene.other.mom_id)
    scene.stack.revoke(scene.known)
    return _feed(scene)


def _deleted_feed(scene: Scene) -> Request:
    delete(scene.stack, scene.keeper, scene.calendar)
    return _feed(scene)


def _asking(action: str) -> Callable[[Scene], Request]:
    return lambda scene: {"json": {"action": action}}


def _revoking(which: str, *, recursive: bool = False) -> Callable[[Scene], Request]:
    def request(scene: Scene) -> Request:
        mom_id = getattr(scene, which).mom_id
        return {"json": {"mom_id": mom_id, "recursive": recursive}}

    return request


def _revoking_a_tree(scene: Scene) -> Request:
    child = scene.stack.mint("AT", user=scene.user, parent=scene.other.mom_id)
    add(scene.stack, scene.keeper, scene.calendar, child.mom_id)
    return _revoking("other", recursive=True)(scene)


def _replaying(scene: Scene) -> Request:
    assert scene.stack.invoke("list_calendars", scene.token).status == 200
    scene.clock.passes(LATER)
    return {}


_KEEPING = ("manage_mytokens:notify", "manage_mytokens:list")
_COUNTED = ("manage_mytokens:notify", "tokeninfo:subtokens")

VARIANTS = (
    Variant("list", "list_calendars", 200, _nothing, rare=True),
    Variant("list-one-use", "list_calendars", 200, _nothing, claims=ONE_USE, rare=True),
    Variant("list-rotating", "list_calendars", 200, _nothing, claims=REVOKES),
    Variant("create", "create_calendar", 201, _new, 409, rare=True),
    Variant("create-cold", "create_calendar", 201, _new, 409, cold=True),
    Variant("create-that-exists", "create_calendar", 409, _existing, 409, claims=ROTATES),
    Variant("create-one-use", "create_calendar", 201, _new, 409, claims=ONE_USE, rare=True),
    Variant("create-rotating", "create_calendar", 201, _new, 409, claims=ROTATES, rare=True),
    Variant("create-key", "create_calendar", 201, _new, 409, key=True, rare=True),
    Variant("create-key-rotating", "create_calendar", 201, _new, 409, claims=REVOKES, key=True),
    Variant("get", "get_calendar", 302, _named, 302),
    Variant("add", "add_token", 200, _adding("other")),
    Variant("add-again", "add_token", 200, _adding("known")),
    Variant("add-new-comment", "add_token", 200, _adding("known", comment="new")),
    Variant("add-own", "add_token", 200, _adding(""), rare=True),
    Variant("add-own-rotating", "add_token", 200, _adding(""), claims=REVOKES),
    Variant("add-child", "add_token", 200, _adding_a_child, below=True, may=("tokeninfo:notify",)),
    Variant("add-key-one-use", "add_token", 200, _adding("other"), claims=ONE_USE, key=True),
    Variant(
        "add-key-rotating-one-use",
        "add_token",
        200,
        _adding(""),
        claims={**REVOKES, **ONE_USE},
        key=True,
        rare=True,
    ),
    Variant("delete", "delete_calendar", 204, _named, 404),
    Variant("delete-rotating", "delete_calendar", 200, _named, 404, claims=REVOKES, rare=True),
    Variant(
        "delete-key-one-use", "delete_calendar", 204, _named, claims=ONE_USE, key=True, rare=True
    ),
    Variant("delete-key-rotating", "delete_calendar", 200, _named, claims=ROTATES, key=True),
    Variant("feed", "get_feed", 200, _feed, cold=True),
    Variant("feed-cached", "get_feed", 200, _cached_feed, cold=True),
    Variant("feed-remembered", "get_feed", 200, _cached_feed),
    Variant("feed-unchanged", "get_feed", 304, _unchanged_feed, 304, cold=True),
    Variant("feed-without-the-revoked", "get_feed", 200, _feed_without_the_revoked, cold=True),
    Variant("feed-deleted", "get_feed", 410, _deleted_feed, 410, cold=True),
    Variant("introspect", "tokeninfo", 200, _asking("introspect"), claims=ROTATES, rare=True),
    Variant("list-mytokens-rotating", "tokeninfo", 200, _asking("list_mytokens"), claims=REVOKES),
    Variant("revoke-own", "revoke_token", 204, _revoking("token"), 204, rare=True),
    Variant("revoke-another", "revoke_token", 204, _revoking("known"), 204, claims=ONE_USE),
    Variant("revoke-recursively", "revoke_token", 200, _revoking_a_tree, claims=REVOKES),
    Variant("list-key-rotating", "list_calendars", 200, _nothing, claims=REVOKES, key=True),
    Variant(
        "list-mytokens-key-one-use",
        "tokeninfo",
        200,
        _asking("list_mytokens"),
        claims=ONE_USE,
        key=True,
        rare=True,
    ),
    Variant(
        "revoke-key-rotating",
        "revoke_token",
        200,
        _revoking("known"),
        claims={**REVOKES, **ONE_USE},
        key=True,
    ),
    Variant("replay", "list_calendars", 401, _replaying, 401, claims=REVOKES),
    Variant("list", "list_calendars", 200, _nothing, remote=True, rare=True),
    Variant("list-cold", "list_calendars", 200, _nothing, remote=True, cold=True),
    Variant(
        "list-rotating", "list_calendars", 200, _nothing, claims=ROTATES, remote=True, rare=True
    ),
    Variant(
        "create-limited",
        "create_calendar",
        201,
        _new,
        409,
        claims=SOME_USES,
        may=_COUNTED,
        remote=True,
    ),
    Variant(
        "create-rotating", "create_calendar", 201, _new, 409, claims=ROTATES, remote=True, rare=True
    ),
    Variant(
        "create-key-rotating",
        "create_calendar",
        201,
        _new,
        409,
        claims=ROTATES,
        key=True,
        remote=True,
    ),
    Variant("get-rotating", "get_calendar", 302, _named, 302, claims=ROTATES, remote=True),
    Variant(
        "add-own-rotating", "add_token", 200, _adding(""), claims=ROTATES, remote=True, rare=True
    ),
    Variant("add", "add_token", 200, _adding("other"), may=_KEEPING, remote=True, rare=True),
    Variant(
        "add-while-one-is-gone",
        "add_token",
        200,
        _adding_while_one_is_gone,
        claims={**ROTATES, **SOME_USES},
        may=_KEEPING,
        remote=True,
        looks=True,
    ),
    Variant(
        "delete-rotating-limited",
        "delete_calendar",
        200,
        _named,
        404,
        claims={**ROTATES, **SOME_USES},
        remote=True,
    ),
)
