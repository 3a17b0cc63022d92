"""What the unit tests start from: one valid value of each kind, changed by what is given."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from mytoken_calendars.calendars.subscriptions import Subscription
from mytoken_calendars.changes import Write
from mytoken_calendars.errors import InvalidToken
from mytoken_calendars.feeds.feed import Feed
from mytoken_calendars.http.request import Request
from mytoken_calendars.identifiers import mom_id_of, owner_of, subject
from mytoken_calendars.tokens.authority import Authority, Caller, Credentials
from mytoken_calendars.tokens.mytoken import Mytoken
from mytoken_calendars.tokens.token_record import TokenRecord
from tests.doubles.fakes import FakeAuthority

NOW = 1_800_000_000  # 2027-01-15 08:00:00 UTC
DAY = 24 * 60 * 60
ARRIVED = NOW * 1000 + 250  # milliseconds

ISSUER = "https://mytoken.example"
USER = "alice"
BEARER = "a-bearer"
ADDRESS = "192.0.2.7"

JTI = "3b2e1f3c-9a39-4c59-8a53-0d1f6d0e7a11"
MOM_ID = "qh3Rfzyal+qU1wCvA7upWQAlEj57m/Ef7NIcW46HMlIGDvfvz0O/v829E5xg5z3nze1nITVnO4TyAdZP+QXYdQ=="
OTHER_MOM_ID = mom_id_of(UUID(int=1))
CALENDAR_ID = "0c9a2b5e-6f0d-4c1b-9a57-2f7d3c1e8b40"


def claims(*, without: str = "", **changes: Any) -> dict[str, Any]:
    """The claims of a mytoken that was made a day ago and has 30 days left."""
    all_of_them = {
        "ver": "0.7",
        "token_type": "mytoken",
        "iss": ISSUER,
        "sub": subject(USER, ISSUER),
        "aud": ISSUER,
        "exp": NOW + 30 * DAY,
        "nbf": NOW - DAY,
        "iat": NOW - DAY,
        "auth_time": NOW - DAY,
        "jti": JTI,
        "seq_no": 1,
        "name": "ci",
        "oidc_sub": USER,
        "oidc_iss": ISSUER,
        "capabilities": ["manage_mytokens:notify"],
        **changes,
    }
    return {name: value for name, value in all_of_them.items() if name != without}


def mytoken(**changes: Any) -> Mytoken:
    return Mytoken.of(claims(**changes))


def record(**changes: Any) -> TokenRecord:
    return replace(TokenRecord(MOM_ID, "ci", NOW - DAY, NOW + 30 * DAY), **changes)


def credentials(**changes: Any) -> Credentials:
    """A bearer that came from ADDRESS, a quarter of a second after NOW."""
    return replace(Credentials(BEARER, ISSUER, ADDRESS, ARRIVED, NOW), **changes)


def guard(pk: str) -> Write:
    """A check that the operation at hand has to hand on to its transaction."""
    parameters = {"TableName": "tokens", "Key": {"pk": pk, "sk": "x"}, "ConditionExpression": "#x"}
    return Write("ConditionCheck", parameters, InvalidToken())


def caller(
    token: TokenRecord | None = None, authority: Authority | None = None, **changes: Any
) -> Caller:
    """Somebody who was let in with a mytoken of these claims, registered as `token`."""
    vouching = authority or FakeAuthority()
    return Caller(mytoken(**changes), token or record(), credentials(), vouching)


def subscription(**changes: Any) -> Subscription:
    """A token of 90 days that was put into its calendar when it was made."""
    token = TokenRecord(MOM_ID, "ci", NOW - 90 * DAY, NOW)
    known = Subscription.of(token, "", added=(NOW - 90 * DAY) * 1000)
    return known._replace(**changes)


def feed(**changes: Any) -> Feed:
    owner = owner_of(ISSUER, subject(USER, ISSUER))
    known = Feed(
        secret="F" * 32,
        owner=owner,
        calendar_id=CALENDAR_ID,
        name="CI Mytokens",
        created=NOW - 90 * DAY,
        version="version-1",
        revocations="",
    )
    return known._replace(**changes)


def request(**changes: Any) -> Request:
    """A POST without a body or credentials."""
    plain = Request(
        method="POST",
        path="/api/v0/notifications/calendars",
        parameters={},
        headers={},
        cookies=(),
        body=b"",
        base_url=ISSUER,
        feeds_url=ISSUER,
        address=ADDRESS,
        arrived=ARRIVED,
        now_ms=NOW * 1000,
    )
    return replace(plain, **changes)
