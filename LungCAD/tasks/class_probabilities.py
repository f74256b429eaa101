"""The unary of label propagation: from the drawn regions of the scan, from a network, or from both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from LungCAD.errors import InputError
from LungCAD.progress import Progress, part, silent
from LungCAD.unary import RoiClassifier, TextureDescription, network_unary, pool, vicinity_prior
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
    classifier = RoiClassifier.fit(hu, drawn, mask, spacing, texture_description(), part(progress, 0.0, 0.2))
    values, novelty = classifier.predict(hu, mask, spacing, stride, progress=part(progress, 0.2, 1.0))
    values *= vicinity_prior(drawn, classifier.classes, spacing)
    values /= np.where(mask > 0, values.sum(0), 1)
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
