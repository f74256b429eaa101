"""Whether a heat map says what the network looked at: pixels taken away, and weights forgotten."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import nn

from LungCAD.saliency.grad_cam import grad_cam


@dataclass(frozen=True)
class PixelCurve:
    """Probability of a class (steps + 1,) while pixels go or come, the hottest first, and by chance.

    fraction : of the pixels gone or come, 0 to 1. probability : in the map's order. by_chance : mean over
    random orders.
    """

    fraction: NDArray[np.float32]
    probability: NDArray[np.float32]
    by_chance: NDArray[np.float32]

    @property
    def area(self) -> float:
        """Area under the map's curve, 0 to 1."""
        return _area(self.fraction, self.probability)

    @property
    def area_by_chance(self) -> float:
        """Area under the curve of random orders."""
        return _area(self.fraction, self.by_chance)


@dataclass(frozen=True)
class Forgotten:
    """After the weights of `layer` and of all later ones were drawn anew.

    similarity : mean rank correlation (Spearman) of the heat maps with the true ones; 0 where one is flat.
    """

    layer: str
    similarity: float


def deletion(
    network: nn.Module,
    image: torch.Tensor,
    heat: torch.Tensor,
    target: int,
    *,
    empty: torch.Tensor | None = None,
    steps: int = 20,
    seed: int = 0,
) -> PixelCurve:
    """Delete the pixels of an image, hottest first: the sooner the class goes, the better the map.

    Petsiuk et al., RISE, arXiv 1806.07421.

    Parameters
    ----------
    network : gives logits (N, classes); in evaluation mode. image : (C, Y, X), prepared for it.
    heat : (Y, X). Pixels of equal heat come in random order.
    target : the class. empty : (C, Y, X), whose pixels take the place of deleted ones; 0 when None.
    steps : images after the first. seed : of the random orders.

    Raises
    ------
    ValueError
        `heat` is not as wide and high as `image`.
    """
    empty = torch.zeros_like(image) if empty is None else empty
    return _curve(network, image, empty, heat, target, steps, seed)


def insertion(
    network: nn.Module,
    image: torch.Tensor,
    heat: torch.Tensor,
    target: int,
    *,
    empty: torch.Tensor | None = None,
    steps: int = 20,
    seed: int = 0,
) -> PixelCurve:
    """Insert the pixels into an empty image, hottest first: the sooner the class comes, the better the map.

    Parameters and errors as `deletion`.
    """
    empty = torch.zeros_like(image) if empty is None else empty
    return _curve(network, empty, image, heat, target, steps, seed)


def forget_cascading(
    network: nn.Module,
    images: torch.Tensor,
    target: int,
    layer: nn.Module,
    *,
    score: str = "logit",
    seed: int = 0,
) -> list[Forgotten]:
    """Draw the weights anew from the last layer to the first, and compare Grad-CAM with that of before.

    A map that stays as it was shows the image's edges, not what was learned (Adebayo et al., Sanity checks
    for saliency maps, arXiv 1810.03292). `network` itself is left as it is.

    Parameters
    ----------
    network, images, target, layer, score : as `grad_cam`. seed : of the new weights.

    Returns
    -------
    One entry per layer that has weights, the last of the network first.
    """
    truth = grad_cam(network, images, target, layer, score=score)
    amnesiac = copy.deepcopy(network)
    modules = dict(amnesiac.named_modules())
    place = next(name for name, module in network.named_modules() if module is layer)
    learned = [name for name, module in modules.items() if hasattr(module, "reset_parameters")]
    course = []
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for name in reversed(learned):
            modules[name].reset_parameters()
            heat = grad_cam(amnesiac, images, target, modules[place], score=score)
            pairs = zip(truth.cpu().numpy(), heat.cpu().numpy(), strict=True)
            course.append(Forgotten(name, float(np.mean([_rank_correlation(*pair) for pair in pairs]))))
    return course


def _curve(
    network: nn.Module,
    start: torch.Tensor,
    end: torch.Tensor,
    heat: torch.Tensor,
    target: int,
    steps: int,
    seed: int,
    orders: int = 4,
) -> PixelCurve:
    if heat.shape != start.shape[-2:]:
        raise ValueError(f"heat: has shape {tuple(heat.shape)}, not {tuple(start.shape[-2:])} as the image")
    generator = torch.Generator().manual_seed(seed)
    shuffled = [torch.randperm(heat.numel(), generator=generator) for _ in range(orders)]
    by_heat = shuffled[0][heat.cpu().flatten()[shuffled[0]].argsort(descending=True, stable=True)]
    given, *by_chance = (
        _probabilities(network, start, end, order, target, steps) for order in (by_heat, *shuffled)
    )
    return PixelCurve(np.linspace(0, 1, steps + 1, dtype=np.float32), given, np.mean(by_chance, axis=0))


def _probabilities(
    network: nn.Module, start: torch.Tensor, end: torch.Tensor, order: torch.Tensor, target: int, steps: int
) -> NDArray[np.float32]:
    """Return the probability of the target while pixels change from `start` to `end` in this order."""
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order))
    changed_before = torch.linspace(0, len(order), steps + 1).round()
    changed = rank.reshape(start.shape[-2:]) < changed_before[:, None, None]
    with torch.inference_mode():
        images = torch.where(changed[:, None].to(start.device), end, start)
        return network(images).softmax(1)[:, target].float().cpu().numpy()


def _rank_correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b, axis=None).statistic)


def _area(x: NDArray[np.float32], y: NDArray[np.float32]) -> float:
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))
