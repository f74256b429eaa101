"""Progress as every task reports it: a callback that takes a fraction and a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

Progress = Callable[[float, str], None]
"""Called as ``progress(fraction, message)``, fraction in 0..1; may raise `LungCAD.errors.Cancelled`."""

Item = TypeVar("Item")


def silent(fraction: float, message: str) -> None:
    """Report nothing: the default where nobody watches."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Return the progress of one stage that takes the whole from `start` to `stop` (both 0..1)."""

    def report(fraction: float, message: str) -> None:
        progress(start + (stop - start) * min(max(fraction, 0.0), 1.0), message)

    return report


def each(items: Iterable[Item], progress: Progress, message: str, total: int | None = None) -> Iterator[Item]:
    """Yield the items and report how many of them are done; `total` is needed where they have no length."""
    count = total if total is not None else len(items) if isinstance(items, Sized) else 0
    for index, item in enumerate(items):
        progress(index / count if count else 0.0, message)
        yield item
    progress(1.0, message)
