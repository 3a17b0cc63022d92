"""Every limit and every lifetime, with its unit and its reason.

docs/architecture.md has the table of those that callers meet.
"""

_KIB, _MIB = 1024, 1024 * 1024  # bytes
_MINUTE, _HOUR, _DAY = 60, 60 * 60, 24 * 60 * 60  # seconds

# --- requests: what is larger is refused before it costs anything ---------------------------------

BODY = 64 * _KIB  # bytes: a name, a comment and a mytoken need 20
FORM_FIELDS = 16  # no operation has more than five
JSON_MARKS = 1_000_000  # strings and brackets that are looked at to cut off what is too deep
NESTING = 500  # levels of JSON: an issuer's tree of LISTED_ANCESTORS generations has 200
MEDIA_TYPE = 255  # characters: each of its two names is at most 127 (RFC 6838, 4.2)
ASKED_HEADERS = 1024  # characters of a preflight's list: applications send some ten names
IDEMPOTENCY_KEY = 255  # visible characters of ASCII
# Seconds in which a request is tried again after others have overtaken it, or were in conflict with
# it. Of 64 that write one item at once the last needs three.
RETRIED = 5

# --- calendars ------------------------------------------------------------------------------------

NAME = 128  # code points in NFC, of a calendar's name
# A code point of NFC is at most four in another normal form (UAX #15, section 14), so a longer text
# has more than NAME in NFC. Normalising a long text takes quadratic time.
NAME_TO_NORMALISE = 4 * NAME  # code points
NAME_FROM_DESCRIPTION = 120  # code points: a number may have to follow
COMMENT = 1024  # code points, of a calendar's description, too
LABEL = 64  # code points of a feed's label
NAME_IN_ADDRESS = 60  # code points of it in the address of its feed
CALENDARS = 1_000  # of one user
FEEDS = 2_000  # of one user
FEEDS_OF_CALENDAR = 20  # of one calendar: each change of it writes the heads of all
TAG = 64  # code points of a tag's name
TAGS = 100  # of one user: one item has them all
TAGS_OF_CALENDAR = 20  # of one calendar
ASKED_TOKENS = 100  # mom_ids in one question about their calendars
# A weight bounds at once what is stored, listed and sent: calendars/weight.py.
CALENDAR_WEIGHT = 180_000  # of one calendar with its tokens: some 850 of them with a short name
OWNER_WEIGHT = 5_500_000  # of all calendars of one user
# By how much a new calendar may exceed that, with what is dead in others: it makes no room itself,
# but from there on every add does.
OWNER_ROOM = 100_000

PUBLIC_URL = 261  # characters: https:// and a domain name (RFC 1035, 2.3.4)
RENEWAL_PAGE = 100  # characters of the link in each event

# --- revocations ---

# Marks of one owner, of at most 33 bytes: 180 kB. The last sixth is kept for the chains of replayed
# mytokens, which every function may have to end.
MARKS = 5_400
MARKS_TIDIED = 4_500  # from so many on, a revocation or an add takes those away that nothing needs
# Seconds for which one is kept at least. Another issuer says some time before an add commits that a
# token is alive; a request runs for 25 seconds at most, and clocks differ.
MARK_KEPT = 60

# --- what leaves ---

EXPIRED_KEPT = 30 * _DAY  # seconds after its end for which a token is listed, and in its calendars
EXPIRED_AT_ONCE = 20  # that an add takes out
# Seconds from the beginning of a request in which an owner's calendars are gone through. Two
# commits that meet conflicts may come after them, before the function's time is up.
TIDYING = 12.0

# --- feeds ----------------------------------------------------------------------------------------

FEED_GONE = 90 * _DAY  # seconds for which a deleted feed, or a reset address, is 410, then 404
REMINDERS = 6  # different days ahead of an expiry on which a feed reminds
DAYS_AHEAD = 365  # at most
LOOKS = 3  # at what is half there: a transaction may be seen in part
# Lambda's responses have at most 6 MB, counted as JSON: headers, and a successor in the body and in
# a cookie, included.
ANSWER = 6 * _MIB - 64 * _KIB  # bytes
# Bytes of a warm function: ten thousand ordinary feeds, or a hundred of the largest.
FEED_MEMORY = 32 * _MIB
REMEMBERED_OWNERS = 10_000  # of feeds, in a warm function: some 2 MB

# --- pages ----------------------------------------------------------------------------------------

