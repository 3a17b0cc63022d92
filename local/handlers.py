"""The handlers of functions/, called as Lambda calls them."""

import importlib.util
from collections.abc import Callable
from typing import Any

from local.template import ROOT
from mytoken_calendars.aws import clients

Event = dict[str, Any]
Handler = Callable[[Event, Any], dict[str, Any]]


class Context:
    """What Lambda tells a function of its invocation, as far as our functions ask."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 25_000


def load_handler(folder: str) -> Handler:
    """The handler of functions/<folder>/app.py, freshly imported, with clients of its own."""
    clients.dynamodb.cache_clear()
    path = ROOT / "functions" / folder / "app.py"
    spec = importlib.util.spec_from_file_location(f"functions.{folder}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no function at {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Handler = module.handler
    return handler
