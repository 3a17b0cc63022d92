"""As `variants.py`, of all that has to do with tags, and with calendars that nobody has named."""

from collections.abc import Callable
from typing import Any

from tests.harness.reliability.variants import (
    NAME,
    ONE_USE,
    REVOKES,
    ROTATES,
    SOME_USES,
    Request,
    Scene,
    Variant,
)

KNOWN, NEW = "nightly", "weekly"  # the names of a tag that the calendar has, and of one that is new


def tag(scene: Scene, name: str) -> None:
    """Gives the scene's calendar a tag."""
    path, body = {"calendar": NAME}, {"tag": name}
    answer = scene.stack.invoke("tag_calendar", scene.keeper, path=path, json=body)
    assert answer.status == 204, answer.text


def _asking(request: Request, *tags: str) -> Callable[[Scene], Request]:
    """What is asked when the calendar has these tags: the one that it is to be known of."""

    def prepared(scene: Scene) -> Request:
        for name in tags or (KNOWN,):
            tag(scene, name)
        return request

    return prepared


def _of_calendar(**body: Any) -> Request:
    return {"path": {"calendar": NAME}, "json": body}


def _of_tag(name: str, **body: str) -> Request:
    return {"path": {"tag": name}, **({"json": body} if body else {})}


def _untagged(request: Request) -> Callable[[Scene], Request]:
    """What is asked when there is no tag."""
    return lambda scene: request


def _after_its_deletion(request: Request) -> Callable[[Scene], Request]:
    """What is asked when a tag was deleted that the calendar had: it has the id still."""

    def prepared(scene: Scene) -> Request:
        for name in (KNOWN, "gone"):
            tag(scene, name)
        gone = scene.stack.invoke("delete_tag", scene.keeper, path={"tag": "gone"})
        assert gone.status == 204, gone.text
        return request

    return prepared


def _notifications(scene: Scene) -> Request:
    tag(scene, KNOWN)
    asked = [scene.known.mom_id, scene.other.mom_id]
    return {"json": {"action": "notifications", "mom_ids": asked}}


_TAGGED = {"json": {"name": "new", "tags": [KNOWN, NEW, "daily"]}}
_UNNAMED = {"json": {"description": "Nightly runs\n", "tags": [NEW]}}
_RETAGGED = _of_calendar(tags=["daily", NEW])
_COUNTED: Any = {**REVOKES, **SOME_USES}  # a claim that no operation on a user's tags may use
_LIMITED: Any = {**ROTATES, **SOME_USES}

