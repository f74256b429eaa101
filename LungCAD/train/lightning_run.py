"""Run Lightning as the rest of LungCAD runs: with our progress, quiet, stopped by Ctrl-C, resumable."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from LungCAD.devices import choose_device
from LungCAD.progress import Progress, silent


def fit_module(
    module: LightningModule,
    batches: DataLoader,
    *,
    epochs: int,
    device: str,
    precision: str = "32-true",
    checkpoint: Path | None = None,
    progress: Progress = silent,
) -> None:
    """Train a module for a number of epochs.

    Parameters
    ----------
    device : as `choose_device` takes it.
    precision : Lightning's name of the number format, such as "bf16-mixed".
    checkpoint : a file (.ckpt) that is written after every epoch; where it exists, training goes on from it.

    Raises
    ------
    InputError
        The device is not to be had.
    Cancelled
        From `progress`.
    """
    callbacks: list[Callback] = [_Report(progress, epochs)]
    if checkpoint is not None:
        callbacks.append(_every_epoch(checkpoint))
    resumed = checkpoint if checkpoint is not None and checkpoint.exists() else None
    with quiet_lightning():
        trainer = make_trainer(device, epochs, callbacks, precision)
        trainer.fit(module, batches, ckpt_path=resumed, weights_only=True)


def make_trainer(device: str, epochs: int, callbacks: list[Callback], precision: str = "32-true") -> Trainer:
    """Return a trainer on one device that draws nothing and logs nothing by itself."""
    chosen = choose_device(device)
    with quiet_lightning():
        return Trainer(
            accelerator="gpu" if chosen.type == "cuda" else chosen.type,
            devices=1 if chosen.index is None else [chosen.index],
            max_epochs=epochs,
            precision=precision,
            callbacks=callbacks,
            enable_checkpointing=any(isinstance(callback, ModelCheckpoint) for callback in callbacks),
            enable_progress_bar=False,
            enable_model_summary=False,
            logger=False,
            use_distributed_sampler=False,
        )


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
