"""Gradient-weighted class activation maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

SCORES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "logit": lambda logits: logits,
    "softmax": lambda logits: logits.softmax(1),
}
"""What y of eq. (1) may be. The gradient of a softmax fades where the network is sure: logits do not."""


def grad_cam(
    network: nn.Module,
    images: torch.Tensor,
    target: int | torch.Tensor,
    layer: nn.Module,
    *,
    score: str = "logit",
    counterfactual: bool = False,
) -> torch.Tensor:
    """Return how much each place of a layer speaks for a class: eq. (1) of Zusag et al., SAPSAM, section 2.5.

    The feature maps of `layer` are weighted with the mean gradient of the class's score and added up; what
    speaks against the class is cut off (Selvaraju et al., arXiv 1610.02391).

    Parameters
    ----------
    network : gives logits (N, classes); in evaluation mode. Its parameters and their gradients stay.
    images : (N, C, Y, X), prepared for the network.
    target : the class, one for all images or one each (N,).
    layer : a module in the network whose output is maps (N, channels, y, x).
    score : "logit" or "softmax", a name in `SCORES`.
    counterfactual : show what speaks against the class instead: the gradient changes its sign.

    Returns
    -------
    float32 (N, y, x), zero or more, at the layer's resolution, on the device of `images`.

    Raises
    ------
    ValueError
        `network` is in training mode, `score` is not known, `target` has another length than `images`, or
        `layer` does not give maps exactly once.
    """
    if network.training:
        raise ValueError("network: is in training mode")
    if score not in SCORES:
        raise ValueError(f"score: is {score!r}, not one of {', '.join(SCORES)}")
    if isinstance(target, torch.Tensor) and target.shape != images.shape[:1]:
        raise ValueError(f"target: has shape {tuple(target.shape)}, not one class for {len(images)} images")
    with torch.inference_mode(False), torch.enable_grad(), _maps_of(layer) as outputs:
        scores = SCORES[score](network(images.clone()))
        maps = _only(outputs)
        # Images do not mix in evaluation mode: the gradient of the sum is that of each image alone.
        (gradient,) = torch.autograd.grad(_of_class(scores, target).sum(), maps)
    weights = gradient.mean((2, 3), keepdim=True)
    evidence = (weights * maps.detach()).sum(1)
    return (-evidence if counterfactual else evidence).relu().float()


@contextmanager
def _maps_of(layer: nn.Module) -> Iterator[list[torch.Tensor]]:
    """Collect what the layer gives, as the leaves of a graph that reaches no further down."""
    outputs: list[torch.Tensor] = []

    def cut(_module: nn.Module, _arguments: tuple, output: torch.Tensor) -> torch.Tensor:
        outputs.append(output.detach().requires_grad_())
        # The next layer gets a copy: it may write in place.
        return outputs[-1].clone()

    handle = layer.register_forward_hook(cut)
    try:
        yield outputs
    finally:
        handle.remove()


def _only(outputs: list[torch.Tensor]) -> torch.Tensor:
    if len(outputs) != 1:
        raise ValueError(f"layer: ran {len(outputs)} times in one pass of the network, not once")
    if outputs[0].ndim != 4:
        raise ValueError(f"layer: gives {outputs[0].ndim} axes, not maps (N, channels, y, x)")
    return outputs[0]


def _of_class(scores: torch.Tensor, target: int | torch.Tensor) -> torch.Tensor:
    rows = torch.arange(len(scores), device=scores.device)
    return scores[rows, target.to(scores.device) if isinstance(target, torch.Tensor) else target]
