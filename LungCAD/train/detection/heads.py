"""What the outputs of a network stand for: how they are learned, and how they are read as scores."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.train.detection.losses import (
    balancing_weights,
    multi_label_logistic,
    multi_label_regression,
    single_label_softmax,
)
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.slices import SliceSet
from LungCAD.train.detection.targets import area_target, ramp_target, square_millimetres, step_target


class Head(Protocol):
    """The last layer's meaning, for slices of C diseases. outputs : how many it has."""

    outputs: int

    def targets(self, areas: NDArray[np.float32]) -> torch.Tensor:
        """Return what is learned of slices with these areas (N, C)."""

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the loss of outputs (N, `outputs`)."""

    def scores(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return scores (N, C), higher for more disease."""


def make_head(parameters: DetectionTrainingParameters, slices: SliceSet) -> Head:
    """Return the head that the parameters choose, balanced for these slices.

    Raises
    ------
    InputError
        Areas are to be learned, and some slices only have ticks.
    """
    threshold = square_millimetres(parameters.threshold_px)
    positives = slices.present(threshold).sum(0)
    weights = None
    if parameters.balance:
        if not positives.any():
            raise InputError(slices.source, "shows no disease", "Give slices with disease, or --no-balance")
        weights = _balance(positives)
    if parameters.head == "logistic":
        return LogisticHead(threshold, len(positives), weights)
    if parameters.head == "softmax":
        return SoftmaxHead(threshold, len(positives), weights)
    if slices.ticked and parameters.target == "area":
        problem = "has ticks, not areas"
        raise InputError(slices.source, problem, "Choose --head logistic, or --target step")
    return RegressionHead(
        threshold, len(positives), weights, parameters.head == "smooth_l1", parameters.target
    )


def _balance(positives: NDArray[np.intp]) -> torch.Tensor:
    """Return the paper's weights (C,), scaled to a mean of 1, so that the step's length stays.

    They compare the diseases that occur: one that does not, or one alone, weighs 1.
    """
    weights, occurs = np.ones(len(positives), np.float32), positives > 0
    if occurs.sum() > 1:
        beta = balancing_weights(positives[occurs])
        weights[occurs] = beta / beta.mean()
    return torch.from_numpy(weights)


class LogisticHead:
    """One binary logistic regression per disease (eqs. 1 and 5)."""

    def __init__(self, threshold: float, diseases: int, weights: torch.Tensor | None) -> None:
        self.outputs = diseases
        self._threshold, self._weights = threshold, weights

    def targets(self, areas: NDArray[np.float32]) -> torch.Tensor:
        """Return 1 where a disease is present, (N, C)."""
        return torch.from_numpy(step_target(areas, self._threshold))

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return eq. 5."""
        return multi_label_logistic(outputs, targets, _beside(self._weights, outputs))

    def scores(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the log odds."""
        return outputs


class RegressionHead:
    """One number per disease (eqs. 2, 3 and 6): `target` is area, step or ramp, as fig. 3 has them."""

    def __init__(
        self, threshold: float, diseases: int, weights: torch.Tensor | None, smooth: bool, target: str
    ) -> None:
        self.outputs = diseases
        self._threshold, self._weights = threshold, weights
        self._smooth, self._target = smooth, target

    def targets(self, areas: NDArray[np.float32]) -> torch.Tensor:
        """Return the chosen map of the areas, (N, C)."""
        threshold = self._threshold
        if self._target == "area":
            return torch.from_numpy(area_target(areas, threshold))
        if self._target == "step":
            return torch.from_numpy(step_target(areas, threshold))
        return torch.from_numpy(ramp_target(areas, 0.5 * threshold, 1.5 * threshold))

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return eq. 6."""
        return multi_label_regression(outputs, targets, self._smooth, _beside(self._weights, outputs))

    def scores(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the outputs."""
        return outputs


class SoftmaxHead:
    """One class per slice, healthy or the disease with the largest area: the single-label baseline."""

    def __init__(self, threshold: float, diseases: int, weights: torch.Tensor | None) -> None:
        self.outputs = 1 + diseases
        self._threshold = threshold
        self._weights = None if weights is None else torch.cat([torch.ones(1), weights])

    def targets(self, areas: NDArray[np.float32]) -> torch.Tensor:
        """Return the class (N,), 0 for healthy."""
        return torch.from_numpy(np.where((areas >= self._threshold).any(1), 1 + areas.argmax(1), 0))

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the weighted cross entropy."""
        return single_label_softmax(outputs, targets, _beside(self._weights, outputs))

    def scores(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the log odds of each disease against all other classes."""
        everything = outputs.logsumexp(1, keepdim=True)
        chances = (outputs - everything)[:, 1:]
        return chances - torch.log1p(-chances.exp().clamp(max=1 - 1e-7))


def _beside(weights: torch.Tensor | None, outputs: torch.Tensor) -> torch.Tensor | None:
    return None if weights is None else weights.to(outputs.device)
