"""Who is let in, in which order that is asked, and which tokens a caller may reach."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from mytoken_calendars.errors import (
    AheadOfRegistry,
    Expired,
    IdempotencyKeyReused,
    InsufficientCapabilities,
    InvalidGrant,
    InvalidToken,
    NotValidYet,
    Refusal,
    RepeatedTooLate,
    Superseded,
    TemporarilyUnavailable,
    UsageRestricted,
)
from mytoken_calendars.identifiers import mom_id_of
from mytoken_calendars.tokens.access import (
    ADDING,
    admit,
    identify,
    manageable_token,
    reachable_token,
)
from mytoken_calendars.tokens.authority import Caller, Credentials
from mytoken_calendars.tokens.idempotency import IdempotencyKey, Receipt
from mytoken_calendars.tokens.mytoken import Capability
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.doubles.fakes import FakeAuthority, FakeNetwork, FakeReceipts
from tests.harness.examples import (
    ADDRESS,
    ARRIVED,
    BEARER,
    CALENDAR_ID,
    DAY,
    ISSUER,
    MOM_ID,
    NOW,
    OTHER_MOM_ID,
    caller,
    credentials,
    guard,
    mytoken,
    record,
)

PARENT, CHILD, GRANDCHILD, SIBLING = (mom_id_of(UUID(int=number)) for number in range(2, 6))

EXPIRED = {"exp": NOW - 1}
INCAPABLE = {"capabilities": ["AT", "read@manage_mytokens:notify"]}
RESTRICTED = {"restrictions": [{"exp": NOW - 1}]}
NOT_UNDERSTOOD = {"rotation": {"on_AT": True, "on_something_new": False}}
ONCE = {"usages_other": 1}

HELD = pytest.mark.parametrize(
    "held",
    [
        "manage_mytokens",
        "manage_mytokens:notify",
        "manage_mytokens:list",
        "manage_mytokens:revoke",
        "read@manage_mytokens",
        "read@manage_mytokens:notify",
        "tokeninfo",
        "tokeninfo:notify",
        "read@tokeninfo:notify",
        "AT",
        "notify",
        "manage_mytokens:notify:x",
        "manage_mytokens:notifyX",
        "MANAGE_MYTOKENS:NOTIFY",
        "read@",
        "",
        ":",
    ],
)

KEY = IdempotencyKey("k", "a-digest")
SUCCESSOR = {"mytoken": "its-successor", "mytoken_type": "token"}
DONE = Receipt(CALENDAR_ID, None)
ROTATED = Receipt(CALENDAR_ID, SUCCESSOR)

ENTRANCES = pytest.mark.parametrize("enter", [admit, identify])
Enter = Callable[..., Caller]


def vouching(known: TokenRecord | Refusal | None = None, **claims: Any) -> FakeAuthority:
    """An authority that knows a mytoken of these claims as `known`."""
    return FakeAuthority({BEARER: (mytoken(**claims), known or record())})


def repeated(**changes: Any) -> Credentials:
    return credentials(idempotency_key=KEY, **changes)


def names(asked: list[tuple[Any, ...]]) -> list[str]:
    return [name for name, *_ in asked]


def digest(clause: dict[str, Any]) -> str:
    return mytoken(restrictions=[clause]).restrictions[0].digest


# --- who is let in --------------------------------------------------------------------------------


@ENTRANCES
def test_a_caller_is_let_in_with_what_the_authority_knows_of_the_token(enter: Enter) -> None:
    own = guard("own")
    authority, presented = vouching(record(conditions=(own,))), credentials()

    entered = enter(authority, presented, Capability.NOTIFY)

    assert entered == Caller(mytoken(), record(), presented, authority)
    assert entered.authority is authority
    assert entered.credentials is presented
    assert entered.owner == mytoken().owner
    assert entered.record.conditions == (own,)
    assert authority.asked == [("verify", BEARER, ISSUER), ("look_up", BEARER)]


@ENTRANCES
def test_one_of_the_capabilities_that_are_asked_for_is_enough(enter: Enter) -> None:
    authority = vouching(capabilities=["AT", "tokeninfo:notify"])

    entered = enter(authority, credentials(), Capability.LIST, *ADDING)

    assert entered.mytoken.capabilities == ["AT", "tokeninfo:notify"]


@ENTRANCES
def test_a_token_without_capabilities_is_let_in_where_none_is_asked_for(enter: Enter) -> None:
    assert enter(vouching(capabilities=[]), credentials()).mytoken.capabilities == []


@pytest.mark.parametrize(
    ("claims", "known", "refusal"),
    [
        (EXPIRED | INCAPABLE | RESTRICTED, InvalidToken(), Expired),
        ({"nbf": NOW + 6} | INCAPABLE | RESTRICTED, None, NotValidYet),
        (INCAPABLE | RESTRICTED, InvalidToken(), InvalidToken),
        (INCAPABLE | RESTRICTED, Superseded(0), Superseded),
        (INCAPABLE | RESTRICTED, AheadOfRegistry(), AheadOfRegistry),
        (INCAPABLE | RESTRICTED, TemporarilyUnavailable(), TemporarilyUnavailable),
        (INCAPABLE | RESTRICTED, None, InsufficientCapabilities),
        (INCAPABLE | NOT_UNDERSTOOD, None, InsufficientCapabilities),
        (INCAPABLE, None, InsufficientCapabilities),
        (RESTRICTED, None, UsageRestricted),
        (NOT_UNDERSTOOD, None, UsageRestricted),
    ],
)
def test_of_several_faults_the_first_of_validity_capability_and_restriction_is_told(
    claims: dict[str, object], known: Refusal | None, refusal: type[Refusal]
) -> None:
    with pytest.raises(Refusal) as refused:
        admit(vouching(known, **claims), credentials(), Capability.NOTIFY)

    assert type(refused.value) is refusal


@ENTRANCES
def test_a_token_that_the_authority_has_not_made_is_not_looked_up(enter: Enter) -> None:
    authority = FakeAuthority()

    with pytest.raises(InvalidToken):
        enter(authority, credentials(), Capability.NOTIFY)

    assert names(authority.asked) == ["verify"]


@ENTRANCES
def test_a_token_whose_time_is_over_is_not_even_looked_up(enter: Enter) -> None:
    authority = vouching(**EXPIRED)

    with pytest.raises(Expired):
        enter(authority, credentials(), Capability.NOTIFY)

    assert names(authority.asked) == ["verify"]


def test_a_token_in_the_last_second_of_its_life_is_let_in() -> None:
    authority = vouching(exp=NOW, restrictions=[{"exp": NOW}], rotation={"lifetime": DAY})

    assert admit(authority, credentials(), Capability.NOTIFY).mytoken.exp == NOW


@ENTRANCES
@pytest.mark.parametrize("needed", Capability)
@HELD
def test_who_holds_what_covers_a_capability_is_let_in_and_nobody_else(
    held: str, needed: Capability, enter: Enter
) -> None:
    authority = vouching(capabilities=[held])

    if held in coverings(needed):
        assert enter(authority, credentials(), needed).mytoken.capabilities == [held]
    else:
        with pytest.raises(InsufficientCapabilities):
            enter(authority, credentials(), needed)


def coverings(needed: str) -> set[str]:
    """All capabilities that cover a needed one: what is above it, and to read also all `read@`."""
    if needed.startswith("read@"):
        full = coverings(needed.removeprefix("read@"))
        return full | {f"read@{capability}" for capability in full}
    above, colon, _ = needed.rpartition(":")
    return {needed} | (coverings(above) if colon else set())


# --- restrictions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("restrictions", "uses", "clause"),
    [
        ([], {}, None),
        ([{}], {}, 0),
        ([{"nbf": NOW}, {"exp": NOW}], {}, 0),
        ([{"exp": NOW - 1}, {"exp": NOW}, {}], {}, 1),
        ([{"hosts": ["198.51.100.0/24"]}, {"hosts": ["192.0.2.0/24"]}], {}, 1),
        ([{"geoip_allow": ["FR"]}, {"geoip_allow": ["DE"]}], {}, 1),
        ([ONCE, {}], {}, 0),
        ([ONCE, {}], {digest(ONCE): 1}, 1),
        ([ONCE, {"usages_other": 2}], {digest(ONCE): 1}, 1),
        ([{"usages_other": 2}], {digest(ONCE): 9}, 0),
        ([{"schedule": {"unknown": 1}}, {"unknown": 1}, {"usages_AT": 0}], {}, 2),
    ],
)
def test_the_first_clause_that_holds_lets_a_caller_in(
    restrictions: list[dict[str, Any]], uses: dict[str, int], clause: int | None
) -> None:
    authority = vouching(record(uses=uses), restrictions=restrictions)
    authority.network = FakeNetwork({ADDRESS: "DE"})

    admitted = admit(authority, credentials(), Capability.NOTIFY)

    of_token = admitted.mytoken.restrictions
    assert admitted.clause is (None if clause is None else of_token[clause])


@pytest.mark.parametrize(("created", "admitted"), [(NOW - 2 * DAY, True), (NOW - DAY, False)])
def test_a_schedule_counts_from_when_the_token_was_registered_not_from_its_last_rotation(
    created: int, *, admitted: bool
) -> None:
    authority = vouching(record(created=created), restrictions=[{"schedule": {"every": 2}}])

    entered = outcome(admit, authority, credentials(), Capability.NOTIFY)

    assert isinstance(entered, Caller) is admitted
    assert (entered is UsageRestricted) is not admitted


@pytest.mark.parametrize(
    ("claims", "uses"),
    [
        (RESTRICTED, {}),
        ({"restrictions": [{"nbf": NOW + 6}, {"exp": NOW - 1}]}, {}),
        ({"restrictions": [{"hosts": ["198.51.100.7"]}]}, {}),
        ({"restrictions": [{"geoip_allow": ["DE"]}]}, {}),
        ({"restrictions": [{"usages_other": 0}]}, {}),
        ({"restrictions": [ONCE]}, {digest(ONCE): 1}),
        ({"restrictions": [ONCE]}, {digest(ONCE): 2}),
        ({"restrictions": [{"made_up": True}]}, {}),
        (NOT_UNDERSTOOD, {}),
        (NOT_UNDERSTOOD | {"restrictions": [{}]}, {}),
    ],
)
def test_a_token_that_may_not_be_used_here_and_now_is_restricted_but_is_identified(
    claims: dict[str, Any], uses: dict[str, int]
) -> None:
    authority = vouching(record(uses=uses), **claims)

    with pytest.raises(UsageRestricted):
        admit(authority, credentials(), Capability.NOTIFY)

    identified = identify(authority, credentials(), Capability.NOTIFY)
    assert identified.clause is None
    assert "use" not in names(authority.asked)


@pytest.mark.parametrize(
    "rotation",
    [None, {}, {"on_AT": True}, {"on_other": True, "auto_revoke": True}, {"lifetime": 2 * DAY}],
)
def test_a_token_of_every_rotation_that_is_known_may_be_used(
    rotation: dict[str, Any] | None,
) -> None:
    assert admit(vouching(rotation=rotation), credentials(), Capability.NOTIFY).clause is None


# --- superseded tokens ----------------------------------------------------------------------------


@ENTRANCES
@pytest.mark.parametrize(
    ("superseded_at", "auto_revoke", "revoked"),
    [
        (ARRIVED - 1, True, True),
        (0, True, True),
        (ARRIVED, True, False),
        (ARRIVED + 1, True, False),
        (ARRIVED - 1, False, False),
        (ARRIVED + 1, False, False),
    ],
)
def test_a_chain_is_revoked_if_a_token_that_it_has_outgrown_arrives_after_that(
    superseded_at: int, enter: Enter, *, auto_revoke: bool, revoked: bool
) -> None:
    rotation = {"on_other": True, "auto_revoke": auto_revoke}
    refusal = Superseded(superseded_at)
    authority = vouching(refusal, rotation=rotation, **INCAPABLE)

    with pytest.raises(InvalidToken) as refused:
        enter(authority, credentials(), Capability.NOTIFY)

    assert refused.value is refusal
    revocations = [("revoke_chain", MOM_ID, NOW)] if revoked else []
    assert authority.asked[2:] == revocations


def test_a_superseded_token_without_rotation_revokes_nothing() -> None:
    authority = vouching(Superseded(0), rotation=None)

    with pytest.raises(Superseded):
        admit(authority, credentials(), Capability.NOTIFY)

    assert names(authority.asked) == ["verify", "look_up"]


@ENTRANCES
@pytest.mark.parametrize("refusal", [InvalidToken(), AheadOfRegistry(), TemporarilyUnavailable()])
def test_a_token_that_is_refused_otherwise_revokes_nothing(enter: Enter, refusal: Refusal) -> None:
    authority = vouching(refusal, rotation={"on_other": True, "auto_revoke": True})

    with pytest.raises(Refusal) as refused:
        enter(authority, credentials(), Capability.NOTIFY)

    assert refused.value is refusal
    assert names(authority.asked) == ["verify", "look_up"]


def test_a_superseded_token_whose_own_time_is_over_revokes_nothing() -> None:
    rotation = {"on_other": True, "auto_revoke": True, "lifetime": DAY - 1}
    authority = vouching(Superseded(0), rotation=rotation)

    with pytest.raises(Expired):
        admit(authority, credentials(), Capability.NOTIFY)

    assert names(authority.asked) == ["verify"]


# --- several cookies ------------------------------------------------------------------------------

OLD, FRESH, DEAD = "old", "fresh", "dead"
CHAIN = {"on_other": True, "auto_revoke": True}


def browsing(*bearers: str, **changes: Any) -> Credentials:
    """The credentials of a browser with these cookies."""
    first, *others = bearers
    return credentials(bearer=first, others=tuple(others), **changes)


def knowing_cookies() -> FakeAuthority:
    old, fresh = (mytoken(rotation=CHAIN, seq_no=number) for number in (1, 2))
    return FakeAuthority(
        {
            OLD: (old, Superseded(0)),
            FRESH: (fresh, record()),
            DEAD: (mytoken(jti=str(UUID(int=9))), InvalidToken()),
        }
    )


@ENTRANCES
@pytest.mark.parametrize(
    "bearers",
    [
        (OLD, FRESH),
        (FRESH, OLD),
        (DEAD, FRESH),
        ("none", FRESH),
        (DEAD, OLD, FRESH),
        (OLD, FRESH, DEAD),
    ],
    ids=str,
)
def test_the_first_cookie_that_lives_counts(enter: Enter, bearers: tuple[str, ...]) -> None:
    authority = knowing_cookies()

    caller = enter(authority, browsing(*bearers), Capability.NOTIFY)

    assert caller.credentials.bearer == FRESH
    assert "revoke_chain" not in names(authority.asked)
    assert authority.asked[-1] == ("look_up", FRESH)


@ENTRANCES
@pytest.mark.parametrize("bearers", [(OLD, DEAD), (DEAD, OLD), ("none", OLD, DEAD)], ids=str)
def test_an_old_cookie_beside_dead_ones_is_a_replay(enter: Enter, bearers: tuple[str, ...]) -> None:
    authority = knowing_cookies()

    with pytest.raises(InvalidToken):
        enter(authority, browsing(*bearers), Capability.NOTIFY)

    assert authority.asked[-1] == ("revoke_chain", MOM_ID, NOW)


@pytest.mark.parametrize(
    "refusal", [InsufficientCapabilities, UsageRestricted, TemporarilyUnavailable]
)
def test_a_cookie_that_lives_counts_also_if_it_may_not(refusal: type[Refusal]) -> None:
    claims = {
        InsufficientCapabilities: INCAPABLE,
        UsageRestricted: RESTRICTED,
        TemporarilyUnavailable: {},
    }[refusal]
    known = TemporarilyUnavailable() if refusal is TemporarilyUnavailable else record()
    authority = FakeAuthority({"first": (mytoken(**claims), known), FRESH: (mytoken(), record())})

    with pytest.raises(refusal):
        admit(authority, browsing("first", FRESH), Capability.NOTIFY)

    assert FRESH not in {asked[1] for asked in authority.asked}


def test_a_request_is_repeated_with_the_cookie_that_it_was_sent_with() -> None:
    authority = knowing_cookies()
    receipts = FakeReceipts(replace(ROTATED, token_update={"mytoken": FRESH}), only_for=OLD)

    caller = admit(
        authority, browsing(DEAD, OLD, idempotency_key=KEY), Capability.NOTIFY, receipts=receipts
    )

    assert (caller.credentials.bearer, caller.credentials.state.repeated) == (FRESH, True)
    assert "revoke_chain" not in names(authority.asked)


# --- repeated requests ----------------------------------------------------------------------------


def test_a_request_without_a_key_has_no_receipt_looked_up() -> None:
    receipts = FakeReceipts(DONE)

    admitted = admit(vouching(), credentials(), Capability.NOTIFY, receipts=receipts)

    assert receipts.asked == []
    assert admitted.receipt is None
    assert not admitted.credentials.state.repeated


def test_a_key_is_nothing_to_an_operation_without_receipts() -> None:
    admitted = admit(vouching(), repeated(), Capability.NOTIFY)

    assert admitted.receipts is None


def test_a_request_that_was_not_done_is_let_in_to_leave_a_receipt() -> None:
    receipts, presented = FakeReceipts(), repeated()
    authority = vouching(restrictions=[ONCE])

    admitted = admit(authority, presented, Capability.NOTIFY, receipts=receipts)

    assert receipts.asked == [("find", KEY, BEARER, NOW)]
    assert admitted.receipts is receipts
    assert admitted.receipt is None
    assert admitted.clause is admitted.mytoken.restrictions[0]
    assert (presented.state.repeated, presented.state.token_update) == (False, None)


@pytest.mark.parametrize("claims", [INCAPABLE, RESTRICTED, NOT_UNDERSTOOD])
def test_a_request_that_was_not_done_is_refused_as_if_it_had_no_key(claims: dict[str, Any]) -> None:
    refusals = []
    for presented in (credentials(), repeated()):
        with pytest.raises(Refusal) as refused:
            admit(vouching(**claims), presented, Capability.NOTIFY, receipts=FakeReceipts())
        refusals.append(type(refused.value))

    assert refusals[0] is refusals[1]


@pytest.mark.parametrize("refusal", [IdempotencyKeyReused(), TemporarilyUnavailable()])
def test_a_receipt_that_is_refused_lets_nobody_in(refusal: Refusal) -> None:
    authority = vouching()

    with pytest.raises(Refusal) as refused:
        admit(
            authority, repeated(), Capability.NOTIFY, receipts=FakeReceipts(DONE, refusal=refusal)
        )

    assert refused.value is refusal
    assert authority.asked == []


@pytest.mark.parametrize("claims", [EXPIRED, {"nbf": NOW + 6}])
def test_a_token_whose_time_is_over_repeats_nothing(claims: dict[str, Any]) -> None:
    presented = repeated()

    with pytest.raises(InvalidToken):
        admit(vouching(**claims), presented, Capability.NOTIFY, receipts=FakeReceipts(DONE))

    assert not presented.state.repeated


def test_a_repeated_request_is_let_in_with_its_receipt_and_without_a_use() -> None:
    authority, presented = vouching(), repeated()

    admitted = admit(authority, presented, Capability.NOTIFY, receipts=FakeReceipts(DONE))

    assert admitted.receipt == DONE
    assert admitted.clause is None
    assert (admitted.mytoken, admitted.record) == (mytoken(), record())
    assert presented.state.repeated is True
    assert presented.state.token_update is None
    assert authority.asked == [("verify", BEARER, ISSUER), ("look_up", BEARER)]


def test_a_repeated_request_that_rotated_its_token_is_let_in_as_the_successor() -> None:
    rotation = {"on_other": True, "auto_revoke": True}
    old, new = (mytoken(rotation=rotation, seq_no=seq_no) for seq_no in (1, 2))
    authority = FakeAuthority(
        {BEARER: (old, Superseded(0)), "its-successor": (new, record(name="new"))}
    )
    presented = repeated()

    admitted = admit(authority, presented, Capability.NOTIFY, receipts=FakeReceipts(ROTATED))

    assert admitted.mytoken is new
    assert admitted.record == record(name="new")
    assert admitted.credentials.bearer == "its-successor"
    assert presented.state.repeated is True
    assert presented.state.token_update == SUCCESSOR
    assert authority.asked == [("verify", "its-successor", ISSUER), ("look_up", "its-successor")]


@pytest.mark.parametrize("death", [InvalidToken(), Superseded(0), AheadOfRegistry()])
def test_a_repeated_request_whose_successor_is_dead_comes_too_late(death: Refusal) -> None:
    old, new = (mytoken(rotation={"on_other": True, "auto_revoke": True}, seq_no=n) for n in (1, 2))
    authority = FakeAuthority({BEARER: (old, Superseded(0)), "its-successor": (new, death)})
    presented = repeated()

    with pytest.raises(RepeatedTooLate):
        admit(authority, presented, Capability.NOTIFY, receipts=FakeReceipts(ROTATED))

    assert presented.state.token_update is None
    assert "revoke_chain" not in names(authority.asked)


def test_who_was_found_to_hold_the_current_token_has_lost_a_race_whatever_the_clocks_say() -> None:
    old = mytoken(rotation={"on_other": True, "auto_revoke": True})
    authority = FakeAuthority({BEARER: (old, record())})
    presented = credentials()
    identify(authority, presented)
    authority.known = {BEARER: (old, Superseded(ARRIVED - 1))}

    with pytest.raises(Superseded):
        identify(authority, presented)

    assert "revoke_chain" not in names(authority.asked)


@pytest.mark.parametrize("ends", [{"exp": NOW - 1}, {"nbf": NOW + 6}])
def test_a_repeated_request_whose_successor_has_expired_comes_too_late(
    ends: dict[str, int],
) -> None:
    old, new = mytoken(), mytoken(seq_no=2, **ends)
    authority = FakeAuthority({BEARER: (old, Superseded(0)), "its-successor": (new, record())})

    with pytest.raises(RepeatedTooLate):
        admit(authority, repeated(), Capability.NOTIFY, receipts=FakeReceipts(ROTATED))


@pytest.mark.parametrize(("superseded", "revoked"), [(ARRIVED - 1, True), (ARRIVED, False)])
def test_who_repeats_too_late_for_the_successor_replays_the_token(
    superseded: int, *, revoked: bool
) -> None:
    old = mytoken(rotation={"on_other": True, "auto_revoke": True})
    authority = FakeAuthority({BEARER: (old, Superseded(superseded))})

    with pytest.raises(InvalidToken):
        admit(authority, repeated(), Capability.NOTIFY, receipts=FakeReceipts(DONE))

    assert ("revoke_chain" in names(authority.asked)) == revoked


def test_a_repeated_request_whose_token_is_dead_is_of_an_invalid_token() -> None:
    death, presented = InvalidToken(), repeated()

    with pytest.raises(InvalidToken) as refused:
        admit(vouching(death), presented, Capability.NOTIFY, receipts=FakeReceipts(DONE))

    assert refused.value is death


@pytest.mark.parametrize("receipt", [DONE, ROTATED])
def test_an_authority_that_cannot_tell_of_a_repeated_request_is_not_taken_for_too_late(
    receipt: Receipt,
) -> None:
    known = (mytoken(), TemporarilyUnavailable())
    authority = FakeAuthority({BEARER: known, "its-successor": known})

    with pytest.raises(TemporarilyUnavailable):
        admit(authority, repeated(), Capability.NOTIFY, receipts=FakeReceipts(receipt))


@pytest.mark.parametrize("receipt", [DONE, ROTATED])
@pytest.mark.parametrize(
    ("restrictions", "uses", "admitted"),
    [
        ([ONCE], {digest(ONCE): 1}, True),
        ([{**ONCE, "hosts": [ADDRESS]}], {digest({**ONCE, "hosts": [ADDRESS]}): 1}, True),
        ([{**ONCE, "hosts": ["198.51.100.7"]}], {}, False),
        ([{"hosts": ["198.51.100.7"]}], {}, False),
        ([{"exp": NOW - 1}], {}, False),
        ([{"exp": NOW - 1}, ONCE], {digest(ONCE): 1}, True),
    ],
)
def test_a_repeated_request_is_let_in_by_a_clause_that_is_used_up_but_not_from_elsewhere(
    restrictions: list[dict[str, Any]], uses: dict[str, int], receipt: Receipt, *, admitted: bool
) -> None:
    known = (mytoken(restrictions=restrictions), record(uses=uses))
    authority = FakeAuthority({BEARER: known, "its-successor": known})
    presented = repeated()
    receipts = FakeReceipts(receipt)

    if admitted:
        assert admit(authority, presented, Capability.NOTIFY, receipts=receipts).receipt == receipt
    else:
        with pytest.raises(UsageRestricted):
            admit(authority, presented, Capability.NOTIFY, receipts=receipts)
        assert presented.state.token_update is None


# --- other tokens ---------------------------------------------------------------------------------


def holder_of(
    *capabilities: str, others: tuple[TokenRecord, ...] = (), failure: Refusal | None = None
) -> Caller:
    """The child of PARENT, with these capabilities, whose user has `others`, too."""
    authority = FakeAuthority(others=others, failure=failure)
    return caller(record(ancestors=(PARENT,)), authority, capabilities=list(capabilities))


def asked_of(somebody: Caller) -> list[tuple[Any, ...]]:
    assert isinstance(somebody.authority, FakeAuthority)
    return somebody.authority.asked


@pytest.mark.parametrize("capability", ["manage_mytokens:notify", "tokeninfo:notify", "AT"])
@pytest.mark.parametrize("mom_id", ["", MOM_ID])
def test_the_own_token_is_manageable_by_no_name_and_by_its_own(
    mom_id: str, capability: str
) -> None:
    somebody = holder_of(capability)

    assert manageable_token(somebody, mom_id) is somebody.record
    assert asked_of(somebody) == []


@pytest.mark.parametrize("capability", ["manage_mytokens:notify", "manage_mytokens"])
@pytest.mark.parametrize("ancestors", [(), (PARENT,), (MOM_ID, PARENT)])
def test_every_token_of_the_user_is_manageable_with_manage_mytokens_notify(
    ancestors: tuple[str, ...], capability: str
) -> None:
    other = record(mom_id=OTHER_MOM_ID, ancestors=ancestors)
    somebody = holder_of(capability, others=(other,))

    assert manageable_token(somebody, OTHER_MOM_ID) is other
    assert asked_of(somebody) == [("find", somebody.owner, OTHER_MOM_ID)]


@pytest.mark.parametrize(
    ("mom_id", "ancestors"), [(CHILD, (MOM_ID, PARENT)), (GRANDCHILD, (CHILD, MOM_ID, PARENT))]
)
def test_a_descendant_is_manageable_with_tokeninfo_notify(
    mom_id: str, ancestors: tuple[str, ...]
) -> None:
    descendant = record(mom_id=mom_id, ancestors=ancestors)

    found = manageable_token(holder_of("tokeninfo:notify", others=(descendant,)), mom_id)

    assert found is descendant


@pytest.mark.parametrize(
    ("mom_id", "ancestors"), [(PARENT, ()), (SIBLING, (PARENT,)), (OTHER_MOM_ID, ())]
)
def test_no_other_token_is_manageable_with_tokeninfo_notify(
    mom_id: str, ancestors: tuple[str, ...]
) -> None:
    other = record(mom_id=mom_id, ancestors=ancestors)

    with pytest.raises(InsufficientCapabilities):
        manageable_token(holder_of("tokeninfo:notify", others=(other,)), mom_id)


@pytest.mark.parametrize("reaching_all", Capability)
@HELD
def test_only_who_covers_the_capability_for_all_reaches_more_than_descendants(
    held: str, reaching_all: Capability
) -> None:
    child = record(mom_id=CHILD, ancestors=(MOM_ID, PARENT))
    parent = record(mom_id=PARENT)
    somebody = holder_of(held, others=(child, parent))

    reached = {
        mom_id: outcome(reachable_token, somebody, mom_id, reaching_all)
        for mom_id in (CHILD, PARENT, OTHER_MOM_ID)
    }

    reaches_all = held in coverings(reaching_all)
    assert reached == {
        CHILD: child,
        PARENT: parent if reaches_all else InsufficientCapabilities,
        OTHER_MOM_ID: InvalidGrant if reaches_all else InsufficientCapabilities,
    }


def outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    """What comes of a call: its result, or the class of its refusal."""
    try:
        return function(*arguments)
    except Refusal as refusal:
        return type(refusal)


@pytest.mark.parametrize(
    ("capability", "refusal"),
    [
        ("manage_mytokens:notify", InvalidGrant),
        ("tokeninfo:notify", InsufficientCapabilities),  # as for a token that there is
    ],
)
def test_an_unknown_token_is_refused_in_the_way_that_tells_nothing(
    capability: str, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal) as refused:
        manageable_token(holder_of(capability), OTHER_MOM_ID)

    assert type(refused.value) is refusal
    assert refused.value.description == refusal.description


@pytest.mark.parametrize("failure", [TemporarilyUnavailable(), InsufficientCapabilities()])
@pytest.mark.parametrize("capability", ["manage_mytokens:notify", "tokeninfo:notify"])
def test_an_authority_that_cannot_or_may_not_tell_is_heard(
    capability: str, failure: Refusal
) -> None:
    with pytest.raises(Refusal) as refused:
        manageable_token(holder_of(capability, failure=failure), OTHER_MOM_ID)

    assert refused.value is failure


def test_an_expired_token_may_still_be_found() -> None:
    expired = record(mom_id=OTHER_MOM_ID, expires=NOW - DAY)

    found = manageable_token(holder_of("manage_mytokens:notify", others=(expired,)), OTHER_MOM_ID)

    assert found is expired
