"""The layout of the two tables: the keys of all items, and what each item holds.

Both tables have the keys `pk` and `sk`. Times are seconds since 1970; a `version` is the id of
the change that last altered the item. All reads are strongly consistent.

The calendars table:

| pk                  | sk                               | holds                                  |
|---------------------|----------------------------------|----------------------------------------|
| OWNER#<owner>       | #HEAD                            | version, calendars and subscriptions   |
|                     |                                  | (how many there are)                   |
| OWNER#<owner>       | NAME#<folded name>               | id, name, feed_id, created             |
| OWNER#<owner>       | ID#<calendar>                    | name                                   |
| OWNER#<owner>       | SUBSCRIPTION#<calendar>#<mom_id> | added (in milliseconds), ancestors     |
| CALENDAR#<calendar> | <mom_id>                         | name, created, expires, ancestors,     |
|                     |                                  | comment, added (in milliseconds),      |
|                     |                                  | changed, changes                       |
| FEED#<hash>         | #HEAD                            | owner, calendar, name, created,        |
|                     |                                  | version, changed, subscriptions (how   |
|                     |                                  | many), renewals (the sum of their      |
|                     |                                  | changes);                              |
|                     |                                  | after its deletion: deleted, ttl       |
| REVOKED#<owner>     | #HEAD                            | version, changed, writes (how many     |
|                     |                                  | all items below have had)              |
| REVOKED#<owner>     | <mom_id>                         | tree (whether the revocation includes  |
|                     |                                  | its descendants; no tree: the token is |
|                     |                                  | not revoked); writes (how many this    |
|                     |                                  | item has had)                          |
| SWEEP               | <calendar>                       | owner: a deleted calendar, whose items |
|                     |                                  | `sweep` removes                        |
| IMPORTING           | <calendar>                       | owner, until: an unfinished import,    |
|                     |                                  | which expires then and becomes a SWEEP |
| IMPORTED#<hash>     | #HEAD                            | at: when a calendar with this address  |
|                     |                                  | was imported; stays if it is deleted   |
| RECEIPT#<hash>      | #HEAD                            | request (a digest), calendar,          |
|                     |                                  | successor (encrypted), ttl: a request  |
|                     |                                  | with an Idempotency-Key                |

The tokens table:

| pk                  | sk                               | holds                                  |
|---------------------|----------------------------------|----------------------------------------|
| OWNER#<owner>       | <mom_id>                         | user, name, created, expires,          |
|                     |                                  | ancestors, seq_no, made_<seq_no> (when |
|                     |                                  | this successor was committed at the    |
|                     |                                  | latest, in milliseconds),              |
|                     |                                  | uses_<digest> (how many, for each      |
|                     |                                  | limited clause), revoked, revoked_tree |
| TOKEN#<mom_id>      | #OWNER                           | owner, for operators with a mom_id     |

An owner's items can be read only with a mytoken of the owner: the owner in a key always comes from
a verified mytoken. No key holds a secret: a feed is found by the hash of its address, a receipt by
the hash of its mytoken and Idempotency-Key.
"""

import base64
import hashlib

from mytoken_calendars.identifiers import Owner

Key = dict[str, str]

OWNER = "OWNER#"
HEAD = "#HEAD"
NAME = "NAME#"
SUBSCRIPTION = "SUBSCRIPTION#"
FEED = "FEED#"
TOKEN = "TOKEN#"  # noqa: S105 - no password
SWEEP = "SWEEP"
IMPORTING = "IMPORTING"


def owner_partition(owner: Owner) -> str:
    return OWNER + owner


def tokens_partition(calendar_id: str) -> str:
    return f"CALENDAR#{calendar_id}"


def revocations_partition(owner: Owner) -> str:
    return f"REVOKED#{owner}"


def owner_head(owner: Owner) -> Key:
    return _key(owner_partition(owner), HEAD)


def calendar(owner: Owner, folded_name: str) -> Key:
    return _key(owner_partition(owner), NAME + folded_name)


def calendar_id(owner: Owner, calendar_id: str) -> Key:
    return _key(owner_partition(owner), f"ID#{calendar_id}")


def subscriptions_prefix(calendar_id: str) -> str:
    return f"{SUBSCRIPTION}{calendar_id}#"


def subscription(owner: Owner, calendar_id: str, mom_id: str) -> Key:
    return _key(owner_partition(owner), subscriptions_prefix(calendar_id) + mom_id)


def subscribed(calendar_id: str, mom_id: str) -> Key:
    return _key(tokens_partition(calendar_id), mom_id)


def feed_head(feed_id: str) -> Key:
    return _key(FEED + _digest(feed_id), HEAD)


def revocations_head(owner: Owner) -> Key:
    return _key(revocations_partition(owner), HEAD)


def revocation(owner: Owner, mom_id: str) -> Key:
    return _key(revocations_partition(owner), mom_id)


def sweep(calendar_id: str) -> Key:
    return _key(SWEEP, calendar_id)


def importing(calendar_id: str) -> Key:
    return _key(IMPORTING, calendar_id)


def imported(feed_id: str) -> Key:
    return _key(f"IMPORTED#{_digest(feed_id)}", HEAD)


def receipt(bearer: str, idempotency_key: str) -> Key:
    return _key(f"RECEIPT#{_digest(f'{idempotency_key} {bearer}')}", HEAD)


def token(owner: Owner, mom_id: str) -> Key:
    return _key(owner_partition(owner), mom_id)


def token_owner(mom_id: str) -> Key:
    return _key(TOKEN + mom_id, "#OWNER")


def _key(pk: str, sk: str) -> Key:
    return {"pk": pk, "sk": sk}


def _digest(text: str) -> str:
    # Any text may be shown as a mytoken, also one with a lone surrogate.
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
