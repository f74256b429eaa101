"""How far to trust a tissue model: its probabilities and distances on regions it has not seen.

Regions are left out one at a time. One temperature for all classes makes the left-out probabilities as
likely as possible (Guo et al., ICML 2017), held near 1, which the learned metric was trained for. A distance
in that metric says by itself whether a pixel is strange; where left-out regions reach farther, they set the
limit. A class drawn once cannot be left out: then nothing is called calibrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from LungCAD.unary.discriminant import Moments, log_posteriors
from LungCAD.unary.tissue_model import TissueModel

TEMPERATURES = np.geomspace(0.5, 200, 61)
TEMPERATURE_PRIOR = 0.05
"""What a temperature of e or 1 / e costs, beside the mean log loss of the left-out regions."""

KNOWN_RADIUS = 2.6
"""Distance to its class mean that nearly all tissue keeps, from phantoms that no benchmark scores."""

KNOWN_PART = 0.98
"""So much of every left-out region must be known tissue."""


@dataclass(frozen=True)
class Calibration:
    """Temperature of the probabilities, and the limit of known tissue in the learned metric.

    complete : every class had a second region.
    accuracy, log_loss : on left-out regions, classes weighing the same; None when none could be left out.
    """

    temperature: float
    novelty_limit: float
    complete: bool
    accuracy: float | None = None
    log_loss: float | None = None

    def report(self) -> dict[str, object]:
        """Return the numbers that a reader of the result should see."""
        return {
            "calibrated": self.complete,
            "temperature": round(self.temperature, 3),
            "novelty_limit": round(self.novelty_limit, 3),
            "left_out_accuracy": self.accuracy,
            "left_out_log_loss": self.log_loss,
        }


def calibrate(
    pixels: Sequence[np.ndarray], moments: Sequence[Moments], classes: np.ndarray, dimensions: int
) -> Calibration:
    """Leave out every region whose class has another, and see.

    Parameters
    ----------
    pixels : features (pixels, F) of each region. moments : of the same regions.
    classes : (regions,) index of each region's class, 0..C-1. dimensions : as in `TissueModel.fit`.
    """
    counts = np.bincount(classes)
    complete = bool((counts > 1).all())
    held_out = np.flatnonzero(counts[classes] > 1)
    if not len(held_out):
        return Calibration(1.0, KNOWN_RADIUS, complete)

    truths = classes[held_out]
    distances, reaches = [], [KNOWN_RADIUS]
    for i, c in zip(held_out, truths, strict=True):
        model = _without(i, moments, classes, dimensions)
        distances.append(model.squared_distances(pixels[i]))
        reaches.append(np.sqrt(np.quantile(model.learned_squares(pixels[i])[:, c], KNOWN_PART)))
    weights = 1.0 / counts[truths]
    weights /= weights.sum()

    def log_loss(temperature: float) -> float:
        per_region = [
            -log_posteriors(d, temperature)[:, c].mean() for d, c in zip(distances, truths, strict=True)
        ]
        return float(weights @ per_region)

    losses = [log_loss(temperature) for temperature in TEMPERATURES]
    best = int(np.argmin(losses + TEMPERATURE_PRIOR * np.log(TEMPERATURES) ** 2))
    hits = [(d.argmin(1) == c).mean() for d, c in zip(distances, truths, strict=True)]
    return Calibration(
        float(TEMPERATURES[best]),
        float(max(reaches)),
        complete,
        accuracy=round(float(weights @ hits), 4),
        log_loss=round(losses[best], 4),
    )


def _without(index: int, moments: Sequence[Moments], classes: np.ndarray, dimensions: int) -> TissueModel:
    others = np.delete(np.arange(len(moments)), index)
    return TissueModel.fit([moments[i] for i in others], classes[others], dimensions)
