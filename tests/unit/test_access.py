"""Who is let in, in which order that is asked, and which tokens a caller may put into calendars."""

from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from mytoken_calendars.access import Caller, Credentials, admit, manageable_token
from mytoken_calendars.errors import (
    InsufficientCapabilities,
    InvalidGrant,
    InvalidToken,
    Refusal,
    TemporarilyUnavailable,
    UsageRestricted,
)
from mytoken_calendars.identifiers import Owner, mom_id_of
from mytoken_calendars.mytoken import Capability, Mytoken, RegisteredToken
from tests.unit.examples import (
    DAY,
    ISSUER,
    MOM_ID,
    NOW,
    OTHER_MOM_ID,
    caller,
    guard,
    mytoken,
    registered,
)

CREDENTIALS = Credentials("a-bearer", ISSUER, NOW)

PARENT, CHILD, GRANDCHILD, SIBLING = (mom_id_of(UUID(int=number)) for number in range(2, 6))

EXPIRED = {"exp": NOW - 1}
INCAPABLE = {"capabilities": ["AT", "read@manage_mytokens:notify"]}
RESTRICTED = {"restrictions": [{"exp": NOW - 1}]}


@dataclass
class FakeAuthority:
    """Vouches for one mytoken, unless it is told to refuse, and knows the tokens of its user."""

    mytoken: Mytoken
    registered: RegisteredToken | Refusal = field(default_factory=registered)
    others: tuple[RegisteredToken, ...] = ()
    failure: Refusal | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def verify(self, bearer: str, issuer: str) -> Mytoken:
        self.asked.append(("verify", bearer, issuer))
        return self.mytoken

    def look_up(self, mytoken: Mytoken) -> RegisteredToken:
        self.asked.append(("look_up", mytoken.mom_id))
        if isinstance(self.registered, Refusal):
            raise self.registered
        return self.registered

    def find(self, owner: Owner, mom_id: str) -> RegisteredToken:
        self.asked.append(("find", owner, mom_id))
        if self.failure:
            raise self.failure
        for token in self.others:
            if token.mom_id == mom_id:
                return token
        raise InvalidGrant


def authority_of(somebody: Caller, *others: RegisteredToken) -> FakeAuthority:
    return FakeAuthority(somebody.mytoken, somebody.registered, others)


def holder_of(capability: str) -> Caller:
    """The child of PARENT, with this capability."""
    return caller(registered(ancestors=(PARENT,)), capabilities=[capability])


def test_a_caller_is_let_in_with_what_the_authority_knows_of_the_token() -> None:
    own = guard("own")
    authority = FakeAuthority(mytoken(), registered(guards=(own,)))

    admitted = admit(authority, CREDENTIALS, Capability.NOTIFY)

    assert admitted == Caller(mytoken(), registered())
    assert admitted.owner == mytoken().owner
    assert admitted.guards == (own,)
    assert authority.asked == [("verify", "a-bearer", ISSUER), ("look_up", MOM_ID)]


def test_one_of_the_capabilities_that_are_asked_for_is_enough() -> None:
    authority = FakeAuthority(mytoken(capabilities=["tokeninfo:notify"]))

    admitted = admit(
        authority,
        CREDENTIALS,
        Capability.NOTIFY,
        Capability.READ_NOTIFY,
        Capability.TOKENINFO_NOTIFY,
    )

    assert admitted.mytoken is authority.mytoken


@pytest.mark.parametrize(
    ("claims", "revoked", "refusal"),
    [
        (EXPIRED | INCAPABLE | RESTRICTED, True, InvalidToken),
        ({"nbf": NOW + 1} | INCAPABLE | RESTRICTED, False, InvalidToken),
        (INCAPABLE | RESTRICTED, True, InvalidToken),
        (INCAPABLE | RESTRICTED, False, InsufficientCapabilities),
        (INCAPABLE, False, InsufficientCapabilities),
        (RESTRICTED, False, UsageRestricted),
        ({"rotation": {"on_other": True}}, False, UsageRestricted),
    ],
)
def test_of_several_faults_the_first_of_validity_capability_and_restriction_is_told(
    claims: dict[str, object], refusal: type[Refusal], *, revoked: bool
) -> None:
    authority = FakeAuthority(mytoken(**claims), InvalidToken() if revoked else registered())

    with pytest.raises(Refusal) as refused:
        admit(authority, CREDENTIALS, Capability.NOTIFY)

    assert type(refused.value) is refusal


