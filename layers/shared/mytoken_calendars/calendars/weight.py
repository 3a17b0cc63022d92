"""Weights: one number that bounds what a calendar takes in DynamoDB, in lists and in its feed.

The weight of a calendar is the sum of the weights of its tokens and of its own fields. It is at
least the bytes that these take in DynamoDB, the bytes that they take in an answer, and a thirtieth
of the bytes that they take in the largest feed of all styles. So what weighs at most
`limits.CALENDAR_WEIGHT` fits into an item (400 KB), and its feed into an answer (6 MB), without
compression; what weighs at most `limits.OWNER_WEIGHT`, and `limits.OWNER_ROOM` more, can be listed
in one answer.

Answers are counted as JSON in ASCII: Lambda sends no more. A formula counts instead of a writer, so
that a weight does not depend on styles, on the operator's link or on the writer's number; a test
holds every writer to it.
"""

import json
from urllib.parse import quote

from mytoken_calendars import limits

# What a 400 says of a limit at which nothing is tidied.
MAKES_ROOM = "Adding a mytoken, even in vain, takes out those that are revoked or expired long ago."

_FEED_SHARE = 30  # bytes of a feed that weigh as much as one byte stored

# --- of one token ---------------------------------------------------------------------------------

# Stored: the mom_id, times, counts, the weight, quotes and commas. In a list it takes less.
_ENTRY = 170
_ANCESTOR = 19  # 16 characters, two quotes and a comma
# In the feed: six reminders, each an event and an alarm, and the event of the expiry, with a link
# of `limits.RENEWAL_PAGE` characters twice in each event. A token without a name takes most.
_EVENTS = 6_020
_TITLES = 13  # in the events and in the alarms
_FOLD = 5  # a CRLF and a space (RFC 5545, 3.1)
# Bytes between two folds: some 75, and beside a run of spaces at least these on average.
_PIECE = 37

# --- of a calendar itself -------------------------------------------------------------------------

# In a list: the id and the address, at a public URL of `limits.PUBLIC_URL` characters. A name and
# a description take less in the feed than `_FEED_SHARE` times as much.
_LISTED = 455
# Stored: attributes, ids, counts, and the hashes of `limits.FEEDS_OF_CALENDAR` feeds.
_STORED = 1_108
# In a list: a name of `limits.TAG` characters, each a pair of surrogates, and a colour.
_TAG = 940


def of_token(name: str, comment: str, ancestors: int) -> int:
    """The weight of one token in a calendar, by its name, its comment and how many ancestors."""
    stored = _ENTRY + len(_json(name)) + len(_json(comment)) + _ANCESTOR * ancestors
    in_feed = _EVENTS + _TITLES * _in_feed(name) + _in_feed(comment)
    return max(stored, -(-in_feed // _FEED_SHARE))


def of_calendar(name: str, description: str, tags: int) -> int:
    """The weight of a calendar without tokens. Each of its `tags` weighs as the longest one."""
    stored = _STORED + len(_json(name)) + len(_json(description))
    in_address = quote(name[: limits.NAME_IN_ADDRESS], safe="")
    # An answer is JSON in the JSON that Lambda sends.
    words = sum(_sent(_json(text).decode()) for text in (name, description))
    return max(stored, _LISTED + words + len(in_address)) + _TAG * tags


def _json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


def _in_feed(text: str) -> int:
    """What a text takes in a line of a feed: escaped, folded, and sent."""
    # A line feed, a comma, a semicolon and a backslash are escaped by a backslash (RFC 5545,
    # 3.3.11), which JSON doubles; the backslash of a line feed it has already.
    escapes = sum(map(text.count, "\n,;\\"))
    folds = (len(text.encode()) + escapes) // _PIECE + 1
    return _sent(text) + 2 * escapes - text.count("\n") + folds * _FOLD


def _sent(text: str) -> int:
    return len(json.dumps(text)) - len('""')
