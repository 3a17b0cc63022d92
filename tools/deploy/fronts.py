"""The addresses of feeds that a deployment keeps, since people have subscribed to them."""

from collections.abc import Collection, Mapping

from tools.deploy.errors import NotReady

_ALWAYS = "api"  # serves all feeds, whichever front is chosen


def kept(was: Mapping[str, str], named: Mapping[str, str]) -> dict[str, str]:
    """The FormerFeedFronts that a change of FeedFront needs; nothing if they are named.

    `was` are the parameters of the stack, `named` those of the deployment.
    """
    now = named.get("FeedFront")
    if "FormerFeedFronts" in named or now in (None, was.get("FeedFront")):
        return {}
    former = _served(was) - {now, _ALWAYS}
    # In the order of the template's AllowedValues.
    return {"FormerFeedFronts": ",".join(sorted(former, reverse=True))} if former else {}


def check(
    was: Mapping[str, str], values: Mapping[str, str], url: str, told: Collection[str]
) -> None:
    """Raises NotReady if an address ends that was not told by name: `--drop-address`.

    `url` is that of the feed function, if it has one. API Gateway's own address ends with the stack
    alone, and whether a PublicUrl leads to the stack is not known here. Without its zone a domain
    loses its record.
    """
    if was.get("HostedZoneId") and not values.get("HostedZoneId"):
        values = {**values, "DomainName": "", "FeedDomainName": ""}
    after = _addresses(values, url)
    if ended := sorted(_addresses(was, url) - after - {*told}):
        names = " ".join(f"--drop-address {address}" for address in ended)
        raise NotReady(
            f"the stack would lose an address, {' and '.join(ended)}: apps that have subscribed to "
            f"a feed there would get nothing more. If you mean that, add {names}"
        )


def _served(values: Mapping[str, str]) -> set[str]:
    """The fronts that serve feeds."""
    former = values.get("FormerFeedFronts", "").split(",")
    return {_ALWAYS, values.get("FeedFront", _ALWAYS), *former} - {""}


def _addresses(values: Mapping[str, str], url: str) -> set[str]:
    """Those of the fronts, but for API Gateway's own."""
    domains = {_ALWAYS: values.get("DomainName"), "cloudfront": values.get("FeedDomainName")}
    served = _served(values)
    found = {f"https://{domain}" for front, domain in domains.items() if domain and front in served}
    return found | ({url} if "url" in served else set())
