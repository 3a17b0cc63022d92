"""Whether an answer is true: what there is afterwards is as before, or as it should be."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from mytoken_calendars.aws.dynamodb import keys
from tests.harness.invariants import violations
from tests.harness.reliability.calls import Call
from tests.harness.reliability.states import Names, Row, State
from tests.harness.reliability.variants import Variant
from tests.harness.stacks import Answer, Token
from tests.harness.token_uses import claims

_COUNTED = re.compile(r'"(?:made_\d+|seq_no|uses_\w+)": \{"N": "\w+"\}(?:, )?')


@dataclass(frozen=True)
class Seen:
    """What was answered, unless the function was killed; what there was then; and all calls."""

    answer: Answer | None
    state: State
    calls: Sequence[Call] = ()

    @property
    def successor(self) -> Token | None:
        """That of the presented token, if the client was handed it."""
        document = _document(self.answer) if self.answer else {}
        update = document.get("token_update")
        return Token(update["mytoken"], update["mom_id"]) if update else None


class _Rows(NamedTuple):
    """A state as it is compared. `looked_at` is what a look at the issuer's tokens may change."""

    kept: tuple[Row, ...]
    looked_at: tuple[Row, ...]
    uses: Any


@dataclass(frozen=True)
class Judge:
    """Knows what there was `before`, and what is `right`: what was seen when nothing went wrong."""

    variant: Variant
    token: Token
    before: State
    right: Seen

    def of_request(self, seen: Seen) -> Iterator[str]:
        """What is wrong after a request that met faults."""
        yield from self._always(seen)
        done = self._is_done(seen.state)
        if not done and not self._is_undone(seen.state):
            yield f"half done: {self._differences(seen.state)}"
        match seen.answer:
            case None:
                pass
            case Answer(status=self.variant.status) as answer:
                if not done:
                    yield f"answered {answer.status} and not done: {self._differences(seen.state)}"
                yield from self._wrong(answer, seen.state)
            case Answer(status=503) as answer:
                if not _is_complete(answer):
                    yield f"an incomplete 503: {answer.headers} {answer.text}"
            case Answer() as answer:
                yield f"answered {answer.status}: {answer.text}"

    def of_repetition(self, first: Seen, seen: Seen) -> Iterator[str]:
        """What is wrong after the client has repeated a request that was not answered, or 503."""
        yield from self._always(seen)
        status, replayed, done = self._expected(first)
        answer = seen.answer
        assert answer is not None
        if (answer.status, "idempotent-replayed" in answer.headers) != (status, replayed):
            yield f"repeated, it is answered {answer.status}: {answer.text}"
        elif replayed or not self._is_done(first.state):
            yield from self._wrong(answer, seen.state) if status == self.variant.status else ()
        if done is None:
            return
        is_second = answer.status == self.variant.status and not replayed
        is_counted = is_second and self._is_done(first.state)
        once_more = bool(first.successor or self.before.ledger or is_counted)
        if self._is_done(seen.state, once_more=once_more) != done:
            yield f"repeated, it did not end right: {self._differences(seen.state)}"

    def _expected(self, first: Seen) -> tuple[int, bool, bool | None]:
        """The status of a repetition, whether it is a replay, and whether all is done then.

        The last is None for what is done twice then.
        """
        done = self._is_done(first.state)
        if not first.successor and any(map(_is_note, self._names.rows(first.state))):
            return 503, False, done  # the issuer is not shown the old token again
        if self.variant.key and done and not first.successor:
            return self.variant.status, True, True
        if self.right.successor and self._was_used(first.state) and not first.successor:
            return 401, False, done  # the successor was lost, as it may be without a key
        if self.variant.is_for_one_use and done:
            return 403, False, True
        if done and self.variant.adds_up:
            return self.variant.status, False, None
        return (self.variant.again if done else self.variant.status), False, True

    def _always(self, seen: Seen) -> Iterator[str]:
        yield from violations(seen.state.dump)
        if seen.successor and claims(seen.successor)["seq_no"] != _seq_no(seen.state, self.token):
            yield "handed out a successor that is not the current one"
        if not seen.state.objects.items() <= self.right.state.objects.items():
            yield f"something else in the cache: {seen.state.objects.keys()}"

    def _wrong(self, answer: Answer, state: State) -> Iterator[str]:
        """Whether it is not the right answer to a request that was done."""
        assert self.right.answer is not None
        if self._told(answer) != self._told(self.right.answer):
            yield f"answered {answer.text!r}"
        address = _document(answer).get("ics_path", "")
        if address and not any(
            _is_feed(row, address) for rows in state.dump.values() for row in rows
        ):
            yield f"{address} leads nowhere"

    def _told(self, answer: Answer) -> tuple[str, str | None]:
        document = _document(answer)
        if "token_update" in document:
            text = json.dumps({**document, "token_update": "its successor"})
        else:
            text = answer.text
        return self._names.normal(text), answer.headers.get("etag")

    def _is_done(self, state: State, *, once_more: bool = False) -> bool:
        """`once_more`: the token may have been used for a repetition, too."""
        found, right = self._rows(state), self._right
        if once_more:
            found, right = _uncounted(found), _uncounted(right)
        looked_at = found.looked_at in (right.looked_at, self._before.looked_at)
        return looked_at and (found.kept, found.uses) == (right.kept, right.uses)

    def _is_undone(self, state: State) -> bool:
        found, before, right = self._rows(state), self._before, self._right
        looked_at = found.looked_at in (right.looked_at, before.looked_at)
        return looked_at and found.kept == before.kept and found.uses in (before.uses, right.uses)

    def _was_used(self, state: State) -> bool:
        if self.before.ledger:
            return state.uses != self.before.uses
        return self._is_done(state)

    def _differences(self, state: State) -> str:
        found, before, right = (
            {*self._rows(s).kept} for s in (state, self.before, self.right.state)
        )
        return f"neither before nor after: {found - before - right}; missing: {right - found}"

    def _rows(self, state: State) -> _Rows:
        rows = [row for row in self._names.rows(state) if not _is_note(row)]
        looks = self.variant.looks
        looked_at = tuple(row for row in rows if looks and row.partition.startswith("REVOKED#"))
        return _Rows(tuple(row for row in rows if row not in looked_at), looked_at, state.uses)

    @cached_property
    def _names(self) -> Names:
        return Names.of(self.before)

    @cached_property
    def _before(self) -> _Rows:
        return self._rows(self.before)

    @cached_property
    def _right(self) -> _Rows:
        return self._rows(self.right.state)


