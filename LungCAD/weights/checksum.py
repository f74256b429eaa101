"""SHA-256 of files and of tensors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch

from LungCAD.errors import InputError

LEAST_DIGITS = 8
"""So many hexadecimal digits the names of official PyTorch files carry."""

BLOCK = 1 << 20


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, 64 hexadecimal digits; InputError when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "Check the path") from error
    return digest.hexdigest()


def require_sha256(path: Path, expected: str) -> str:
    """Check that the file's SHA-256 begins with `expected` and return all of it.

    Raises
    ------
    InputError
        It does not, or the file cannot be read.
    ValueError
        `expected` is too short to mean anything.
    """
    if len(expected) < LEAST_DIGITS:
        raise ValueError(f"expected: {expected!r} has fewer than {LEAST_DIGITS} digits")
    found = sha256_of_file(path)
    if not found.startswith(expected.lower()):
        raise InputError(
            path,
            f"is not the expected file (SHA-256 {found[:16]}..., not {expected[:16]}...)",
            "Download it again from its official place",
        )
    return found


def sha256_of_tensors(tensors: Mapping[str, torch.Tensor]) -> str:
    """Return a SHA-256 over names, types, shapes and values, whatever the order of the tensors."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
