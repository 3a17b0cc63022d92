"""What Schemathesis does not find in docs/openapi.yaml: mytokens, and what is said in words alone.

The tool imports this, in its own process.
"""

import os
from functools import cached_property
from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

from mytoken_calendars import limits
from tests.harness import openapi
from tests.harness.stacks import Stack, Token

STACK = Stack(dict(os.environ), issuer=os.environ["SERVED_AT"])
KEY = "Idempotency-Key"

NO_NAME_HAS = "name: a calendar's name has no"
NO_LABEL_HAS = "label: a label has no"

_RULES = (
    "has no control or invisible characters",  # of all Unicode
    "has no private characters, nor any that Unicode 14 lacks, but for emoji",
    "has no replacement characters, which stand for bytes that are not UTF-8",
    "has a letter, a digit or another visible character",
)

# A request that is valid by the schemas may be answered with 400 and this, and with nothing else.
NOT_IN_SCHEMAS = {
    "A field occurs twice in the form.",  # an array is sent so
    "A form has at most 16 fields.",  # it has more than 16 fields, those that mean nothing included
    f"{NO_NAME_HAS} control or invisible characters",  # of all Unicode
    f"{NO_NAME_HAS} private characters, nor any that Unicode 14 lacks, but for emoji",
    f"{NO_NAME_HAS} replacement characters, which stand for bytes that are not UTF-8",
    "name: a calendar's name has a letter, a digit or another visible character",
    "A calendar has at most 20 feeds: delete one first.",  # the one of the examples gets as many
    f"{NO_LABEL_HAS} control or invisible characters",
    f"{NO_LABEL_HAS} private characters, nor any that Unicode 14 lacks, but for emoji",
    f"{NO_LABEL_HAS} replacement characters, which stand for bytes that are not UTF-8",
    *(f"{field}: a tag {rule}" for field in ("tag", "tags") for rule in _RULES),
    *(f"The tag in the path: a tag {rule}." for rule in _RULES),
    "You have at most 100 tags: delete one first.",  # it makes as many
}


# The schemas of bodies of which another branch may hold, or more than they can say.
_AS_A_WHOLE = {
    "create_calendar": "NewCalendar",
    "create_feed": "FeedFields",
    "revoke_token": "Revocation",
    "update_calendar": "CalendarChanges",
    "update_feed": "FeedChanges",
    "update_tag": "TagChanges",
}


@schemathesis.auth(refresh_interval=None)
class Mytokens:
    """One for all, except that each request that revokes one has its own."""

    @cached_property
    def common(self) -> Token:
        return _minted()

    def get(self, case: Any, context: Any) -> Token:
        revokes = case.operation.definition.raw.get("operationId") == "revoke_token"
        return _minted() if revokes else self.common

    def set(self, case: Any, token: Token, context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {token.bearer}"
        if _is_valid(case) and isinstance(case.body, dict):
            # It may be in all of its places, but not a different one in each.
            given = [name for name in ("mytoken", "token") if case.body.get(name, "") != ""]
            case.body.update(dict.fromkeys(given, token.bearer))


@schemathesis.hook
def filter_path_parameters(context: Any, path_parameters: dict[str, Any]) -> bool:
    """An encoded `?` ends the path: `/calendars/%3F/feeds` is `/calendars/`, and another route."""
    values = [str(value).lower() for value in (path_parameters or {}).values()]
    return not any("?" in value or "%3f" in value for value in values)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Each valid request has a key of its own, not that of the example."""
    if _is_valid(case) and KEY in case.headers:
        case.headers[KEY] = str(uuid4())


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    if isinstance(failure, AcceptedNegativeData):
        return not (_is_valid_after_all(case) or case.body is None)  # null is an empty body
    if not isinstance(failure, RejectedPositiveData):
        return True
    is_known = response.json().get("error_description") in NOT_IN_SCHEMAS
    # A form without any value, such as one of empty lists, is no body at all, and one is required.
    # One of empty texts alone says nothing, either, whatever mytoken is beside them.
    is_form = isinstance(case.body, dict) and case.media_type != "application/json"
    is_empty = is_form and not any(case.body[name] for name in case.body if name != "mytoken")
    return not (is_known or is_empty or _has_null_in_a_form(case) or _has_a_point_in_days(case))


def _has_a_point_in_days(case: Any) -> bool:
    """7.0 is a whole number to JSON Schema; among days it is none."""
    days = case.body.get("days") if isinstance(case.body, dict) else None
    return isinstance(days, list) and any(isinstance(day, float) for day in days)


def _has_null_in_a_form(case: Any) -> bool:
    """A form has texts alone: null comes as the word."""
    is_form = case.media_type == "application/x-www-form-urlencoded"
    return is_form and isinstance(case.body, dict) and None in case.body.values()


def _is_valid_after_all(case: Any) -> bool:
    """To break one branch of an `anyOf` breaks nothing where another one holds.

    A body that revokes or changes something may be so: it is judged as a whole, with what is said
    in words alone. What else is broken of the request is broken.
    """
    definition = case.operation.definition.raw
    schema = _AS_A_WHOLE.get(definition.get("operationId"))
    parts = case.meta.components.items() if case.meta else ()
    elsewhere = any(p.mode.is_negative for of, p in parts if of != ParameterLocation.BODY)
    if schema is None or elsewhere or not isinstance(case.body, dict):
        return False
    looked_at = dict(case.body)
    if schema == "Revocation":
        # Beside the `token` that it names, a `mytoken` is not looked at. A `token` that is too long
        # is none, and so is dead already.
        looked_at.pop("mytoken", None)
        if isinstance(token := looked_at.get("token"), str):
            looked_at["token"] = token[: limits.TOKEN]
    elif isinstance(days := looked_at.get("days"), list):
        looked_at["days"] = [day for n, day in enumerate(days) if day not in days[:n]]
    return bool(
        openapi.validator(openapi.DOCUMENT["components"]["schemas"][schema]).is_valid(looked_at)
    )


def _minted() -> Token:
    return STACK.mint("manage_mytokens", "tokeninfo", "settings")


def _is_valid(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive
