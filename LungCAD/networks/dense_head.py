"""The layers that SAPSAM puts in the place of a network's last one."""

from __future__ import annotations

from torch import nn

UNITS = 1024
DROPOUT = 0.5
SPREAD = 0.01
"""Standard deviation of the first weights; the paper says Gaussian and gives none."""


def dense_head(features: int, classes: int) -> nn.Sequential:
    """Return two dense layers of 1024 and the output (Zusag et al., SAPSAM, section 2.4).

    Both are rectified, with dropout between them; weights are Gaussian, biases 0. The softmax is the user's.
    """
    head = nn.Sequential(
        nn.Linear(features, UNITS),
        nn.ReLU(),
        nn.Dropout(DROPOUT),
        nn.Linear(UNITS, UNITS),
        nn.ReLU(),
        nn.Linear(UNITS, classes),
    )
    reset_dense(head)
    return head


def reset_dense(head: nn.Module, last: int | None = None) -> None:
    """Draw the weights of the dense layers anew, of the `last` so many or of all; biases become 0."""
    dense = dense_layers(head)
    for layer in dense if last is None else dense[-last:]:
        nn.init.normal_(layer.weight, std=SPREAD)
        nn.init.zeros_(layer.bias)


def dense_layers(network: nn.Module) -> list[nn.Linear]:
    """Return the dense layers of a network, the output last."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
