"""Official ImageNet weights: checked, read without running anything in them, converted once."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from LungCAD.errors import InputError
from LungCAD.files import make_folder
from LungCAD.progress import Progress, silent
from LungCAD.weights.cache import cache_folder, fetch
from LungCAD.weights.checksum import require_sha256
from LungCAD.weights.registry import WeightsEntry
from LungCAD.weights.tensors import read_tensors, write_tensors

_COUNTERS = "num_batches_tracked"  # of batch normalisation; older files have none


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
        make_folder(folder)
        state = _read_pth(file or fetch(entry, folder, progress))
        write_tensors(state, {"source": entry.url, "licence": entry.licence}, converted)
    return read_tensors(converted)[0]


def start_from_imagenet(
    network: nn.Module, state: Mapping[str, torch.Tensor], anew: tuple[str, ...] = ()
) -> None:
    """Load all layers but the last, whose outputs are other classes, into the network.

    anew : how the names of layers begin that the network has in the last one's place; the published ones of
        these names, and of auxiliary classifiers that the network lacks, are left out.

    Raises
    ------
    InputError
        The tensors belong to another architecture or width.
    """
    own = network.state_dict()
    head = tuple(own)[-2:]
    kept = [name for name in own if not (name.startswith(anew) if anew else name in head)]
    wanted = [name for name in kept if not name.endswith(_COUNTERS)]
    if any(name not in state or state[name].shape != own[name].shape for name in wanted):
        raise InputError(
            "ImageNet weights", f"do not fit this {type(network).__name__}", "Use its full width"
        )
    network.load_state_dict({**own, **{name: state[name] for name in kept if name in state}})


def _read_pth(path: Path) -> dict[str, torch.Tensor]:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise InputError(path, "is no file of tensors", "Give the official .pth") from error
