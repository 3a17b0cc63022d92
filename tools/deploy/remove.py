"""Deletes a stack: `make remove STACK=name [ARGS="--with-data name"]`.

Its tables, key and bucket stay, and are billed, unless `--with-data` names the stack, too. A first
deployment that has failed goes with its empty tables.
"""

import sys
from argparse import Namespace

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from tools.deploy import arguments, data
from tools.deploy.account import Account
from tools.deploy.data import Kept
from tools.deploy.errors import NotReady
from tools.deploy.stack import Stack


def main() -> None:
    parser = arguments.parser("remove", __doc__)
    parser.add_argument("--yes", metavar="NAME", help="the stack's name, in place of the question")
    parser.add_argument("--with-data", metavar="NAME", help="the same name: the data goes, too")
    told = parser.parse_args()
    try:
        remove(told)
    except NotReady as reason:
        sys.exit(f"make remove: {reason}")
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"make remove: {error}; run it again when that is mended")
    except KeyboardInterrupt:
        sys.exit("make remove: stopped; run it again")


def remove(told: Namespace) -> None:
    """Raises NotReady, BotoCoreError and ClientError."""
    arguments.check_name(told.stack)
    if told.with_data not in (None, told.stack):
        raise NotReady(f"--with-data {told.with_data}: it has to name the stack {told.stack}")
    account, stack = Account.signed_in(), Stack.read(told.stack)
    if not stack.status:
        raise NotReady(f"there is no stack {told.stack} in {account.region}")
    stack.check_settled()
    if stack.outputs or not (stack.is_new or stack.never_served):
        stack.check_ours()
    kept = data.of(stack.name)
    going = [k for k in kept if told.with_data or (stack.never_served and data.is_empty(k))]
    staying = [k for k in kept if k not in going]
    print(_plan(stack, account, going, staying))
    _confirm(told)
    _delete(stack.name)
    staying += [each for each in going if not _is_deleted(each)]
    print(_afterwards(stack.name, staying))


def _plan(stack: Stack, account: Account, going: list[Kept], staying: list[Kept]) -> str:
    url = stack.outputs.get("PublicUrl")
    return "\n".join(
        [
            f"The stack {stack.name} goes, in {account.region}, account {account.number}: its API"
            + (f" at {url}," if url else ","),
            "its functions, alarms, dashboard and logs.",
            *(f"  goes, too: {each}" for each in going),
            *(f"  stays:     {each}" for each in staying),
        ]
    )


def _confirm(told: Namespace) -> None:
    typed = told.yes
    if typed is None and not sys.stdin.isatty():
        raise NotReady(f'there is no terminal to ask at: ARGS="--yes {told.stack}" does not ask')
    if typed is None:
        print(f"Type {told.stack} to go on: ", end="", flush=True)
        typed = sys.stdin.readline().strip()
    if typed != told.stack:
        raise NotReady(f"{typed or 'nothing'} is not {told.stack}: nothing was changed")


def _delete(name: str) -> None:
    cloudformation = boto3.client("cloudformation")
    cloudformation.delete_stack(StackName=name)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name)
    except WaiterError:
        raise NotReady(
            f"{name} is {Stack.read(name).status or 'not deleted'}: its events say why; run this "
            "again when that is mended"
        ) from None


def _is_deleted(kept: Kept) -> bool:
    """Deletes it; says what became of it."""
    try:
        print(data.delete(kept))
    except (BotoCoreError, ClientError, KeyboardInterrupt) as error:
        print(f"{kept}: {error or 'stopped'}")
        return False
    return True


def _afterwards(name: str, staying: list[Kept]) -> str:
    if not staying:
        return f"The stack {name} is gone."
    return "\n".join(
        [
            f"The stack {name} is gone. These are left, and billed until you delete them:",
            *(f"  {each}" for each in staying),
            *(data.how_to_delete(each) for each in staying),
        ]
    )


if __name__ == "__main__":
    main()
