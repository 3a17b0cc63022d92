"""An export becomes calendars: what has no place here is told, and costs little to find."""

import time
from pathlib import Path
from uuid import uuid4

import pytest

from mytoken_calendars import limits
from mytoken_calendars.identifiers import mom_id_of, new_secret
from tests.doubles.original_tables import Tables, written
from tests.harness.examples import ISSUER, NOW
from tools.operate import export_conversion, exported_rows
from tools.operate.export_conversion import Conversion

# Normalising all of it takes seconds.
MARKS = "a" + "\u0344" * 15_700 + "\u0334" * 15_700


def converted(tables: Tables, folder: Path) -> Conversion:
    export = exported_rows.read(tables.write_json_lines(folder))
    assert export.broken == []
    return export_conversion.convert(export, ISSUER, NOW)


def with_ancestors(number: int) -> Tables:
    """A calendar of one token that has so many."""
    tables = Tables()
    user = tables.user("alice")
    times = {"created": written(NOW - 60), "expires_at": written(NOW + 60)}
    chain = [mom_id_of(uuid4()) for _ in range(number + 1)]
    for mom_id, parent in zip(chain, [*chain[1:], None], strict=True):
        tables.add("MTokens", id=mom_id, parent_id=parent, name=None, user_id=user, **times)
    tables.calendar("alice", "CI", {chain[0]: ""})
    return tables


@pytest.mark.parametrize("over", [0, 1, 500])
def test_a_token_of_too_many_generations_is_told_and_left_out_as_in_a_listing(
    tmp_path: Path, over: int
) -> None:
    made = converted(with_ancestors(limits.LISTED_ANCESTORS + over), tmp_path)

    (calendar,) = made.calendars
    assert [len(one.ancestors) for one in calendar.tokens] == [100] * (not over)
    assert made.no_tokens == (
        ["CalendarMapping.jsonl:1: its token has more than 100 ancestors"] if over else []
    )


@pytest.mark.parametrize("more", [{"name": MARKS}, {"name": None, "description": MARKS}])
def test_a_long_name_is_cut_off_before_it_is_normalised(
    tmp_path: Path, more: dict[str, str | None]
) -> None:
    tables = Tables()
    tables.add("Calendars", id=new_secret(), uid=tables.user("alice"), ics=None, **more)
    (calendar,) = converted(tables, tmp_path).calendars
    began = time.process_time()

    name = calendar.mended_name()

    assert time.process_time() - began < 0.5
    assert len(name) == limits.NAME
