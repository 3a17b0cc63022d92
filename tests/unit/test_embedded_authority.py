"""The authority that is this stack: what a use writes, makes and leaves, and what is counted."""

import json
import time
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from mytoken_calendars.authorities.embedded.authority import EmbeddedAuthority
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.aws.dynamodb.tokens import Registry
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.changes import NO_USE, Change, Use, Write
from mytoken_calendars.errors import (
    AheadOfRegistry,
    InvalidToken,
    Outdated,
    Refusal,
    Superseded,
    TemporarilyUnavailable,
)
from mytoken_calendars.tokens.authority import Caller
from mytoken_calendars.tokens.mytoken import Mytoken
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.doubles.fakes import FakeNetwork
from tests.harness.examples import (
    DAY,
    MOM_ID,
    NOW,
    caller,
    claims,
    credentials,
    guard,
    mytoken,
    record,
)

COMMITTED_AT = NOW + 2.5

ROTATING = {"rotation": {"on_other": True}}
REVOKING = {"rotation": {"on_other": True, "auto_revoke": True}}
COUNTED = {"restrictions": [{"usages_other": 3}]}


@dataclass(frozen=True)
class FakeTable(Table):
    """Commits everything, unless `refusals` are left; writes are made as they always are."""

    committed: list[tuple[Write, ...]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def commit(self, change: Change, *writes: Write, use: Use = NO_USE) -> None:
        self.committed.append((*writes, *use.writes, *use.conditions))
        if self.refusals:
            raise self.refusals.pop(0)
        use.follow_up()


class FakeCodec:
    """Its mytokens are their claims, in plain JSON."""

    def encode(self, claims: Any) -> str:
        return json.dumps(claims)


class UnreachableCodec:
    def encode(self, claims: Any) -> str:
        raise TemporarilyUnavailable


@dataclass(frozen=True)
class FakeRegistry(Registry):
    """Knows of one token, or refuses it."""

    known: TokenRecord | Refusal = field(default_factory=record)

    def look_up(self, mytoken: Mytoken) -> TokenRecord:
        if isinstance(self.known, Refusal):
            raise self.known
        return self.known


@pytest.fixture
def tokens() -> FakeTable:
    return FakeTable(cast("Any", None), "tokens")


@pytest.fixture
def calendars() -> FakeTable:
    return FakeTable(cast("Any", None), "calendars")


@pytest.fixture
def authority(
    tokens: FakeTable, calendars: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> EmbeddedAuthority:
    monkeypatch.setattr(time, "time", lambda: COMMITTED_AT)
    return EmbeddedAuthority(
        cast("Any", FakeCodec()), FakeRegistry(tokens), calendars, FakeNetwork()
    )


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Metric]:
    events: list[Metric] = []
    monkeypatch.setattr(metrics, "count", events.append)
    return events


def holder(authority: EmbeddedAuthority, token: TokenRecord | None = None, **of: Any) -> Caller:
    somebody = caller(token, authority, **of)
    return replace(somebody, clause=next(iter(somebody.mytoken.restrictions), None))


def expressions(writes: tuple[Write, ...]) -> list[str]:
    return [write.parameters["UpdateExpression"].split()[0] for write in writes]


@pytest.mark.parametrize(
    ("of", "written", "rotates"),
    [
        ({}, [], False),
        (COUNTED, ["ADD"], False),
        ({"rotation": {"on_AT": True, "auto_revoke": True}}, [], False),
        (ROTATING, ["SET"], True),
        (REVOKING, ["SET"], True),
        (ROTATING | COUNTED, ["SET"], True),
    ],
)
def test_a_use_writes_what_it_leaves_and_makes_a_successor_if_it_rotates(
    authority: EmbeddedAuthority, of: dict[str, Any], written: list[str], *, rotates: bool
) -> None:
    use = authority.use(holder(authority, **of))

    assert expressions(use.writes) == written
    assert (use.token_update is not None) is rotates


@pytest.mark.parametrize(
    ("lifetime", "expires", "expires_in"),
    [(0, NOW + DAY, 30 * DAY), (60, NOW + DAY, 60), (60, NOW + 59, 59), (60, None, 60)],
)
def test_a_successor_is_signed_with_the_expiry_that_the_registry_allows(
    authority: EmbeddedAuthority, lifetime: int, expires: int | None, expires_in: int
) -> None:
    rotation = {"on_other": True, "lifetime": lifetime}

    update = authority.use(
        holder(authority, record(expires=expires), rotation=rotation)
    ).token_update

    assert update is not None
    assert json.loads(update["mytoken"]) == claims(
        rotation=rotation, seq_no=2, iat=NOW, nbf=NOW, exp=NOW + expires_in
    )
    assert (update["mom_id"], update["expires_in"]) == (MOM_ID, expires_in)


@pytest.mark.parametrize(
    ("of", "committed_at"), [({}, []), (ROTATING, []), (REVOKING, [NOW * 1000 + 2500])]
)
def test_when_a_token_was_rotated_is_written_after_that_if_a_replay_would_revoke(
    authority: EmbeddedAuthority, tokens: FakeTable, of: dict[str, Any], committed_at: list[int]
) -> None:
    use = authority.use(holder(authority, **of))
    assert tokens.committed == []
    use.follow_up()

    written = [write.parameters for writes in tokens.committed for write in writes]
    times = [parameters["ExpressionAttributeValues"][":at"] for parameters in written]
    assert times == committed_at
    assert all(p["UpdateExpression"] == "SET #made_2 = :at" for p in written)


def test_a_use_that_was_not_committed_leaves_nothing(
    authority: EmbeddedAuthority, tokens: FakeTable
) -> None:
    somebody = holder(authority, **REVOKING)

    somebody.use(Change.new(NOW))

    assert tokens.committed == []
    assert somebody.credentials.state.token_update is None


@pytest.mark.parametrize("refusal", [TemporarilyUnavailable(), Outdated()])
def test_a_successor_is_handed_on_even_if_the_time_of_the_rotation_is_lost(
    authority: EmbeddedAuthority, tokens: FakeTable, refusal: Refusal
) -> None:
    tokens.refusals.append(refusal)
    somebody = holder(authority, **REVOKING)

    somebody.use(Change.new(NOW)).follow_up()

    assert len(tokens.committed) == 1
    assert somebody.credentials.state.token_update is not None


def test_a_successor_that_cannot_be_signed_is_not_committed(authority: EmbeddedAuthority) -> None:
    unable = replace(authority, codec=cast("Any", UnreachableCodec()))

    with pytest.raises(TemporarilyUnavailable):
        unable.use(holder(unable, **ROTATING))


@pytest.mark.parametrize(
    ("known", "events"),
    [
        (AheadOfRegistry(), [Metric.TOKEN_AHEAD_OF_REGISTRY]),
        (InvalidToken(), []),
        (Superseded(0), []),
        (TemporarilyUnavailable(), []),
    ],
)
def test_a_token_that_is_ahead_of_the_registry_is_counted(
    authority: EmbeddedAuthority, counted: list[Metric], known: Refusal, events: list[Metric]
) -> None:
    registry = FakeRegistry(authority.registry.table, known)

    with pytest.raises(Refusal) as refused:
        replace(authority, registry=registry).look_up(mytoken(), credentials())

    assert refused.value is known
    assert counted == events


def test_a_chain_that_is_revoked_is_so_with_all_its_descendants_and_counted(
    authority: EmbeddedAuthority, calendars: FakeTable, counted: list[Metric]
) -> None:
    authority.revoke_chain(mytoken(), NOW)

    (writes,) = calendars.committed
    token, *recorded = writes
    assert token.parameters["TableName"] == "tokens"
    assert token.parameters["Key"]["sk"] == MOM_ID
    assert "#revoked_tree" in token.parameters["UpdateExpression"]
    assert {write.parameters["TableName"] for write in recorded} == {"calendars"}
    assert recorded[0].parameters["ExpressionAttributeValues"][":mark"] == [NOW, True]
    assert counted == [Metric.CHAIN_REVOKED]


def test_a_guard_of_the_callers_token_is_committed_with_its_use(
    authority: EmbeddedAuthority,
) -> None:
    somebody = holder(authority, record(conditions=(guard("alive"),)), **ROTATING)

    use = somebody.use(Change.new(NOW))

    assert [write.action for write in (*use.writes, *use.conditions)] == [
        "Update",
        "ConditionCheck",
    ]


def test_an_event_is_counted_by_its_name_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics.count(Metric.CHAIN_REVOKED)

    line = json.loads(capsys.readouterr().out)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "mytoken-calendars"
    assert [metric["Name"] for metric in directive["Metrics"]] == ["ChainRevoked"]
    assert line["ChainRevoked"] == [1.0]
    assert line.keys() - {"_aws", "ChainRevoked"} <= {"service"}
