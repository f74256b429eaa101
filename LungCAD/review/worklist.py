"""Which slice to look at next, and how much is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from LungCAD.images import from_bytes
from LungCAD.labels import Provenance
from LungCAD.review.entry import Decision
from LungCAD.review.replay import State

POSITION = "position"
"""The ordering from the first slice to the last; the others are names of scores, the highest first."""

READ = (Provenance.NONE, Provenance.DRAWN, Provenance.CORRECTED)
"""Where no algorithm decided: there is nothing to doubt."""


@dataclass(frozen=True)
class Tally:
    """Slices done (accepted or rejected) of all that hold lung, and the volume of the lung in the others."""

    done: int
    total: int
    ml_left: float

    def __str__(self) -> str:
        left = f", {self.ml_left:.0f} ml left" if self.total > 1 else ""  # a radiograph has no volume
        return f"{self.done} of {self.total} slice{'s' if self.total != 1 else ''}{left}"


def uncertain_ml(uncertainty: np.ndarray, provenance: np.ndarray, voxel_ml: float) -> tuple[float, ...]:
    """Return per slice the sum of the uncertainty (0..1) of what an algorithm decided, in ml.

    So a large slice that is a little unsure comes before a few very unsure pixels at the apex.
    Arrays are (slices, rows, columns); bytes stand for fractions as `LungCAD.images.to_bytes` makes them.
    """
    return tuple(
        voxel_ml * float(from_bytes(plane[decided]).sum())
        for plane, decided in zip(uncertainty, _decided(provenance), strict=True)
    )


def disagreement_ml(
    first: np.ndarray, second: np.ndarray, provenance: np.ndarray, voxel_ml: float
) -> tuple[float, ...]:
    """Return per slice the volume in ml where two labellings differ and an algorithm decided.

    Two readers, two methods, or the classes before and after smoothing. Arrays are (slices, rows, columns).
    """
    return tuple(
        voxel_ml * float(np.count_nonzero((one != other) & decided))
        for one, other, decided in zip(first, second, _decided(provenance), strict=True)
    )


def worklist(state: State, ordering: str, scores: Mapping[str, Sequence[float]]) -> list[int]:
    """Return the slices that hold lung, in the order in which to review them.

    Raises
    ------
    ValueError
        There are no scores of this name.
    """
    slices = slices_with_lung(state)
    if ordering == POSITION:
        return slices
    if ordering not in scores:
        raise ValueError(f"ordering is {ordering!r}, not one of {', '.join((POSITION, *scores))}")
    return sorted(slices, key=lambda number: -scores[ordering][number])


def next_open(state: State, order: Sequence[int], present: int | None = None) -> int | None:
    """Return the slice after `present` in `order`, going round, that is not done; None where all are.

    Slices that nobody judged, or that changed since, come before those marked as needing an edit.
    """
    start = order.index(present) + 1 if present in order else 0
    remaining = [number for number in (*order[start:], *order[:start]) if not is_done(state, number)]
    return min(remaining, key=lambda n: state.decision(n) is Decision.NEEDS_EDIT, default=None)


def is_done(state: State, number: int) -> bool:
    """Tell whether a slice is accepted or rejected as it is now."""
    return state.decision(number) in (Decision.ACCEPT, Decision.REJECT)


def tally(state: State, voxel_ml: float) -> Tally:
    """Return how far the review has come."""
    slices = slices_with_lung(state)
    left = [number for number in slices if not is_done(state, number)]
    voxels = sum(state.masks.slice_voxels[number] for number in left)
    return Tally(len(slices) - len(left), len(slices), voxel_ml * voxels)


def slices_with_lung(state: State) -> list[int]:
    """Return the slices that hold anything to review, ascending."""
    return [number for number, voxels in enumerate(state.masks.slice_voxels) if voxels]


def _decided(provenance: np.ndarray) -> Iterator[np.ndarray]:
    """Yield for every slice where an algorithm decided."""
    by_algorithm = np.ones(256, bool)
    by_algorithm[list(READ)] = False
    for plane in provenance:
        yield by_algorithm[plane]
