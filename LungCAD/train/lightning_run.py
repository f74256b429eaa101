"""Run Lightning as the rest of LungCAD runs: with our progress, quiet, stopped by Ctrl-C, resumable."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities import rank_zero_only
from torch.utils.data import DataLoader

from LungCAD.devices import choose_device
from LungCAD.progress import Progress, silent
from LungCAD.train.checkpoint_file import CheckpointFile


def fit_module(
    module: LightningModule,
    batches: DataLoader,
    *,
    epochs: int,
    device: str,
    precision: str = "32-true",
    checkpoint: Path | None = None,
    progress: Progress = silent,
    validation: DataLoader | None = None,
    callbacks: Sequence[Callback] = (),
    **machine: Any,  # noqa: ANN401 - what Lightning's Trainer takes
) -> None:
    """Train a module for a number of epochs.

    Parameters
    ----------
    device : as `choose_device` takes it.
    precision : Lightning's name of the number format, such as "bf16-mixed".
    checkpoint : a file (.ckpt) that is written after every epoch; where it exists, training goes on from it.
    validation : batches for the module's validation step, after every epoch.
    callbacks : further ones of Lightning; their state is in the checkpoints. machine : as in `make_trainer`.

    Raises
    ------
    InputError
        The device is not to be had, or the checkpoint is damaged or cannot be written.
    Cancelled
        From `progress`.
    """
    every = [_Report(progress, epochs), *callbacks]
    if checkpoint is not None:
        every.append(_every_epoch(checkpoint))
    resumed = checkpoint if checkpoint is not None and checkpoint.exists() else None
    module.train()  # Lightning leaves every layer in the mode that it finds
    with quiet_lightning():
        trainer = make_trainer(device, epochs, every, precision, **machine)
        trainer.fit(module, batches, validation, ckpt_path=resumed, weights_only=True)


def make_trainer(
    device: str,
    epochs: int,
    callbacks: list[Callback],
    precision: str = "32-true",
    **machine: Any,  # noqa: ANN401
) -> Trainer:
    """Return a trainer that draws nothing and logs nothing by itself, on one device.

    machine : further arguments of Lightning's Trainer, such as `devices`, `num_nodes` and `strategy`.
    """
    chosen = choose_device(device)
    with quiet_lightning():
        return Trainer(
            accelerator="gpu" if chosen.type == "cuda" else chosen.type,
            max_epochs=epochs,
            precision=precision,
            callbacks=callbacks,
            plugins=[CheckpointFile()],
            enable_checkpointing=any(isinstance(callback, ModelCheckpoint) for callback in callbacks),
            enable_progress_bar=False,
            enable_model_summary=False,
            logger=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            **{"devices": 1 if chosen.index is None else [chosen.index], **machine},
        )


def is_first_process() -> bool:
    """Return whether this is the process of a distributed training that writes its results."""
    return getattr(rank_zero_only, "rank", 0) == 0


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep Lightning's remarks from the terminal, and Ctrl-C what it is everywhere else."""
    remarks = logging.getLogger("lightning.pytorch")
    level, handler = remarks.level, signal.getsignal(signal.SIGINT)
    remarks.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            yield
    except SystemExit as exit_by_lightning:
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from exit_by_lightning
    finally:
        remarks.setLevel(level)


def _every_epoch(checkpoint: Path) -> ModelCheckpoint:
    return ModelCheckpoint(
        checkpoint.parent, checkpoint.stem, enable_version_counter=False, save_on_train_epoch_end=True
    )


class _Report(Callback):
    """Tell how many batches are done; a callback that raises ends the training."""

    def __init__(self, progress: Progress, epochs: int) -> None:
        self._progress, self._epochs = progress, epochs

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: object, batch: object, index: int
    ) -> None:
        epoch = trainer.current_epoch
        done = (epoch + (index + 1) / trainer.num_training_batches) / self._epochs
        self._progress(done, f"Training, epoch {epoch + 1} of {self._epochs}")
