"""The configuration and the keys of the pinned mytoken server.

They are fetched again after an hour, and serve for a day while the server does not answer.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mytoken_calendars import limits, logs, strict_json
from mytoken_calendars.authorities.remote import key_set
from mytoken_calendars.authorities.remote.https import Https
from mytoken_calendars.authorities.remote.key_set import Algorithm, VerificationKey
from mytoken_calendars.aws import metrics
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.errors import TemporarilyUnavailable


@dataclass(frozen=True)
class Configuration:
    """A server's configuration document and key set, unchanged, and the checked parts in use."""

    document: Mapping[str, Any]
    jwks: Mapping[str, Any]
    jwks_uri: str
    tokeninfo_endpoint: str
    algorithm: Algorithm
    keys: tuple[VerificationKey, ...]


class _Announced(BaseModel):
    """The members of the configuration document that are used here."""

    model_config = ConfigDict(strict=True)

    issuer: str
    jwks_uri: str
    tokeninfo_endpoint: str
    token_signing_alg_value: Algorithm


class Issuer:
    """The mytoken server with this issuer URL. Threads may share one: one fetches, the others wait.

    A running function begins at most one fetch in 30 seconds, whether it succeeds or not. So
    neither a server that is down nor a flood of forged tokens causes more. A new configuration
    replaces the known one only after it is checked completely.

    Raises ValueError for a URL that is not at the server of `https`.
    """

    def __init__(self, url: str, https: Https, clock: Callable[[], float] = time.time) -> None:
        self.url = url
        self._https = https
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Configuration | None = None
        self._fetched_at = self._attempted_at = float("-inf")
        if not https.reaches(self._configuration_url):
            raise ValueError("not an issuer at the pinned server")

    def configuration(self) -> Configuration:
        """The configuration, at most an hour old; up to a day old while the server does not answer.

        Raises TemporarilyUnavailable if there is none of this age.
        """
        with self._lock:
            if self._known is None or not self._is_recent(
                self._fetched_at, limits.CONFIGURATION_FRESH
            ):
                self._attempt()
            if self._known is None or not self._is_recent(
                self._fetched_at, limits.CONFIGURATION_KEPT
            ):
                raise TemporarilyUnavailable
            return self._known

    def newer_than(self, known: Configuration) -> Configuration | None:
        """A configuration newer than `known`, for a token that may be signed with a new key.

        None if there is none, or none may be fetched yet.
        """
        with self._lock:
            if self._known is known:
                self._attempt()
            return None if self._known is known else self._known

    def _attempt(self) -> None:
        if self._is_recent(self._attempted_at, limits.CONFIGURATION_COOLDOWN):
            return
        self._attempted_at = now = self._clock()
        try:
            self._known = self._fetch()
        except TemporarilyUnavailable as failure:
            metrics.count(Metric.AUTHORITY_UNREACHABLE)
            # Logged here, since no request fails as long as the known configuration serves.
            cause = failure.__cause__
            # The text of a ValidationError quotes the document, which might hold a secret.
            reason = type(cause).__name__ if isinstance(cause, ValidationError) else repr(cause)
            logger = logs.logger()
            logger.warning("the mytoken server's configuration was not renewed", reason=reason)
        else:
            self._fetched_at = now

    def _is_recent(self, then: float, seconds: int) -> bool:
        # A time in the future, after a clock was set back, is not recent.
        return 0 <= self._clock() - then < seconds

    @property
    def _configuration_url(self) -> str:
        return f"{self.url.removesuffix('/')}/.well-known/mytoken-configuration"

    def _fetch(self) -> Configuration:
        try:
            document = strict_json.loads(self._https.get(self._configuration_url))
            announced = self._checked(_Announced.model_validate(document))
            algorithm = announced.token_signing_alg_value
            jwks = strict_json.loads(self._https.get(announced.jwks_uri))
            keys = key_set.keys_of(jwks, algorithm)
        except ValueError as error:
            raise TemporarilyUnavailable from error
        endpoint = announced.tokeninfo_endpoint
        return Configuration(document, jwks, announced.jwks_uri, endpoint, algorithm, keys)

    def _checked(self, announced: _Announced) -> _Announced:
        if announced.issuer != self.url:
            raise ValueError("the configuration of another issuer")
        for url in (announced.jwks_uri, announced.tokeninfo_endpoint):
            if not self._https.reaches(url):
                raise ValueError("an endpoint at another server")
        return announced
