"""Which results of a screening run a person should look at."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from LungCAD.images.square import Square

LEAST_CONFIDENCE = 0.96
"""Expected Dice below which a result is not to be trusted unseen: so sure is the shipped network of nineteen
in twenty films; of slices of CT it reached 0.954."""

AREA_SHARES = (0.08, 0.75)
"""Part of the picture that the lungs of a frontal film take."""

SLIMNESS = (0.95, 3.6)
"""Height of a lung over its width."""

SIZE_RATIO = 2.8
"""The larger lung over the smaller one, at most, unless a lung is cut off or diseased."""

HEIGHT_SHIFT = 0.35
"""Distance of the lungs' middles in height, as part of their height, at most."""

EDGE_PART = 0.08
"""A lung is cut off when so much of its outline's length lies on the edge of the picture."""


class Flag(str, Enum):
    """Why a person should look at a result; the value is the sentence."""

    NO_LUNG = "no lung was found"
    ONE_LUNG = "only one lung was found"
    CUT_OFF = "a lung is cut off at the edge of the picture"
    NOT_FRONTAL = "does not look like a frontal chest radiograph"
    LOW_CONFIDENCE = "the network is not sure of the outline"


def quality_flags(labels: NDArray[np.uint8], square: Square, confidence: float) -> tuple[Flag, ...]:
    """Return what is suspicious of both lungs (1, 2) in the network's square, and of the confidence."""
    sides = [labels == side for side in (1, 2)]
    found = [side for side in sides if side.any()]
    flags = []
    if not found:
        return (Flag.NO_LUNG,)
    if len(found) == 1:
        flags.append(Flag.ONE_LUNG)
    if any(_on_edge(side, square) > EDGE_PART for side in found):
        flags.append(Flag.CUT_OFF)
    if not _is_frontal(found, square):
        flags.append(Flag.NOT_FRONTAL)
    if confidence < LEAST_CONFIDENCE:
        flags.append(Flag.LOW_CONFIDENCE)
    return tuple(flags)


def expected_dice(lung: NDArray[np.float32]) -> float:
    """Return the Dice score of the outline at one half if every pixel is lung with its probability; 0 to 1.

    2 sum(p m) / (sum(p) + sum(m)) with m = p > 1/2.
    """
    found = lung > 0.5
    total = float(lung.sum()) + np.count_nonzero(found)
    return 2 * float(lung[found].sum()) / total if found.any() else 0.0


def _on_edge(lung: NDArray[np.bool_], square: Square) -> float:
    """Return the part of a lung's outline (about its height and width, twice) on the picture's edge."""
    rows, columns = square.inner
    inner = lung[rows, columns]
    edge = sum(int(np.count_nonzero(line)) for line in (inner[0], inner[-1], inner[:, 0], inner[:, -1]))
    return edge / (2 * sum(_extent(lung)))


def _is_frontal(lungs: list[NDArray[np.bool_]], square: Square) -> bool:
    picture = np.count_nonzero(square.inside)
    if not AREA_SHARES[0] <= sum(np.count_nonzero(lung) for lung in lungs) / picture <= AREA_SHARES[1]:
        return False
    extents = [_extent(lung) for lung in lungs]
    if not all(SLIMNESS[0] <= height / width <= SLIMNESS[1] for height, width in extents):
        return False
    if len(lungs) == 1:
        return True
    sizes = [np.count_nonzero(lung) for lung in lungs]
    middles = [np.nonzero(lung)[0].mean() for lung in lungs]
    shift = abs(middles[0] - middles[1]) / max(height for height, _ in extents)
    return max(sizes) <= SIZE_RATIO * min(sizes) and shift <= HEIGHT_SHIFT


def _extent(lung: NDArray[np.bool_]) -> tuple[int, int]:
    """Return height and width of the box around a lung."""
    rows, columns = np.nonzero(lung)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
