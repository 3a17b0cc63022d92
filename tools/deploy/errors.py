"""Why there is nothing to be done."""


class NotReady(Exception):
    """Says in one line what is in the way, and what to do."""
