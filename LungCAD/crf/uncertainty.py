"""Where the answer is unsure, and where the next drawn region would change most."""

from __future__ import annotations

import torch
from torch import Tensor

from LungCAD.crf.pairwise import Pairwise


def entropy(marginals: Tensor) -> Tensor:
    """Return the entropy (N,) of marginals (N, C) as a fraction of the highest possible: 0 sure, 1 unsure."""
    classes = marginals.shape[1]
    if classes < 2:
        return torch.zeros(len(marginals), dtype=marginals.dtype, device=marginals.device)
    return torch.special.entr(marginals).sum(1) / torch.log(torch.tensor(float(classes)))


def expected_change(marginals: Tensor, pairwise: Pairwise) -> Tensor:
    """Return (N,) how much drawing a voxel is expected to change the marginals of all, in voxels.

    The change of one marginal is its total variation, 0..1. To first order: drawing voxel i moves its own
    marginal by its impurity g_i = 1 - sum_l Q_i(l)^2 on average over its possible labels; voxel j hears that
    through the kernel k_ij and gives way by its own impurity. So the expected change is
    g_i (1 + sum_j k_ij g_j); one filter pass for all voxels. It is 0 for what is drawn or excluded.
    """
    impurity = (marginals - marginals.square()).sum(1, keepdim=True)
    return (impurity * (1 + pairwise.message(impurity)))[:, 0]
