"""Whether a mytoken may be used here and now: the clause of its restrictions that allows it."""

from collections.abc import Mapping

from mytoken_calendars.errors import UsageRestricted
from mytoken_calendars.tokens.authority import Caller
from mytoken_calendars.tokens.restrictions import Circumstances, Clause, failures, first_that_holds


def clause_that_holds(caller: Caller, uses: Mapping[str, int]) -> Clause | None:
    """The first clause that holds; None without restrictions. Raises UsageRestricted."""
    mytoken, credentials = caller.mytoken, caller.credentials
    if not mytoken.rotation_is_understood:
        raise UsageRestricted.by("rotation")
    if not mytoken.restrictions:
        return None
    circumstances = Circumstances(
        now=credentials.now,
        address=credentials.address,
        network=caller.authority.network,
        created=caller.record.created,
        uses=uses,
    )
    clause = first_that_holds(mytoken.restrictions, circumstances)
    if clause is None:
        raise UsageRestricted.by(*failures(mytoken.restrictions, circumstances))
    return clause
