"""Adding a token to a full calendar: the requests until it is done, and the handler's work."""

from tests.bench import progress
from tests.bench.calls import Clients
from tests.bench.figures import Figure
from tests.bench.listing import milliseconds
from tests.harness.stage import Person
from tests.harness.steps import Document, add


def figures(clients: Clients, person: Person, full: Document, listed: float) -> list[Figure]:
    """The peers are adding to an empty calendar, and what the `listed` full one took (ms)."""
    name = f"add token to a full calendar, {len(full['subscribed_tokens']):,} tokens"
    progress.report(name)
    requests = _requests(clients, person, full)
    requests_if_empty = _requests(clients, person, person.calendar("Empty", 0))
    tokens = iter([person.stack.mint(user=person.user) for _ in range(9)])
    took = milliseconds(lambda: add(person.stack, person.token, full, next(tokens).mom_id))
    return [
        Figure(f"{name}: requests", requests, requests_if_empty, limit=6),
        Figure(f"{name}: CPU, beside its list's", took, listed, 2, unit="ms", relative=True),
    ]


def _requests(clients: Clients, person: Person, calendar: Document) -> int:
    token = person.stack.mint(user=person.user)
    with clients.counted() as calls:
        add(person.stack, person.token, calendar, token.mom_id)
    return len(calls.requests)
