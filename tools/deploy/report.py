"""What `make deploy` says before and after the SAM CLI."""

from collections.abc import Iterator, Mapping

from tools.deploy.account import Account
from tools.deploy.identity import Identity, present
from tools.deploy.stack import Stack

_CALENDARS = "/api/v0/notifications/calendars"


def beforehand(account: Account, stack: Stack, named: Mapping[str, str], after: Identity) -> str:
    """Where the stack is or will be, which parameters change, and who issues its mytokens."""
    return "\n".join(_beforehand(account, stack, named, after))


def _beforehand(
    account: Account, stack: Stack, named: Mapping[str, str], after: Identity
) -> Iterator[str]:
    state = "is made anew" if stack.is_new else f"is {stack.status}"
    yield f"The stack {stack.name} {state}, in {account.region}, account {account.number}."
    for name, value in named.items():
        was = "" if stack.is_new else f"; was {stack.parameters.get(name) or '(empty)'}"
        yield f"  {name}: {value or '(empty)'}{was}"
    yield from _of_a_new_stack(after) if stack.is_new else _of_an_update(present(stack), after)
    yield "The SAM CLI says that functions have no authentication: they check mytokens themselves."


def _of_a_new_stack(after: Identity) -> Iterator[str]:
    if after.server or not after.is_chosen_by_aws:
        yield f"  The mytokens of its users are issued by {after.issuer}."
    else:
        yield "  AWS chooses its address, the issuer of its mytokens. It dies with the stack:"
        yield "  to use a host of yours, set DomainName or PublicUrl before you issue any."


def _of_an_update(before: Identity, after: Identity) -> Iterator[str]:
    yield "  All other parameters stay as they are."
    if after.address != before.address:
        yield f"  Its address changes from {before.address} to {after.address}:"
        yield "  apps that have subscribed to a feed go on only if the old one leads there."


def afterwards(before: Stack, after: Stack) -> str:
    """Where the stack is, and three lines to paste."""
    url, name = after.outputs["PublicUrl"], after.name
    server = after.parameters.get("MytokenIssuer")
    token = (
        f"read -rs TOKEN && export TOKEN   # a mytoken of {server}"
        if server
        else f'export TOKEN=$(make token STACK={name} ARGS="--user alice --expires-in 1d" | '
        "jq -r .mytoken)"
    )
    return "\n".join(
        [
            "",
            *(["Nothing was changed."] if after.changed == before.changed else []),
            f"PublicUrl: {url}",
            "",
            token,
            f'curl -sS {url}{_CALENDARS} -H "Authorization: Bearer $TOKEN" | jq .',
            f"make e2e URL={url}",
        ]
    )
