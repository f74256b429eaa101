"""Numbers in print."""

from __future__ import annotations

import pytest

from LungCAD.report.numbers import format_number


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (None, 1, "–"),
        (0, 1, "0.0"),
        (0.04, 1, "<0.1"),
        (0.06, 1, "0.1"),
        (0.3, 0, "<1"),
        (-877.4, 0, "−877"),
        (4791.2, 0, "4\u202f791"),
        (1234567.89, 1, "1\u202f234\u202f567.9"),
        (-0.04, 1, "0.0"),
    ],
)
def test_format(value, decimals, expected):
    assert format_number(value, decimals) == expected
