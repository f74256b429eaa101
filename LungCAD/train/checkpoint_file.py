"""The file that a training goes on from after it was broken off."""

from __future__ import annotations

import io
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from LungCAD.errors import InputError
from LungCAD.files import atomic_path


class CheckpointFile(TorchCheckpointIO):
    """Writes checkpoints that are whole whenever the training is killed; says so of one that is not.

    Lightning writes to the system's temporary folder and copies from there where that is another disk: a kill
    while it copies would leave half a checkpoint in the place of a whole one.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: object = None
    ) -> None:
        """Replace the file in one step; raises InputError where it cannot be written."""
        content = io.BytesIO()
        torch.save(checkpoint, content)
        with atomic_path(path, overwrite=True) as temporary:
            temporary.write_bytes(content.getbuffer())

    def load_checkpoint(self, path: str | Path, *args: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        """Read as Lightning does; raises InputError where the file is damaged."""
        try:
            return super().load_checkpoint(path, *args, **options)
        except (RuntimeError, EOFError, UnpicklingError) as error:
            remedy = "Delete it: what it held is learned anew, other checkpoints in the folder are kept"
            raise InputError(path, "is a damaged checkpoint", remedy) from error
