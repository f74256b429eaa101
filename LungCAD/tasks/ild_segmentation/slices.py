"""Slices that a reader names in a few words."""

from __future__ import annotations

import re

from LungCAD.errors import InputError

RANGE = re.compile(r"\s*(\d+)(?:\s*-\s*(\d+)(?:\s*:\s*(\d+))?)?\s*")
"""Spaces may stand anywhere but within a number: "1 2" is not the twelfth slice."""


def chosen_slices(text: str, count: int) -> frozenset[int]:
    """Return indices (from 0) of the slices (from 1) that `text` names, such as "5,20-40,50-90:10".

    All `count` of them where it is empty.

    Raises
    ------
    InputError
        The text is no list of slices, or names one that there is not.
    """
    if not text.strip():
        return frozenset(range(count))
    chosen: set[int] = set()
    for words in text.split(","):
        match = RANGE.fullmatch(words)
        if match is None:
            raise InputError("slices", f"are {text!r}", "Name them like 5,20-40,50-90:10")
        first, last, step = (int(number) if number else None for number in match.groups())
        last = first if last is None else last
        if not 1 <= first <= last <= count or step == 0:
            raise InputError("slices", f"{words.strip()} are not among the {count} of the CT", "Count from 1")
        chosen.update(range(first - 1, last, step or 1))
    return frozenset(chosen)
