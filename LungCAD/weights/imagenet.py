"""Official ImageNet weights: checked, read without running anything in them, converted once."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from LungCAD.errors import InputError
from LungCAD.progress import Progress, silent
from LungCAD.weights.cache import cache_folder, fetch
from LungCAD.weights.checksum import require_sha256
from LungCAD.weights.registry import WeightsEntry
from LungCAD.weights.tensors import read_tensors, write_tensors


def imagenet_state(
    entry: WeightsEntry, file: Path | None = None, progress: Progress = silent
) -> dict[str, torch.Tensor]:
    """Return the published tensors by name.

    Parameters
    ----------
    entry : which weights, from the registry.
    file : the published `.pth`, where it is at hand; else the copy in the cache, else the network.

    Raises
    ------
    InputError
        The file is not the published one, or cannot be had.
    """
    folder = cache_folder()
    converted = folder / f"{entry.name}-{entry.sha256[:8]}.safetensors"
    if file is not None:
        require_sha256(file, entry.sha256)
    if not converted.exists():
        folder.mkdir(parents=True, exist_ok=True)
        state = _read_pth(file or fetch(entry, folder, progress))
        write_tensors(state, {"source": entry.url, "licence": entry.licence}, converted)
    return read_tensors(converted)[0]


def start_from_imagenet(network: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Load all layers but the last, whose outputs are other classes, into the network.

    Raises
    ------
    InputError
        The tensors belong to another architecture or width.
    """
    own = network.state_dict()
    head = list(own)[-2:]
    body = {name: tensor for name, tensor in state.items() if name not in head}
    wanted = {name: tensor.shape for name, tensor in own.items() if name not in head}
    if {name: tensor.shape for name, tensor in body.items()} != wanted:
        raise InputError(
            "ImageNet weights", f"do not fit this {type(network).__name__}", "Use its full width"
        )
    network.load_state_dict({**own, **body})


def _read_pth(path: Path) -> dict[str, torch.Tensor]:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise InputError(path, "is no file of tensors", "Give the official .pth") from error
