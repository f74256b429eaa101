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
    named = named_slices(text)
    for words, numbers in named.items():
        if numbers.stop > count + 1:
            raise InputError("slices", f"{words} are not among the {count} of the CT", "Count from 1")
    return frozenset(number - 1 for numbers in named.values() for number in numbers)


def named_slices(text: str) -> dict[str, range]:
    """Return the numbers of the slices by the words of `text` that name them; none where it is empty.

    Raises InputError where it is no list of slices, whatever CT it is for.
    """
    named = {}
    for words in text.split(",") if text.strip() else ():
        match = RANGE.fullmatch(words)
        first, last, step = match.groups() if match else ("0", None, None)
        if not 1 <= int(first) <= int(last or first) or int(step or 1) == 0:
            raise InputError("slices", f"are {text!r}", "Count from 1, and name them like 5,20-40,50-90:10")
        named[words.strip()] = range(int(first), int(last or first) + 1, int(step or 1))
    return named
