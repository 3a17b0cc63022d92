"""What a version of this project leaves in the tables, and what clients had of it then.

`python -m tests.migration.recording NUMBER` records what this version leaves: once for each version
that changes an item's attributes. A recording that was made is never changed.
"""

import json
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from tests.harness import stage
from tests.harness.stacks import DAY, Stack, Token
from tests.harness.steps import Document, add, calendars, create, delete
from tests.harness.token_uses import EVERYTHING, REVOKED_WHEN_REPLAYED, claims

FOLDER = Path(__file__).parent / "recordings"
TABLES = ("CALENDARS_TABLE", "TOKENS_TABLE")
DELETED = "Deleted"  # the name of a calendar


@dataclass(frozen=True)
class Recording:
    """`at` is in seconds since 1970. `tokens` have their claims; a new stack has another key.

    `feeds` are texts by the addresses of calendars, and `deleted` is an address that was one.
    """

    at: int
    tokens: Mapping[str, Mapping[str, Any]]
    mom_ids: Mapping[str, str]
    calendars: list[Document]
    feeds: Mapping[str, str]
    deleted: str
    tables: Mapping[str, list[Any]]

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text()))

    @classmethod
    def of(cls, stack: Stack, user: str = "recorded") -> Self:
        """Lets a user do of everything something on a stack that nobody has used."""
        at = int(time.time())
        keeper = stack.mint(*EVERYTHING, user=user, name="keeper", expires_in=400 * DAY)
        watched = stack.mint(
            "AT", user=user, name="ci, \u201enightly\u201c; a\\b", expires_in=90 * DAY
        )
        parent = stack.mint(*EVERYTHING, user=user, name="parent", expires_in=60 * DAY)
        child = stack.mint("AT", user=user, name="child", expires_in=60 * DAY, parent=parent.mom_id)
        limited = stack.mint(
            *EVERYTHING, user=user, name="limited", restrictions=[{"usages_other": 2}]
        )
        chain = stack.mint(*EVERYTHING, user=user, name="chain", rotation=REVOKED_WHEN_REPLAYED)

        kept = create(stack, keeper, "Straße")
        for token in (keeper, watched, parent, child):
            add(stack, keeper, kept, token.mom_id, comment=f"of {token.mom_id[:4]}\nmind it")
        add(stack, keeper, kept, watched.mom_id, comment="renew it")
        create(stack, keeper, "Empty")
        gone = create(stack, keeper, DELETED)
        add(stack, keeper, gone, watched.mom_id)
        delete(stack, keeper, gone)
        stack.revoke(parent, recursive=True)
        calendars(stack, limited)
        key = {"idempotency-key": "recorded"}
        used = stack.invoke("create_calendar", chain, json={"name": "Keyed"}, headers=key)
        successor = Token(used.json["token_update"]["mytoken"], chain.mom_id)

        named = {"keeper": keeper, "watched": watched, "limited": limited, "replayed": chain}
        named |= {"parent": parent, "child": child, "chain": successor}
        documents = calendars(stack, keeper)
        return cls(
            at,
            {name: claims(token) for name, token in named.items()},
            {name: token.mom_id for name, token in named.items()},
            documents,
            {document["ics_path"]: stack.feed(document).text for document in documents},
            gone["ics_path"],
            dict(zip(TABLES, stack.dump().values(), strict=True)),
        )

    @property
    def layout(self) -> dict[str, list[str]]:
        """The attributes and their types, of items by what they are."""
        found: dict[str, set[str]] = {}
        for table, rows in self.tables.items():
            for row in rows:
                found.setdefault(f"{table}: {_kind(row)}", set()).update(_attributes(row))
        return {kind: sorted(attributes) for kind, attributes in sorted(found.items())}


def put(stack: Stack, tables: Mapping[str, Iterable[Any]]) -> None:
    """Writes the items of a recording into the stack's tables."""
    client = stack.store.table.client
    for variable, rows in tables.items():
        for row in rows:
            client.put_item(TableName=stack.environment[variable], Item=row)


def _kind(row: Mapping[str, Any]) -> str:
    """Such as `OWNER, NAME`; a tombstone is of another kind than the feed that it was."""
    partition = row["pk"]["S"].partition("#")[0]
    prefix, separator, _ = row["sk"]["S"].partition("#")
    kind = f"{partition}, {prefix or row['sk']['S']}" if separator else partition
    return f"{kind}, deleted" if "deleted" in row else kind


def _attributes(row: Mapping[str, Any]) -> Iterable[str]:
    for name, typed in row.items():
        prefix, separator, _ = name.partition("_")
        generic = f"{prefix}_*" if separator and prefix in ("made", "mark", "uses") else name
        yield f"{generic} {next(iter(typed))}"


def main() -> None:
    (number,) = sys.argv[1:]
    with TemporaryDirectory() as state, stage.on_standins(Path(state)) as stack:
        recording = Recording.of(stack)
    (FOLDER / f"{int(number)}.json").write_text(json.dumps(asdict(recording), indent=1) + "\n")


if __name__ == "__main__":
    main()
