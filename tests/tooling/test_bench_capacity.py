"""The bench computes what DynamoDB counts: sizes of items, and the units of a read."""

from typing import Any

import pytest

from tests.bench import capacity


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "é€"}, 5),
        ({"S": ""}, 0),
        ({"B": b"\x00\x01"}, 2),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"N": "7"}, 2),
        ({"N": "-12"}, 2),
        ({"N": "123"}, 3),
        ({"N": "1795348800"}, 5),
        ({"N": "0.0050"}, 2),
        ({"N": "0"}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "abc"}, {"N": "7"}]}, 3 + 1 + 3 + 1 + 2),
        ({"M": {"ab": {"S": "abc"}}}, 3 + 1 + 2 + 3),
    ],
)
def test_the_size_of_an_item_is_that_of_its_names_and_values(
    value: dict[str, Any], size: int
) -> None:
    assert capacity.size({"näme": value}) == 5 + size


def test_a_type_that_no_item_has_is_refused() -> None:
    with pytest.raises(ValueError, match="SS"):
        capacity.size({"name": {"SS": ["a"]}})


@pytest.mark.parametrize(
    ("sizes", "units"),
    [([], 1), ([1], 1), ([4096], 1), ([4097], 2), ([2000, 2096], 1), ([100] * 41, 2)],
)
def test_a_read_takes_a_unit_for_4_kb_of_all_that_it_reads(sizes: list[int], units: int) -> None:
    assert capacity.read_units(sizes) == units
