"""How far to trust a discriminant: its probabilities and distances on regions it has not seen.

Regions are left out one at a time. One temperature for all classes makes the left-out probabilities as
likely as possible (Guo et al., ICML 2017); a quantile of the left-out distances limits what counts as known
tissue. A class drawn once cannot be left out: then fixed values stand in, and nothing is called calibrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from LungCAD.unary.discriminant import Moments, fit_discriminant, log_posteriors

TEMPERATURES = np.geomspace(0.5, 200, 61)
DEFAULT_TEMPERATURE = 8.0
NOVELTY_QUANTILE = 0.99
NOVELTY_MARGIN = 1.35
"""Known tissue reaches so many times further than the drawn pixels show, as the sample is small."""


@dataclass(frozen=True)
class Calibration:
    """Temperature of the probabilities and limit of the Mahalanobis distance of known tissue.

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
        seen = fit_discriminant(moments, classes)
        own = [seen.squared_distances(p)[:, c] for p, c in zip(pixels, classes, strict=True)]
        return Calibration(DEFAULT_TEMPERATURE, _novelty_limit(own), complete)

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
    own = [d[:, c] for d, c in zip(distances, truths, strict=True)]
    return Calibration(
        float(TEMPERATURES[best]),
        _novelty_limit(own),
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


def _novelty_limit(squared_distances: list[np.ndarray]) -> float:
    """Return the distance that nearly all pixels of the farthest region stay within, with a margin."""
    reaches = [np.quantile(np.sqrt(squares), NOVELTY_QUANTILE) for squares in squared_distances]
    return float(NOVELTY_MARGIN * max(reaches))
