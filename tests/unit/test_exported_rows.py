"""The tables of a mytoken server are read from CSV and JSON lines; broken rows are told by line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.original_tables import Tables, written
from tests.harness.examples import MOM_ID, NOW, OTHER_MOM_ID
from tools.operate import exported_rows

FEED_ID = "kJ3nQz8LrW5tYc1XvB7mHd2FpS9gAe4U"
QUOTED = 'BEGIN:VCALENDAR\r\nX-A:"b", c\r\nEND:VCALENDAR\r\n'


@pytest.fixture
def tables() -> Tables:
    """A user with a calendar of two tokens, of which one never expires and has no name."""
    tables = Tables()
    user = tables.user('alice, the "first"')
    lasting = {"user_id": user, "created": written(NOW)}
    ends = written(NOW + 60)
    tables.add("MTokens", id=MOM_ID, name="ci", parent_id=OTHER_MOM_ID, expires_at=ends, **lasting)
    tables.add("MTokens", id=OTHER_MOM_ID, name=None, parent_id=None, expires_at=None, **lasting)
    tables.add("Calendars", id=FEED_ID, name='CI, "my" tokens', uid=user, ics=QUOTED)
    tables.add("CalendarMapping", mapping_id=1, calendar_id=FEED_ID, MT_id=MOM_ID)
    return tables


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(Tables.write_csv, id="CSV"),
        pytest.param(lambda tables, folder: tables.write_csv(folder, ""), id="CSV, nothing"),
        pytest.param(lambda tables, folder: tables.write_csv(folder, "\\N"), id="CSV, backslash"),
        pytest.param(Tables.write_json_lines, id="JSON lines"),
    ],
)
def test_both_formats_give_the_same_rows(
    tables: Tables, tmp_path: Path, write: Callable[[Tables, Path], Path]
) -> None:
    export = exported_rows.read(write(tables, tmp_path))

    (user,), (calendar,), (added,) = export.users, export.calendars, export.subscriptions
    expiring, endless = export.tokens
    assert export.broken == []
    assert (user.id, user.sub) == (1, 'alice, the "first"')
    assert (calendar.id, calendar.uid, calendar.name) == (FEED_ID, 1, 'CI, "my" tokens')
    assert calendar.ics == QUOTED
    assert (added.calendar_id, added.MT_id) == (FEED_ID, MOM_ID)
    assert (expiring.id, expiring.parent_id, expiring.label) == (MOM_ID, OTHER_MOM_ID, "ci")
    assert (expiring.created, expiring.expires_at) == (NOW, NOW + 60)
    assert (endless.parent_id, endless.label, endless.expires_at) == (None, None, None)


@pytest.mark.parametrize(
    "time",
    [
        "2027-01-15 08:00:00",
        "2027-01-15 08:00:00.000000",
        "2027-01-15T08:00:00Z",
        "2027-01-15T09:00:00+01:00",
    ],
)
def test_a_time_is_utc_unless_it_says_another_zone(
    tables: Tables, tmp_path: Path, time: str
) -> None:
    tables.rows["MTokens"][0]["created"] = time

    export = exported_rows.read(tables.write_csv(tmp_path))

    assert export.tokens[0].created == NOW


def test_a_name_that_spells_nothing_is_one_in_json(tables: Tables, tmp_path: Path) -> None:
    tables.rows["MTokens"][0]["name"] = "NULL"

    export = exported_rows.read(tables.write_json_lines(tmp_path))

    assert export.tokens[0].label == "NULL"


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("Users.id", "one", "Users.csv:2: id: Input should be a valid integer"),
        ("Users.sub", None, "Users.csv:2: sub: Input should be a valid string"),
        ("Users.sub", "b\udcffd", "Users.csv:2: sub: this is no UTF-8"),
        ("MTokens.created", "0000-00-00 00:00:00", "MTokens.csv:2: created: a time"),
        ("MTokens.created", "1969-12-31 23:59:59", "MTokens.csv:2: created: a time is after"),
        ("MTokens.expires_at", "9999-12-31 23:59:59", "MTokens.csv:2: expires_at: a time is"),
        ("MTokens.id", "abc", "MTokens.csv:2: id: a mom_id"),
        ("Calendars.id", f"{FEED_ID}x", "Calendars.csv:2: id: the address"),
        ("Calendars.id", "../" + FEED_ID[3:], "Calendars.csv:2: id: the address"),
    ],
)
def test_a_row_that_makes_no_sense_is_left_out_and_told_by_its_line_without_what_it_holds(
    tables: Tables, tmp_path: Path, column: str, value: Any, problem: str
) -> None:
    table, _, name = column.partition(".")
    tables.add(table, **tables.rows[table][0])
    tables.rows[table][0][name] = value

    export = exported_rows.read(tables.write_csv(tmp_path))

    (line,) = export.broken
    assert line.startswith(problem)
    assert FEED_ID not in line


def test_lines_that_are_no_csv_are_told_and_the_others_are_read(
    tables: Tables, tmp_path: Path
) -> None:
    folder = tables.write_csv(tmp_path)
    lines = ["id,sub,iss", '1,"a\nb",i', "2,c", "", '3,"d"e,i', "4,f,i,more", "5,g,i", '6,"h']
    (folder / "Users.csv").write_text("\n".join(lines))

    export = exported_rows.read(folder)

    assert [(user.id, user.where) for user in export.users] == [
        (1, "Users.csv:2"),
        (5, "Users.csv:8"),
    ]
    assert [line.partition(" ")[0] for line in export.broken] == [
        "Users.csv:4:",
        "Users.csv:6:",
        "Users.csv:7:",
        "Users.csv:9:",
    ]


@pytest.mark.parametrize("names", ['"id"x,sub,iss', '"id,sub,iss'])
def test_a_table_whose_first_line_is_no_csv_is_no_export(
    tables: Tables, tmp_path: Path, names: str
) -> None:
    folder = tables.write_csv(tmp_path)
    (folder / "Users.csv").write_text(f"{names}\n1,a,i\n")

    with pytest.raises(exported_rows.NoExport, match=r"no row of Users.csv .* Users.csv:1: "):
        exported_rows.read(folder)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("", "its first line names no column created, expires_at, id, user_id"),
        ("\n", "its first line names no column created, expires_at, id, user_id"),
        (f"id,created,expires_at,user_id\n{MOM_ID},1,2,1\n", "no row of .* MTokens.csv:2: created"),
        ("id,created,expires_at,user_id\n", "MTokens has no row"),
    ],
)
def test_calendars_whose_tokens_cannot_be_read_are_no_export(
    tables: Tables, tmp_path: Path, lines: str, reason: str
) -> None:
    folder = tables.write_csv(tmp_path)
    (folder / "MTokens.csv").write_text(lines)

    with pytest.raises(exported_rows.NoExport, match=reason):
        exported_rows.read(folder)


def test_tags_without_any_token_are_no_export(tables: Tables, tmp_path: Path) -> None:
    tables.rows |= {"MTokens": [], "CalendarMapping": []}
    tables.add("MTTags", MT_id=MOM_ID, tag_id=1)

    with pytest.raises(exported_rows.NoExport, match="MTokens has no row"):
        exported_rows.read(tables.write_json_lines(tmp_path))


def test_lines_that_are_no_json_are_told_and_the_others_are_read(tmp_path: Path) -> None:
    folder = Tables().write_json_lines(tmp_path)
    lines = ['{"id": 1, "sub": "a", "iss": "i", "x": {}}', "", "[1]", "{", '{"id": 2, "iss": "i"}']
    lines.append("[" * 100_000)
    (folder / "Users.jsonl").write_bytes("\n".join(lines).encode("utf-8-sig") + b"\n\xff\n")

    export = exported_rows.read(folder)

    assert [user.where for user in export.users] == ["Users.jsonl:1"]
    assert export.broken == [
        "Users.jsonl:3: this is no JSON object",
        "Users.jsonl:4: this is no JSON object",
        "Users.jsonl:5: sub: Field required",
        "Users.jsonl:6: this is no JSON object",
        "Users.jsonl:7: this is no JSON object",
    ]


@pytest.mark.parametrize(
    ("removed", "added", "reason"),
    [
        ("MTokens.csv", None, "there is no MTokens.csv and no MTokens.jsonl"),
        (None, "Users.jsonl", "there are both Users.csv and Users.jsonl"),
    ],
)
def test_a_table_that_is_missing_or_there_twice_ends_it(
    tables: Tables, tmp_path: Path, removed: str | None, added: str | None, reason: str
) -> None:
    folder = tables.write_csv(tmp_path)
    if removed:
        (folder / removed).unlink()
    if added:
        (folder / added).touch()

    with pytest.raises(exported_rows.NoExport, match=reason):
        exported_rows.read(folder)


@pytest.mark.parametrize(
    ("first_line", "lacks"),
    [("garbage", "iss, id, sub"), ("id,sub,ISS", "iss"), ("id;sub;iss", "id, iss, sub")],
)
def test_a_table_without_the_columns_is_no_export(
    tmp_path: Path, first_line: str, lacks: str
) -> None:
    (tmp_path / "Users.csv").write_text(f"{first_line}\n")

    with pytest.raises(exported_rows.NoExport) as refused:
        exported_rows.read(tmp_path)

    expected = ", ".join(sorted(lacks.split(", ")))
    assert str(refused.value) == f"Users.csv: its first line names no column {expected}"
