"""How far to trust a discriminant: its probabilities and distances on regions it has not seen.

Regions are left out one at a time. One temperature for all classes makes the left-out probabilities as
likely as possible (Guo et al., ICML 2017); a quantile of the left-out distances limits what counts as known
tissue. A class drawn once cannot be left out: then fixed values stand in, and nothing is called calibrated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LungCAD.unary.discriminant import fit_discriminant

TEMPERATURES = np.geomspace(0.5, 200, 61)
DEFAULT_TEMPERATURE = 8.0
NOVELTY_QUANTILE = 0.99
NOVELTY_MARGIN = 1.2
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
            "temperature": round(self.temperature, 3),
            "novelty_limit": round(self.novelty_limit, 3),
            "left_out_accuracy": self.accuracy,
            "left_out_log_loss": self.log_loss,
        }


def calibrate(regions: list[np.ndarray], classes: np.ndarray) -> Calibration:
    """Leave out every region whose class has another; arguments as of `fit_discriminant`."""
    counts = np.bincount(classes)
    held_out = [i for i, c in enumerate(classes) if counts[c] > 1]
    complete = bool((counts > 1).all())
    if not held_out:
        own = fit_discriminant(regions, classes)
        reach = [own.squared_distances(r)[:, c] for r, c in zip(regions, classes, strict=True)]
        return Calibration(DEFAULT_TEMPERATURE, _limit(reach), complete=False)

    distances = {i: _left_out_distances(regions, classes, i) for i in held_out}
    weights = np.array([1.0 / counts[classes[i]] for i in held_out])
    weights /= weights.sum()

    def log_loss(temperature: float) -> float:
        losses = []
        for i in held_out:
            logits = -0.5 * distances[i] / temperature
            losses.append(np.mean(np.logaddexp.reduce(logits, axis=1) - logits[:, classes[i]]))
        return float(weights @ losses)

    losses = [log_loss(t) for t in TEMPERATURES]
    best = int(np.argmin(losses))
    hits = [np.mean(distances[i].argmin(1) == classes[i]) for i in held_out]
    return Calibration(
        temperature=float(TEMPERATURES[best]),
        novelty_limit=_limit([distances[i][:, classes[i]] for i in held_out]),
        complete=complete,
        accuracy=round(float(weights @ hits), 4),
        log_loss=round(losses[best], 4),
    )


def _left_out_distances(regions: list[np.ndarray], classes: np.ndarray, index: int) -> np.ndarray:
    others = [i for i in range(len(regions)) if i != index]
    model = fit_discriminant([regions[i] for i in others], classes[others])
    return model.squared_distances(regions[index])


def _limit(squared_distances: list[np.ndarray]) -> float:
    """Distance that all but a few pixels of every region stay within; each region counts once."""
    reaches = [np.quantile(np.sqrt(squares), NOVELTY_QUANTILE) for squares in squared_distances]
    return float(NOVELTY_MARGIN * np.max(reaches))
