"""The unary of label propagation: from the drawn regions of the scan, from a network, or from both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from LungCAD.errors import InputError
from LungCAD.progress import Progress, part, silent
from LungCAD.unary import (
    DescribedSlice,
    RoiClassifier,
    TextureDescription,
    network_unary,
    pool,
    vicinity_prior,
)
from LungCAD.weights import load_network
from LungCAD.weights.shipped import shipped

TEXTURE_WEIGHTS = "texture"
"""Shipped network that describes the texture of drawn regions."""

UNDECIDED_LIMIT = 0.5
"""Novelty above this leaves a voxel undecided; 0.5 is the limit of what left-out regions showed."""


@dataclass(frozen=True)
class ClassProbabilities:
    """Unary of the lung voxels.

    classes : label values, ascending.
    values : (C, z, y, x) float32, summing to 1 inside the mask, 0 outside.
    undecided : (z, y, x) bool, tissue that resembles no drawn region.
    report : how the drawn regions were learned; empty where only a network speaks.
    """

    classes: tuple[int, ...]
    values: np.ndarray
    undecided: np.ndarray
    report: dict[str, object]


def from_rois(
    hu: np.ndarray,
    drawn: np.ndarray,
    mask: np.ndarray,
    spacing: tuple[float, float, float],
    stride: int,
    progress: Progress = silent,
) -> ClassProbabilities:
    """Learn the drawn classes in this scan and predict every voxel of the mask.

    What the texture says is multiplied by what lies near: most tissue beside a drawn region is of its class.

    Raises
    ------
    InputError
        Only one class is drawn.
    """
    return DrawnClasses(hu, drawn, mask, spacing, stride).learn(progress)


class DrawnClasses:
    """The classes of a scan: as its drawn regions teach them, and again as corrections teach them too.

    To describe the texture of the scan takes nearly all of the time; `learn` does it, `learn_again` has it.
    Arguments are those of `from_rois`.
    """

    def __init__(
        self,
        hu: np.ndarray,
        drawn: np.ndarray,
        mask: np.ndarray,
        spacing: tuple[float, float, float],
        stride: int,
    ) -> None:
        self._hu, self._drawn, self._mask = hu, drawn, mask
        self._spacing, self._stride = spacing, stride
        self._classifier: RoiClassifier | None = None
        self._described: dict[int, DescribedSlice] = {}

    def learn(self, progress: Progress = silent) -> ClassProbabilities:
        """Do as `from_rois`."""
        hu, mask = self._hu, self._mask
        self._classifier = RoiClassifier.fit(
            hu, self._drawn, mask, texture_description(), part(progress, 0.0, 0.2)
        )
        found = self._classifier.predict(
            hu, mask, self._stride, progress=part(progress, 0.2, 1.0), keep=self._described
        )
        return self._with_vicinity(self._classifier, *found, self._drawn)

    def learn_again(self, corrections: np.ndarray, progress: Progress = silent) -> ClassProbabilities:
        """Learn from corrections of a result as well, (z, y, x) class value or 0; takes seconds.

        Raises
        ------
        ValueError
            Nothing was learned before.
        """
        if self._classifier is None:
            raise ValueError("corrections: nothing was learned that they could correct, call learn first")
        classifier = self._classifier.corrected(corrections, self._described)
        found = classifier.predict_again(self._described, self._hu.shape, progress)
        regions = np.where(self._drawn > 0, self._drawn, corrections)
        return self._with_vicinity(classifier, *found, regions)

    def _with_vicinity(
        self, classifier: RoiClassifier, values: np.ndarray, novelty: np.ndarray, regions: np.ndarray
    ) -> ClassProbabilities:
        for z, prior in vicinity_prior(regions, classifier.classes, self._spacing):
            values[:, z] *= prior
            values[:, z] /= np.where(self._mask[z] > 0, values[:, z].sum(0), 1)
        return ClassProbabilities(classifier.classes, values, novelty > UNDECIDED_LIMIT, classifier.report)


@cache
def texture_description() -> TextureDescription:
    """Return what describes the texture of a slice: filters, and the network that LungCAD ships.

    Raises
    ------
    InputError
        The weights are missing or damaged.
    """
    network, description = load_network(shipped(TEXTURE_WEIGHTS), architecture="texture")
    return TextureDescription(network.to(memory_format=torch.channels_last), len(description.classes))


def from_network(probabilities: np.ndarray, values: tuple[int, ...], mask: np.ndarray) -> ClassProbabilities:
    """Take a network's map (K, z, y, x), one channel per label value.

    Raises
    ------
    InputError
        The map does not fit the schema.
    """
    try:
        unary = network_unary(probabilities, values, values, mask)
    except ValueError as error:
        raise InputError("network probabilities", str(error)) from error
    return ClassProbabilities(values, unary, np.zeros(mask.shape, bool), {})


def combine(network: ClassProbabilities, rois: ClassProbabilities, weight: float) -> ClassProbabilities:
    """Let the drawn regions redistribute what the network gives to the drawn classes.

    Of the classes that nobody drew the regions know nothing: they keep the network's probability. Within the
    drawn ones both are pooled log-linearly, the network with `weight` in 0..1.
    """
    values = network.values.copy()
    known = [network.classes.index(value) for value in rois.classes]
    share = values[known].sum(0)
    conditional = values[known] / np.maximum(share, np.finfo(np.float32).tiny)
    values[known] = share * pool(rois.values, conditional, weight)
    return ClassProbabilities(network.classes, values, network.undecided, rois.report)
