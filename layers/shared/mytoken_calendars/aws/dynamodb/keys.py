"""The layout of the two tables: the keys of all items, and what each item holds.

Both tables have the keys `pk` and `sk`. Times are seconds since 1970; a `version` is the id of
the change that last altered the item. All reads are strongly consistent.

The calendars table:

| pk                  | sk                 | holds                                                |
|---------------------|--------------------|------------------------------------------------------|
| OWNER#<owner>       | #HEAD              | calendars, feeds (how many there are), weight (of    |
|                     |                    | all calendars)                                       |
| OWNER#<owner>       | #TAGS              | version, tags: a map from ids to names and colours   |
| OWNER#<owner>       | NAME#<folded name> | id, name, addresses (of its feeds, in order: the     |
|                     |                    | feed's id, and the secret)                           |
| OWNER#<owner>       | ID#<calendar>      | name                                                 |
| CALENDAR#<calendar> | #HEAD              | owner, name, unnamed (whether its description has    |
|                     |                    | named it), description, tags (ids, in order),        |
|                     |                    | created, version, feeds (their hashes, in order),    |
|                     |                    | weight, own_weight (without its tokens), tokens: a   |
|                     |                    | map from short mom_ids to texts (`entries.py`)       |
| FEED#<hash>         | #HEAD              | owner, calendar, name and version (of the calendar), |
|                     |                    | label, style (`entries.py`); after its deletion, or  |
|                     |                    | once the feed has another address: deleted, ttl      |
| REVOKED#<owner>     | #HEAD              | version (of the marks), marks (how many, at most)    |
| REVOKED#<owner>     | #MARKS             | version, mark_<short mom_id> of each token that is   |
|                     |                    | revoked: when, and whether with its descendants      |
| IMPORTED#<hash>     | #HEAD              | at: when a calendar with this address was imported;  |
|                     |                    | stays if it is deleted                               |
| RECEIPT#<hash>      | #HEAD              | request (a digest), calendar, feed (the id of one    |
|                     |                    | that it made), successor (encrypted), ttl: a request |
|                     |                    | with an Idempotency-Key; begun (an id), if an issuer |
|                     |                    | was asked for it, and it is not done                 |

The tokens table:

| pk                  | sk                               | holds                                  |
|---------------------|----------------------------------|----------------------------------------|
| OWNER#<owner>       | <mom_id>                         | user, name, created, expires,          |
|                     |                                  | ancestors, capabilities (for           |
|                     |                                  | operators), seq_no, made_<seq_no> (when |
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
TAGS = "#TAGS"
NAME = "NAME#"
ID = "ID#"
CALENDAR = "CALENDAR#"
FEED = "FEED#"
REVOKED = "REVOKED#"
MARKS = "#MARKS"
IMPORTED = "IMPORTED#"
TOKEN = "TOKEN#"  # noqa: S105 - no password


def owner_partition(owner: Owner) -> str:
    return OWNER + owner


def owner_head(owner: Owner) -> Key:
    return _key(owner_partition(owner), HEAD)


def tags(owner: Owner) -> Key:
    return _key(owner_partition(owner), TAGS)


def calendar_name(owner: Owner, folded_name: str) -> Key:
    return _key(owner_partition(owner), NAME + folded_name)


def calendar_id(owner: Owner, calendar_id: str) -> Key:
    return _key(owner_partition(owner), ID + calendar_id)


def calendar(calendar_id: str) -> Key:
    return _key(CALENDAR + calendar_id, HEAD)


def feed_hash(secret: str) -> str:
    return _digest(secret)


def feed_head(secret: str) -> Key:
    return feed_by_hash(feed_hash(secret))


def feed_by_hash(feed_hash: str) -> Key:
    return _key(FEED + feed_hash, HEAD)


def revocations_head(owner: Owner) -> Key:
    return _key(REVOKED + owner, HEAD)


def revocations(owner: Owner) -> Key:
    return _key(REVOKED + owner, MARKS)


def imported(secret: str) -> Key:
    return _key(IMPORTED + _digest(secret), HEAD)


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
