"""A template for `sam local`: the built functions, on the stand-ins of the running local server.

It runs after `sam build`, and in the SAM CLI's environment before it (see sam_needs.py).
"""

import json
import platform
import sys
from pathlib import Path

import yaml

from local.template import ROOT, Template
from local.whereabouts import Whereabouts

BUILD = ROOT / ".aws-sam" / "local"
_THIS_MACHINE = "host.docker.internal"  # in a container, loopback is the container itself


def server() -> Whereabouts:
    """The running local server. Ends the program with one line if there is none."""
    running = Whereabouts.read()
    if running is None:
        sys.exit("make sam-local: no local server is running: start make run in another terminal")
    return running


def write(running: Whereabouts, built: Path, folder: Path) -> None:
    """Writes local.yaml and environment.json, as samconfig.toml names them, into the folder.

    `sam local` passes on only variables that the template names, and prefers those of the shell to
    the template's, but not to those of the second file. A stage variable that takes more than a
    parameter it hands on unresolved, so it is written out.
    """
    template = Template.read(built).document
    endpoint = running.environment["AWS_ENDPOINT_URL"].replace("127.0.0.1", _THIS_MACHINE)
    environment = {**running.environment, "AWS_ENDPOINT_URL": endpoint}
    shared = template["Globals"]["Function"]
    shared["Environment"]["Variables"] |= environment
    shared["Architectures"] = ["arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"]
    stage = template["Resources"]["HttpApi"]["Properties"]
    stage["StageVariables"] = {"publicUrl": running.url}
    (folder / "local.yaml").write_text(yaml.safe_dump(template))
    (folder / "environment.json").write_text(json.dumps({"Parameters": environment}))


def main() -> None:
    running = server()
    write(running, BUILD / "template.yaml", BUILD)
    if sys.platform == "linux" and "127.0.0.1" in running.environment["AWS_ENDPOINT_URL"]:
        print(
            "make sam-local: on Linux, containers reach the stand-ins only if they were started "
            "with: make run STANDINS_HOST=172.17.0.1",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
