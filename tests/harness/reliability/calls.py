"""The calls that functions make, of AWS and of an issuer: counted, and each may meet a fault."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from unittest import mock

from mytoken_calendars.authorities.remote.https import Https
from mytoken_calendars.aws import clients

T = TypeVar("T")

_PATIENCE = 60  # seconds: that this machine is busy is no fault of AWS
_PLACE = ("AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB")


@dataclass(frozen=True)
class Call:
    """One sending of a request: one that botocore sends again is another call.

    `service` is botocore's name of it, or "issuer"; `body` tells a request that is sent again.
    `proceed` sends it, and returns what came back; from an issuer within so many seconds, at most
    so many bytes.
    """

    service: str
    operation: str
    body: Any
    proceed: Callable[..., Any]
    client: Any = None
    request: Any = None

    def __str__(self) -> str:
        return f"{self.service} {self.operation}"


Fault = Callable[[Call], Any]
Plan = Callable[[int, Call], Fault | None]


def untroubled(number: int, call: Call) -> None:
    """The plan by which nothing happens."""


@dataclass
class Overtaken(Generic[T]):
    """A plan by which a change happens just before the call of this number, and its answer."""

    number: int
    change: Callable[[], T]
    answers: list[T] = field(default_factory=list)

    def __call__(self, number: int, call: Call) -> None:
        if number == self.number and not self.answers:
            self.answers.append(self.change())


@dataclass
class Calls:
    """Where all calls pass."""

    _plan: Plan = untroubled
    _made: list[Call] = field(default_factory=list)
    _clients: dict[Any, Any] = field(default_factory=dict)

    @contextmanager
    def tapped(self) -> Iterator[None]:
        """Clients that are made meanwhile send through here; so does whoever asks an issuer."""
        make, exchange = clients.client, Https._exchange

        def client(service: str, **options: Any) -> Any:
            # One for all functions, so that a function that is started again is so at once.
            key = (service, *options.items(), *(os.environ.get(name) for name in _PLACE))
            if key not in self._clients:
                self._clients[key] = self._tapped(make(service, **options))
            return self._clients[key]

        def ask(https: Https, method: str, url: str, *more: Any) -> Any:
            body, within, at_most = more

            def proceed(within: float = within, at_most: int = at_most) -> Any:
                return exchange(https, method, url, body, within, at_most)

            fault = self._met(call := Call("issuer", url.rpartition("/")[2], body, proceed))
            return fault(call) if fault else proceed()

        with (
            mock.patch.object(clients, "client", client),
            mock.patch.object(Https, "_exchange", ask),
        ):
            yield

    @contextmanager
    def planned(self, plan: Plan) -> Iterator[list[Call]]:
        """Meanwhile this happens to calls, counted from 1; gives those that are made."""
        made: list[Call] = []
        self._plan, self._made = plan, made
        try:
            yield made
        finally:
            self._plan, self._made = untroubled, []

    def _tapped(self, client: Any) -> Any:
        def pass_on(request: Any, event_name: str, **_: Any) -> Any:
            _, service, operation = event_name.split(".")
            request.context["read_timeout"] = _PATIENCE

            def proceed() -> Any:
                return client._endpoint.http_session.send(request)

            call = Call(service, operation, request.body, proceed, client, request)
            fault = self._met(call)
            return fault(call) if fault else None

        client.meta.events.register("before-send", pass_on)
        return client

    def _met(self, call: Call) -> Fault | None:
        self._made.append(call)
        return self._plan(len(self._made), call)
