"""The operations in all their variants: what there is before, what is asked, and with which token.

In each the same user has a calendar with two feeds and one token in it, another token, and the one
presented.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.harness.samples import WITHOUT_A_MYTOKEN
from tests.harness.stacks import Answer, Stack, Token
from tests.harness.steps import (
    Clock,
    Document,
    add,
    create,
    create_feed,
    delete,
    new_user,
    secret_of,
)
from tests.harness.token_uses import EVERYTHING, LATER, REVOKED_WHEN_REPLAYED, ROTATING

NAME = "CI Mytokens"
KEY = "a-key-of-the-clients"

Request = dict[str, Any]  # keyword arguments of Stack.invoke


@dataclass(frozen=True)
class Scene:
    """What a variant begins with. `known` is in the calendar, `other` is not, nor is `token`.

    `feed` is the second one of the calendar.
    """

    stack: Stack
    clock: Clock
    user: str
    keeper: Token
    token: Token
    known: Token
    other: Token
    calendar: Document
    feed: Document


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
    adds_up: bool = False  # what is repeated without a key is done once more
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
        feed = create_feed(stack, keeper, calendar, label="phone", reminders="events", days=[7, 0])
        return Scene(stack, clock, user, keeper, token, known, other, calendar, feed)

    def asked(self, scene: Scene, request: Request, token: Token | str) -> Answer:
        headers = {**request.get("headers", {}), **({"idempotency-key": KEY} if self.key else {})}
        bearer = None if self.operation in WITHOUT_A_MYTOKEN else token
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


def _updating(**fields: str) -> Callable[[Scene], Request]:
    return lambda scene: {**_named(scene), "json": fields}


def _renaming_to_another(scene: Scene) -> Request:
    create(scene.stack, scene.keeper, "another")
    return _updating(name="Another")(scene)


def _by_id(request: Callable[[Scene], Request]) -> Callable[[Scene], Request]:
    """The same for the calendar's id, which stays when it is renamed."""
    return lambda scene: {**request(scene), "path": {"calendar": scene.calendar["id"]}}


def _removing(which: str) -> Callable[[Scene], Request]:
    return lambda scene: {**_named(scene), "json": {"mom_id": getattr(scene, which).mom_id}}


def _removing_own(scene: Scene) -> Request:
    add(scene.stack, scene.keeper, scene.calendar, scene.token.mom_id)
    return {**_named(scene), "json": {"mom_id": ""}}


def _of_feed(**wish: Any) -> Callable[[Scene], Request]:
    """A request for the scene's feed."""
    return lambda scene: {
        "path": {"calendar": NAME, "feed": scene.feed["id"]},
        **({"json": wish} if wish else {}),
    }


def _first_feed(scene: Scene) -> Request:
    feeds = scene.stack.invoke("list_feeds", scene.keeper, path={"calendar": NAME}).json["feeds"]
    return {"path": {"calendar": NAME, "feed": feeds[0]["id"]}}


def _new_feed(scene: Scene) -> Request:
    return {**_named(scene), "json": {"label": "home", "detail": "minimal"}}


def _restyled_feed(scene: Scene) -> Request:
    """A feed whose style has changed since it was cached."""
    scene.stack.feed(scene.feed)
    changed = _of_feed(reminders="both", detail="name")(scene)
    assert scene.stack.invoke("update_feed", scene.keeper, **changed).status == 200
    return _feed_at(scene.feed)


def _reset_feed(scene: Scene) -> Request:
    """The address that the scene's feed had."""
    assert scene.stack.invoke("reset_feed", scene.keeper, **_of_feed()(scene)).status == 200
    return _feed_at(scene.feed)


def _feed_at(document: Document) -> Request:
    return {"path": {"secret": secret_of(document)}, "headers": {"accept-encoding": "gzip"}}


def _adding_a_child(scene: Scene) -> Request:
    child = scene.stack.mint("AT", user=scene.user, parent=scene.token.mom_id)
    return {**_named(scene), "json": {"mom_id": child.mom_id}}


def _adding_while_one_is_gone(scene: Scene) -> Request:
    gone = scene.stack.mint("AT", user=scene.user)
    add(scene.stack, scene.keeper, create(scene.stack, scene.keeper, "second"), gone.mom_id)
    scene.stack.revoke(gone)
    return _adding("other")(scene)


def _feed(scene: Scene) -> Request:
    return _feed_at(scene.calendar)


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


def _page(scene: Scene) -> Request:
    return {"path": {"secret": secret_of(scene.calendar)}}


