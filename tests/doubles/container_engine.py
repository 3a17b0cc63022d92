"""The SAM CLI with containers of the tests: each thing that one would do is a line of JSON.

It runs in the SAM CLI's environment, as `sam` with any arguments. A line that it writes is a
container's function, environment and hosts, and the event if it is invoked; then it reads a line,
which is the answer. All else is the SAM CLI's own.
"""

import json
import os
import sys
import threading
from typing import Any

from samcli.cli.main import cli
from samcli.commands.local.cli_common.invoke_context import InvokeContext


class Containers:
    """In the place of samcli.local.lambdafn.runtime.WarmLambdaRuntime."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)  # what the SAM CLI prints is no line of these

    def run(self, container: None, function_config: Any, extra_hosts: Any, **others: Any) -> None:
        self._ask(function_config, extra_hosts)

    def invoke(
        self, function_config: Any, event: str, *others: Any, stdout: Any, **options: Any
    ) -> None:
        answer = self._ask(function_config, options["extra_hosts"], event=json.loads(event))
        stdout.write_str(answer)

    def clean_running_containers_and_related_resources(self) -> None:
        """There are none."""

    clean_runtime_containers = clean_running_containers_and_related_resources

    def _ask(self, config: Any, hosts: Any, **more: Any) -> str:
        told = {"name": config.name, "environment": config.env_vars.resolve(), "hosts": hosts}
        told["layers"] = [layer.name for layer in config.layers]
        with self._lock:
            print(json.dumps({**told, **more}), file=self._lines, flush=True)
            return sys.stdin.readline()


InvokeContext.lambda_runtime = Containers()
InvokeContext._get_container_manager = staticmethod(lambda *arguments: None)
cli(prog_name="sam")
