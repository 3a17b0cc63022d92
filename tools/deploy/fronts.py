"""The fronts of feeds that a deployment keeps, since people have subscribed to their addresses."""

from collections.abc import Mapping

_ALWAYS = "api"  # serves all feeds, whichever front is chosen


def kept(was: Mapping[str, str], named: Mapping[str, str]) -> dict[str, str]:
    """The FormerFeedFronts that a change of FeedFront needs; nothing if they are named.

    `was` are the parameters of the stack, `named` those of the deployment.
    """
    now = named.get("FeedFront")
    if "FormerFeedFronts" in named or now in (None, was.get("FeedFront")):
        return {}
    served = {was.get("FeedFront", _ALWAYS), *was.get("FormerFeedFronts", "").split(",")}
    former = served - {now, _ALWAYS, ""}
    # In the order of the template's AllowedValues.
    return {"FormerFeedFronts": ",".join(sorted(former, reverse=True))} if former else {}
