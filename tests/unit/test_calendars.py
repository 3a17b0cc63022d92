"""What can be done with calendars, on a database that is a dictionary and may be overtaken."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from mytoken_calendars.calendars import (
    Calendar,
    Guards,
    Subscription,
    add_token,
    create,
    delete,
    find,
)
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import (
    CalendarExists,
    CalendarNotFound,
    InvalidRequest,
    LimitReached,
    Outdated,
)
from mytoken_calendars.identifiers import Owner, is_feed_id
from mytoken_calendars.mytoken import RegisteredToken
from tests.unit.examples import (
    CALENDAR_ID,
    DAY,
    ISSUER,
    MOM_ID,
    NOW,
    OTHER_MOM_ID,
    caller,
    guard,
    registered,
)

CALLER = caller(registered(guards=(guard("caller"),)))
CI = Calendar(CALENDAR_ID, CALLER.owner, "CI Mytokens", "F" * 32)


@dataclass
class FakeStore:
    """The calendars of one user. The first of `overtaken` runs in front of the next write."""

    calendars: dict[str, Calendar] = field(default_factory=lambda: {CI.name: CI})
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    overtaken: list[Callable[[], None]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    guards: Guards = ()
    text: str = ""

    def find(self, owner: Owner, name: str) -> Calendar:
        if owner != CALLER.owner or name not in self.calendars:
            raise CalendarNotFound
        return self.calendars[name]

    def with_subscribed_tokens(self, calendar: Calendar) -> Calendar:
        return replace(calendar, subscribed_tokens=tuple(self.subscriptions))

    def subscription(self, calendar: Calendar, mom_id: str) -> Subscription | None:
        return self.subscriptions.get(mom_id)

    def create(self, calendar: Calendar, opening: str, change: Change, guards: Guards) -> None:
        self._write("create", opening, change, guards)
        if calendar.name in self.calendars:
            raise CalendarExists
        self.calendars[calendar.name] = calendar

    def subscribe(
        self, calendar: Calendar, new: Subscription, event: str, change: Change, guards: Guards
    ) -> None:
        self._write("subscribe", event, change, guards)
        self.subscriptions[new.token.mom_id] = new

    def renew(
        self, calendar: Calendar, renewed: Subscription, event: str, change: Change, guards: Guards
    ) -> None:
        self._write("renew", event, change, guards)
        self.subscriptions[renewed.token.mom_id] = renewed

    def confirm(
        self, calendar: Calendar, known: Subscription, change: Change, guards: Guards
    ) -> None:
        self._write("confirm", self.text, change, guards)

    def delete(self, calendar: Calendar, change: Change, guards: Guards) -> None:
        self._write("delete", "", change, guards)
        del self.calendars[calendar.name]

    def _write(self, what: str, text: str, change: Change, guards: Guards) -> None:
        self.writes.append(what)
        self.changes.append(change)
        if self.overtaken:
            self.overtaken.pop(0)()
            raise Outdated
        self.text, self.guards = text, guards


def nothing() -> None:
    """Another change that leaves everything as it was."""


def render(subscription: Subscription) -> str:
    return f"{subscription.token.mom_id[:4]}/{subscription.comment}/{subscription.sequence}"


def add(
    store: FakeStore, token: RegisteredToken | None = None, comment: str = "", now: int = NOW
) -> Calendar:
    chosen = token or registered()
    return add_token(store, CALLER, CI.name, chosen, comment=comment, render=render, now=now)


def test_a_new_calendar_belongs_to_its_caller_and_is_empty() -> None:
    store = FakeStore()

    calendar = create(store, CALLER, "New", render=str.upper, now=NOW)

    assert store.calendars["New"] == calendar
    assert (calendar.owner, calendar.name, calendar.subscribed_tokens) == (CALLER.owner, "New", ())
    assert UUID(calendar.id).version == 4
    assert is_feed_id(calendar.feed_id)


def test_a_new_calendar_is_stored_with_its_opening_at_the_time_and_on_the_callers_guards() -> None:
    store = FakeStore()

    create(store, CALLER, "New", render=str.upper, now=NOW)

    assert store.text == "NEW"
    assert store.changes[0].at == NOW
    assert store.guards == CALLER.guards


def test_two_new_calendars_have_neither_id_in_common() -> None:
    store = FakeStore()

    one = create(store, CALLER, "One", render=str, now=NOW)
    other = create(store, CALLER, "Other", render=str, now=NOW)

    assert one.id != other.id
    assert one.feed_id != other.feed_id


def test_a_calendar_that_exists_is_not_created_again() -> None:
    store = FakeStore()

    with pytest.raises(CalendarExists):
        create(store, CALLER, CI.name, render=str, now=NOW)

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


def test_a_name_that_was_not_utf_8_is_malformed() -> None:
    with pytest.raises(InvalidRequest, match="is not UTF-8"):
        find(FakeStore(), CALLER.owner, "caf\ufffd")


def test_a_token_that_is_added_is_in_the_calendar_with_its_event() -> None:
    store = FakeStore()

    calendar = add(store, comment="nightly")

    assert calendar == replace(CI, subscribed_tokens=(MOM_ID,))
    assert store.subscriptions == {
        MOM_ID: Subscription(
            CALENDAR_ID,
            registered(),
            expires=NOW + 30 * DAY,
            comment="nightly",
            added=NOW,
            changed=NOW,
            sequence=0,
        )
    }
    assert store.text == "qh3R/nightly/0"
    assert store.changes[0].at == NOW


def test_a_token_is_added_on_the_guards_of_the_caller_and_of_the_token() -> None:
    store = FakeStore()
    token = registered(mom_id=OTHER_MOM_ID, guards=(guard("token"),))

    add(store, token)

    assert [write.parameters["Key"]["pk"] for write in store.guards] == ["caller", "token"]


def test_a_token_that_is_added_again_is_confirmed_and_nothing_changes() -> None:
    store = FakeStore()
    add(store, comment="nightly")
    before = dict(store.subscriptions)

    calendar = add(store, comment="nightly", now=NOW + DAY)

    assert calendar.subscribed_tokens == (MOM_ID,)
    assert store.subscriptions == before
    assert store.writes == ["subscribe", "confirm"]
    assert store.guards == CALLER.guards


def test_a_token_that_is_added_again_without_a_comment_keeps_the_one_it_has() -> None:
    store = FakeStore()
    add(store, comment="nightly")

    add(store, now=NOW + DAY)

    assert store.subscriptions[MOM_ID].comment == "nightly"
    assert store.writes == ["subscribe", "confirm"]


def test_a_token_that_is_added_again_with_another_comment_has_that_one() -> None:
    store = FakeStore()
    add(store, comment="nightly")
    before = store.subscriptions[MOM_ID]

    calendar = add(store, comment="weekly", now=NOW + DAY)

    assert calendar.subscribed_tokens == (MOM_ID,)
    assert store.subscriptions == {
        MOM_ID: replace(before, comment="weekly", changed=NOW + DAY, sequence=1)
    }
    assert store.text == "qh3R/weekly/1"
    assert store.writes == ["subscribe", "renew"]


@pytest.mark.parametrize("change", [{"name": "new"}, {"expires": NOW + 60 * DAY}])
def test_a_token_that_has_changed_is_renewed_when_it_is_added_again(
    change: dict[str, object],
) -> None:
    store = FakeStore()
    add(store)

    add(store, registered(**change), now=NOW + DAY)

    renewed = store.subscriptions[MOM_ID]
    assert renewed.token == registered(**change)
    assert renewed.expires == renewed.token.expires
    assert (renewed.added, renewed.changed, renewed.sequence) == (NOW, NOW + DAY, 1)


def test_an_event_never_changes_earlier_than_it_last_did() -> None:
    store = FakeStore()
    add(store, comment="one", now=NOW + DAY)

    add(store, comment="two", now=NOW)

    assert store.subscriptions[MOM_ID].changed == NOW + DAY
    assert store.subscriptions[MOM_ID].sequence == 1


def test_two_tokens_are_two_subscriptions() -> None:
    store = FakeStore()

    add(store)
    calendar = add(store, registered(mom_id=OTHER_MOM_ID))

    assert calendar.subscribed_tokens == (MOM_ID, OTHER_MOM_ID)


@pytest.mark.parametrize(
    ("expires", "words"),
    [(None, "never expires"), (NOW - 1, "has already expired"), (0, "expired")],
)
def test_a_token_without_an_expiry_to_come_is_refused_before_anything_is_read(
    expires: int | None, words: str
) -> None:
    store = FakeStore(calendars={})

    with pytest.raises(InvalidRequest, match=words):
        add(store, registered(expires=expires))

    assert store.writes == []


def test_a_token_in_the_last_second_of_its_life_may_be_added() -> None:
    store = FakeStore()

    add(store, registered(expires=NOW))

    assert store.subscriptions[MOM_ID].expires == NOW


def test_a_token_is_not_added_to_a_calendar_that_does_not_exist() -> None:
    store = FakeStore(calendars={})

    with pytest.raises(CalendarNotFound):
        add(store)

    assert store.writes == []


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
    known = Subscription(CALENDAR_ID, registered(), NOW + 30 * DAY, "nightly", NOW, NOW, sequence=0)
    store = FakeStore()
    store.overtaken = [lambda: store.subscriptions.update({MOM_ID: known})]
    with pytest.raises(Outdated):
        add(store, comment="nightly")

    add(store, comment="nightly")

    assert store.subscriptions == {MOM_ID: known}
    assert store.writes == ["subscribe", "confirm"]


def test_an_addition_that_starts_again_after_another_comment_replaces_it() -> None:
    known = Subscription(CALENDAR_ID, registered(), NOW + 30 * DAY, "theirs", NOW, NOW, sequence=3)
    store = FakeStore()
    store.overtaken = [lambda: store.subscriptions.update({MOM_ID: known})]
    with pytest.raises(Outdated):
        add(store, comment="ours")

    add(store, comment="ours")

    assert store.subscriptions == {MOM_ID: replace(known, comment="ours", sequence=4)}
    assert store.writes == ["subscribe", "renew"]


@pytest.mark.parametrize(("comment", "write"), [("theirs", "confirm"), ("ours", "renew")])
def test_an_addition_of_a_known_token_that_was_overtaken_is_outdated(
    comment: str, write: str
) -> None:
    known = Subscription(CALENDAR_ID, registered(), NOW + 30 * DAY, "theirs", NOW, NOW, sequence=3)
    store = FakeStore(subscriptions={MOM_ID: known}, overtaken=[nothing])

    with pytest.raises(Outdated):
        add(store, comment=comment)

    assert store.subscriptions == {MOM_ID: known}
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
    store = FakeStore()

    delete(store, CALLER, CI.name, now=NOW)

    assert store.calendars == {}
    assert store.changes[0].at == NOW
    assert store.guards == CALLER.guards


def test_a_calendar_that_does_not_exist_is_not_deleted() -> None:
    store = FakeStore()

    with pytest.raises(CalendarNotFound):
        delete(store, CALLER, "Unknown", now=NOW)

    assert store.calendars == {CI.name: CI}


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


def test_a_calendar_is_shown_by_its_name_and_the_address_of_its_feed() -> None:
    document = CI.document(ISSUER)

    assert document == {
        "name": "CI Mytokens",
        "ics_path": f"https://mytoken.example/calendars/{'F' * 32}",
    }


def test_a_calendar_with_tokens_is_shown_with_them() -> None:
    document = replace(CI, subscribed_tokens=(MOM_ID, OTHER_MOM_ID)).document(ISSUER)

    assert document == {**CI.document(ISSUER), "subscribed_tokens": [MOM_ID, OTHER_MOM_ID]}
