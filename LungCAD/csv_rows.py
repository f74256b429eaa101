"""Rows of a CSV that somebody wrote, perhaps with a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from LungCAD.errors import InputError

SEPARATORS = {";": "semicolons", "\t": "tabs"}
"""What spreadsheets of other countries put between cells, where others put commas."""


def read_rows(path: Path, columns: Sequence[str]) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return the headings, and every row that is not blank, with the number of its line.

    columns : that must be there; there may be others.

    Raises
    ------
    InputError
        The file cannot be read or is not in UTF-8, commas do not separate its cells, a column is missing or
        there twice, or a row has more cells than the heading; says how to mend it.
    """
    rows = list(stream_rows(path, columns, headings := []))
    return headings, rows


def stream_rows(
    path: Path, columns: Sequence[str], headings: list[str] | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield what `read_rows` returns row by row, so that memory stays flat; raises as it does.

    headings : is filled with the headings.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            found = list(reader.fieldnames or ())
            _require_columns(path, found, columns)
            if headings is not None:
                headings += found
            for row in reader:
                if any(row.pop(None, ())):
                    problem = f"line {reader.line_num} has more cells than the heading"
                    raise InputError(path, problem, "Put a text with commas between quotation marks")
                if any(row.values()):  # spreadsheets leave rows of nothing but commas
                    yield reader.line_num, row
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "Check the path") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "cannot be read: it is not in UTF-8", "Save it as a CSV in UTF-8") from error
    except csv.Error as error:
        raise InputError(path, f"is no table ({error})", "Save it as a CSV") from error


def _require_columns(path: Path, found: list[str], columns: Sequence[str]) -> None:
    for separator, name in SEPARATORS.items():
        if len(found) == 1 and separator in found[0]:
            raise InputError(path, f"has {name} between its cells", "Save it with commas")
    if missing := ", ".join(name for name in columns if name not in found):
        raise InputError(path, f"lacks the column {missing}", f"Needed: {', '.join(columns)}")
    if twice := next((name for name in columns if found.count(name) > 1), None):
        raise InputError(path, f"has the column {twice} twice", "Keep one of them")
