"""What can be done with calendars, on a database that is a dictionary and may be overtaken."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest

from mytoken_calendars import limits
from mytoken_calendars.calendars import weight
from mytoken_calendars.calendars.calendar import Addition, Address, Calendar, Contents
from mytoken_calendars.calendars.calendars import add_token, create, delete, find, list_all
from mytoken_calendars.calendars.subscriptions import Mark, Subscription
from mytoken_calendars.calendars.tags import NO_TAGS, Tags
from mytoken_calendars.calendars.wish import Wish
from mytoken_calendars.changes import Change, Use, Write
from mytoken_calendars.errors import (
    CalendarExists,
    CalendarNotFound,
    InsufficientCapabilities,
    InvalidGrant,
    InvalidRequest,
    LimitReached,
    Outdated,
    OwnerFull,
    Refusal,
    RepeatedTooLate,
    UsageRestricted,
)
from mytoken_calendars.identifiers import Owner, is_secret, mom_id_of
from mytoken_calendars.tokens.authority import Caller
from mytoken_calendars.tokens.idempotency import IdempotencyKey, Receipt
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.doubles.fakes import FakeAuthority, FakeReceipts
from tests.harness.examples import (
    BEARER,
    CALENDAR_ID,
    DAY,
    ISSUER,
    MOM_ID,
    NOW,
    OTHER_MOM_ID,
    caller,
    guard,
    record,
)

OWN = record(conditions=(guard("caller"),))
CALLER = caller(OWN)
CI = Calendar(CALENDAR_ID, CALLER.owner, "CI Mytokens", (Address("c1", "F" * 32),))
SHORT, OTHER_SHORT = MOM_ID[:16], OTHER_MOM_ID[:16]
NOW_MS = NOW * 1000 + 999
SUCCESSOR = {"mytoken": "its-successor"}


@dataclass
class FakeStore:
    """The calendars of one user. The first of `overtaken` runs in front of the next write.

    All calendars have the same tokens, by short mom_id; those in `revoked` are not alive, `marks`
    are further ones, and `more` is what is in the calendars besides. All of them may weigh
    `owners_room`; what is dead `elsewhere` leaves if all are tidied. `log` names all that is read
    and written, in one list with what its authority is asked.
    """

    calendars: dict[str, Calendar] = field(default_factory=lambda: {CI.name: CI})
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    overtaken: list[Callable[[], None]] = field(default_factory=list)
    log: list[tuple[Any, ...]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    conditions: tuple[Write, ...] = ()
    revoked: Sequence[str] = ()
    marks: dict[str, Mark] = field(default_factory=dict)
    more: int = 0
    owners_room: int = limits.OWNER_WEIGHT
    elsewhere: int = 0
    comes_through: bool = True
    replaced: list[Subscription | None] = field(default_factory=list)
    lifted: list[Mark | None] = field(default_factory=list)

    @property
    def writes(self) -> list[str]:
        return [name for name, *_ in self.log if name in WRITES]

    def find(self, owner: Owner, name: str) -> Calendar:
        self.log.append(("calendar", name))
        if owner != CALLER.owner or name not in self.calendars:
            raise CalendarNotFound
        return self.calendars[name]

    def find_by_id(self, owner: Owner, calendar_id: str) -> Calendar:
        self.log.append(("calendar", calendar_id))
        for calendar in self.calendars.values():
            if (calendar.owner, calendar.id) == (owner, calendar_id):
                return calendar
        raise CalendarNotFound

    def all(self, owner: Owner) -> list[Calendar]:
        self.log.append(("all", owner))
        return list(self.calendars.values())

    def contents(self, calendar: Calendar) -> Contents:
        self.log.append(("contents", calendar.id))
        tokens = dict(self.subscriptions)
        alive = {key: one for key, one in tokens.items() if key not in self.revoked}
        weighs = self.more + sum(one.weight for one in tokens.values())
        marks = {**dict.fromkeys(self.revoked, (NOW, False)), **self.marks}
        return Contents(calendar.name, "", ("a-feed",), weighs, 0, tokens, alive, {}, marks)

    def names(self, owner: Owner) -> set[str]:
        return {*self.calendars}

    def tags(self, owner: Owner) -> Tags:
        return NO_TAGS

    def create(self, calendar: Calendar, all_tags: Tags, change: Change, use: Use) -> None:
        self._write("create", change, use)
        if calendar.name in self.calendars:
            raise CalendarExists
        self.calendars[calendar.name] = calendar

    def subscribe(
        self, calendar: Calendar, found: Contents, addition: Addition, change: Change, use: Use
    ) -> None:
        token = addition.token
        weighs = self.elsewhere + sum(one.weight for one in self.subscriptions.values())
        if weighs + addition.more > self.owners_room:
            raise OwnerFull("too heavy.")
        self._write("subscribe", change, use)
        self.replaced.append(addition.known)
        for one in addition.leaving:
            del self.subscriptions[one.short_id]
        self.subscriptions[token.short_id] = token
        self.lifted.append(addition.mark)

    def tidy_one(self, calendar: Calendar, now: int) -> None:
        self.log.append(("tidy_one", calendar.id))
        self._take_out(now)

    def tidy(self, owner: Owner, now: int) -> bool:
        self.log.append(("tidy", owner))
        self._take_out(now)
        self.elsewhere = 0
        return self.comes_through

    def _take_out(self, now: int) -> None:
        for short_id, one in [*self.subscriptions.items()]:
            if short_id in self.revoked or one.is_long_over(now):
                del self.subscriptions[short_id]

    def confirm(self, calendar: Calendar, change: Change, use: Use) -> None:
        self._write("confirm", change, use)

    def delete(self, calendar: Calendar, change: Change, use: Use) -> None:
        self._write("delete", change, use)
        del self.calendars[calendar.name]

    def commit_use(self, change: Change, use: Use) -> None:
        self._write("commit", change, use)

    def _write(self, what: str, change: Change, use: Use) -> None:
        self.log.append((what,))
        self.changes.append(change)
        if self.overtaken:
            self.overtaken.pop(0)()
            raise Outdated
        self.conditions = (*use.writes, *use.conditions)
        use.follow_up()


WRITES = ("create", "subscribe", "confirm", "delete", "commit")


def using(
    token: TokenRecord = OWN, *others: TokenRecord, **changes: Any
) -> tuple[Caller, FakeStore]:
    """A caller whose token is rotated by each use, and a store that logs what it is used for."""
    authority = FakeAuthority(others=others, writes=(guard("use"),), token_update=SUCCESSOR)
    return caller(token, authority, **changes), FakeStore(log=authority.asked)


def names(log: list[tuple[Any, ...]]) -> list[str]:
    return [name for name, *_ in log]


def keys(guards: Iterable[Write]) -> list[str]:
    return [(write.parameters.get("Key") or write.parameters["Item"])["pk"] for write in guards]


def update_of(somebody: Caller) -> object:
    return somebody.credentials.state.token_update


def nothing() -> None:
    """Another change that leaves everything as it was."""


def known(comment: str = "", **token: Any) -> Subscription:
    """A token that was added at NOW_MS."""
    return Subscription.of(record(**token), comment, added=NOW_MS)


def add(
    store: FakeStore, token: TokenRecord | None = None, comment: str = "", now: int = NOW
) -> Calendar:
    chosen = token or record()
    own = replace(chosen, conditions=OWN.conditions) if chosen.mom_id == MOM_ID else OWN
    somebody = caller(own, FakeAuthority(others=(chosen,)))
    now_ms = now * 1000 + NOW_MS % 1000
    return add_token(store, somebody, CI.name, chosen.mom_id, comment, now_ms=now_ms)


def test_a_new_calendar_belongs_to_its_caller_and_is_empty() -> None:
    store = FakeStore()

    calendar = create(store, CALLER, Wish("New"), now=NOW)

    assert store.calendars["New"] == calendar
    assert calendar == Calendar(calendar.id, CALLER.owner, "New", calendar.addresses)
    assert UUID(calendar.id).version == 4
    assert is_secret(calendar.addresses[0].secret)


def test_a_new_calendar_is_stored_at_the_time_and_on_the_callers_guards() -> None:
    store = FakeStore()

    create(store, CALLER, Wish("New"), now=NOW)

    assert store.changes[0].at == NOW
    assert store.conditions == OWN.conditions


def test_two_new_calendars_have_neither_id_in_common() -> None:
    store = FakeStore()

    one = create(store, CALLER, Wish("One"), now=NOW)
    other = create(store, CALLER, Wish("Other"), now=NOW)

    assert one.id != other.id
    assert one.addresses[0].secret != other.addresses[0].secret


def test_a_token_is_used_for_a_new_calendar_that_is_not_there_yet() -> None:
    somebody, store = using()

    create(store, somebody, Wish("New"), now=NOW)

    assert names(store.log) == ["calendar", "use", "create", "used"]
    assert keys(store.conditions) == ["use", "caller"]
    assert update_of(somebody) is SUCCESSOR


def test_a_calendar_that_exists_is_not_created_again_and_no_token_is_used_for_it() -> None:
    somebody, store = using()

    with pytest.raises(CalendarExists):
        create(store, somebody, Wish(CI.name), now=NOW)

    assert store.calendars == {CI.name: CI}
    assert names(store.log) == ["calendar"]
    assert update_of(somebody) is None


@pytest.mark.parametrize("refusal", [CalendarExists(), LimitReached(), Outdated()])
def test_a_creation_that_is_refused_when_it_is_committed_hands_no_successor_on(
    refusal: Refusal,
) -> None:
    def refuse() -> None:
        raise refusal

    somebody, store = using()
    store.overtaken = [refuse]

    with pytest.raises(Refusal) as refused:
        create(store, somebody, Wish("New"), now=NOW)

    assert refused.value is refusal
    assert update_of(somebody) is None
    assert store.calendars == {CI.name: CI}


def test_a_calendar_is_found_by_its_composed_name() -> None:
    cafe = replace(CI, name="Café")
    store = FakeStore({"Café": cafe})

    assert find(store, CALLER.owner, "Cafe\u0301") == cafe


@pytest.mark.parametrize("text", ["Unknown", "", ".", "a/b", "\u202e", " CI Mytokens", "n" * 5_000])
def test_a_calendar_of_an_unknown_or_impossible_name_is_not_found(text: str) -> None:
    with pytest.raises(CalendarNotFound):
        find(FakeStore({"": CI, ".": CI, "a/b": CI, "\u202e": CI}), CALLER.owner, text)


def test_a_calendar_of_another_owner_is_not_found() -> None:
    with pytest.raises(CalendarNotFound):
        find(FakeStore(), Owner("somebody else"), CI.name)


@pytest.mark.parametrize("text", [CALENDAR_ID, CALENDAR_ID.upper(), CALENDAR_ID.title()])
def test_a_calendar_is_found_by_its_id_in_letters_of_any_case(text: str) -> None:
    assert find(FakeStore(), CALLER.owner, text) == CI


@pytest.mark.parametrize(
    "calendar_id",
    [CALENDAR_ID.replace("0", "1"), CALENDAR_ID.replace("-", ""), f"{{{CALENDAR_ID}}}"],
    ids=["another", "without-hyphens", "in-braces"],
)
def test_a_calendar_of_an_unknown_id_is_not_found(calendar_id: str) -> None:
    with pytest.raises(CalendarNotFound):
        find(FakeStore(), CALLER.owner, calendar_id)


def test_a_calendar_of_another_owner_is_not_found_by_its_id() -> None:
    with pytest.raises(CalendarNotFound):
        find(FakeStore(), Owner("somebody else"), CALENDAR_ID)


def test_an_id_is_never_taken_for_a_name() -> None:
    store = FakeStore({CALENDAR_ID: replace(CI, name=CALENDAR_ID, id="another")})

    with pytest.raises(CalendarNotFound):
        find(store, CALLER.owner, CALENDAR_ID)


def test_a_token_is_added_and_a_calendar_deleted_by_the_calendars_id() -> None:
    store = FakeStore()

    calendar = add_token(store, CALLER, CALENDAR_ID, "", comment="", now_ms=NOW_MS)
    delete(store, CALLER, CALENDAR_ID, now=NOW)

    assert calendar == replace(CI, subscribed_tokens=(MOM_ID,))
    assert store.calendars == {}


def test_a_name_that_was_not_utf_8_is_malformed() -> None:
    with pytest.raises(InvalidRequest, match="is not UTF-8"):
        find(FakeStore(), CALLER.owner, "caf\ufffd")


def test_a_token_that_is_added_is_in_the_calendar() -> None:
    store = FakeStore()

    calendar = add(store, comment="nightly")

    assert calendar == replace(CI, subscribed_tokens=(MOM_ID,))
    assert store.subscriptions == {SHORT: known("nightly")}
    assert store.changes[0].at == NOW


def test_a_token_is_added_on_the_guards_of_the_caller_and_of_the_token() -> None:
    store = FakeStore()
    token = record(mom_id=OTHER_MOM_ID, conditions=(guard("token"),))

    add(store, token)

    assert keys(store.conditions) == ["caller", "token"]


def test_a_token_that_is_added_again_is_confirmed_and_nothing_changes() -> None:
    store = FakeStore()
    add(store, comment="nightly")
    before = dict(store.subscriptions)

    calendar = add(store, comment="nightly", now=NOW + DAY)

    assert calendar.subscribed_tokens == (MOM_ID,)
    assert store.subscriptions == before
    assert store.writes == ["subscribe", "confirm"]
    assert {*keys(store.conditions)} == {"caller"}


def test_a_token_that_is_added_again_without_a_comment_keeps_the_one_it_has() -> None:
    store = FakeStore()
    add(store, comment="nightly")

    add(store, now=NOW + DAY)

    assert store.subscriptions[SHORT].comment == "nightly"
    assert store.writes == ["subscribe", "confirm"]


def test_a_token_that_is_added_again_with_another_comment_has_that_one() -> None:
    store = FakeStore()
    add(store, comment="nightly")
    before = store.subscriptions[SHORT]

    calendar = add(store, comment="weekly", now=NOW + DAY)

    assert calendar.subscribed_tokens == (MOM_ID,)
    renewed = before._replace(comment="weekly", changed=NOW + DAY, changes=1)
    assert store.subscriptions == {SHORT: renewed}
    assert store.writes == ["subscribe", "subscribe"]


@pytest.mark.parametrize("change", [{"name": "new"}, {"expires": NOW + 60 * DAY}])
def test_a_token_that_has_changed_is_renewed_when_it_is_added_again(
    change: dict[str, object],
) -> None:
    store = FakeStore()
    add(store)

    add(store, record(**change), now=NOW + DAY)

    assert store.subscriptions == {SHORT: known(**change)._replace(changed=NOW + DAY, changes=1)}


def test_two_tokens_are_two_subscriptions() -> None:
    store = FakeStore()

    add(store)
    calendar = add(store, record(mom_id=OTHER_MOM_ID), now=NOW + 1)

    assert calendar.subscribed_tokens == (MOM_ID, OTHER_MOM_ID)


def test_an_answer_has_what_was_read_without_the_revoked_and_the_token_in_order() -> None:
    revoked, later = mom_id_of(UUID(int=2)), mom_id_of(UUID(int=3))
    store = FakeStore(revoked=[revoked[:16]])
    for number, mom_id in enumerate((OTHER_MOM_ID, revoked, later)):
        token = known(mom_id=mom_id)._replace(added=NOW_MS + (number - 1) * DAY)
        store.subscriptions[mom_id[:16]] = token

    calendar = add(store)

    assert calendar.subscribed_tokens == (OTHER_MOM_ID, MOM_ID, later)


@pytest.mark.parametrize("comment", ["", "new"])
def test_a_mark_from_before_the_token_was_found_alive_is_lifted(comment: str) -> None:
    mark = (NOW - limits.CLOCK_LEEWAY - 1, False)
    store = FakeStore(subscriptions={SHORT: known()}, marks={SHORT: mark})

    assert add(store, comment=comment).subscribed_tokens == (MOM_ID,)
    assert (store.writes, store.lifted) == (["subscribe"], [mark])


@pytest.mark.parametrize("before", [limits.CLOCK_LEEWAY, 0, -1])
def test_a_token_that_is_marked_while_it_is_added_is_refused(before: int) -> None:
    store = FakeStore(marks={SHORT: (NOW - before, False)})

    with pytest.raises(InvalidGrant):
        add(store)

    assert store.writes == []


@pytest.mark.parametrize("recursive", [True, False])
def test_what_an_ancestors_mark_hides_is_refused(*, recursive: bool) -> None:
    child = record(ancestors=(OTHER_MOM_ID,))
    store = FakeStore(marks={OTHER_SHORT: (NOW - DAY, recursive)})

    with suppress(InvalidGrant):
        add(store, child)

    assert store.writes == ([] if recursive else ["subscribe"])


def test_a_token_replaces_what_was_found_of_it_and_nothing_else() -> None:
    other = known(mom_id=OTHER_MOM_ID)
    store = FakeStore(subscriptions={OTHER_SHORT: other})

    add(store)
    add(store, comment="nightly")

    assert store.replaced == [None, known()]
    assert store.subscriptions[OTHER_SHORT] is other


def test_another_token_whose_mom_id_begins_alike_is_refused() -> None:
    store = FakeStore(subscriptions={SHORT: known(mom_id=SHORT + OTHER_MOM_ID[16:])})

    with pytest.raises(InvalidRequest, match="another mytoken whose mom_id begins alike"):
        add(store)

    assert store.writes == []


def full(*tokens: Subscription) -> FakeStore:
    """A calendar with these tokens that has no room left."""
    weighs = sum(token.weight for token in tokens)
    subscriptions = {token.short_id: token for token in tokens}
    return FakeStore(subscriptions=subscriptions, more=limits.CALENDAR_WEIGHT - weighs)


def test_a_calendar_takes_what_it_has_just_room_for() -> None:
    store = full()
    store.more -= weight.of_token("ci", "nightly", 0)

    add(store, comment="nightly")

    assert store.writes == ["subscribe"]


def test_a_calendar_without_room_refuses_a_token_and_none_is_used_for_it() -> None:
    somebody, store = using()
    store.more = limits.CALENDAR_WEIGHT - known().weight + 1

    with pytest.raises(LimitReached) as refused:
        add_token(store, somebody, CI.name, "", comment="", now_ms=NOW_MS)

    told = str(refused.value)
    assert f"at most {limits.CALENDAR_WEIGHT:,}" in told
    assert f"to the {store.more:,} of the 0 mytokens" in told
    assert f"would add {known().weight:,}" in told
    assert names(store.log) == ["calendar", "contents"]
    assert update_of(somebody) is None


# --- the dead make room ---------------------------------------------------------------------------

OVER = NOW - limits.EXPIRED_KEPT - 1


def others(count: int, **more: Any) -> dict[str, Subscription]:
    """Subscriptions of so many other tokens, by short mom_id."""
    found = [known(mom_id=mom_id_of(UUID(int=number))) for number in range(count)]
    return {one.short_id: one._replace(**more) for one in found}


def test_at_most_twenty_tokens_that_expired_a_month_ago_leave_with_an_addition() -> None:
    store = FakeStore(subscriptions=others(limits.EXPIRED_AT_ONCE + 1, expires=OVER))

    calendar = add(store)

    assert len(store.subscriptions) == 2
    assert set(calendar.subscribed_tokens) == {one.mom_id for one in store.subscriptions.values()}


def test_tokens_that_expired_less_than_a_month_ago_stay() -> None:
    store = FakeStore(subscriptions=others(2, expires=OVER + 1))

    add(store)

    assert len(store.subscriptions) == 3


def test_nothing_leaves_when_nothing_new_is_added() -> None:
    store = FakeStore(subscriptions={**others(2, expires=OVER), SHORT: known()})

    assert len(add(store).subscribed_tokens) == 3
    assert (store.writes, len(store.subscriptions)) == (["confirm"], 3)


def test_a_token_that_is_added_anew_stays_however_long_it_had_been_over() -> None:
    store = FakeStore(subscriptions={SHORT: known()._replace(expires=OVER)})

    assert add(store).subscribed_tokens == (MOM_ID,)
    assert store.replaced == [known()._replace(expires=OVER)]


def test_an_addition_whose_leaving_ones_another_has_taken_out_does_without() -> None:
    store = FakeStore(subscriptions=others(3, expires=OVER))
    store.overtaken = [lambda: store.subscriptions.popitem() and None]

    answers: list[Calendar] = []

    with suppress(Outdated):
        answers.append(add(store))

    assert store.writes == ["subscribe"] * 2
    assert len({change.id for change in store.changes}) == 2
    assert len(store.subscriptions) == 3
    assert [len(answer.subscribed_tokens) for answer in answers] == [4]


def test_the_revoked_make_room_in_a_full_calendar() -> None:
    store = full(*others(3).values())
    store.revoked = [*store.subscriptions][:1]

    calendar = add(store)

    assert names(store.log) == ["calendar", "contents", "tidy_one", "contents", "subscribe"]
    assert store.revoked[0] not in store.subscriptions
    assert len(calendar.subscribed_tokens) == 3


def test_the_dead_of_other_calendars_make_room_for_an_owner() -> None:
    store = FakeStore(owners_room=10_000, elsewhere=10_000)

    assert add(store).subscribed_tokens == (MOM_ID,)
    assert names(store.log) == ["calendar", "contents", "tidy", "contents", "subscribe"]


@pytest.mark.parametrize("comes_through", [True, False])
def test_an_owner_without_room_is_told_whether_trying_again_may_help(
    *, comes_through: bool
) -> None:
    store = FakeStore(owners_room=0, comes_through=comes_through)

    with pytest.raises(LimitReached) as refused:
        add(store)

    assert ("try again" in str(refused.value)) is not comes_through
    assert ("Delete a calendar first" in str(refused.value)) is comes_through
    assert store.writes == []


@pytest.mark.parametrize(("less", "tidies"), [(0, True), (1, False)])
def test_an_addition_that_finds_too_many_marks_tidies_first(less: int, *, tidies: bool) -> None:
    store = FakeStore()
    for number in range(limits.MARKS_TIDIED - less):
        store.marks[f"{number:016}"] = (NOW, False)

    add(store)

    assert ("tidy" in names(store.log)) is tidies
    assert store.writes == ["subscribe"]


@pytest.mark.parametrize(
    ("comment", "write"), [("", "confirm"), ("x" * 100, "confirm"), ("y" * 100, "subscribe")]
)
def test_a_full_calendar_takes_what_makes_it_no_heavier(comment: str, write: str) -> None:
    store = full(known("x" * 100))

    add(store, comment=comment)

    assert store.writes == [write]


def test_a_full_calendar_takes_what_makes_it_lighter() -> None:
    store = full(known("x" * 100))

    add(store, comment="y")

    assert store.subscriptions[SHORT].comment == "y"


def test_a_full_calendar_refuses_a_longer_comment() -> None:
    store = full(known("nightly"))

    with pytest.raises(LimitReached):
        add(store, comment="x" * 1_000)

    assert store.subscriptions == {SHORT: known("nightly")}
    assert store.writes == []


@pytest.mark.parametrize(
    ("expires", "words"),
    [(None, "never expires"), (NOW - 1, "has already expired"), (0, "expired")],
)
@pytest.mark.parametrize("mom_id", ["", MOM_ID, OTHER_MOM_ID])
def test_a_token_without_an_expiry_to_come_is_refused_and_no_token_is_used_for_it(
    mom_id: str, expires: int | None, words: str
) -> None:
    other = record(mom_id=OTHER_MOM_ID, expires=expires)
    own = OWN if mom_id == OTHER_MOM_ID else record(expires=expires)
    somebody, store = using(own, other)

    with pytest.raises(InvalidRequest, match=words):
        add_token(store, somebody, CI.name, mom_id, comment="", now_ms=NOW_MS)

    assert {*names(store.log)} <= {"calendar", "find"}


def test_a_token_in_the_last_second_of_its_life_may_be_added() -> None:
    store = FakeStore()

    add(store, record(expires=NOW))

    assert store.subscriptions[SHORT].expires == NOW


@pytest.mark.parametrize("mom_id", ["", MOM_ID, OTHER_MOM_ID])
def test_a_calendar_that_does_not_exist_is_told_before_any_token_is_asked_for(mom_id: str) -> None:
    somebody, store = using(record(expires=None))

    with pytest.raises(CalendarNotFound):
        add_token(store, somebody, "Unknown", mom_id, comment="", now_ms=NOW_MS)

    assert names(store.log) == ["calendar"]
    assert update_of(somebody) is None


@pytest.mark.parametrize(
    ("mom_id", "again", "log"),
    [
        ("", False, ["calendar", "contents", "use", "subscribe", "used"]),
        ("", True, ["calendar", "contents", "use", "confirm", "used"]),
        (OTHER_MOM_ID, False, ["calendar", "find", "contents", "use", "subscribe", "used"]),
        (OTHER_MOM_ID, True, ["calendar", "find", "contents", "use", "confirm", "used"]),
    ],
)
def test_the_callers_token_is_used_when_all_else_is_known(
    mom_id: str, log: list[str], *, again: bool
) -> None:
    other = record(mom_id=OTHER_MOM_ID, conditions=(guard("token"),))
    somebody, store = using(OWN, other)
    token = other if mom_id else OWN
    if again:
        store.subscriptions[token.mom_id[:16]] = known(mom_id=token.mom_id)

    calendar = add_token(store, somebody, CI.name, mom_id, comment="", now_ms=NOW_MS)

    assert calendar.subscribed_tokens == (token.mom_id,)
    assert names(store.log) == log
    assert keys(store.conditions) == ["use", "caller", "token" if mom_id else "caller"]
    assert update_of(somebody) is SUCCESSOR


@pytest.mark.parametrize(
    ("capability", "ancestors", "refusal"),
    [
        ("manage_mytokens:notify", None, InvalidGrant),
        ("tokeninfo:notify", None, InsufficientCapabilities),
        ("tokeninfo:notify", (), InsufficientCapabilities),
    ],
)
def test_a_token_that_the_caller_does_not_manage_is_refused_and_nothing_is_used(
    capability: str, ancestors: tuple[str, ...] | None, refusal: type[Refusal]
) -> None:
    others = () if ancestors is None else (record(mom_id=OTHER_MOM_ID, ancestors=ancestors),)
    somebody, store = using(OWN, *others, capabilities=[capability])

    with pytest.raises(Refusal) as refused:
        add_token(store, somebody, CI.name, OTHER_MOM_ID, comment="", now_ms=NOW_MS)

    assert type(refused.value) is refusal
    assert names(store.log) == ["calendar", "find"]


def test_a_descendant_may_be_added_with_tokeninfo_notify() -> None:
    child = record(mom_id=OTHER_MOM_ID, ancestors=(MOM_ID,))
    somebody, store = using(OWN, child, capabilities=["tokeninfo:notify"])
    store.subscriptions["x" * 16] = known(mom_id="x" * 88)

    shown = add_token(store, somebody, CI.name, OTHER_MOM_ID, comment="", now_ms=NOW_MS)

    assert store.subscriptions[OTHER_SHORT] == known(mom_id=OTHER_MOM_ID, ancestors=(MOM_ID,))
    assert shown.document("https://here.example") == {
        "id": CALENDAR_ID,
        "name": CI.name,
        "subscribed_tokens": [OTHER_MOM_ID],
    }


def test_an_addition_that_is_overtaken_hands_no_successor_on() -> None:
    somebody, store = using()
    store.overtaken = [nothing]

    with pytest.raises(Outdated):
        add_token(store, somebody, CI.name, "", comment="", now_ms=NOW_MS)

    assert update_of(somebody) is None


def test_an_addition_that_was_overtaken_is_outdated_and_changes_nothing(
    pauses: list[float],
) -> None:
    store = FakeStore(overtaken=[nothing])

    with pytest.raises(Outdated):
        add(store)

    assert store.subscriptions == {}
    assert store.writes == ["subscribe"]
    assert pauses == []


def test_an_addition_that_starts_again_is_another_change() -> None:
    store = FakeStore(overtaken=[nothing])
    with pytest.raises(Outdated):
        add(store)

    calendar = add(store)

    assert calendar.subscribed_tokens == (MOM_ID,)
    assert store.writes == ["subscribe", "subscribe"]
    assert len({change.id for change in store.changes}) == 2


def test_an_addition_that_starts_again_after_the_same_one_is_confirmed() -> None:
    theirs = known("nightly")
    store = FakeStore()
    store.overtaken = [lambda: store.subscriptions.update({SHORT: theirs})]
    with pytest.raises(Outdated):
        add(store, comment="nightly")

    add(store, comment="nightly")

    assert store.subscriptions == {SHORT: theirs}
    assert store.writes == ["subscribe", "confirm"]


def test_an_addition_that_starts_again_after_another_comment_replaces_it() -> None:
    theirs = known("theirs")._replace(changes=3)
    store = FakeStore()
    store.overtaken = [lambda: store.subscriptions.update({SHORT: theirs})]
    with pytest.raises(Outdated):
        add(store, comment="ours")

    add(store, comment="ours")

    ours = theirs._replace(comment="ours", changes=4, weight=known("ours").weight)
    assert store.subscriptions == {SHORT: ours}
    assert store.writes == ["subscribe", "subscribe"]


@pytest.mark.parametrize(("comment", "write"), [("theirs", "confirm"), ("ours", "subscribe")])
def test_an_addition_of_a_known_token_that_was_overtaken_is_outdated(
    comment: str, write: str
) -> None:
    theirs = known("theirs")
    store = FakeStore(subscriptions={SHORT: theirs}, overtaken=[nothing])

    with pytest.raises(Outdated):
        add(store, comment=comment)

    assert store.subscriptions == {SHORT: theirs}
    assert store.writes == [write]


def test_an_addition_that_starts_again_after_a_deletion_finds_no_calendar() -> None:
    store = FakeStore()
    store.overtaken = [store.calendars.clear]
    with pytest.raises(Outdated):
        add(store)

    with pytest.raises(CalendarNotFound):
        add(store)

    assert store.subscriptions == {}


def test_any_other_refusal_passes_through_too() -> None:
    def full() -> None:
        raise LimitReached

    store = FakeStore(overtaken=[full, full])

    with pytest.raises(LimitReached):
        add(store)

    assert store.writes == ["subscribe"]


def test_a_calendar_that_is_deleted_is_there_no_more() -> None:
    somebody, store = using()

    delete(store, somebody, CI.name, now=NOW)

    assert store.calendars == {}
    assert store.changes[0].at == NOW
    assert names(store.log) == ["calendar", "use", "delete", "used"]
    assert keys(store.conditions) == ["use", "caller"]
    assert update_of(somebody) is SUCCESSOR


def test_a_calendar_that_does_not_exist_is_not_deleted_and_no_token_is_used_for_it() -> None:
    somebody, store = using()

    with pytest.raises(CalendarNotFound):
        delete(store, somebody, "Unknown", now=NOW)

    assert store.calendars == {CI.name: CI}
    assert names(store.log) == ["calendar"]
    assert update_of(somebody) is None


def test_a_deletion_that_was_overtaken_is_outdated_and_deletes_nothing() -> None:
    store = FakeStore(overtaken=[nothing])

    with pytest.raises(Outdated):
        delete(store, CALLER, CI.name, now=NOW)

    assert store.calendars == {CI.name: CI}
    assert store.writes == ["delete"]


def test_a_deletion_that_starts_again_is_another_change() -> None:
    store = FakeStore(overtaken=[nothing])
    with pytest.raises(Outdated):
        delete(store, CALLER, CI.name, now=NOW)

    delete(store, CALLER, CI.name, now=NOW)

    assert store.calendars == {}
    assert store.writes == ["delete", "delete"]
    assert len({change.id for change in store.changes}) == 2


def test_a_deletion_that_starts_again_after_another_one_finds_no_calendar() -> None:
    store = FakeStore()
    store.overtaken = [store.calendars.clear]
    with pytest.raises(Outdated):
        delete(store, CALLER, CI.name, now=NOW)

    with pytest.raises(CalendarNotFound):
        delete(store, CALLER, CI.name, now=NOW)


def test_all_calendars_are_listed_by_the_use_of_a_token() -> None:
    other = replace(CI, name="Other", subscribed_tokens=(MOM_ID,))
    somebody, store = using()
    store.calendars["Other"] = other

    assert list_all(store, somebody, now=NOW) == [CI, other]
    assert store.log[0] == ("all", somebody.owner)
    assert names(store.log) == ["all", "use", "commit", "used"]
    assert keys(store.conditions) == ["use", "caller"]
    assert store.changes[0].at == NOW
    assert update_of(somebody) is SUCCESSOR


def test_a_list_that_is_outdated_uses_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    def outdated(_owner: Owner) -> list[Calendar]:
        raise Outdated

    somebody, store = using()
    monkeypatch.setattr(store, "all", outdated)

    with pytest.raises(Outdated):
        list_all(store, somebody, now=NOW)

    assert store.log == []


def test_a_list_whose_use_is_not_committed_is_not_given_out() -> None:
    somebody, store = using()
    store.overtaken = [nothing]

    with pytest.raises(Outdated):
        list_all(store, somebody, now=NOW)

    assert update_of(somebody) is None


LIST = pytest.param(lambda *who: list_all(*who, now=NOW), id="list_all")
CHANGES = [
    pytest.param(lambda *who: create(*who, Wish("New"), now=NOW), id="create"),
    pytest.param(
        lambda *who: add_token(*who, CI.name, "", comment="", now_ms=NOW_MS), id="add_token"
    ),
    pytest.param(lambda *who: delete(*who, CI.name, now=NOW), id="delete"),
]
Operate = Callable[[FakeStore, Caller], Any]


@pytest.mark.parametrize("operate", [LIST, *CHANGES])
def test_an_operation_for_which_the_token_may_not_be_used_changes_nothing(operate: Operate) -> None:
    authority = FakeAuthority(refusal=UsageRestricted())
    store = FakeStore()

    with pytest.raises(UsageRestricted):
        operate(store, caller(OWN, authority))

    assert store.writes == []


KEY = IdempotencyKey("k", "a-digest")


@pytest.mark.parametrize("operate", CHANGES)
def test_an_operation_with_a_key_leaves_a_receipt_of_its_calendar_in_its_own_change(
    operate: Operate,
) -> None:
    receipts = FakeReceipts()
    somebody, store = using()
    presented = replace(somebody.credentials, idempotency_key=KEY)
    somebody = replace(somebody, credentials=presented, receipts=receipts)

    done = operate(store, somebody)

    ((_, key, bearer, receipt, change),) = receipts.asked
    calendar_id = done.id if isinstance(done, Calendar) else CALENDAR_ID
    assert (key, bearer) == (KEY, BEARER)
    assert receipt == Receipt(calendar_id, SUCCESSOR)
    assert [change] == store.changes
    assert keys(store.conditions)[:3] == ["receipt", "use", "caller"]


def repeating(calendar_id: str = CALENDAR_ID) -> tuple[Caller, FakeStore]:
    """A caller who repeats a request that has done something to this calendar."""
    somebody, store = using()
    return replace(somebody, receipt=Receipt(calendar_id, None)), store


def test_a_creation_that_is_repeated_gives_the_calendar_that_was_created() -> None:
    somebody, store = repeating()

    assert create(store, somebody, Wish(CI.name), now=NOW) == CI
    assert names(store.log) == ["calendar", "contents"]


def test_an_addition_that_is_repeated_gives_the_calendar_with_its_tokens_of_now() -> None:
    somebody, store = repeating()
    store.subscriptions[OTHER_SHORT] = known(mom_id=OTHER_MOM_ID)

    calendar = add_token(store, somebody, CI.name, "unknown", comment="", now_ms=NOW_MS)

    assert calendar == replace(CI, subscribed_tokens=(OTHER_MOM_ID,))
    assert names(store.log) == ["calendar", "contents"]


def test_an_addition_that_is_repeated_by_id_when_its_calendar_is_gone_comes_too_late() -> None:
    somebody, store = repeating()
    store.calendars = {}

    with pytest.raises(RepeatedTooLate):
        add_token(store, somebody, CALENDAR_ID, "", comment="", now_ms=NOW_MS)


@pytest.mark.parametrize("calendars", [{}, {CI.name: CI}])
def test_a_deletion_that_is_repeated_deletes_nothing_not_even_a_calendar_of_the_same_name(
    calendars: dict[str, Calendar],
) -> None:
    somebody, store = repeating("a-calendar-that-was-deleted")
    store.calendars = dict(calendars)

    delete(store, somebody, CI.name, now=NOW)

    assert store.calendars == calendars
    assert store.log == []


@pytest.mark.parametrize(
    "operate",
    [
        pytest.param(lambda *who: create(*who, Wish(CI.name), now=NOW), id="create"),
        pytest.param(
            lambda *who: add_token(*who, CI.name, "", comment="", now_ms=NOW_MS), id="add_token"
        ),
    ],
)
@pytest.mark.parametrize("calendars", [{}, {CI.name: replace(CI, id="another")}])
def test_what_is_repeated_when_its_calendar_is_gone_comes_too_late(
    calendars: dict[str, Calendar], operate: Operate
) -> None:
    somebody, store = repeating()
    store.calendars = calendars

    with pytest.raises(RepeatedTooLate):
        operate(store, somebody)

    assert names(store.log) == ["calendar"]


def test_a_calendar_is_shown_by_its_id_its_name_and_the_address_of_its_feed() -> None:
    document = CI.document(ISSUER)

    assert document == {
        "id": CALENDAR_ID,
        "name": "CI Mytokens",
        "ics_path": f"https://mytoken.example/calendars/{'F' * 32}/CI%20Mytokens.ics",
        "tags": [],
    }


def test_a_calendar_with_tokens_is_shown_with_them() -> None:
    document = replace(CI, subscribed_tokens=(MOM_ID, OTHER_MOM_ID)).document(ISSUER)

    assert document == {**CI.document(ISSUER), "subscribed_tokens": [MOM_ID, OTHER_MOM_ID]}
