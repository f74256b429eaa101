"""Fisher vectors of activation maps: what textures a slice shows, wherever they are (Gao et al. 2017, 3.3).

After Perronnin & Dance, CVPR 2007, and Perronnin et al., ECCV 2010.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import IncrementalPCA
from sklearn.linear_model import LinearRegression
from sklearn.mixture import GaussianMixture
from torch import nn

from LungCAD.train.detection.batches import in_order
from LungCAD.train.detection.slices import SliceSet

COMPONENTS, DIMENSIONS = 32, 512
"""Of the mixture and after the reduction, as the paper has them."""

LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6")
DESCRIPTORS = 20_000
"""So many are drawn from all slices to fit the mixture."""

SLICES_AT_ONCE = 32
LEAST_VARIANCE = 1e-2
"""Of a component along one channel, in units of that channel's variance: channels may be silent."""


class FisherVectors(nn.Module):
    """Encodes sets of descriptors by how they differ from a mixture of Gaussians with diagonal covariance.

    Parameters
    ----------
    mixture : fitted, `covariance_type="diag"`; M components of D dimensions.
    power : take the signed square root of every value. unit_length : divide by the L2 norm. The paper states
        neither; Perronnin et al. 2010 recommend both, in this order. dtype : that it computes in; single
        precision is enough where no component is narrower than `LEAST_VARIANCE` says.
    """

    def __init__(
        self,
        mixture: GaussianMixture,
        power: bool = False,
        unit_length: bool = False,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        if mixture.covariance_type != "diag":
            raise ValueError(f"mixture: its covariance is {mixture.covariance_type}, not diag")
        self._power, self._unit_length = power, unit_length
        weights, means, variances = mixture.weights_, mixture.means_, mixture.covariances_
        # Fisher vectors do not change when a dimension is moved and scaled; standardised, squares stay small.
        centre = weights @ means
        scale = np.sqrt(weights @ (variances + (means - centre) ** 2))
        means, variances = (means - centre) / scale, variances / scale**2
        constant = np.log(weights) - 0.5 * (np.log(variances) + means**2 / variances).sum(1)
        values = {
            "centre": centre,
            "scale": scale,
            "means": means,
            "variances": variances,
            "constant": constant,
            "root": np.sqrt(weights)[:, None],
        }
        for name, value in values.items():
            self.register_buffer(name, torch.tensor(value, dtype=dtype))

    def forward(self, descriptors: torch.Tensor) -> torch.Tensor:
        """Return Fisher vectors (N, 2 * M * D) of N sets of P descriptors (N, P, D).

        The first M * D values are differences from the means, the others from the variances, component by
        component. Both have the sign and scale of scikit-image's `fisher_vector`, of which they are the last
        2 * M * D values: the second kind is positive where descriptors spread less than the component.
        """
        x = (descriptors.to(self.centre.dtype) - self.centre) / self.scale
        squares = x * x
        precision = 1 / self.variances
        logarithms = x @ (self.means * precision).T - 0.5 * squares @ precision.T + self.constant
        shares = logarithms.softmax(2).transpose(1, 2) / x.shape[1]
        mass, first, second = shares.sum(2, keepdim=True), shares @ x, shares @ squares
        by_mean = (first - mass * self.means) / (self.root * self.variances.sqrt())
        spread = second - 2 * first * self.means + mass * (self.means**2 - self.variances)
        by_variance = -spread / (2**0.5 * self.root * self.variances)
        vectors = torch.cat([by_mean.flatten(1), by_variance.flatten(1)], dim=1)
        if self._power:
            vectors = vectors.sign() * vectors.abs().sqrt()
        if self._unit_length:
            vectors = nn.functional.normalize(vectors, dim=1)
        return vectors


def fit_mixture(descriptors: NDArray, components: int = COMPONENTS, seed: int = 0) -> GaussianMixture:
    """Return a mixture of Gaussians with diagonal covariance, fitted to descriptors (n, D).

    It has n components where there are not more descriptors: fc6 has one of each slice.
    """
    descriptors = descriptors.astype(np.float64)
    components = min(components, len(descriptors))
    centre, scale = descriptors.mean(0), np.maximum(descriptors.std(0), 1e-6)
    mixture = GaussianMixture(components, covariance_type="diag", reg_covar=LEAST_VARIANCE, random_state=seed)
    mixture.fit((descriptors - centre) / scale)
    mixture.means_ = mixture.means_ * scale + centre
    mixture.covariances_ *= scale**2
    mixture.precisions_cholesky_ = 1 / np.sqrt(mixture.covariances_)
    return mixture


def descriptors_of(network: nn.Module, layer: str, images: torch.Tensor) -> torch.Tensor:
    """Return a layer's activations, after its ReLU, as descriptors (N, P, D), one per place.

    The dense layer fc6 has one place.

    Raises
    ------
    ValueError
        There is no such layer.
    """
    if layer not in LAYERS:
        raise ValueError(f"layer: {layer!r} is not among {', '.join(LAYERS)}")
    maps = images
    if layer == "fc6":
        flat = network.features(maps).flatten(1)
        return network.classifier.relu6(network.classifier.fc6(flat))[:, None]
    for name, module in network.features.named_children():
        maps = module(maps)
        if name == layer.replace("conv", "relu"):
            break
    return maps.flatten(2).transpose(1, 2)


@dataclass(frozen=True)
class FisherDetector:
    """Fisher vectors of one layer, reduced by PCA, and a linear regression on them."""

    network: nn.Module
    layer: str
    encoder: FisherVectors
    reduction: IncrementalPCA
    regression: LinearRegression

    def scores(self, slices: SliceSet, indices: NDArray[np.intp] | None = None) -> NDArray[np.float32]:
        """Return the regressed targets (n, C) of slices."""
        parts = _chunks(_encoded(self.network, self.layer, self.encoder, slices, _all(slices, indices)), 1)
        return np.concatenate([self.regression.predict(self.reduction.transform(p)) for p in parts]).astype(
            np.float32
        )


def fit_fisher_detector(
    network: nn.Module,
    layer: str,
    slices: SliceSet,
    targets: NDArray,
    indices: NDArray[np.intp] | None = None,
    *,
    components: int = COMPONENTS,
    dimensions: int = DIMENSIONS,
    power: bool = False,
    unit_length: bool = False,
    seed: int = 0,
) -> FisherDetector:
    """Fit mixture, reduction and regression to slices; they pass through memory a few at a time.

    Parameters
    ----------
    targets : (n, C) of the slices at `indices`, of all where None.
    dimensions : after the reduction; at most a third of the slices and the length of the vectors.
    power, unit_length : as in `FisherVectors`.
    """
    indices = _all(slices, indices)
    encoder = FisherVectors(
        fit_mixture(_sample(network, layer, slices, indices, seed), components, seed), power, unit_length
    )
    length = 2 * encoder.means.numel()
    kept = max(1, min(dimensions, len(indices) // 3, length))
    reduction = IncrementalPCA(kept)
    for part in _chunks(_encoded(network, layer, encoder, slices, indices), kept):
        reduction.partial_fit(part)
    reduced = [
        reduction.transform(part) for part in _chunks(_encoded(network, layer, encoder, slices, indices), 1)
    ]
    regression = LinearRegression().fit(np.concatenate(reduced), targets)
    return FisherDetector(network, layer, encoder, reduction, regression)


def _all(slices: SliceSet, indices: NDArray[np.intp] | None) -> NDArray[np.intp]:
    return np.arange(len(slices)) if indices is None else indices


def _sample(
    network: nn.Module, layer: str, slices: SliceSet, indices: NDArray[np.intp], seed: int
) -> NDArray[np.float32]:
    """Return some descriptors of every slice, (n, D)."""
    rng = np.random.default_rng(seed)
    each = -(-DESCRIPTORS // len(indices))
    found = []
    for descriptors in _descriptors(network, layer, slices, indices):
        places = rng.integers(0, descriptors.shape[1], (len(descriptors), min(each, descriptors.shape[1])))
        rows = np.arange(len(descriptors))[:, None]
        found.append(descriptors[rows, places].flatten(0, 1).numpy())
    return np.concatenate(found)


def _encoded(
    network: nn.Module, layer: str, encoder: FisherVectors, slices: SliceSet, indices: NDArray[np.intp]
) -> Iterator[NDArray[np.float32]]:
    for descriptors in _descriptors(network, layer, slices, indices):
        with torch.inference_mode():
            yield encoder(descriptors).numpy()


def _descriptors(
    network: nn.Module, layer: str, slices: SliceSet, indices: NDArray[np.intp]
) -> Iterator[torch.Tensor]:
    for images in in_order(slices, indices, SLICES_AT_ONCE):
        with torch.inference_mode():
            yield descriptors_of(network, layer, images)


def _chunks(parts: Iterable[NDArray], least: int) -> Iterator[NDArray]:
    """Yield the rows of all parts together, at least so many at a time; what is left joins the last."""
    held: list[NDArray] = []
    ready = None
    for part in parts:
        held.append(part)
        if sum(map(len, held)) >= least:
            if ready is not None:
                yield ready
            ready, held = np.concatenate(held), []
    if ready is None or held:
        ready = np.concatenate([*([] if ready is None else [ready]), *held])
    yield ready
