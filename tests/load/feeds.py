"""Feeds as all their subscribers know them, and so what may be answered to the next poll."""

import hashlib
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.harness.stacks import Answer

Ask = Callable[..., Answer]  # a request, by its method, path and headers

# Of all polls: those of the hot feed, the large one, deleted ones, and the others.
_SHARES = (0.33, 0.02, 0.01, 0.64)

_BEGIN = re.compile(r"^BEGIN:VEVENT\r$", re.MULTILINE)
_END = re.compile(r"^END:VEVENT\r$", re.MULTILINE)


class Wrong(Exception):
    """An answer that no client should get."""


def require(holds: object, else_: str) -> None:
    if not holds:
        raise Wrong(else_)


@dataclass(frozen=True)
class _Text:
    digest: bytes
    events: int


@dataclass(eq=False)
class Feed:
    """A feed, and what has been done to it and seen of it; clients side by side share it.

    `added` tokens are in it, as their additions have been answered; `adding` counts those as well
    whose addition has only begun. It is the same with `deleted` and `deleting`.
    """

    path: str
    label: str = "feed"
    added: int = 0
    adding: int = 0
    deleted: bool = False
    deleting: bool = False
    etag: str = ""  # of the text that was read last
    texts: dict[str, _Text] = field(default_factory=dict)  # by their etags

    def poll(self, ask: Ask, *, conditional: bool) -> str:
        """What came of it. Raises Wrong."""
        added, deleted = self.added, self.deleted
        condition = {"If-None-Match": self.etag} if conditional and self.etag else {}
        answer = ask("GET", self.path, {"Accept-Encoding": "gzip", **condition})
        if answer.status == 410:
            require(self.deleting, "a feed is 410 that nobody has deleted")
            return f"{self.label}, deleted"
        require(not deleted, f"a feed that was deleted is {answer.status}")
        require(answer.status in (200, 304), f"a feed is {answer.status}")
        unchanged = answer.status == 304
        text = self._known(answer, **condition) if unchanged else self._read(answer)
        require(text.events >= added, "a feed lacks a token that was added before")
        require(text.events <= self.adding, "a feed has a token that nobody has added")
        return f"{self.label}, {'unchanged' if unchanged else 'text'}"

    def _known(self, answer: Answer, **condition: str) -> _Text:
        etag = answer.headers.get("etag", "")
        require(etag == condition.get("If-None-Match"), "a 304 is not of what the client has")
        require(not answer.body, "a 304 has a body")
        return self.texts[etag]

    def _read(self, answer: Answer) -> _Text:
        etag = answer.headers.get("etag", "")  # none if it changes faster than it can be read
        digest = hashlib.sha256(answer.body).digest()
        if etag in self.texts:
            require(self.texts[etag].digest == digest, "an etag has two texts")
            return self.texts[etag]
        text = _Text(digest, _events(answer))
        if etag:
            self.texts[etag] = text
            self.etag = etag
        return text


def _events(answer: Answer) -> int:
    try:
        text = answer.text
    except (OSError, EOFError, ValueError):
        raise Wrong("a text is damaged") from None
    events = len(_BEGIN.findall(text))
    whole = text.startswith("BEGIN:VCALENDAR\r\n") and text.endswith("END:VCALENDAR\r\n")
    require(whole and len(_END.findall(text)) == events, "a text is not whole")
    return events


@dataclass
class Feeds:
    """All that are polled. What clients side by side do to the lists, each does in one step."""

    hot: Feed
    large: Feed
    others: list[Feed]
    deleted: deque[Feed] = field(default_factory=lambda: deque(maxlen=100))

    def all(self) -> list[Feed]:
        return [self.hot, self.large, *self.others, *self.deleted]

    def any(self, chance: Random) -> Feed:
        deleted, others = list(self.deleted), list(self.others)
        groups = ([self.hot], [self.large], deleted or others, others)
        (group,) = chance.choices(groups, _SHARES)
        return chance.choice(group)
