"""Adding a token to a calendar: the requests until it is done, which the list of tokens follows."""

from tests.bench import progress
from tests.bench.calls import Clients
from tests.bench.figures import Figure
from tests.harness.stage import Person
from tests.harness.steps import Document, add

_DONE = ("dynamodb", "TransactWriteItems")


def figure(clients: Clients, person: Person, full: Document, tokens: int) -> Figure:
    """The peer is adding one to an empty calendar, than which it may need no more."""
    progress.report(f"adding a token to a calendar of {tokens:,}")
    requests = _requests(clients, person, full)
    requests_if_empty = _requests(clients, person, person.calendar("Empty", 0))
    return Figure(
        f"add token to a calendar of {tokens:,}: requests before the answer's list",
        requests,
        requests_if_empty,
        limit=requests_if_empty,
    )


def _requests(clients: Clients, person: Person, calendar: Document) -> int:
    token = person.stack.mint(user=person.user)
    with clients.counted() as calls:
        add(person.stack, person.token, calendar, token.mom_id)
    return calls.requests.index(_DONE) + 1
