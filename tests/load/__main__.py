"""Serves a load of polls with the local server, and reports: `make load`. Fails on any error."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.harness.server import Server
from tests.load.run import Plan, run


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(prog="make load ARGS=...", description=__doc__)
    for option in fields(Plan):
        name = f"--{option.name.replace('_', '-')}"
        parser.add_argument(name, type=type(option.default), default=option.default)
    plan = Plan(**vars(parser.parse_args(arguments)))

    with TemporaryDirectory() as state:
        server = Server.started(Path(state))
        try:
            report = run(server, plan)
        finally:
            ended = server.process.poll()
            server.stop()

    if ended is not None:
        print(
            *server.printed[-20:], f"The server ended meanwhile, with the status {ended}.", sep="\n"
        )
    print(*report.lines(), sep="\n")
    sys.exit(report.wrong > 0)


if __name__ == "__main__":
    main()