def _deleted_page(scene: Scene) -> Request:
    delete(scene.stack, scene.keeper, scene.calendar)
    return _page(scene)


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
    Variant("list", "list_calendars", 200, _nothing),
    Variant("list-one-use", "list_calendars", 200, _nothing, claims=ONE_USE, rare=True),
    Variant("list-rotating", "list_calendars", 200, _nothing, claims=REVOKES, rare=True),
    Variant("create", "create_calendar", 201, _new, 409, rare=True),
    Variant("create-cold", "create_calendar", 201, _new, 409, cold=True),
    Variant(
        "create-that-exists", "create_calendar", 409, _existing, 409, claims=ROTATES, rare=True
    ),
    Variant("create-one-use", "create_calendar", 201, _new, 409, claims=ONE_USE, rare=True),
    Variant("create-rotating", "create_calendar", 201, _new, 409, claims=ROTATES, rare=True),
    Variant("create-key", "create_calendar", 201, _new, 409, key=True, rare=True),
    Variant(
        "create-key-rotating",
        "create_calendar",
        201,
        _new,
        409,
        claims=REVOKES,
        key=True,
        rare=True,
    ),
    Variant("get", "get_calendar", 302, _named, 302),
    Variant("add", "add_token", 200, _adding("other")),
    Variant("add-again", "add_token", 200, _adding("known"), rare=True),
    Variant("add-new-comment", "add_token", 200, _adding("known", comment="new")),
    Variant("add-own", "add_token", 200, _adding(""), rare=True),
    Variant("add-own-rotating", "add_token", 200, _adding(""), claims=REVOKES, rare=True),
    Variant("add-child", "add_token", 200, _adding_a_child, below=True, may=("tokeninfo:notify",)),
    Variant(
        "add-key-one-use", "add_token", 200, _adding("other"), claims=ONE_USE, key=True, rare=True
    ),
    Variant(
        "add-key-rotating-one-use",
        "add_token",
        200,
        _adding(""),
        claims={**REVOKES, **ONE_USE},
        key=True,
    ),
    Variant("delete", "delete_calendar", 204, _named, 404),
    Variant("delete-rotating", "delete_calendar", 200, _named, 404, claims=REVOKES, rare=True),
    Variant(
        "delete-key-one-use", "delete_calendar", 204, _named, claims=ONE_USE, key=True, rare=True
    ),
    Variant("delete-key-rotating", "delete_calendar", 200, _named, claims=ROTATES, key=True),
    Variant("rename", "update_calendar", 200, _by_id(_updating(name="new"))),
    Variant("rename-in-place", "update_calendar", 200, _updating(name=NAME.upper()), rare=True),
    Variant(
        "rename-rotating",
        "update_calendar",
        200,
        _updating(name="new"),
        404,
        claims=REVOKES,
        rare=True,
    ),
    Variant(
        "rename-to-another",
        "update_calendar",
        409,
        _renaming_to_another,
        409,
        claims=ROTATES,
        rare=True,
    ),
    Variant(
        "describe-key-one-use",
        "update_calendar",
        200,
        _updating(description="new"),
        claims=ONE_USE,
        key=True,
        rare=True,
    ),
    Variant(
        "rename-key-rotating",
        "update_calendar",
        200,
        _updating(name="new", description="new"),
        claims={**REVOKES, **ONE_USE},
        key=True,
    ),
    Variant(
        "update-nothing",
        "update_calendar",
        200,
        _updating(description=""),
        claims=ROTATES,
        rare=True,
    ),
    Variant("remove", "remove_token", 204, _removing("known"), 204),
    Variant("remove-by-delete", "delete_calendar", 204, _removing("known"), 204, rare=True),
    Variant(
        "remove-none", "remove_token", 204, _removing("other"), 204, claims=SOME_USES, rare=True
    ),
    Variant("remove-own-rotating", "remove_token", 200, _removing_own, claims=REVOKES, rare=True),
    Variant(
        "remove-key-one-use",
        "remove_token",
        204,
        _removing("known"),
        claims=ONE_USE,
        key=True,
        rare=True,
    ),
    Variant(
        "remove-key-rotating", "delete_calendar", 200, _removing("known"), claims=REVOKES, key=True
    ),
    Variant("list-feeds", "list_feeds", 200, _named),
    Variant("list-feeds-rotating", "list_feeds", 200, _named, claims=REVOKES, rare=True),
    Variant(
        "list-feeds-key-one-use", "list_feeds", 200, _named, claims=ONE_USE, key=True, rare=True
    ),
    Variant("create-feed", "create_feed", 201, _new_feed, 201, adds_up=True),
    Variant(
        "create-feed-rotating",
        "create_feed",
        201,
        _new_feed,
        201,
        claims=REVOKES,
        adds_up=True,
        rare=True,
    ),
    Variant(
        "create-feed-key-one-use",
        "create_feed",
        201,
        _new_feed,
        claims=ONE_USE,
        key=True,
        rare=True,
    ),
    Variant("create-feed-key-rotating", "create_feed", 201, _new_feed, claims=ROTATES, key=True),
    Variant("update-feed", "update_feed", 200, _of_feed(detail="name", label="")),
    Variant(
        "update-feed-rotating", "update_feed", 200, _of_feed(days=[3]), claims=REVOKES, rare=True
    ),
    Variant(
        "update-feed-key-one-use",
        "update_feed",
        200,
        _of_feed(reminders="none"),
        claims=ONE_USE,
        key=True,
    ),
    Variant("reset-feed", "reset_feed", 200, _of_feed(), adds_up=True),
    Variant("reset-first-feed-one-use", "reset_feed", 200, _first_feed, claims=ONE_USE, rare=True),
    Variant(
        "reset-feed-rotating",
        "reset_feed",
        200,
        _of_feed(),
        claims=ROTATES,
        adds_up=True,
        rare=True,
    ),
    Variant(
        "reset-feed-key-rotating",
        "reset_feed",
        200,
        _of_feed(),
        claims={**REVOKES, **ONE_USE},
        key=True,
    ),
    Variant("delete-feed", "delete_feed", 204, _of_feed(), 404),
    Variant("delete-feed-rotating", "delete_feed", 200, _of_feed(), 404, claims=REVOKES, rare=True),
    Variant("delete-first-feed", "delete_feed", 409, _first_feed, 409, claims=ROTATES, rare=True),
    Variant(
        "delete-feed-key-one-use",
        "delete_feed",
        204,
        _of_feed(),
        claims=ONE_USE,
        key=True,
        rare=True,
    ),
    Variant("delete-feed-key-rotating", "delete_feed", 200, _of_feed(), claims=ROTATES, key=True),
    Variant("feed", "get_feed", 200, _feed, cold=True),
    Variant("feed-restyled", "get_feed", 200, _restyled_feed, cold=True, rare=True),
    Variant("feed-reset", "get_feed", 410, _reset_feed, 410, cold=True, rare=True),
    Variant("feed-cached", "get_feed", 200, _cached_feed, cold=True),
    Variant("feed-remembered", "get_feed", 200, _cached_feed, rare=True),
    Variant("feed-unchanged", "get_feed", 304, _unchanged_feed, 304, cold=True),
    Variant("feed-without-the-revoked", "get_feed", 200, _feed_without_the_revoked, cold=True),
    Variant("feed-deleted", "get_feed", 410, _deleted_feed, 410, cold=True),
    Variant("page", "view_calendar", 200, _page, cold=True),
    Variant("page-deleted", "view_calendar", 410, _deleted_page, 410, cold=True, rare=True),
    Variant("introspect", "tokeninfo", 200, _asking("introspect"), claims=ROTATES, rare=True),
    Variant(
        "list-mytokens-rotating",
        "tokeninfo",
        200,
        _asking("list_mytokens"),
        claims=REVOKES,
        rare=True,
    ),
    Variant("revoke-own", "revoke_token", 204, _revoking("token"), 204, rare=True),
    Variant(
        "revoke-another", "revoke_token", 204, _revoking("known"), 204, claims=ONE_USE, rare=True
    ),
    Variant("revoke-recursively", "revoke_token", 200, _revoking_a_tree, claims=REVOKES, rare=True),
    Variant("list-key-rotating", "list_calendars", 200, _nothing, claims=REVOKES, key=True),
    Variant(
        "list-mytokens-key-one-use",
        "tokeninfo",
        200,
        _asking("list_mytokens"),
        claims=ONE_USE,
        key=True,
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
    Variant("list-cold", "list_calendars", 200, _nothing, remote=True, cold=True, rare=True),
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
        rare=True,
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
    Variant(
        "get-rotating", "get_calendar", 302, _named, 302, claims=ROTATES, remote=True, rare=True
    ),
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
        rare=True,
    ),
    Variant(
        "rename-rotating-limited",
        "update_calendar",
        200,
        _by_id(_updating(name="new")),
        claims={**ROTATES, **SOME_USES},
        remote=True,
    ),
    Variant(
        "remove-rotating",
        "remove_token",
        200,
        _removing("known"),
        claims=ROTATES,
        remote=True,
        rare=True,
    ),
    Variant(
        "create-feed-key-rotating",
        "create_feed",
        201,
        _new_feed,
        claims=ROTATES,
        key=True,
        adds_up=True,  # a key goes with its token, and the client has the successor
        remote=True,
    ),
    Variant(
        "reset-feed-limited",
        "reset_feed",
        200,
        _of_feed(),
        claims=SOME_USES,
        may=_COUNTED,
        adds_up=True,
        remote=True,
        rare=True,
    ),
    Variant(
        "update-feed-rotating",
        "update_feed",
        200,
        _of_feed(days=[3]),
        claims=ROTATES,
        remote=True,
        rare=True,
    ),
    Variant(
        "delete-feed-rotating",
        "delete_feed",
        200,
        _of_feed(),
        404,
        claims=ROTATES,
        remote=True,
        rare=True,
    ),
)
