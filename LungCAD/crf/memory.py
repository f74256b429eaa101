"""Whether a problem fits into memory, told before it is tried."""

from __future__ import annotations

import os
from pathlib import Path

import torch

BYTES_PER_CLASS = 4 * 7
"""Unary, marginals, messages and work space of a voxel, float32 per class."""
BYTES_PER_VOXEL = 300
"""Interpolation weights, or what is kept instead in large fields."""
MEMINFO = Path("/proc/meminfo")


def check_memory(voxels: int, classes: int, device: torch.device) -> None:
    """Raise ValueError that says how many voxels fit, if this many do not."""
    free = free_bytes(device)
    fit = free // (BYTES_PER_VOXEL + BYTES_PER_CLASS * classes) if free is not None else voxels
    if voxels > fit:
        raise ValueError(
            f"mask has {voxels} voxels; with {classes} classes about {fit} fit into the free "
            f"memory of {device}: crop or resample the image, or solve it slice by slice"
        )


def free_bytes(device: torch.device) -> int | None:
    """Return the free memory of a device in bytes, None where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if MEMINFO.exists():
        fields = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
        return int(fields["MemAvailable"].split()[0]) * 1024
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
