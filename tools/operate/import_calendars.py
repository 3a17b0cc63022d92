"""Imports the calendars of a mytoken server's users: `make import ARGS="[--rename] FOLDER"`."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb.calendars import CalendarStore
from mytoken_calendars.aws.dynamodb.imports import Importer, check_weight
from mytoken_calendars.calendars.calendar import Address, Calendar
from mytoken_calendars.calendars.names import folded
from mytoken_calendars.changes import Change
from mytoken_calendars.errors import (
    AlreadyImported,
    CalendarExists,
    CalendarNotFound,
    LimitReached,
    TemporarilyUnavailable,
)
from mytoken_calendars.identifiers import Owner, new_id
from tools.operate import export_conversion, exported_rows, target_stack
from tools.operate.export_conversion import Conversion, ConvertedCalendar
from tools.operate.exported_rows import Export
from tools.operate.progress import Progress

_ROOM_FOR_A_NUMBER = 8  # characters


class CannotBeNamed(Exception):
    """The calendar's name is not allowed here. Says why, and suggests a name."""


@dataclass
class Import:
    """Imports one calendar after the other, and counts. With `dry_run` it writes nothing."""

    importer: Importer
    store: CalendarStore
    now: int
    rename: bool = False
    dry_run: bool = False
    calendars: int = 0
    tokens: int = 0
    here_already: int = 0
    skipped: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    named: set[tuple[Owner, str]] = field(default_factory=set)

    def bring_in(self, new: ConvertedCalendar) -> None:
        if self.importer.knows(new.secret):
            self.here_already += 1
            return
        try:
            name = self._name(new)
            self._store(new, name)
        except AlreadyImported:
            self.here_already += 1
        except (CannotBeNamed, CalendarExists, LimitReached) as reason:
            self.skipped.append(f"{new.where}: {reason}")
        else:
            self.named.add((new.owner, folded(name)))
            self.calendars += 1
            self.tokens += len(new.tokens)
            if folded(name) != folded(new.name or ""):
                before = repr(new.name) if new.name else "without a name, it"
                self.renamed.append(f"{new.where}: {before} is called {name!r}")

    def _store(self, new: ConvertedCalendar, name: str) -> None:
        check_weight(name, new.tokens)
        if not self.dry_run:
            address = Address(new_id(), new.secret)
            calendar = Calendar(str(uuid4()), new.owner, name, (address,))
            self.importer.bring_in(calendar, new.tokens, Change.new(self.now))

    def _name(self, new: ConvertedCalendar) -> str:
        """The name of the imported calendar. Raises CannotBeNamed if its own is not allowed."""
        try:
            wanted, reason = new.allowed_name(), ""
        except ValueError as rule:
            wanted, reason = new.mended_name(), str(rule)
        name = next(each for each in _numbered(wanted) if self._is_free(new.owner, each))
        if name != wanted:
            reason = reason or f"{wanted!r}: the user has a calendar of this name"
        if reason and not self.rename:
            raise CannotBeNamed(f"{reason}; with --rename it is called {name!r}")
        return name

    def _is_free(self, owner: Owner, name: str) -> bool:
        if (owner, folded(name)) in self.named:
            return False
        try:
            self.store.find(owner, name)
        except CalendarNotFound:
            return True
        return False


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in count(2):
        yield f"{name[: limits.NAME - _ROOM_FOR_A_NUMBER].rstrip()} ({number})"


def main() -> None:
    parser = target_stack.parser("import", __doc__)
    parser.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help="with the tables Users, MTokens, Calendars and CalendarMapping, and of a server since "
        "0.11 also Tags, CalendarTags and MTTags, each as .csv or .jsonl",
    )
    parser.add_argument(
        "--rename",
        action="store_true",
        help="give calendars another name if theirs is not allowed or taken, or if they have none",
    )
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    arguments = parser.parse_args()

    issuer = target_stack.connect_beside_a_server(arguments)
    try:
        report = run(arguments.folder, issuer, rename=arguments.rename, dry_run=arguments.dry_run)
    except exported_rows.NoExport as reason:
        sys.exit(f"make import: {reason}")
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"make import: {error}; repeat it when that is mended")
    except (TemporarilyUnavailable, KeyboardInterrupt):
        sys.exit("make import: it did not come to its end: repeat it for the rest")
    print("\n".join(report))


def run(folder: Path, issuer: str, *, rename: bool = False, dry_run: bool = False) -> list[str]:
    """Imports the tables of `issuer` from the folder, and reports in lines what was done.

    It may be repeated at any time. Raises NoExport and TemporarilyUnavailable.
    """
    now = int(time.time())
    export = exported_rows.read(folder)
    conversion = export_conversion.convert(export, issuer, now)
    running = Import(
        Importer.from_environment(),
        CalendarStore.from_environment(),
        now,
        rename=rename,
        dry_run=dry_run,
    )
    progress = Progress(len(conversion.calendars), "calendars")
    for calendar in conversion.calendars:
        running.bring_in(calendar)
        progress.count()
    return list(_report(export, conversion, running))


def _report(export: Export, conversion: Conversion, running: Import) -> Iterator[str]:
    no_calendars = [*conversion.no_calendars, *running.skipped]
    yield from (*export.broken, *no_calendars, *conversion.no_tokens, *conversion.no_comments)
    yield from running.renamed
    done = "to be imported" if running.dry_run else "imported"
    yield f"{done}: {running.calendars} calendars with {running.tokens} tokens"
    yield f"here already: {running.here_already} calendars"
    yield (
        f"left out: {len(export.broken)} rows, {len(no_calendars)} calendars, "
        f"{len(conversion.no_tokens)} tokens, {len(conversion.no_comments)} comments"
    )


if __name__ == "__main__":
    main()
