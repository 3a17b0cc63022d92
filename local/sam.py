"""A template for `sam local`: the built functions, on the stand-ins of the running local server."""

import platform
import sys

import yaml

from local.template import ROOT, Template
from local.whereabouts import Whereabouts

BUILD = ROOT / ".aws-sam" / "local"


def main() -> None:
    server = Whereabouts.read()
    if server is None:
        sys.exit("no local server is running: start it with make run in another terminal")
    template = Template.read(BUILD / "template.yaml").document
    shared = template["Globals"]["Function"]
    # `sam local` passes on only the variables that the template names.
    shared["Environment"]["Variables"] |= server.environment
    # In a container, loopback is the container itself; Docker Desktop names this machine.
    endpoint = server.environment["AWS_ENDPOINT_URL"].replace("127.0.0.1", "host.docker.internal")
    shared["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = endpoint
    shared["Architectures"] = ["arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"]
    template["Parameters"]["PublicUrl"]["Default"] = server.url
    (BUILD / "local.yaml").write_text(yaml.safe_dump(template))


if __name__ == "__main__":
    main()