GRIDS = 12  # months of a page that have a grid, a kilobyte each; later ones are lists
ASSET_KEPT = 365 * _DAY  # seconds for which browsers keep a style sheet, whose name has its digest

# --- mytokens -------------------------------------------------------------------------------------

TOKEN = 16 * _KIB  # characters of a mytoken: API Gateway's headers end at 10 kB, bodies take more
ROOM_FOR_SUCCESSORS = 100  # characters: their numbers grow
TOKEN_NAME = 100  # characters: a longer one of another issuer is cut off
ANCESTORS = 20  # of a mytoken: each is checked in every transaction of a descendant
CLAUSES = 32  # of a mytoken: further ones are ignored, so they allow no request
HOSTS = 64  # of a clause: a clause with more never holds
USES = 2**53  # parsers of JSON may differ about larger numbers (RFC 8259, 6)
LATEST_TIME = 253_402_214_400  # seconds since 1970, the last day of 9999: its events can still end
# Seconds by which clocks may differ. A successor may be shown at once to a function whose clock is
# behind. The end of a token has no leeway: nothing is late by mistake.
CLOCK_LEEWAY = 5
CLIENT_NAMES = 8  # of one address: its owner may give it thousands, and each is looked up
CLIENT_LOOK_UP = 2.0  # seconds, for all questions about one address

# --- rotation, and requests that are repeated -----------------------------------------------------

REPEATABLE = _DAY  # seconds for which the receipt of a change is kept
# Seconds for which that of a list is kept, which is made anew each time, and counted once; and that
# of a request for which another issuer was asked to rotate the token.
LIST_REPEATED = _MINUTE + 1
SUCCESSOR_REPEATED = _MINUTE  # seconds for which a successor is handed out once more
COOKIES = 3  # of one name that are tried: a browser has one for each path and domain
COOKIE = 4 * _DAY  # seconds that a browser keeps a successor
GENERATIONS = 16  # commit times are kept for this many rotations, enough to recognise a lost race
COMMIT = 60_000  # milliseconds: more than the 25 seconds that a function may run

# --- pauses ---------------------------------------------------------------------------------------

FIRST_PAUSE = 0.05  # seconds at most before a second attempt, twice as long before each further one
LONGEST_PAUSE = 1.0  # seconds
RETRY_AFTER = 2  # seconds, what a 503 asks of clients

# --- AWS ------------------------------------------------------------------------------------------

AWS_CONNECT = 1  # seconds
AWS_ANSWER = 2  # seconds: with three attempts a call ends within some ten
AWS_ATTEMPTS = 3  # of botocore at one call
READ_AT_ONCE = 100  # items, DynamoDB's limit for one BatchGetItem

# --- another issuer -------------------------------------------------------------------------------

CONFIGURATION_FRESH = _HOUR  # seconds for which configuration and keys are not asked for again
CONFIGURATION_KEPT = _DAY  # seconds for which they serve if the issuer does not answer
CONFIGURATION_COOLDOWN = 30  # seconds between attempts to renew them
METADATA_SECONDS = 2.0  # for the configuration or the keys, all of the exchange
METADATA_BYTES = 150_000  # of either
TOKENINFO_SECONDS = 5.0  # for an answer about mytokens
TOKENINFO_BYTES = 4_000_000  # some 10,000 mytokens
# What a warm function remembers of the tokens that the issuer was asked about, some 100 bytes each.
DEAD_TOKENS = 1_000  # that the issuer called dead
DEAD_TOKENS_REMEMBERED = _MINUTE  # seconds
UNKNOWN_SHORT_TOKENS = 10  # that are asked about in this minute: a stranger can make up any number
KNOWN_SHORT_TOKENS = 1_000  # which are asked about even so
KNOWN_SHORT_TOKENS_REMEMBERED = _HOUR  # seconds
ISSUER_KEYS = 20  # of a key set: each may have to be tried, so further ones are left out
KEY_ID = 128  # characters
KEY_NUMBER = 1_366  # characters of a number of a key: base64 of 8,192 bits
RSA_EXPONENT = 2**32  # a larger one only makes verifying slow
ISSUER_HEAD = 128 * _KIB  # bytes: the head of an answer and the sizes of its chunks
LISTED_TOKENS = 100_000  # entries of a listing: an answer has no room for so many that make sense
LISTED_ANCESTORS = 100  # of one of them: an entry with more is left out
GONE_AT_ONCE = 49  # tokens, and as many that are back: an expression of DynamoDB has 4 KB
