"""Work in steps: generators that yield the fraction done, so that a panel can answer its user in between."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 4 << 20
"""Handled in a few milliseconds: far below what a user notices."""

Outcome = TypeVar("Outcome")
Steps = Generator[float, None, Outcome]
"""Yields fractions 0..1 and returns the outcome."""


def finish(steps: Steps[Outcome]) -> Outcome:
    """Run a function that works in steps to its end and return its result."""
    outcome: list[Outcome] = []

    def run() -> Steps[None]:
        outcome.append((yield from steps))

    deque(run(), maxlen=0)
    return outcome[0]


def slabs(array: NDArray, chunk_bytes: int = CHUNK_BYTES) -> list[slice]:
    """Return slices that cut the first axis of `array` into pieces of about `chunk_bytes`."""
    count = max(chunk_bytes // max(array[:1].nbytes, 1), 1)
    return [slice(start, min(start + count, len(array))) for start in range(0, len(array), count)]


def copy_in_chunks(source: NDArray, target: NDArray, chunk_bytes: int = CHUNK_BYTES) -> Iterator[float]:
    """Copy `source` into `target`, yielding after each piece the fraction that is done (the last is 1).

    Both have the same shape, of any number of axes; the type may differ, as in an assignment. Memory-mapped
    files will do on either side. Pieces are cut along the first axis, and along the next ones where a single
    entry of it is larger than `chunk_bytes`.

    Raises
    ------
    ValueError
        The shapes differ, or `chunk_bytes` is not positive. Nothing has been copied then.
    """
    if source.shape != target.shape:
        raise ValueError(f"target: has shape {target.shape}, not {source.shape} as source")
    if chunk_bytes < 1:
        raise ValueError(f"chunk_bytes: is {chunk_bytes}, less than 1")
    return _copy(source, target, chunk_bytes, 0.0, 1.0)


def equal_in_steps(one: NDArray, other: NDArray) -> Steps[bool]:
    """Tell whether two arrays of one shape hold the same values, yielding fractions."""
    for part in slabs(one):
        if not np.array_equal(one[part], other[part]):
            return False
        yield part.stop / len(one)
    return True


def _copy(source: NDArray, target: NDArray, chunk_bytes: int, start: float, stop: float) -> Iterator[float]:
    if source.ndim == 0 or max(source.nbytes, target.nbytes) <= chunk_bytes:
        target[...] = source
        yield stop
        return
    count = chunk_bytes // max(source[0].nbytes, target[0].nbytes)
    for first in range(0, len(source), max(count, 1)):
        part = slice(first, first + count) if count else (first, ...)
        ends = [min(end / len(source), 1.0) for end in (first, first + max(count, 1))]
        span = [start + (stop - start) * end for end in ends]
        yield from _copy(source[part], target[part], chunk_bytes, *span)
