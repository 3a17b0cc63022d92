"""Access control: admits callers to operations, and to the tokens they may put into calendars."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mytoken_calendars.errors import (
    InsufficientCapabilities,
    InvalidGrant,
    InvalidToken,
    IssuerChanged,
    Refusal,
    RepeatedTooLate,
    Superseded,
)
from mytoken_calendars.tokens.authority import Authority, Caller, Credentials
from mytoken_calendars.tokens.circumstances import clause_that_holds
from mytoken_calendars.tokens.idempotency import Receipt, Receipts
from mytoken_calendars.tokens.mytoken import Capability, Mytoken
from mytoken_calendars.tokens.rotation import is_replay
from mytoken_calendars.tokens.token_record import TokenRecord

ADDING = (Capability.NOTIFY, Capability.TOKENINFO_NOTIFY)  # which tokens: `manageable_token`
DELETING = {True: ADDING, False: (Capability.NOTIFY,)}  # by whether a token is named
Find = Callable[[Caller, str], TokenRecord]  # raises InvalidGrant


def admit(
    authority: Authority,
    credentials: Credentials,
    *capabilities: Capability,
    receipts: Receipts | None = None,
) -> Caller:
    """The caller, if its mytoken is alive, has one of `capabilities`, and may be used here and now.

    Raises the errors of `identify`, and UsageRestricted after them.
    """
    caller = identify(authority, credentials, *capabilities, receipts=receipts)
    return caller if caller.receipt else allowed(caller)


def identify(
    authority: Authority,
    credentials: Credentials,
    *capabilities: Capability,
    receipts: Receipts | None = None,
) -> Caller:
    """The caller, if its mytoken is alive and has one of `capabilities`; ignores restrictions.

    Without `capabilities`, any alive token is enough. With `receipts`, a request that was done
    before is recognised by its Idempotency-Key; capabilities are not checked again then.

    Raises InvalidToken or InsufficientCapabilities; for a key also IdempotencyKeyReused,
    RepeatedTooLate if the successor is no longer current, and UsageRestricted.
    """
    caller = _living(authority, credentials, receipts)
    if caller.receipt or not capabilities or any(map(caller.mytoken.may, capabilities)):
        return caller
    raise InsufficientCapabilities


def allowed(caller: Caller) -> Caller:
    """The caller, if its mytoken may be used here and now. Raises UsageRestricted."""
    return replace(caller, clause=clause_that_holds(caller, caller.record.uses))


def manageable_token(caller: Caller, mom_id: str) -> TokenRecord:
    """The token with this mom_id, if the caller may manage it; an empty mom_id is the caller's own.

    `manage_mytokens:notify` reaches all tokens of the user; `tokeninfo:notify` reaches the caller's
    token and its descendants. Raises InsufficientCapabilities or InvalidGrant.
    """
    return reachable_token(caller, mom_id, Capability.NOTIFY)


def reachable_token(
    caller: Caller, mom_id: str, capability_for_all: Capability, find: Find | None = None
) -> TokenRecord:
    """The token with this mom_id, if the caller's token reaches it; an empty mom_id is its own.

    It reaches itself and its descendants; with `capability_for_all`, every token of its user.
    Without that, an unknown mom_id is refused like one out of reach, so that a caller cannot find
    out which mom_ids exist. `find` looks for another token, by default among those not revoked.

    Raises InsufficientCapabilities; InvalidGrant for a mom_id that is not found.
    """
    own = caller.record
    if mom_id in ("", own.mom_id):
        return own
    reaches_all = caller.mytoken.may(capability_for_all)
    try:
        token = (find or caller.authority.find)(caller, mom_id)
    except InvalidGrant:
        if reaches_all:
            raise
        raise InsufficientCapabilities from None
    if not reaches_all and own.mom_id not in token.ancestors:
        raise InsufficientCapabilities
    return token


def _living(authority: Authority, credentials: Credentials, receipts: Receipts | None) -> Caller:
    """The holder of the first token that lives, of those that a browser has sent."""
    # A token with a successor is a replay unless one of the same user may live beside it.
    replayed: list[Mytoken] = []
    for shown in credentials.each:
        try:
            caller = _holder(authority, shown, receipts, replayed)
        except (InvalidToken, IssuerChanged) as refusal:
            refused = refusal
        except Refusal:
            if replayed:
                _end_chains(authority, replayed, shown.now, beside=authority.verify(shown))
            raise
        else:
            _end_chains(authority, replayed, shown.now, beside=caller.mytoken)
            return caller
    _end_chains(authority, replayed, credentials.now)
    credentials.state.replayed |= bool(replayed)
    raise refused


def _end_chains(
    authority: Authority, replayed: list[Mytoken], now: int, beside: Mytoken | None = None
) -> None:
    """A browser has a cookie for each path and domain: an old one may be beside the current one."""
    for mytoken in replayed:
        if beside is None or beside.owner != mytoken.owner:
            authority.revoke_chain(mytoken, now)


def _holder(
    authority: Authority, shown: Credentials, receipts: Receipts | None, replayed: list[Mytoken]
) -> Caller:
    if receipt := shown.receipt_in(receipts):
        return _admit_again(authority, shown, receipt, replayed)
    return replace(_alive(authority, shown, replayed), receipts=receipts)


def _alive(authority: Authority, credentials: Credentials, replayed: list[Mytoken]) -> Caller:
    """The token's holder. A token whose chain has to be revoked as it is shown joins `replayed`."""
    mytoken, alive = authority.verify(credentials), credentials.state.alive
    mytoken.check_valid_at(credentials.now)
    try:
        record = authority.look_up(mytoken, credentials)
    except Superseded as superseded:
        is_old = is_replay(superseded, credentials.arrived) and credentials.bearer not in alive
        if is_old and mytoken.is_revoked_when_replayed:
            replayed.append(mytoken)
        raise
    alive.add(credentials.bearer)
    return Caller(mytoken, record, credentials, authority)


def _admit_again(
    authority: Authority, credentials: Credentials, receipt: Receipt, replayed: list[Mytoken]
) -> Caller:
    """Admits a repeated request without using its token again.

    The finished request checked the capabilities, counted the use, and may have rotated the token.
    If it did, the receipt has the successor for `limits.SUCCESSOR_REPEATED` seconds, and the caller
    is the successor's holder. After that the presented token is an old one.
    """
    if receipt.token_update is None:
        caller = _alive(authority, credentials, replayed)
    else:
        caller = _holder_of(receipt.token_update, authority, credentials)
    # Places and times are checked again. The limit of uses is not: the finished request was
    # counted, perhaps as the last allowed use.
    clause_that_holds(caller, uses={})
    credentials.state.repeated = True
    credentials.state.token_update = receipt.token_update
    return replace(caller, receipt=receipt)


def _holder_of(
    successor: Mapping[str, Any], authority: Authority, credentials: Credentials
) -> Caller:
    """The caller as the holder of its token's successor.

    Raises RepeatedTooLate if the successor was rotated or revoked since, or has expired.
    """
    credentials = replace(credentials, bearer=successor["mytoken"])
    try:
        mytoken = authority.verify(credentials)
        # The two copies of a request may begin in different seconds. If the later copy finished
        # first, the successor's `iat` is later than this request's `now`: it is valid, too.
        mytoken.check_valid_at(max(credentials.now, mytoken.iat))
        record = authority.look_up(mytoken, credentials)
    except InvalidToken:
        raise RepeatedTooLate from None
    return Caller(mytoken, record, credentials, authority)
