"""Reading and writing safetensors files that carry the checksum of their tensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from LungCAD.errors import InputError
from LungCAD.files import atomic_path
from LungCAD.weights.checksum import sha256_of_tensors

CHECKSUM = "tensors_sha256"


def write_tensors(
    tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str], path: Path, overwrite: bool = False
) -> None:
    """Write tensors and metadata to `path` atomically; raises as `atomic_path` does."""
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic_path(path, overwrite) as temporary:
        save_file(stored, temporary, {**metadata, CHECKSUM: sha256_of_tensors(stored)})


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Return the tensors, by name, and the metadata of a file that `write_tensors` wrote.

    Raises
    ------
    InputError
        The file cannot be read, is no safetensors file, carries no checksum, or its tensors were changed.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror or error})", "Check the path") from error
    except SafetensorError as error:
        raise InputError(path, f"is no whole safetensors file ({error})", "Copy it again") from error
    if CHECKSUM not in metadata:
        raise InputError(path, "was not written by LungCAD (no checksum)", "Train it with lungcad train")
    if metadata[CHECKSUM] != sha256_of_tensors(tensors):
        raise InputError(path, "was changed since it was written (its checksum differs)", "Copy it again")
    return tensors, metadata
