"""Reads rows of CSV files, whose first line names the columns, and of files of JSON lines."""

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_NOTHING = ("", "NULL", "\\N")  # what databases write into CSV where there is no value

Row = Mapping[str, Any] | str  # or a text that says what is wrong with it


def rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Each row, and the line where it begins; bytes that are not UTF-8 become surrogates."""
    return _csv(path) if path.suffix == ".csv" else _json_lines(path)


def columns(path: Path) -> set[str] | None:
    """The names in the first line of a CSV file, none in an empty one; None if that is no CSV.

    None also for JSON lines, where each row has its own names.
    """
    if path.suffix != ".csv":
        return None
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        try:
            return set(next(csv.reader(lines, strict=True), []))
        except csv.Error:
            return None


def _csv(path: Path) -> Iterator[tuple[int, Row]]:
    csv.field_size_limit(sys.maxsize)  # a calendar's text is one field
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        try:
            header: list[str] = next(reader, [])
        except csv.Error as error:  # without the names of the columns no row means anything
            yield 1, f"this is no CSV: {error}"
            return
        while True:
            number = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, f"this is no CSV: {error}"
                continue
            if len(row) == len(header):
                values = (None if value in _NOTHING else value for value in row)
                yield number, dict(zip(header, values, strict=True))
            elif row:
                yield number, f"{len(row)} fields, where the first line names {len(header)}"


def _json_lines(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            yield number, row if isinstance(row, dict) else "this is no JSON object"
