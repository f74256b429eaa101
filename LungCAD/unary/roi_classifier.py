"""Class probabilities learned from the regions drawn in this very scan: works on day one, without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, softmax

from LungCAD.errors import InputError
from LungCAD.progress import Progress, each, part, silent
from LungCAD.unary.calibration import Calibration, calibrate
from LungCAD.unary.described import DescribedSlice
from LungCAD.unary.discriminant import Moments, log_posteriors
from LungCAD.unary.regions import Region, drawn_regions
from LungCAD.unary.texture import TextureDescription
from LungCAD.unary.tissue_model import TissueModel

MOST_PIXELS = 100_000
"""At most so many drawn pixels are used, the same number of every region that has them, spread over it."""

MOST_CORRECTED = 10_000
"""At most so many pixels of a corrected region are used."""

UNDECIDED_STEEPNESS = 10.0

CORRECTION_TRUST = 0.5
"""Of a corrected region beside a drawn one: it lies where classes were mistaken, so it is no typical sample.
Found on phantoms that take no part in the benchmark."""


@dataclass(frozen=True)
class RoiClassifier:
    """Tissue classifier of one scan.

    classes : the drawn class values, ascending; only these are ever assigned.
    report : regions per class, accuracy and log loss on left-out regions, temperature, novelty threshold.
    """

    classes: tuple[int, ...]
    report: dict[str, object]
    _model: TissueModel
    _calibration: Calibration
    _describe: TextureDescription
    _samples: tuple[np.ndarray, ...]
    _values: tuple[int, ...]

    @property
    def calibrated(self) -> bool:
        """Whether every class had a second region to check the probabilities against."""
        return self._calibration.complete

    @classmethod
    def fit(
        cls,
        hu: np.ndarray,
        rois: np.ndarray,
        lungs: np.ndarray,
        describe: TextureDescription,
        progress: Progress = silent,
    ) -> RoiClassifier:
        """Learn the drawn classes; features are computed on the slices with drawings only.

        Parameters
        ----------
        hu : (z, y, x) Hounsfield units, z across axial slices.
        rois : (z, y, x) integer, class value where drawn, else 0. Areas of regions are not taken as priors.
        lungs : (z, y, x), non-zero inside the lung. Drawn pixels outside it are added to it.
        describe : what is known of a pixel.

        Raises
        ------
        ValueError
            The arrays differ in shape.
        InputError
            Nothing or only one class is drawn.
        """
        _same_shape(hu=hu, rois=rois, lungs=lungs)
        regions = drawn_regions(rois)
        classes = {region.value for region in regions}
        if len(classes) < 2:
            raise InputError(
                "drawn regions",
                "show only one class" if classes else "are empty",
                "Draw at least two classes, or combine with a network",
            )
        samples = _sample(hu, (lungs > 0) | (rois > 0), regions, describe, part(progress, 0.0, 0.9))
        classifier = cls.learn(samples, [region.value for region in regions], describe)
        progress(1.0, "Learned from the drawn regions")
        return classifier

    @classmethod
    def learn(
        cls,
        samples: Sequence[np.ndarray],
        values: Sequence[int],
        describe: TextureDescription,
        trust: Sequence[float] | None = None,
    ) -> RoiClassifier:
        """Learn from features already at hand.

        Parameters
        ----------
        samples : (pixels, F) features of each region, as `describe` gives them.
        values : class value of each region, two or more different ones.
        trust : how much each region counts beside its size, 0..1; 1 by default.
        """
        classes, index = np.unique(values, return_inverse=True)
        moments = [Moments.of(pixels) for pixels in samples]
        if trust is not None:
            moments = [replace(m, trust=m.trust * share) for m, share in zip(moments, trust, strict=True)]
        calibration = calibrate(samples, moments, index, describe.dimensions)
        counts = {int(value): int((index == i).sum()) for i, value in enumerate(classes)}
        return cls(
            tuple(counts),
            {"regions": counts, **calibration.report()},
            TissueModel.fit(moments, index, describe.dimensions),
            calibration,
            describe,
            tuple(samples),
            tuple(values),
        )

    def corrected(self, corrections: np.ndarray, described: Mapping[int, DescribedSlice]) -> RoiClassifier:
        """Return a classifier that has learned from corrections of a result too; this one stays as it is.

        corrections : (z, y, x) integer, class value where the reader corrected, else 0. Outside of what was
            described they teach nothing. described : what `predict` has kept, by slice.
        """
        samples, values = [], []
        for region in drawn_regions(corrections):
            features = _kept_features(region, corrections.shape, described)
            if len(features):
                samples.append(features)
                values.append(region.value)
        trust = [1.0] * len(self._samples) + [CORRECTION_TRUST] * len(samples)
        return self.learn([*self._samples, *samples], [*self._values, *values], self._describe, trust)

    def classify(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return log posteriors (N, C) and novelty (N,), below 1 in known tissue, of features (N, F)."""
        logs = log_posteriors(self._model.squared_distances(features), self._calibration.temperature)
        strangeness = np.sqrt(self._model.learned_squares(features).min(1))
        return logs, strangeness / self._calibration.novelty_limit

    def predict(
        self,
        hu: np.ndarray,
        mask: np.ndarray,
        stride: int = 1,
        priors: Mapping[int, float] | None = None,
        progress: Progress = silent,
        keep: dict[int, DescribedSlice] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Predict the tissue of every pixel of `mask`, slice by slice.

        Parameters
        ----------
        hu : (z, y, x) Hounsfield units.
        mask : (z, y, x), non-zero inside the lung.
        stride : classify every n-th pixel and interpolate linearly between (the paper: 10); 1 is dense.
        priors : part of the lung that each class value takes, when known; equal otherwise.
        keep : gets the thinned description of every slice, for `predict_again`.

        Returns
        -------
        probabilities : (C, z, y, x) float32 in the order of `classes`, sum 1 inside the mask, 0 outside.
        undecided : (z, y, x) float32, 0 where the tissue resembles a drawn region, 0.5 at the limit of what
            left-out regions showed, 1 where it resembles none.
        """
        _same_shape(hu=hu, mask=mask)
        log_priors = self._log_priors(priors)
        probabilities = np.zeros((len(self.classes), *hu.shape), np.float32)
        undecided = np.zeros(hu.shape, np.float32)
        for z in each(np.flatnonzero((mask > 0).any((1, 2))), progress, "Predicting tissue"):
            box = _bounding_box(mask[z])
            inside = mask[z][box] > 0
            described = DescribedSlice.of(self._describe(hu[z][box], inside), box, inside, stride)
            self._judge(described, log_priors, probabilities[:, z], undecided[z])
            if keep is not None:
                keep[int(z)] = described.thinned()
        return probabilities, undecided

    def predict_again(
        self,
        described: Mapping[int, DescribedSlice],
        shape: tuple[int, int, int],
        progress: Progress = silent,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Predict from what `predict` has kept of a scan of this shape; returns what it does."""
        probabilities = np.zeros((len(self.classes), *shape), np.float32)
        undecided = np.zeros(shape, np.float32)
        for z in each(sorted(described), progress, "Predicting tissue"):
            self._judge(described[z], 0.0, probabilities[:, z], undecided[z])
        return probabilities, undecided

    def _judge(
        self,
        described: DescribedSlice,
        log_priors: np.ndarray | float,
        probabilities: np.ndarray,
        undecided: np.ndarray,
    ) -> None:
        """Write the probabilities (C, y, x) and `undecided` (y, x) of a slice."""
        logs, novelty = self.classify(described.features.astype(np.float32))
        judged = described.spread(np.column_stack([logs, novelty]))
        posteriors = softmax(judged[:, :-1] + log_priors, axis=1)
        probabilities[(slice(None), *described.box)][:, described.inside] = posteriors.T
        undecided[described.box][described.inside] = expit(UNDECIDED_STEEPNESS * (judged[:, -1] - 1))

    def _log_priors(self, priors: Mapping[int, float] | None) -> np.ndarray | float:
        if priors is None:
            return 0.0
        given = np.array([priors.get(value, 0.0) for value in self.classes])
        if not (given > 0).all():
            raise ValueError(f"priors {dict(priors)} do not give every class of {self.classes} a part")
        return np.log(given / given.sum())


def _sample(
    hu: np.ndarray,
    inside: np.ndarray,
    regions: list[Region],
    describe: TextureDescription,
    progress: Progress,
) -> list[np.ndarray]:
    """Return the features (pixels, F) of each region, computing each slice once."""
    chosen = [_thin_out(region.pixels, MOST_PIXELS // len(regions)) for region in regions]
    parts: list[list[np.ndarray]] = [[] for _ in regions]
    for z in each(np.unique(np.concatenate([pixels[0] for pixels in chosen])), progress, "Learning texture"):
        features = describe(hu[z], inside[z])
        for pixels, own in zip(chosen, parts, strict=True):
            here = pixels[0] == z
            own.append(features[:, pixels[1][here], pixels[2][here]].T)
    return [np.concatenate(own) for own in parts]


def _kept_features(
    region: Region, shape: tuple[int, int, int], described: Mapping[int, DescribedSlice]
) -> np.ndarray:
    """Return the features (pixels, F) of a region, as far as they were kept."""
    z, y, x = _thin_out(region.pixels, MOST_CORRECTED)
    parts = []
    for number in np.intersect1d(z, list(described)):
        wanted = np.zeros(shape[1:], bool)
        wanted[y[z == number], x[z == number]] = True
        parts.append(described[int(number)].features_of(wanted))
    return np.concatenate(parts) if parts else np.empty((0, 0))


def _thin_out(pixels: tuple[np.ndarray, ...], most: int) -> tuple[np.ndarray, ...]:
    count = len(pixels[0])
    keep = np.linspace(0, count - 1, min(count, max(most, 1))).astype(int)
    return tuple(axis[keep] for axis in pixels)


def _bounding_box(mask: np.ndarray) -> tuple[slice, slice]:
    return tuple(
        slice(found[0], found[-1] + 1) for found in (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    )


def _same_shape(**arrays: np.ndarray) -> None:
    shapes = {name: array.shape for name, array in arrays.items()}
    if len(set(shapes.values())) > 1 or len(next(iter(shapes.values()))) != 3:
        raise ValueError(f"not volumes (z, y, x) of one shape: {shapes}")
