"""Deploys a stack: `make deploy [STACK=name] [ARGS="Name=Value ..."]`.

It looks for what can be in the way before it builds anything, shows what will change, and asks
once. A parameter that is not named keeps the stack's value.
"""

import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from local.template import Template
from tools.deploy import arguments, fronts, identity, parameters, report, sam
from tools.deploy.account import Account
from tools.deploy.errors import NotReady
from tools.deploy.stack import Stack


def main() -> None:
    told = arguments.of_deploy(__doc__)
    try:
        deploy(told)
    except NotReady as reason:
        sys.exit(f"make deploy: {reason}")
    except KeyboardInterrupt:
        sys.exit(
            f"make deploy: stopped; what AWS had begun goes on: see the stack {told.stack} there"
        )


def deploy(told: Namespace) -> None:
    """Raises NotReady."""
    document = Template.read().document
    before, named = _checked(told, document)
    built = told.built or sam.build()
    sam.deploy(built, told.stack, named, ask=not told.yes)
    after = Stack.read(told.stack)
    if after.is_new:
        raise NotReady(f"nothing was deployed; make remove STACK={told.stack} clears its name")
    after.check_ready()
    print(report.afterwards(before, after))


def _checked(told: Namespace, document: Mapping[str, Any]) -> tuple[Stack, dict[str, str]]:
    """The stack before the deployment, and the parameters that are named; says what it found."""
    arguments.check_name(told.stack)
    named = parameters.named(told.parameters, document)
    parameters.check_each(document, named)
    if not (told.yes or sys.stdin.isatty()):
        raise NotReady("there is no terminal to ask at: ARGS=--yes deploys without asking")
    if told.built and not (told.built / "template.yaml").is_file():
        raise NotReady(f"--built {told.built}: there is no template.yaml that sam build has made")
    account, stack = Account.signed_in(), Stack.read(told.stack)
    stack.check_ready()
    named |= fronts.kept(stack.parameters, named)
    kept = parameters.merged(document, stack.parameters, {})
    values = kept | named
    parameters.check(document, values)
    reserved = 0 if stack.is_new else parameters.reserved(document, kept)
    account.check_reservation(parameters.reserved(document, values), reserved)
    issuer = identity.future(document, values, stack, kept)
    if not stack.is_new:
        before = identity.present(stack)
        identity.check(before, issuer, told.new_issuer, told.drop_key)
        dropped = {*told.drop_address, *({before.issuer} - {issuer.issuer})}
        fronts.check(
            stack.parameters, values, stack.outputs.get("FeedUrl", "").rstrip("/"), dropped
        )
    print(report.beforehand(account, stack, named, issuer))
    if advice := account.advice(values):
        print(advice)
    sys.stdout.flush()
    return stack, named


if __name__ == "__main__":
    main()