def test_a_token_whose_time_is_over_is_not_even_looked_up() -> None:
    authority = FakeAuthority(mytoken(**EXPIRED))

    with pytest.raises(InvalidToken, match="has expired or is not valid yet"):
        admit(authority, CREDENTIALS, Capability.NOTIFY)

    assert authority.asked == [("verify", "a-bearer", ISSUER)]


def test_a_token_in_the_last_second_of_its_life_is_let_in() -> None:
    authority = FakeAuthority(mytoken(exp=NOW, restrictions=[{"exp": NOW}]))

    assert admit(authority, CREDENTIALS, Capability.NOTIFY).mytoken is authority.mytoken


def test_an_authority_that_cannot_tell_lets_nobody_in() -> None:
    authority = FakeAuthority(mytoken(), TemporarilyUnavailable())

    with pytest.raises(TemporarilyUnavailable):
        admit(authority, CREDENTIALS, Capability.NOTIFY)


@pytest.mark.parametrize("capability", ["manage_mytokens:notify", "tokeninfo:notify"])
@pytest.mark.parametrize("mom_id", ["", MOM_ID])
def test_the_own_token_is_manageable_by_no_name_and_by_its_own(
    mom_id: str, capability: str
) -> None:
    somebody = holder_of(capability)
    authority = authority_of(somebody)

    assert manageable_token(authority, somebody, mom_id) is somebody.registered
    assert authority.asked == []


@pytest.mark.parametrize("capability", ["manage_mytokens:notify", "manage_mytokens"])
@pytest.mark.parametrize("ancestors", [(), (PARENT,), (MOM_ID, PARENT)])
def test_every_token_of_the_user_is_manageable_with_manage_mytokens_notify(
    ancestors: tuple[str, ...], capability: str
) -> None:
    somebody = holder_of(capability)
    other = registered(mom_id=OTHER_MOM_ID, ancestors=ancestors)
    authority = authority_of(somebody, other)

    assert manageable_token(authority, somebody, OTHER_MOM_ID) is other
    assert authority.asked == [("find", somebody.owner, OTHER_MOM_ID)]


@pytest.mark.parametrize(
    ("mom_id", "ancestors"), [(CHILD, (MOM_ID, PARENT)), (GRANDCHILD, (CHILD, MOM_ID, PARENT))]
)
def test_a_descendant_is_manageable_with_tokeninfo_notify(
    mom_id: str, ancestors: tuple[str, ...]
) -> None:
    somebody = holder_of("tokeninfo:notify")
    descendant = registered(mom_id=mom_id, ancestors=ancestors)

    assert manageable_token(authority_of(somebody, descendant), somebody, mom_id) is descendant


@pytest.mark.parametrize(
    ("mom_id", "ancestors"), [(PARENT, ()), (SIBLING, (PARENT,)), (OTHER_MOM_ID, ())]
)
def test_no_other_token_is_manageable_with_tokeninfo_notify(
    mom_id: str, ancestors: tuple[str, ...]
) -> None:
    somebody = holder_of("tokeninfo:notify")
    authority = authority_of(somebody, registered(mom_id=mom_id, ancestors=ancestors))

    with pytest.raises(InsufficientCapabilities):
        manageable_token(authority, somebody, mom_id)


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
    somebody = holder_of(capability)

    with pytest.raises(refusal) as refused:
        manageable_token(authority_of(somebody), somebody, OTHER_MOM_ID)

    assert refused.value.description == refusal.description


@pytest.mark.parametrize("capability", ["manage_mytokens:notify", "tokeninfo:notify"])
def test_an_authority_that_cannot_tell_is_not_taken_for_a_refusal(capability: str) -> None:
    somebody = holder_of(capability)
    authority = replace(authority_of(somebody), failure=TemporarilyUnavailable())

    with pytest.raises(TemporarilyUnavailable):
        manageable_token(authority, somebody, OTHER_MOM_ID)


def test_an_expired_token_may_still_be_found() -> None:
    somebody = holder_of("manage_mytokens:notify")
    expired = registered(mom_id=OTHER_MOM_ID, expires=NOW - DAY)

    assert manageable_token(authority_of(somebody, expired), somebody, OTHER_MOM_ID) is expired
