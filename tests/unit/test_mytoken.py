"""The mytoken: what it covers, how long it lives, what succeeds it, which claims it may have."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mytoken_calendars import limits
from mytoken_calendars.errors import Expired, InvalidToken, IssuedInTheFuture, NotValidYet
from mytoken_calendars.tokens.mytoken import Capability, Mytoken
from tests.harness import examples
from tests.harness.examples import DAY, ISSUER, NOW, claims, mytoken

# Capabilities that are real, and ones that are made of the same words.
capabilities = st.builds(
    "{}{}".format,
    st.sampled_from(["", "read@", "read", "@", "READ@"]),
    st.lists(
        st.sampled_from(["manage_mytokens", "tokeninfo", "notify", "notif", "read@", "", "AT"]),
        max_size=3,
    ).map(":".join),
)


def covers(held: str, needed: str) -> bool:
    """The rule once more, on whole texts: a capability covers itself and what lies below it."""
    if held.startswith("read@"):
        return f"{needed}:".startswith(f"{held}:")
    return f"{needed.removeprefix('read@')}:".startswith(f"{held}:")


@pytest.mark.parametrize(
    ("held", "covered"),
    [
        ("manage_mytokens:notify", {"NOTIFY", "READ_NOTIFY"}),
        ("manage_mytokens", {"NOTIFY", "READ_NOTIFY", "LIST", "REVOKE"}),
        ("manage_mytokens:list", {"LIST"}),
        ("manage_mytokens:revoke", {"REVOKE"}),
        ("read@manage_mytokens:notify", {"READ_NOTIFY"}),
        ("read@manage_mytokens", {"READ_NOTIFY"}),
        ("tokeninfo:notify", {"TOKENINFO_NOTIFY"}),
        ("tokeninfo:introspect", {"INTROSPECT"}),
        ("tokeninfo:subtokens", {"SUBTOKENS"}),
        ("tokeninfo", {"TOKENINFO_NOTIFY", "INTROSPECT", "SUBTOKENS"}),
        ("read@tokeninfo", set()),
        ("read@tokeninfo:notify", set()),
        ("tokeninfo:history", set()),
        ("notify", set()),
        ("manage_mytokens:notify:x", set()),
        ("manage_mytokens:notifyX", set()),
        ("manage_mytokens:noti", set()),
        ("manage_mytoken", set()),
        ("manage_mytokens:", set()),
        ("MANAGE_MYTOKENS:NOTIFY", set()),
        ("READ@manage_mytokens", set()),
        ("read@read@manage_mytokens", set()),
        (" manage_mytokens", set()),
        ("read@", set()),
        ("read", set()),
        (":", set()),
        ("", set()),
        ("*", set()),
        ("AT", set()),
        ("create_mytoken", set()),
        ("settings", {"TAGS", "READ_TAGS"}),
        ("read@settings", {"READ_TAGS"}),
        ("settings:grants", set()),
    ],
)
def test_a_capability_covers_what_lies_below_it_and_its_read_form(
    held: str, covered: set[str]
) -> None:
    token = mytoken(capabilities=[held])

    assert {capability.name for capability in Capability if token.may(capability)} == covered


@given(capabilities, st.sampled_from(Capability))
def test_coverage_is_a_matter_of_whole_segments(held: str, needed: Capability) -> None:
    assert needed.is_covered_by(held) == covers(held, needed)


def test_one_of_several_capabilities_is_enough() -> None:
    token = mytoken(capabilities=["AT", "tokeninfo", "manage_mytokens:notify"])

    assert token.may(Capability.NOTIFY)


def test_a_token_without_capabilities_may_do_nothing() -> None:
    token = mytoken(capabilities=[])

    assert not any(token.may(capability) for capability in Capability)


def refusal_of(token: Mytoken, now: int = NOW) -> type[InvalidToken] | None:
    """Why the token is not valid at `now`; None if it is."""
    try:
        token.check_valid_at(now)
    except InvalidToken as refusal:
        return type(refusal)
    return None


# Every time that a token has, one second before its bound, at it, and after it.
@pytest.mark.parametrize(
    ("times", "refusal"),
    [
        ({}, None),
        ({"exp": None}, None),
        ({"exp": NOW + 1}, None),
        ({"exp": NOW}, None),
        ({"exp": NOW - 1}, Expired),
        ({"nbf": NOW + 4}, None),
        ({"nbf": NOW + 5}, None),
        ({"nbf": NOW + 6}, NotValidYet),
        ({"iat": NOW + 4}, None),
        ({"iat": NOW + 5}, None),
        ({"iat": NOW + 6}, IssuedInTheFuture),
        ({"iat": NOW + 6, "nbf": NOW + 6}, IssuedInTheFuture),
        ({"nbf": NOW, "iat": NOW, "exp": NOW}, None),
    ],
)
def test_a_token_begins_five_seconds_early_and_ends_on_time(
    times: dict[str, int | None], refusal: type[InvalidToken] | None
) -> None:
    assert refusal_of(mytoken(**times)) is refusal


@pytest.mark.parametrize("rotation", [{}, {"on_other": True}, {"on_AT": True, "auto_revoke": True}])
@pytest.mark.parametrize(
    ("times", "lifetime", "valid"),
    [
        ({"iat": NOW - 60}, 60, True),
        ({"iat": NOW - 60}, 59, False),
        ({"iat": NOW - 60, "exp": None}, 60, True),
        ({"iat": NOW - 60, "exp": None}, 59, False),
        ({"iat": NOW - 60, "exp": NOW}, 61, True),
        ({"iat": NOW - 60, "exp": NOW - 1}, 61, False),
        ({"iat": NOW - 60, "exp": NOW + 1}, 59, False),
        ({"iat": NOW, "nbf": NOW}, 1, True),
        ({"iat": NOW + 5}, 60, True),
        ({"iat": NOW + 6}, 60, False),
        ({"iat": NOW - 60, "nbf": NOW - 1}, 59, False),
        ({"iat": NOW - 60, "exp": None}, 0, True),
        ({"iat": NOW - 60, "exp": NOW - 1}, 0, False),
        ({"iat": NOW - 60, "exp": NOW}, 10**30, True),
    ],
)
def test_a_token_with_a_lifetime_is_valid_for_as_long_after_it_was_made_anew(
    times: dict[str, int | None], lifetime: int, rotation: dict[str, Any], *, valid: bool
) -> None:
    token = mytoken(**times, rotation={**rotation, "lifetime": lifetime})

    assert (refusal_of(token) is None) is valid


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("ver", "10.12"),
        ("exp", None),
        ("exp", 0),
        ("exp", limits.LATEST_TIME),
        ("jti", examples.JTI.upper()),
        ("seq_no", 2**63),
        ("name", None),
        ("name", ""),
        ("name", "🙂" * 100),
        ("restrictions", []),
        ("rotation", None),
        ("rotation", {"on_AT": True, "unknown": 1}),
        ("auth_time", None),
        ("auth_time", 0),
        ("unknown", {"a": [None]}),
    ],
)
def test_claims_that_an_issuer_may_make_are_taken(claim: str, value: object) -> None:
    assert mytoken(**{claim: value}).mom_id == examples.MOM_ID


@pytest.mark.parametrize("claim", ["exp", "name", "auth_time"])
def test_a_claim_that_an_issuer_may_leave_out_is_not_missed(claim: str) -> None:
    assert mytoken(without=claim).mom_id == examples.MOM_ID


@pytest.mark.parametrize("claim", sorted({*claims()} - {"exp", "name", "auth_time"}))
def test_a_token_that_lacks_a_claim_is_refused(claim: str) -> None:
    with pytest.raises(ValidationError, match=f"\n{claim}\n  Field required"):
        mytoken(without=claim)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("ver", None),
        ("ver", 0.7),
        ("ver", "1"),
        ("ver", "0.7.1"),
        ("ver", "0.7\n"),
        ("ver", "v0.7"),
        ("ver", "٠.٧"),
        ("ver", "0.７"),
        ("token_type", "id_token"),
        ("token_type", "Mytoken"),
        ("token_type", None),
        ("iss", None),
        ("iss", [ISSUER]),
        ("sub", 1),
        ("aud", [ISSUER]),
        ("aud", None),
        ("exp", str(NOW)),
        ("exp", float(NOW)),
        ("exp", NOW + 0.5),
        ("exp", True),
        ("exp", -1),
        ("exp", limits.LATEST_TIME + 1),
        ("exp", 10**400),
        ("exp", []),
        ("nbf", None),
        ("nbf", str(NOW)),
        ("nbf", False),
        ("nbf", -1),
        ("iat", None),
        ("iat", 1.0),
        ("iat", limits.LATEST_TIME + 1),
        ("auth_time", str(NOW)),
        ("auth_time", True),
        ("auth_time", -1),
        ("jti", None),
        ("jti", ""),
        ("jti", "x" * 36),
        ("jti", 1),
        ("seq_no", 0),
        ("seq_no", -1),
        ("seq_no", "1"),
        ("seq_no", 1.0),
        ("seq_no", True),
        ("seq_no", None),
        ("name", 5),
        ("oidc_sub", None),
        ("oidc_sub", ""),
        ("oidc_iss", 1),
        ("capabilities", None),
        ("capabilities", "manage_mytokens:notify"),
        ("capabilities", {"manage_mytokens:notify": True}),
        ("restrictions", None),
        ("restrictions", {}),
        ("rotation", []),
        ("rotation", True),
        ("rotation", {"on_other": 1}),
        ("rotation", {"on_other": "true"}),
        ("rotation", {"auto_revoke": None}),
        ("rotation", {"lifetime": -1}),
        ("rotation", {"lifetime": 1.0}),
        ("rotation", {"lifetime": True}),
    ],
)
def test_claims_that_no_issuer_makes_are_refused(claim: str, value: object) -> None:
    with pytest.raises(ValidationError, match=f"\n{claim}"):
        mytoken(**{claim: value})


@pytest.mark.parametrize("odd", [1, None, True, [], ["AT"], {}])
def test_an_odd_capability_spoils_no_other(odd: object) -> None:
    assert mytoken(capabilities=[odd, "AT", odd]).capabilities == ["AT"]


@pytest.mark.parametrize(
    "odd",
    [
        *[None, 1, True, "exp", [], [{}], {"exp": str(NOW)}, {"exp": 1.0}, {"nbf": True}],
        *[{"exp": limits.LATEST_TIME + 1}, {"hosts": [1]}, {"made_up": 1}, {"schedule": 5}],
    ],
    ids=str,
)
def test_an_odd_clause_spoils_no_other(odd: object) -> None:
    restrictions = mytoken(restrictions=[odd, {"exp": NOW}]).restrictions

    assert [clause.is_understood for clause in restrictions] == [False, True]
    assert restrictions[1].exp == NOW


def test_a_long_name_is_cut_off() -> None:
    assert mytoken(name="n" * 101).name == "n" * 100


def test_the_nil_uuid_is_no_jti() -> None:
    with pytest.raises(ValidationError, match="jti is the nil UUID"):
        mytoken(jti=str(UUID(int=0)))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("sub", "kyYwTRzCHNOSAfs/51bQyTWH53cYCwBPqpTWFmgHljk"),
        ("sub", examples.USER),
        ("oidc_sub", "bob"),
        ("oidc_iss", "https://other.example"),
    ],
)
def test_a_subject_that_is_not_the_one_of_its_user_is_refused(claim: str, value: str) -> None:
    with pytest.raises(ValidationError, match="sub does not belong to oidc_sub and oidc_iss"):
        mytoken(**{claim: value})


def test_the_owner_is_the_same_for_all_tokens_of_a_user() -> None:
    one = mytoken()
    other = mytoken(jti=str(UUID(int=1)), name="other", seq_no=7)

    assert one.owner == other.owner
    assert one.mom_id != other.mom_id


def test_a_user_of_another_issuer_is_another_owner() -> None:
    assert mytoken().owner != mytoken(iss="https://other.example").owner


def test_a_token_that_was_rotated_has_the_same_mom_id() -> None:
    rotated = mytoken(seq_no=2, iat=NOW - 60, nbf=NOW - 60, exp=NOW + DAY)

    assert rotated.mom_id == mytoken().mom_id


@pytest.mark.parametrize(
    ("times", "created"),
    [
        ({"iat": NOW, "auth_time": NOW - DAY}, NOW),
        ({"iat": NOW, "auth_time": None}, NOW),
        ({"iat": NOW, "auth_time": NOW - DAY, "seq_no": 2}, NOW - DAY),
        ({"iat": NOW, "auth_time": 0, "seq_no": 2}, 0),
        ({"iat": NOW, "auth_time": None, "seq_no": 2}, NOW),
        ({"iat": NOW, "without": "auth_time", "seq_no": 2}, NOW),
    ],
)
def test_a_token_was_created_when_it_was_first_made(times: dict[str, Any], created: int) -> None:
    assert mytoken(**times).created == created


@pytest.mark.parametrize(
    ("changes", "expires"),
    [
        ({"exp": NOW}, NOW),
        ({"exp": None}, None),
        ({"exp": NOW, "rotation": {"on_other": True, "lifetime": 0}}, NOW),
        ({"exp": NOW, "restrictions": [{"exp": NOW - 1}]}, NOW),
        ({"exp": NOW, "rotation": {"lifetime": 60}}, None),
        ({"exp": NOW, "rotation": {"lifetime": 60}, "restrictions": []}, None),
        ({"exp": NOW, "rotation": {"lifetime": 60}, "restrictions": [{"exp": NOW + 1}]}, NOW + 1),
        (
            {"rotation": {"lifetime": 60}, "restrictions": [{"exp": NOW + 1}, {"exp": NOW + 9}]},
            NOW + 9,
        ),
        ({"rotation": {"lifetime": 60}, "restrictions": [{"exp": NOW + 1}, {"nbf": NOW}]}, None),
    ],
)
def test_a_token_expires_for_good_when_no_rotation_can_renew_it(
    changes: dict[str, Any], expires: int | None
) -> None:
    assert mytoken(**changes).expires == expires


@pytest.mark.parametrize(
    ("rotation", "understood", "rotates", "revoked_when_replayed"),
    [
        (None, True, False, False),
        ({}, True, False, False),
        ({"on_AT": True}, True, False, False),
        ({"on_other": True}, True, True, False),
        ({"on_other": False, "auto_revoke": True}, True, False, True),
        ({"on_other": True, "auto_revoke": True, "lifetime": 60}, True, True, True),
        ({"on_other": True, "on_something_new": False}, False, True, False),
        ({"on_something_new": None}, False, False, False),
        ({"ON_OTHER": True}, False, False, False),
    ],
)
def test_a_rotation_says_what_becomes_of_a_token_that_is_used(
    rotation: dict[str, Any] | None, *, understood: bool, rotates: bool, revoked_when_replayed: bool
) -> None:
    token = mytoken(rotation=rotation)

    assert token.rotation_is_understood is understood
    assert token.rotates is rotates
    assert token.is_revoked_when_replayed is revoked_when_replayed


ODD = {"auth_time": 0, "unknown": {"a": [None]}, "restrictions": [{"made_up": [1]}]}


def test_the_claims_of_a_token_are_those_that_stand_in_it() -> None:
    in_token = claims(**ODD, without="name")

    assert Mytoken.of(in_token).claims == in_token


def test_the_claims_of_a_token_are_not_altered_from_outside() -> None:
    in_token = claims()
    token = Mytoken.of(in_token)

    in_token["exp"] = 0

    assert token.claims == claims()
    assert token.successor_claims(NOW, None)["exp"] == claims()["exp"]


@pytest.mark.parametrize("odd", [{}, ODD])
@pytest.mark.parametrize("seq_no", [1, 2, 41])
def test_a_successor_is_the_token_made_anew_with_the_next_number(
    seq_no: int, odd: dict[str, Any]
) -> None:
    before = claims(seq_no=seq_no, rotation={"on_other": True}, **odd)

    after = Mytoken.of(before).successor_claims(NOW, before["exp"])

    assert after == {**before, "seq_no": seq_no + 1, "iat": NOW, "nbf": NOW}
    assert Mytoken.of(after).mom_id == examples.MOM_ID


@pytest.mark.parametrize(
    ("lifetime", "exp", "record", "expected"),
    [
        (60, NOW + DAY, NOW + DAY, NOW + 60),
        (60, NOW + 1, NOW + DAY, NOW + 60),
        (60, NOW + 1, NOW + 60, NOW + 60),
        (60, NOW + 1, NOW + 59, NOW + 59),
        (60, NOW + 1, NOW, NOW),
        (60, NOW + 1, None, NOW + 60),
        (60, None, None, NOW + 60),
        (10**30, NOW + 1, None, limits.LATEST_TIME),
        (10**30, NOW + 1, NOW + DAY, NOW + DAY),
        (0, NOW + DAY, NOW + DAY, NOW + DAY),
        (0, NOW + DAY, None, NOW + DAY),
        (0, NOW + DAY, NOW + 1, NOW + DAY),
        (0, None, None, None),
    ],
)
def test_a_lifetime_renews_the_expiry_but_not_beyond_the_one_that_was_issued(
    lifetime: int, exp: int | None, record: int | None, expected: int | None
) -> None:
    token = mytoken(exp=exp, iat=NOW - 1, rotation={"on_other": True, "lifetime": lifetime})

    assert Mytoken.of(token.successor_claims(NOW, record)).exp == expected


@pytest.mark.parametrize("rotation", [None, {}, {"on_other": True}])
@pytest.mark.parametrize("times", [{"without": "exp"}, {"exp": None}, {"exp": NOW + 1}])
def test_a_successor_without_a_lifetime_keeps_its_expiry_as_it_stands(
    times: dict[str, Any], rotation: dict[str, Any] | None
) -> None:
    before = claims(**times, rotation=rotation)

    after = Mytoken.of(before).successor_claims(NOW, NOW + DAY)

    assert ("exp" in after, after.get("exp")) == ("exp" in before, before.get("exp"))


def test_a_successor_is_valid_at_once_and_to_the_end_of_its_lifetime() -> None:
    token = mytoken(iat=NOW - 60, rotation={"on_other": True, "lifetime": 60})

    successor = Mytoken.of(token.successor_claims(NOW, token.exp))

    assert [refusal_of(successor, NOW + after) for after in (-6, -5, 0, 60, 61)] == [
        IssuedInTheFuture,
        None,
        None,
        None,
        Expired,
    ]


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({}, {"expires_in": 30 * DAY}),
        ({"exp": NOW}, {"expires_in": 0}),
        ({"exp": None}, {}),
        ({"without": "exp"}, {}),
        (
            {"exp": None, "restrictions": [{"made_up": 1}], "rotation": {"on_other": True}},
            {"restrictions": [{"made_up": 1}], "rotation": {"on_other": True}},
        ),
        ({"exp": None, "restrictions": [], "rotation": None}, {"restrictions": []}),
        ({"exp": None, "rotation": {}}, {"rotation": {}}),
    ],
)
def test_a_token_is_handed_out_with_what_is_known_of_it(
    changes: dict[str, Any], members: dict[str, Any]
) -> None:
    assert mytoken(**changes).response("its-bearer", NOW) == {
        "mytoken": "its-bearer",
        "mytoken_type": "token",
        "mom_id": examples.MOM_ID,
        "capabilities": ["manage_mytokens:notify"],
        **members,
    }
