"""How far to trust a discriminant: its probabilities on regions it has not seen.

Regions are left out one at a time. One temperature for all classes makes the left-out probabilities as
likely as possible (Guo et al., ICML 2017). A class drawn once cannot be left out: then nothing is called
calibrated, and where that holds for all classes a fixed temperature stands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from LungCAD.unary.discriminant import Moments, fit_discriminant, log_posteriors

TEMPERATURES = np.geomspace(0.5, 200, 61)
DEFAULT_TEMPERATURE = 8.0


@dataclass(frozen=True)
class Calibration:
    """Temperature of the probabilities.

    complete : every class had a second region.
    accuracy, log_loss : on left-out regions, classes weighing the same; None when none could be left out.
    """

    temperature: float
    complete: bool
    accuracy: float | None = None
    log_loss: float | None = None

    def report(self) -> dict[str, object]:
        """Return the numbers that a reader of the result should see."""
        return {
            "calibrated": self.complete,
            "temperature": round(self.temperature, 3),
            "left_out_accuracy": self.accuracy,
            "left_out_log_loss": self.log_loss,
        }


def calibrate(pixels: Sequence[np.ndarray], moments: Sequence[Moments], classes: np.ndarray) -> Calibration:
    """Leave out every region whose class has another, and see.

    Parameters
    ----------
    pixels : features (pixels, F) of each region. moments : of the same regions.
    classes : (regions,) index of each region's class, 0..C-1.
    """
    counts = np.bincount(classes)
    complete = bool((counts > 1).all())
    held_out = np.flatnonzero(counts[classes] > 1)
    if not len(held_out):
        return Calibration(DEFAULT_TEMPERATURE, complete)

    distances = [_left_out_distances(pixels, moments, classes, i) for i in held_out]
    truths = classes[held_out]
    weights = 1.0 / counts[truths]
    weights /= weights.sum()

    def log_loss(temperature: float) -> float:
        per_region = [
            -log_posteriors(d, temperature)[:, c].mean() for d, c in zip(distances, truths, strict=True)
        ]
        return float(weights @ per_region)

    losses = [log_loss(temperature) for temperature in TEMPERATURES]
    best = int(np.argmin(losses))
    hits = [(d.argmin(1) == c).mean() for d, c in zip(distances, truths, strict=True)]
    return Calibration(
        float(TEMPERATURES[best]),
        complete,
        accuracy=round(float(weights @ hits), 4),
        log_loss=round(losses[best], 4),
    )


def _left_out_distances(
    pixels: Sequence[np.ndarray], moments: Sequence[Moments], classes: np.ndarray, index: int
) -> np.ndarray:
    others = np.arange(len(moments)) != index
    model = fit_discriminant([m for m, keep in zip(moments, others, strict=True) if keep], classes[others])
    return model.squared_distances(pixels[index])