TAG_VARIANTS = (
    # --- of calendars
    Variant("create-tagged", "create_calendar", 201, _asking(_TAGGED), 409, rare=True),
    Variant(
        "create-tagged-key-rotating",
        "create_calendar",
        201,
        _asking(_TAGGED),
        claims={**REVOKES, **ONE_USE},
        key=True,
    ),
    Variant("create-unnamed", "create_calendar", 201, _asking(_UNNAMED), 201, adds_up=True),
    Variant(
        "create-unnamed-key-rotating",
        "create_calendar",
        201,
        _asking(_UNNAMED),
        claims=ROTATES,
        key=True,
        rare=True,
    ),
    Variant("retag", "update_calendar", 200, _asking(_RETAGGED)),
    Variant("retag-first", "update_calendar", 200, _untagged(_RETAGGED), rare=True),
    Variant(
        "retag-without-the-deleted",
        "update_calendar",
        200,
        _after_its_deletion(_of_calendar(description="new")),
    ),
    Variant("clear-tags", "update_calendar", 200, _asking(_of_calendar(tags=[])), rare=True),
    Variant(
        "retag-key-rotating",
        "update_calendar",
        200,
        _asking(_of_calendar(name=NAME.upper(), tags=[NEW])),
        claims={**REVOKES, **ONE_USE},
        key=True,
        rare=True,
    ),
    Variant("tag", "tag_calendar", 204, _asking(_of_calendar(tag=NEW)), 204),
    Variant("tag-first", "tag_calendar", 204, _untagged(_of_calendar(tag=NEW)), 204, rare=True),
    Variant("tag-again", "tag_calendar", 204, _asking(_of_calendar(tag=KNOWN)), 204, rare=True),
    Variant(
        "tag-rotating",
        "tag_calendar",
        200,
        _asking(_of_calendar(tag=NEW)),
        200,
        claims=REVOKES,
        rare=True,
    ),
    Variant(
        "tag-key-one-use",
        "tag_calendar",
        204,
        _asking(_of_calendar(tag=NEW)),
        claims=ONE_USE,
        key=True,
        rare=True,
    ),
    Variant(
        "tag-key-rotating",
        "tag_calendar",
        200,
        _asking(_of_calendar(tag=NEW)),
        claims={**REVOKES, **ONE_USE},
        key=True,
    ),
    Variant("untag", "untag_calendar", 204, _asking(_of_calendar(tag=KNOWN)), 204),
    Variant("untag-none", "untag_calendar", 204, _asking(_of_calendar(tag=NEW)), 204, rare=True),
    Variant(
        "untag-rotating",
        "untag_calendar",
        200,
        _asking(_of_calendar(tag=KNOWN)),
        claims=ROTATES,
        rare=True,
    ),
    Variant(
        "untag-key-one-use",
        "untag_calendar",
        204,
        _asking(_of_calendar(tag=KNOWN)),
        claims=ONE_USE,
        key=True,
        rare=True,
    ),
    Variant(
        "untag-key-rotating",
        "untag_calendar",
        200,
        _asking(_of_calendar(tag=KNOWN)),
        claims=REVOKES,
        key=True,
    ),
    # --- of a user, which are no uses of the token
    Variant("list-tags", "list_tags", 200, _asking({}), claims=_COUNTED),
    Variant("create-tag", "create_tag", 204, _asking(_of_tag(NEW, color="00FF00")), 204),
    Variant("create-first-tag", "create_tag", 204, _untagged(_of_tag(NEW)), 204, rare=True),
    Variant("create-tag-again", "create_tag", 204, _asking(_of_tag(KNOWN)), 204, rare=True),
    Variant("create-tag-key", "create_tag", 204, _asking(_of_tag(NEW)), claims=_COUNTED, key=True),
    Variant("rename-tag", "update_tag", 204, _asking(_of_tag(KNOWN, tag=NEW)), 404),
    Variant(
        "rename-tag-to-another",
        "update_tag",
        409,
        _asking(_of_tag(KNOWN, tag=NEW), KNOWN, NEW),
        409,
        rare=True,
    ),
    Variant(
        "rename-tag-key",
        "update_tag",
        204,
        _asking(_of_tag(KNOWN, tag=NEW, color="")),
        claims=_COUNTED,
        key=True,
    ),
    Variant("delete-tag", "delete_tag", 204, _asking(_of_tag(KNOWN)), 404),
    Variant(
        "delete-tag-key", "delete_tag", 204, _asking(_of_tag(KNOWN)), claims=_COUNTED, key=True
    ),
    # --- of mytokens
    Variant("notifications", "tokeninfo", 200, _notifications),
    Variant("notifications-rotating", "tokeninfo", 200, _notifications, claims=REVOKES, rare=True),
    Variant(
        "notifications-key-rotating",
        "tokeninfo",
        200,
        _notifications,
        claims={**REVOKES, **ONE_USE},
        key=True,
        rare=True,
    ),
    # --- with another server
    Variant(
        "tag-rotating-limited",
        "tag_calendar",
        200,
        _asking(_of_calendar(tag=NEW)),
        200,
        claims=_LIMITED,
        remote=True,
    ),
    Variant(
        "create-unnamed-rotating",
        "create_calendar",
        201,
        _asking(_UNNAMED),
        201,
        claims=ROTATES,
        adds_up=True,
        remote=True,
        rare=True,
    ),
    Variant(
        "untag-key-rotating",
        "untag_calendar",
        200,
        _asking(_of_calendar(tag=KNOWN)),
        claims=ROTATES,
        key=True,
        adds_up=True,  # a key goes with its token, and the client has the successor
        remote=True,
        rare=True,
    ),
    Variant("list-tags", "list_tags", 200, _asking({}), claims=_LIMITED, remote=True, rare=True),
    Variant(
        "rename-tag-key",
        "update_tag",
        204,
        _asking(_of_tag(KNOWN, tag=NEW)),
        claims=_LIMITED,
        key=True,
        remote=True,
    ),
    Variant(
        "delete-tag",
        "delete_tag",
        204,
        _asking(_of_tag(KNOWN)),
        404,
        claims=_LIMITED,
        remote=True,
        rare=True,
    ),
)
