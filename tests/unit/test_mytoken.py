"""The mytoken: what capabilities cover, when restrictions hold, and which claims are refused."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mytoken_calendars.mytoken import LATEST_TIME, Capability, Restriction
from tests.unit import examples
from tests.unit.examples import DAY, ISSUER, NOW, claims, mytoken

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
        ("manage_mytokens", {"NOTIFY", "READ_NOTIFY"}),
        ("read@manage_mytokens:notify", {"READ_NOTIFY"}),
        ("read@manage_mytokens", {"READ_NOTIFY"}),
        ("tokeninfo:notify", {"TOKENINFO_NOTIFY"}),
        ("tokeninfo", {"TOKENINFO_NOTIFY"}),
        ("read@tokeninfo", set()),
        ("read@tokeninfo:notify", set()),
        ("tokeninfo:introspect", set()),
        ("manage_mytokens:list", set()),
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
        ("settings", set()),
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


@pytest.mark.parametrize(
    ("clause", "holds"),
    [
        ({}, True),
        ({"nbf": NOW}, True),
        ({"nbf": NOW + 1}, False),
        ({"exp": NOW}, True),
        ({"exp": NOW - 1}, False),
        ({"nbf": NOW, "exp": NOW}, True),
        ({"nbf": NOW + 1, "exp": NOW + 2}, False),
        ({"nbf": None, "exp": None}, True),
        ({"nbf": 0}, True),
        ({"exp": 0}, False),
    ],
)
def test_a_restriction_holds_from_its_first_second_to_its_last(
    clause: dict[str, Any], *, holds: bool
) -> None:
    assert Restriction.model_validate(clause).holds(NOW) is holds


@pytest.mark.parametrize(
    "clause",
    [
        {"scope": "openid profile"},
        {"audience": ["https://api.example"]},
        {"usages_AT": 0},
        {"scope": 1, "audience": None, "usages_AT": "x"},
    ],
)
def test_a_restriction_of_access_tokens_alone_holds(clause: dict[str, Any]) -> None:
    assert Restriction.model_validate(clause).holds(NOW)


@pytest.mark.parametrize(
    "clause",
    [
        {"hosts": ["0.0.0.0/0"]},
        {"ip": ["192.0.2.7"]},
        {"geoip_allow": ["DE"]},
        {"geoip_disallow": []},
        {"usages_other": 1_000},
        {"schedule": {"from": "00:00"}},
        {"include": ["default"]},
        {"hosts": None},
        {"NBF": 0},
        {"": True},
    ],
)
def test_a_restriction_that_is_not_enforced_here_never_holds(clause: dict[str, Any]) -> None:
    restriction = Restriction.model_validate({"nbf": 0, "exp": LATEST_TIME, **clause})

    assert not restriction.holds(NOW)


@pytest.mark.parametrize(
    ("restrictions", "allowed"),
    [
        ([], True),
        ([{}], True),
        ([{"exp": NOW - 1}], False),
        ([{"exp": NOW - 1}, {"exp": NOW}], True),
        ([{"exp": NOW - 1}, {"nbf": NOW + 1}], False),
        ([{"hosts": ["192.0.2.7"]}], False),
        ([{"hosts": ["192.0.2.7"]}, {}], True),
    ],
)
def test_a_token_may_be_used_if_any_one_restriction_holds(
    restrictions: list[dict[str, Any]], *, allowed: bool
) -> None:
    assert mytoken(restrictions=restrictions).may_be_used_at(NOW) is allowed


@pytest.mark.parametrize(
    ("rotation", "allowed"),
    [
        (None, True),
        ({}, True),
        ({"on_AT": True}, True),
        ({"on_other": False, "lifetime": 0, "auto_revoke": False}, True),
        ({"on_other": True}, False),
        ({"lifetime": 1}, False),
        ({"auto_revoke": True}, False),
        ({"on_AT": True, "on_something_new": False}, False),
    ],
)
def test_a_token_that_its_use_would_rotate_may_not_be_used(
    rotation: dict[str, Any] | None, *, allowed: bool
) -> None:
    assert mytoken(rotation=rotation).may_be_used_at(NOW) is allowed


def test_a_rotation_refuses_also_where_a_restriction_holds() -> None:
    token = mytoken(rotation={"on_other": True}, restrictions=[{"exp": NOW}])

    assert not token.may_be_used_at(NOW)


@pytest.mark.parametrize(
    ("times", "valid"),
    [
        ({}, True),
        ({"exp": None}, True),
        ({"exp": NOW}, True),
        ({"exp": NOW - 1}, False),
        ({"nbf": NOW}, True),
        ({"nbf": NOW + 1}, False),
        ({"iat": NOW}, True),
        ({"iat": NOW + 1}, False),
        ({"nbf": NOW, "iat": NOW, "exp": NOW}, True),
    ],
)
def test_a_token_is_valid_from_its_first_second_to_its_last(
    times: dict[str, int | None], *, valid: bool
) -> None:
    assert mytoken(**times).is_valid_at(NOW) is valid


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("ver", "10.12"),
        ("exp", None),
        ("exp", 0),
        ("exp", LATEST_TIME),
        ("jti", examples.JTI.upper()),
        ("seq_no", 2**63),
        ("name", None),
        ("name", ""),
        ("name", "🙂" * 100),
        ("restrictions", []),
        ("rotation", None),
        ("rotation", {"on_AT": True, "unknown": 1}),
        ("auth_time", "whenever"),
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
        ("exp", LATEST_TIME + 1),
        ("exp", 10**400),
        ("exp", []),
        ("nbf", None),
        ("nbf", str(NOW)),
        ("nbf", False),
        ("nbf", -1),
        ("iat", None),
        ("iat", 1.0),
        ("iat", LATEST_TIME + 1),
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
        ("name", "n" * 101),
        ("name", 5),
        ("oidc_sub", None),
        ("oidc_sub", ""),
        ("oidc_iss", 1),
        ("capabilities", None),
        ("capabilities", "manage_mytokens:notify"),
        ("capabilities", ["AT", 1]),
        ("capabilities", [None]),
        ("capabilities", {"manage_mytokens:notify": True}),
        ("restrictions", None),
        ("restrictions", {}),
        ("restrictions", [[]]),
        ("restrictions", ["x"]),
        ("restrictions", [None]),
        ("restrictions", [{"exp": str(NOW)}]),
        ("restrictions", [{"exp": float(NOW)}]),
        ("restrictions", [{"nbf": True}]),
        ("restrictions", [{"nbf": -1}]),
        ("restrictions", [{"exp": LATEST_TIME + 1}]),
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
