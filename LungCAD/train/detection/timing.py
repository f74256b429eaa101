"""Speed of Fisher vectors beside scikit-image's."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from skimage.feature import fisher_vector

from LungCAD.networks import CNNF
from LungCAD.train.detection.fisher import COMPONENTS, FisherVectors, descriptors_of, fit_mixture

SLICES, ROUNDS = 16, 3


def time_fisher_vectors(
    layer: str = "conv5", width: float = 0.25, slices: int = SLICES, rounds: int = ROUNDS
) -> dict[str, float | str]:
    """Return milliseconds per slice of ours and of scikit-image, their ratio, and how far they differ.

    Both encode the same activations of an untrained CNN-F with the same mixture; they take turns, and each
    one's fastest round counts. Only the encoding is timed.
    """
    torch.manual_seed(0)
    network = CNNF(4, width=width, dense=8).eval()
    with torch.inference_mode():
        descriptors = descriptors_of(network, layer, torch.randn(slices, 3, 224, 224))
    sets = descriptors.numpy()
    mixture = fit_mixture(sets[:, ::3].reshape(-1, sets.shape[2]))
    encoder = FisherVectors(mixture)

    def ours() -> np.ndarray:
        with torch.inference_mode():
            return encoder(descriptors).numpy()

    def theirs() -> np.ndarray:
        return np.stack([fisher_vector(one, mixture)[COMPONENTS:] for one in sets])

    exact = np.stack([fisher_vector(one.astype(np.float64), mixture)[COMPONENTS:] for one in sets])
    fastest = {"ours": np.inf, "scikit-image": np.inf}
    for _ in range(rounds):
        for name, encode in (("ours", ours), ("scikit-image", theirs)):
            fastest[name] = min(fastest[name], _seconds(encode))
    return {
        "layer": layer,
        "ours_ms_per_slice": 1e3 * fastest["ours"] / slices,
        "skimage_ms_per_slice": 1e3 * fastest["scikit-image"] / slices,
        "times_as_fast": fastest["scikit-image"] / fastest["ours"],
        "largest_difference": float(np.abs(ours() - exact).max()),
    }


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
