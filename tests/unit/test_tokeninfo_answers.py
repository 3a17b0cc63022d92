"""What tokeninfo answers: read exactly where it makes sense, and otherwise nobody's token."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from mytoken_calendars import limits
from mytoken_calendars.authorities.remote.https import Https
from mytoken_calendars.authorities.remote.tokeninfo_answers import (
    ListedTokens,
    document,
    introspection,
    listed_tokens,
)
from mytoken_calendars.errors import InvalidToken, Refusal, TemporarilyUnavailable
from mytoken_calendars.identifiers import mom_id_of
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.doubles import mytoken_server
from tests.doubles.mytoken_server import TOKENINFO, MytokenServer
from tests.harness.examples import ISSUER, MOM_ID, NOW, claims, mytoken

CLAUSES: list[dict[str, Any]] = [
    {"exp": NOW + 60, "usages_other": 3},
    {"hosts": ["192.0.2.1"]},
    {"usages_other": 5},
]


def answer(*, without: str = "", token: Any = None, **changes: Any) -> dict[str, Any]:
    """An answer to `introspect`."""
    known = {
        "valid": True,
        "token_type": "short_token",
        "token": claims() if token is None else token,
        "mom_id": MOM_ID,
        **changes,
    }
    return {name: value for name, value in known.items() if name != without}


def test_a_token_is_read_from_its_introspection() -> None:
    found = introspection(answer(tags=[]), ISSUER)

    assert found.mytoken.claims["jti"] == mytoken().claims["jti"]
    assert found.mytoken.mom_id == MOM_ID
    assert found.mytoken.restrictions == []
    assert found.usages_other_done == ()


def test_the_uses_of_each_clause_are_parted_from_it() -> None:
    counted = [
        {**CLAUSES[0], "usages_AT_done": 7, "usages_other_done": 2},
        CLAUSES[1],
        {**CLAUSES[2], "usages_other_done": None},
    ]
    original = deepcopy(counted)

    found = introspection(answer(token=claims(restrictions=counted)), ISSUER)

    assert found.usages_other_done == (2, 0, 0)
    assert found.mytoken.claims["restrictions"] == CLAUSES
    restrictions = mytoken(restrictions=CLAUSES).restrictions
    assert [c.digest for c in found.mytoken.restrictions] == [c.digest for c in restrictions]
    assert counted == original


def test_restrictions_that_are_null_are_none() -> None:
    assert introspection(answer(token=claims(restrictions=None)), ISSUER).usages_other_done == ()


@pytest.mark.parametrize(
    "nonsense",
    [
        pytest.param({}, id="empty"),
        pytest.param(answer(valid=False), id="not valid"),
        pytest.param(answer(valid=1), id="valid as 1"),
        pytest.param(answer(valid="true"), id="valid as a text"),
        pytest.param(answer(without="valid"), id="not said to be valid"),
        pytest.param(answer(token_type="transfer_code"), id="a transfer code"),
        pytest.param(answer(without="token_type"), id="of no type"),
        pytest.param(answer(without="token"), id="without claims"),
        pytest.param(answer(token={}), id="no claims"),
        pytest.param(answer(token=[claims()]), id="a list of claims"),
        pytest.param(answer(token="x.y.z"), id="a JWT"),
        pytest.param(answer(without="mom_id"), id="without a mom_id"),
        pytest.param(answer(mom_id=mom_id_of(UUID(int=1))), id="another mom_id"),
        pytest.param(answer(mom_id=None), id="a mom_id that is null"),
        pytest.param(answer(token=claims(iss="https://evil.example")), id="of another issuer"),
        pytest.param(answer(token=claims(aud="https://evil.example")), id="for another audience"),
        pytest.param(answer(token=claims(aud=[ISSUER])), id="for several audiences"),
        pytest.param(answer(token=claims(oidc_sub="bob")), id="of another user"),
        pytest.param(answer(token=claims(without="jti")), id="without a jti"),
        pytest.param(answer(token=claims(restrictions={})), id="restrictions that are an object"),
        pytest.param(answer(token=claims(restrictions="")), id="restrictions that are a text"),
        pytest.param(answer(token=claims(restrictions=False)), id="restrictions that are false"),
    ],
)
def test_what_is_no_introspection_is_nobodys_token(nonsense: dict[str, Any]) -> None:
    with pytest.raises((InvalidToken, TemporarilyUnavailable)):
        introspection(nonsense, ISSUER)


@pytest.mark.parametrize(
    ("answered", "refusal"),
    [
        (answer(valid=False), InvalidToken),
        (answer(mom_id=mom_id_of(UUID(int=1))), InvalidToken),
        (answer(token=claims(iss="https://evil.example")), InvalidToken),
        ({}, TemporarilyUnavailable),
        (answer(without="token"), TemporarilyUnavailable),
        (answer(valid="true"), TemporarilyUnavailable),
    ],
)
def test_an_issuer_that_talks_nonsense_makes_no_token_invalid(
    answered: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        introspection(answered, ISSUER)


@pytest.mark.parametrize("odd", [None, 1, "exp", [], {"exp": "never"}, {"hosts": [1]}], ids=str)
def test_an_odd_clause_leaves_the_others(odd: object) -> None:
    clauses = [odd, {"exp": NOW, "usages_other_done": 3}]

    found = introspection(answer(token=claims(restrictions=clauses)), ISSUER)

    assert [clause.is_understood for clause in found.mytoken.restrictions] == [False, True]
    assert found.usages_other_done == (0, 3)


@pytest.mark.parametrize("count", [-1, "0", True, 1.5, [1], {"n": 1}], ids=str)
def test_a_clause_with_an_odd_count_has_no_use_left(count: object) -> None:
    clauses = [{"usages_other": limits.USES, "usages_other_done": count}, {"usages_other": 1}]

    found = introspection(answer(token=claims(restrictions=clauses)), ISSUER)

    assert found.usages_other_done == (limits.USES, 0)


def mom_id(number: int) -> str:
    return mom_id_of(UUID(int=number))


def tree(number: int, *children: Any, **changes: Any) -> dict[str, Any]:
    token = {"mom_id": mom_id(number), "name": f"token {number}", "created": NOW, **changes}
    return {"token": token, "children": [*children]}


def listed(mytokens: object) -> ListedTokens:
    return listed_tokens({"mytokens": mytokens})


def read(mytokens: object) -> dict[str, TokenRecord]:
    return listed(mytokens).records


def test_a_forest_is_read_with_the_ancestors_of_each_token_the_parent_first() -> None:
    found = read([tree(1, tree(2, tree(3), tree(4, expires_at=NOW + 9))), tree(5)])

    assert {m: token.ancestors for m, token in found.items()} == {
        mom_id(1): (),
        mom_id(2): (mom_id(1),),
        mom_id(3): (mom_id(2), mom_id(1)),
        mom_id(4): (mom_id(2), mom_id(1)),
        mom_id(5): (),
    }
    assert found[mom_id(4)] == TokenRecord(
        mom_id(4), "token 4", NOW, NOW + 9, (mom_id(2), mom_id(1))
    )
    assert all(mom_id == token.mom_id for mom_id, token in found.items())


def test_a_tree_alone_is_read_as_well() -> None:
    assert set(read(tree(1, tree(2)))) == {mom_id(1), mom_id(2)}


@pytest.mark.parametrize("nothing", [[], [{"token": tree(1)["token"]}]])
def test_there_may_be_no_tokens_and_no_children(nothing: list[Any]) -> None:
    assert len(read(nothing)) == len(nothing)


def test_children_that_are_null_are_none() -> None:
    assert set(read([{**tree(1), "children": None}])) == {mom_id(1)}


@pytest.mark.parametrize(
    ("expires_at", "expires"),
    [(None, None), (0, None), (1, 1), (limits.LATEST_TIME, limits.LATEST_TIME)],
)
def test_a_token_that_never_expires_says_so_in_several_ways(
    expires_at: int | None, expires: int | None
) -> None:
    assert read([tree(1, expires_at=expires_at)])[mom_id(1)].expires == expires
    assert read([tree(1)])[mom_id(1)].expires is None


@pytest.mark.parametrize(
    ("name", "known_as"),
    [
        ("n" * 100, "n" * 100),
        ("ü" * 100, "ü" * 100),
        ("n" * 101, "n" * 100),
        ("n" * 100_000, "n" * 100),
        ("", None),
        (None, None),
    ],
    ids=lambda name: str(name)[:9] + str(len(name or "")),
)
def test_a_name_is_cut_off_where_ours_end(name: str | None, known_as: str | None) -> None:
    assert read([tree(1, name=name)])[mom_id(1)].name == known_as


def chain(length: int) -> dict[str, Any]:
    root = tree(length)
    for number in range(length - 1, 0, -1):
        root = tree(number, root)
    return root


def test_a_token_may_have_a_hundred_ancestors() -> None:
    assert len(read(chain(101))[mom_id(101)].ancestors) == 100


# Every way in which an entry can be odd though it names its token.
ODD_MEMBERS: list[dict[str, Any]] = [
    {"name": 1},
    {"name": ["x"]},
    {"created": None},
    {"created": -1},
    {"created": limits.LATEST_TIME + 1},
    {"created": "0"},
    {"created": 1.0},
    {"created": True},
    {"expires_at": -1},
    {"expires_at": limits.LATEST_TIME + 1},
    {"expires_at": 10**20},
    {"expires_at": "never"},
    {"expires_at": [1]},
]
# Entries that do not even name their token.
NAMELESS: dict[str, Any] = {
    "null": None,
    "text": "x",
    "number": 1,
    "list": [tree(2)],
    "empty": {},
    "no token": {"children": []},
    "null as token": {"token": None},
    "text as token": {"token": "x"},
    "list as token": {"token": [1]},
    "empty mom_id": tree(2, mom_id=""),
    "no mom_id": tree(2, mom_id="x"),
    "mom_id without padding": tree(2, mom_id=mom_id(2)[:-2]),
    "mom_id with a space": tree(2, mom_id=" " + mom_id(2)),
    "number as mom_id": tree(2, mom_id=1),
    "null as mom_id": tree(2, mom_id=None),
}


@pytest.mark.parametrize("odd", ODD_MEMBERS, ids=lambda odd: f"{odd}"[:40])
def test_an_odd_entry_is_left_out_and_no_other(odd: dict[str, Any]) -> None:
    found = listed([tree(1, tree(2, tree(3), **odd), tree(4)), tree(5)])

    assert {m: token.ancestors for m, token in found.records.items()} == {
        mom_id(1): (),
        mom_id(3): (mom_id(2), mom_id(1)),
        mom_id(4): (mom_id(1),),
        mom_id(5): (),
    }
    assert found.alive == {mom_id(number) for number in range(1, 6)}
    assert found.is_whole


@pytest.mark.parametrize("nameless", NAMELESS)
def test_an_entry_without_a_name_spoils_no_other(nameless: str) -> None:
    found = listed([tree(1, NAMELESS[nameless], tree(4)), NAMELESS[nameless], tree(5)])

    assert found.records.keys() == found.alive == {mom_id(1), mom_id(4), mom_id(5)}
    assert not found.is_whole


def test_children_of_an_entry_without_a_name_are_kept() -> None:
    found = listed([tree(1, tree(2, tree(3), mom_id="x"))])

    assert found.records[mom_id(3)].ancestors == (mom_id(1),)


@pytest.mark.parametrize("children", [{}, "x", "", 0, False, 5, {"token": tree(2)["token"]}])
def test_children_that_are_no_list_leave_their_parent(children: object) -> None:
    found = listed([{**tree(1), "children": children}, tree(5)])

    assert found.records.keys() == {mom_id(1), mom_id(5)}
    assert not found.is_whole


@pytest.mark.parametrize(
    "twice",
    [
        pytest.param([tree(1), tree(1, name="later")], id="twice"),
        pytest.param([tree(1, tree(2, tree(1, name="later")))], id="below itself"),
        pytest.param([tree(1, tree(2)), tree(3, tree(2), tree(1))], id="with two parents"),
    ],
)
def test_of_two_entries_of_a_token_the_first_counts(twice: list[Any]) -> None:
    found = listed(twice)

    assert found.records[mom_id(1)].name == "token 1"
    assert {m: token.ancestors for m, token in found.records.items()}.items() <= {
        mom_id(1): (),
        mom_id(2): (mom_id(1),),
        mom_id(3): (),
    }.items()
    assert found.is_whole


@pytest.mark.parametrize("length", [102, 200])
def test_tokens_with_more_ancestors_are_left_out(length: int) -> None:
    found = listed([chain(length), tree(1_000)])

    assert found.records.keys() == {mom_id(number) for number in [*range(1, 102), 1_000]}
    assert found.odd == {mom_id(number) for number in range(102, length + 1)}
    assert found.is_whole


@pytest.mark.parametrize("nonsense", [None, "x", 1, True])
def test_a_listing_that_is_no_list_is_no_answer(nonsense: object) -> None:
    with pytest.raises(TemporarilyUnavailable):
        read(nonsense)


def test_an_answer_without_tokens_is_none() -> None:
    with pytest.raises(TemporarilyUnavailable):
        listed_tokens({})


@pytest.mark.slow
def test_a_million_tokens_are_not_read() -> None:
    one = tree(1)

    with pytest.raises(TemporarilyUnavailable):
        read([one] * 1_000_000)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b"\xff",
        b'{"mytokens":[' + b'{"children":[' * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_an_answer_is_a_json_object(body: bytes) -> None:
    with pytest.raises(TemporarilyUnavailable):
        document(body)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MytokenServer]:
    with mytoken_server.running(tmp_path) as running:
        yield running


def records_of(answer: dict[str, Any]) -> dict[str, TokenRecord]:
    return listed_tokens(answer).records


def ask(server: MytokenServer, action: str, bearer: str) -> tuple[int, dict[str, Any]]:
    request = {"action": action, "mytoken": bearer}
    status, body = Https(server.url).post(f"{server.url}{TOKENINFO}", request)
    return status, document(body)


def test_a_servers_short_token_is_read(server: MytokenServer) -> None:
    minted = server.mint("manage_mytokens", "tokeninfo", restrictions=[{"usages_other": 3}])
    assert ask(server, "list_mytokens", minted.short)[0] == 200

    status, found = ask(server, "introspect", minted.short)

    assert status == 200
    read_from_it = introspection(found, server.url)
    assert read_from_it.mytoken.mom_id == minted.mom_id
    assert read_from_it.usages_other_done == (1,)
    assert read_from_it.mytoken.restrictions[0].usages_other == 3


def test_a_servers_lists_are_read(server: MytokenServer) -> None:
    parent = server.mint("manage_mytokens", "tokeninfo", name=None, expires_in=None)
    child = server.mint(parent=parent)
    grandchild = server.mint(parent=child, name="below")
    server.mint(user="bob")

    _, forest = ask(server, "list_mytokens", parent.bearer)
    _, below = ask(server, "subtokens", parent.bearer)

    assert records_of(forest) == records_of(below)
    found = records_of(forest)
    assert set(found) == {parent.mom_id, child.mom_id, grandchild.mom_id}
    assert found[parent.mom_id].name is None
    assert found[parent.mom_id].expires is None
    assert found[grandchild.mom_id].name == "below"
    assert found[grandchild.mom_id].ancestors == (child.mom_id, parent.mom_id)
    assert json.loads(json.dumps(forest)) == forest


def test_a_server_refuses_who_may_not_ask_and_who_is_gone(server: MytokenServer) -> None:
    weak, strong = server.mint(), server.mint("manage_mytokens")
    below = server.mint("manage_mytokens", parent=strong)

    assert ask(server, "introspect", weak.bearer)[0] == 403
    assert ask(server, "list_mytokens", weak.bearer)[0] == 403
    server.revoke(strong)
    assert ask(server, "list_mytokens", strong.bearer)[0] == 401
    assert set(records_of(ask(server, "list_mytokens", below.bearer)[1])) == {
        weak.mom_id,
        below.mom_id,
    }


@pytest.mark.parametrize("form", ["bearer", "short"])
def test_a_server_rotates_counts_and_revokes_a_chain_that_is_used_again(
    server: MytokenServer, form: str
) -> None:
    minted = server.mint(
        "manage_mytokens:list",
        restrictions=[{"usages_other": 2}],
        rotation={"on_other": True, "auto_revoke": True},
    )
    first = getattr(minted, form)

    _, one = ask(server, "list_mytokens", first)
    second = one["token_update"]["mytoken"]
    _, two = ask(server, "list_mytokens", second)
    third = two["token_update"]["mytoken"]

    assert one["token_update"]["mytoken_type"] == ("token" if form == "bearer" else "short_token")
    assert ask(server, "list_mytokens", third)[0] == 403  # it has been used twice
    assert ask(server, "list_mytokens", first)[0] == 401
    assert ask(server, "list_mytokens", third)[0] == 401
    assert server.ledger.entries == {}


def test_a_server_neither_counts_nor_rotates_what_has_no_restrictions(
    server: MytokenServer,
) -> None:
    minted = server.mint("manage_mytokens", expires_in=None, rotation={"on_other": True})

    assert "token_update" not in ask(server, "list_mytokens", minted.bearer)[1]
    server.ledger.rotates_always = True
    assert "token_update" in ask(server, "list_mytokens", minted.bearer)[1]
    assert server.actions == ["list_mytokens", "list_mytokens"]