def _is_note(row: Row) -> bool:
    """Whether it says for a minute that an issuer was asked to rotate the token."""
    return '"begun": ' in row.text


def _uncounted(rows: _Rows) -> _Rows:
    """Without how often tokens were used, and rotated."""
    kept = (Row(row.partition, _COUNTED.sub("", row.text)) for row in rows.kept)
    return _Rows(tuple(kept), rows.looked_at, None)


def _is_feed(row: Any, address: str) -> bool:
    key = keys.feed_head(address.split("/")[-2])
    return (row["pk"]["S"], "version" in row) == (key["pk"], True)


def _seq_no(state: State, token: Token) -> int:
    if state.ledger:
        return state.ledger[token.mom_id].seq_no
    rows = (row for rows in state.dump.values() for row in rows if "seq_no" in row)
    return next(int(row["seq_no"]["N"]) for row in rows if row["sk"]["S"] == token.mom_id)


def _document(answer: Answer) -> dict[str, Any]:
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    document: dict[str, Any] = answer.json if is_json else {}
    return document


def _is_complete(unavailable: Answer) -> bool:
    if unavailable.operation == "view_calendar":
        says = "temporarily_unavailable" if "Not just now" in unavailable.text else None
    else:
        says = _document(unavailable).get("error")
    return (says, unavailable.headers.get("retry-after")) == ("temporarily_unavailable", "2")
