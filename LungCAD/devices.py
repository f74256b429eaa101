"""Where tensors are computed."""

from __future__ import annotations

import torch

from LungCAD.errors import InputError


def choose_device(name: str = "auto") -> torch.device:
    """Return the torch device of that name, such as "cpu", "cuda:1" or "mps"; "auto" is CUDA, or the CPU.

    Apple's MPS is taken where it is named alone: it lacks operators, more of them in older versions of torch.

    Raises
    ------
    InputError
        This machine, or its build of torch, has no such device.
    """
    there = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if name == "auto":
        return torch.device("cuda" if there["cuda"] else "cpu")
    kind, colon, number = name.partition(":")
    exists = int(number) < there.get(kind, 0) if number.isdecimal() else not colon and there.get(kind, 0)
    if not exists:
        usable = ", ".join(kind for kind, count in there.items() if count)
        raise InputError("device", f"{name!r} is not to be had on this machine", f"Usable: auto, {usable}")
    return torch.device(name)
