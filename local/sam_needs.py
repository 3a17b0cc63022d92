"""Ends with one line if something that `make sam-local` needs is missing, before it builds.

It runs in the SAM CLI's own environment, to ask for a container engine as the SAM CLI does.
"""

import sys

from samcli.local.docker.container_client_factory import ContainerClientFactory
from samcli.local.docker.exceptions import (
    ContainerEnforcementException,
    ContainerNotReachableException,
)

from local import sam


def main() -> None:
    try:
        ContainerClientFactory.create_client()
    except (ContainerNotReachableException, ContainerEnforcementException):
        sys.exit(
            "make sam-local: no container engine answers: start Docker or Finch "
            "(make run needs none, and serves the same functions)"
        )
    sam.server()


if __name__ == "__main__":
    main()
