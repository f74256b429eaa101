"""Where tensors are computed."""

from __future__ import annotations

import torch

from LungCAD.errors import InputError


def choose_device(name: str = "auto") -> torch.device:
    """Return the torch device of that name; "auto" prefers CUDA, then Apple's MPS, then the CPU.

    Raises
    ------
    InputError
        This machine, or its build of torch, has no such device.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    kind = name.partition(":")[0]
    if not available.get(kind, False):
        usable = ", ".join(kind for kind, there in available.items() if there)
        raise InputError("device", f"{name!r} is not to be had on this machine", f"Usable: auto, {usable}")
    return torch.device(name)
