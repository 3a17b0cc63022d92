"""Requests: API Gateway's events (payload 2.0), read."""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mytoken_calendars import limits
from mytoken_calendars.tokens.request_state import RequestState


@dataclass(frozen=True)
class Request:
    """An HTTP request. Header names are in lower case, `now_ms` is in milliseconds since 1970.

    `path` has no slash at its end: with one it is the same path. The names of the path's
    `parameters` are the template's.
    `address` is the client's address as the gateway sees it, whatever the headers say; it is empty
    if it is unknown. `arrived` is the time when the gateway got the request, in milliseconds.
    `base_url` is where clients reach this stack, without a slash at its end. It is the template's
    stage variable `publicUrl`, never the request's Host, and the issuer of the stack's mytokens.
    `feeds_url` is the same for feeds, which may have a host of their own: `feedUrl`.
    """

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: bytes
    base_url: str
    feeds_url: str
    address: str
    arrived: int
    now_ms: int
    state: RequestState = field(default_factory=RequestState)

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        stage = event["stageVariables"]
        return cls(
            method=event["requestContext"]["http"]["method"],
            address=_address(event),
            arrived=event["requestContext"]["timeEpoch"],
            path=event["rawPath"].removesuffix("/"),
            parameters=event.get("pathParameters") or {},
            headers={name.lower(): value for name, value in event["headers"].items()},
            cookies=tuple(event.get("cookies") or ()),
            body=_body(event.get("body") or "", encoded=event.get("isBase64Encoded", False)),
            base_url=stage["publicUrl"],
            feeds_url=stage.get("feedUrl", stage["publicUrl"]),
            now_ms=int(time.time() * 1000),
        )

    @property
    def now(self) -> int:
        """The time in seconds since 1970."""
        return self.now_ms // 1000

    @property
    def calendar(self) -> str:
        """The name or the id of a calendar, as it stands in the path."""
        return self.parameters["calendar"]

    @property
    def feed(self) -> str:
        """The id of a feed, as it stands in the path."""
        return self.parameters["feed"]


def _address(event: Mapping[str, Any]) -> str:
    """The client's address; empty behind another front, whose address is all that is seen.

    The template's stage variable `clientAddress` says so. Headers could say anything.
    """
    if event["stageVariables"].get("clientAddress") == "unknown":
        return ""
    address: str = event["requestContext"]["http"]["sourceIp"]
    return address


def _body(text: str, *, encoded: bool) -> bytes:
    """The body's bytes, cut off right after the limit: the length then shows that it is too large.

    A lone surrogate becomes bytes that are not UTF-8, which every parser of the body refuses.
    """
    if encoded:  # four characters for three bytes
        return base64.b64decode(text[: (limits.BODY // 3 + 1) * 4])
    return text[: limits.BODY + 1].encode("utf-8", "surrogatepass")
