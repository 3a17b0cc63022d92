"""Describes invalid data in words for its sender."""

from pydantic import ValidationError


def first_problem(error: ValidationError) -> str:
    """The first problem, after the name of its field; it never quotes the data."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message: str = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
