"""The tables of a mytoken server as its database would export them, with the server's own ICS."""

import csv
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mytoken_calendars.identifiers import new_secret
from tests.doubles.mytoken_ledger import OPENID_PROVIDER, Ledger
from tests.harness.canaries import CANARIES

Row = dict[str, Any]

REMOVE_LINK = "https://mytoken.example/actions?action=remove&code=RemovesATokenFromItsCalendar12345"
RECREATE_LINK = (
    "https://mytoken.example/actions?action=recreate&code=MakesATokenAsThisOneWas12345678"
)


@dataclass
class Tables:
    """Rows by the name of their table, with more columns than anybody needs."""

    rows: dict[str, list[Row]] = field(
        default_factory=lambda: {
            table: [] for table in ("Users", "MTokens", "Calendars", "CalendarMapping")
        }
    )

    @classmethod
    def of(cls, ledger: Ledger) -> "Tables":
        """The users and tokens of a server; it has no calendars yet."""
        tables = cls()
        for mom_id, entry in ledger.entries.items():
            user = tables.user(entry.claims["oidc_sub"])
            expires = None if entry.expires is None else written(entry.expires)
            tables.add(
                "MTokens",
                id=mom_id,
                parent_id=entry.parent,
                name=entry.claims.get("name"),
                created=written(entry.created),
                ip_created="192.0.2.1",
                user_id=user,
                seqno=entry.seq_no,
                expires_at=expires,
            )
        return tables

    def add(self, table: str, **row: Any) -> Row:
        self.rows.setdefault(table, []).append(row)
        return row

    def user(self, sub: str) -> int:
        """The id of a user, who is added if there is none yet."""
        ids: dict[str, int] = {row["sub"]: row["id"] for row in self.rows["Users"]}
        if sub not in ids:
            ids[sub] = len(ids) + 1
            self.add("Users", id=ids[sub], sub=sub, iss=OPENID_PROVIDER, email=None)
        return ids[sub]

    def calendar(self, user: str, name: str | None, comments: dict[str, str], **more: Any) -> str:
        """A new calendar with these tokens, each with a comment or ""; gives its feed's address."""
        secret = new_secret()
        uid, ics = self.user(user), original_ics(comments)
        self.add("Calendars", id=secret, name=name, uid=uid, ics=ics, **more)
        for mom_id, comment in comments.items():
            self.add("CalendarMapping", mapping_id=1, calendar_id=secret, MT_id=mom_id)
            CANARIES.plant(comment)
        return secret

    def write_csv(self, folder: Path, nothing: str = "NULL") -> Path:
        for table, rows in self.rows.items():
            path, text = folder / f"{table}.csv", {"encoding": "utf-8-sig", "newline": ""}
            with path.open("w", errors="surrogateescape", **text) as file:
                columns = list(rows[0]) if rows else []
                writer = csv.DictWriter(file, columns, lineterminator="\n")
                writer.writeheader()
                for row in rows:
                    writer.writerow({n: nothing if v is None else v for n, v in row.items()})
        return folder

    def write_json_lines(self, folder: Path) -> Path:
        for table, rows in self.rows.items():
            lines = [json.dumps(row, ensure_ascii=False) for row in rows]
            (folder / f"{table}.jsonl").write_text("".join(f"{line}\n" for line in lines))
        return folder


def written(time: int) -> str:
    """A time as databases write it: of UTC, which they do not say."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")


def original_ics(comments: dict[str, str]) -> str:
    """A calendar as the server keeps it, with triggers that are none, and links that act."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:PUBLISH", "DESCRIPTION:No event\\, and mine"]
    for mom_id, comment in comments.items():
        sentences = f"Make it again:\n{RECREATE_LINK}\nRemove it:\n{REMOVE_LINK}\n"
        description = _escaped(f"{comment}\n\n{sentences}" if comment else sentences)
        lines += [
            "BEGIN:VEVENT",
            *(f"UID:{mom_id}", "SUMMARY:Mytoken expires", f"URL:{RECREATE_LINK}"),
            *_folded(f"DESCRIPTION:{description}"),
            *("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:No comment", "TRIGGER:-PT30D"),
            *("END:VALARM", "END:VEVENT"),
        ]
    return "".join(f"{line}\r\n" for line in [*lines, "END:VCALENDAR"])


def _escaped(text: str) -> str:
    for character in "\\;,":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> list[str]:
    first, rest = line[:60], line[60:]
    return [first, *(f" {rest[n : n + 60]}" for n in range(0, len(rest), 60))]
