"""Reads a mytoken server's tables from the files of a folder: `Users.csv` and the like.

A file has the name of its table. It is CSV, with the names of the columns in its first line, or
JSON lines, with an object in each; both in UTF-8. Further columns are ignored. An invalid row is
left out and reported by its line, without its text, which may be a secret. A table none of whose
rows can be read is no export: what was imported without it would stay so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from mytoken_calendars import identifiers, limits
from tools.operate import csv_and_json_lines


class NoExport(Exception):
    """The folder has no export. Says in one line why."""


def _feed_id(text: str) -> str:
    if not identifiers.is_secret(text):
        raise ValueError("the address of a feed has 32 letters and digits")
    return text


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("this is no UTF-8") from None
    return text


def _seconds(text: Any) -> int:
    """The server writes UTC, and does not say so."""
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError("a time looks like 2026-11-25 16:38:15") from None
    seconds = int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    if not 0 <= seconds <= limits.LATEST_TIME:
        raise ValueError("a time is after 1969 and before the last day of 9999")
    return seconds


Text = Annotated[str, AfterValidator(_text)]
MomId = Annotated[str, AfterValidator(identifiers.mom_id)]
FeedId = Annotated[str, AfterValidator(_feed_id)]
Time = Annotated[int, BeforeValidator(_seconds)]


class Row(BaseModel):
    """A row, and its place: the name of the file and the number of the line."""

    model_config = ConfigDict(frozen=True)

    where: str


class User(Row):
    id: int
    sub: Text
    iss: Text


class Token(Row):
    """Its `id` is its mom_id. A token that was revoked has no row."""

    id: MomId
    parent_id: MomId | None = None
    name: Text | None = None
    created: Time
    expires_at: Time | None
    user_id: int

    @property
    def label(self) -> str | None:
        """Its name, cut off at the same length as in `list_mytokens`."""
        return self.name[: limits.TOKEN_NAME] if self.name else None


class Calendar(Row):
    """Servers since 0.11 have no names of calendars, but descriptions and tags."""

    id: FeedId
    uid: int
    name: Text | None = None
    description: Text | None = None
    ics: Text | None


class Subscription(Row):
    calendar_id: Text
    MT_id: Text


class Tag(Row):
    id: int
    tag: Text


class CalendarTag(Row):
    calendar_id: Text
    tag_id: int


class TokenTag(Row):
    MT_id: Text
    tag_id: int


T = TypeVar("T", bound=Row)


@dataclass(frozen=True)
class Export:
    """All valid rows; `broken` has the place and the problem of each invalid row."""

    users: list[User]
    tokens: list[Token]
    calendars: list[Calendar]
    subscriptions: list[Subscription]
    tags: list[Tag]
    calendar_tags: list[CalendarTag]
    token_tags: list[TokenTag]
    broken: list[str] = field(default_factory=list)


def read(folder: Path) -> Export:
    """The tables in a folder.

    Raises NoExport if one that is needed is missing, or its columns, or all tokens; or if no row of
    one can be read.
    """
    broken: list[str] = []

    def rows(table: str, model: type[T], *, optional: bool = False) -> list[T]:
        path = _file(folder, table, optional=optional)
        if path is None:
            return []
        _check_columns(path, model)
        reasons: list[str] = []
        found = list(_rows(path, model, reasons))
        if reasons and not found:
            raise NoExport(f"no row of {path.name} can be read: {reasons[0]}")
        broken.extend(reasons)
        return found

    export = Export(
        rows("Users", User),
        rows("MTokens", Token),
        rows("Calendars", Calendar),
        rows("CalendarMapping", Subscription),
        rows("Tags", Tag, optional=True),
        rows("CalendarTags", CalendarTag, optional=True),
        rows("MTTags", TokenTag, optional=True),
        broken,
    )
    if not export.tokens and (export.subscriptions or export.token_tags):
        raise NoExport("MTokens has no row, so no calendar would have any of its tokens")
    return export


def _check_columns(path: Path, model: type[Row]) -> None:
    fields = model.model_fields.items()
    needed = {name for name, field in fields if field.is_required()} - {"where"}
    there = csv_and_json_lines.columns(path)
    if there is not None and (missing := needed - there):
        lacks = ", ".join(sorted(missing))
        raise NoExport(f"{path.name}: its first line names no column {lacks}")


def _file(folder: Path, table: str, *, optional: bool) -> Path | None:
    match [path for path in (folder / f"{table}.csv", folder / f"{table}.jsonl") if path.exists()]:
        case [path]:
            return path
        case [] if optional:
            return None
        case []:
            raise NoExport(f"there is no {table}.csv and no {table}.jsonl in {folder}")
    raise NoExport(f"there are both {table}.csv and {table}.jsonl in {folder}")


def _rows(path: Path, model: type[T], broken: list[str]) -> Iterator[T]:
    for number, row in csv_and_json_lines.rows(path):
        where = f"{path.name}:{number}"
        if isinstance(row, str):
            broken.append(f"{where}: {row}")
            continue
        try:
            yield model.model_validate({**row, "where": where})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            column = ".".join(str(part) for part in first["loc"])
            broken.append(f"{where}: {column}: {first['msg'].removeprefix('Value error, ')}")
