"""Through how many modules two warm requests run, and how often they switch between files.

A switch is a call into, or a return to, another file of layers/ or functions/; comprehensions and
generators that are resumed count like calls. Modules are the files that were entered.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest

from local.handlers import Context
from tests.harness.samples import prepared
from tests.harness.stacks import ROOT, Stack

OURS = (str(ROOT / "layers"), str(ROOT / "functions"))


@dataclass
class Flow:
    """The files that a request entered, and how often it went on in another one."""

    files: set[str] = field(default_factory=set)
    switches: int = 0

    def note(self, frame: FrameType, event: str, _: Any) -> None:
        if event not in ("call", "return") or not frame.f_code.co_filename.startswith(OURS):
            return
        file, caller = frame.f_code.co_filename, frame.f_back
        self.files.add(file)
        if caller and caller.f_code.co_filename.startswith(OURS):
            self.switches += caller.f_code.co_filename != file

    @property
    def modules(self) -> int:
        return len(self.files)

    @classmethod
    def of(cls, act: Callable[[], object]) -> "Flow":
        flow = cls()
        sys.setprofile(flow.note)
        try:
            act()
        finally:
            sys.setprofile(None)
        return flow


# What they are now; the aims are 20 and 80, 8 and 16.
@pytest.mark.parametrize(
    ("operation", "modules", "switches"), [("add_token", 41, 270), ("get_feed", 17, 46)]
)
def test_a_request_runs_through_few_modules(
    stack: Stack, record_property: Any, operation: str, modules: int, switches: int
) -> None:
    token = stack.mint("manage_mytokens")
    event = prepared(stack, operation, token)
    handler = stack.handlers[operation]
    answer = handler(event, Context())
    if operation == "get_feed":
        event["headers"]["if-none-match"] = answer["headers"]["ETag"]
        handler(event, Context())
    else:
        event = prepared(stack, operation, stack.mint("manage_mytokens"))

    flow = Flow.of(lambda: handler(event, Context()))

    print(f"{operation}: {flow.modules} modules, {flow.switches} switches")  # noqa: T201
    record_property("modules", flow.modules)
    record_property("switches", flow.switches)
    assert flow.modules <= modules
    assert flow.switches <= switches
