"""Whether a problem fits into memory, told before it is tried."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from LungCAD.crf.lattice import KEPT_VOXELS
from LungCAD.memory import free_memory

KEPT_PER_CLASS = 4 * 3
"""Unary, last and new marginals of every voxel, float32 per class."""
WORK_PER_CLASS = 4 * 3
"""Messages and earlier iterates of the field that is being solved, float32 per class."""
BYTES_PER_VOXEL = 40
"""Position, grey level and normalisation."""
BYTES_OF_BAGS = 260
"""What interpolates a voxel, where that is kept."""


def check_memory(sizes: Sequence[int], classes: int, device: torch.device) -> None:
    """Raise ValueError that says how many voxels fit, if fields of these sizes do not."""
    voxels, largest = sum(sizes), max(sizes, default=0)
    bags = min(voxels if largest <= KEPT_VOXELS else 0, KEPT_VOXELS)
    needed = voxels * (BYTES_PER_VOXEL + KEPT_PER_CLASS * classes)
    needed += largest * WORK_PER_CLASS * classes + bags * BYTES_OF_BAGS
    free = free_bytes(device)
    if free is not None and needed > free:
        raise ValueError(
            f"mask has {voxels} voxels; with {classes} classes about {int(voxels * free / needed)} fit into "
            f"the free memory of {device}: crop or resample the image, or solve it slice by slice"
        )


def free_bytes(device: torch.device) -> int | None:
    """Return the free memory of a device in bytes, None where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_memory()
