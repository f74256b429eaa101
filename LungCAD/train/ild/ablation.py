"""Tables II and III of Anthimopoulos et al., 2018, in kind: the same rows, on phantoms."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from LungCAD.labels import load_schema
from LungCAD.parallel import process_map
from LungCAD.phantom.reader import fraction_rois
from LungCAD.phantom.study import BENCHMARK, make_study
from LungCAD.progress import Progress, part, silent
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.checkpoints import claim_checkpoints
from LungCAD.train.ild.ablation_rows import ROWS, SCHEMA, AblationParameters, Row
from LungCAD.train.ild.batches import Batch, ordered_batches
from LungCAD.train.ild.collecting import SliceCollector
from LungCAD.train.ild.slices import SliceSet
from LungCAD.train.ild.training import confusion_of, fit

FIRST_SEED = 8000
"""Phantoms of this experiment alone; those that are scored follow those that are learned from."""

SLICES = 8
TIMED = 5
"""Slices whose time is taken."""


@dataclass(frozen=True)
class Result:
    """What became of a row. accuracies : balanced, of every repeat. weights : number of them.

    milliseconds : of one lung on one slice, median.
    """

    row: Row
    weights: int
    milliseconds: float
    accuracies: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "name": self.row.name,
            "weights": self.weights,
            "milliseconds": self.milliseconds,
            "accuracies": list(self.accuracies),
            "mean": float(np.mean(self.accuracies)),
            "sd": float(np.std(self.accuracies)),
            "paper": self.row.paper / 100,
        }


def run_ablation(
    parameters: AblationParameters,
    rows: Sequence[Row] = ROWS,
    checkpoints: Path | None = None,
    progress: Progress = silent,
    workers: int = 1,
) -> tuple[Result, ...]:
    """Train and score every row, each so many times, on the same phantoms.

    Parameters
    ----------
    checkpoints : folder that keeps every training, so that a run that was broken off goes on.
    workers : processes that make the phantoms.

    Raises
    ------
    InputError
        The checkpoints are of other parameters, or the device is not to be had.
    Cancelled
        From `progress`.
    """
    p = parameters
    if checkpoints is not None:
        claim_checkpoints(checkpoints, {"ablation": True, **p.as_dict()})
    seeds = range(FIRST_SEED, FIRST_SEED + p.studies + p.unseen)
    learned = benchmark_slices(seeds[: p.studies], p.drawn, part(progress, 0.0, 0.07), workers)
    unseen = benchmark_slices(seeds[p.studies :], 1.0, part(progress, 0.07, 0.1), workers)
    runs = len(rows) * p.repeats

    def one(number: int, row: Row) -> Result:
        networks, accuracies = [], []
        for repeat in range(p.repeats):
            done = number * p.repeats + repeat
            share = part(progress, 0.1 + 0.9 * done / runs, 0.1 + 0.9 * (done + 1) / runs)
            name = f"{row.name.replace('/', '-')}-{repeat + 1}.ckpt"
            checkpoint = checkpoints / name if checkpoints is not None else None
            choices = p.of(row, repeat)
            networks.append(fit(learned, choices, checkpoint=checkpoint, progress=share).network)
            accuracies.append(confusion_of(networks[-1], unseen, choices).balanced_accuracy)
        first = networks[0].cpu()
        weights = sum(tensor.numel() for tensor in first.parameters())
        milliseconds = _milliseconds(first, ordered_batches(unseen, p.of(row, 0)))
        return Result(row, weights, milliseconds, tuple(accuracies))

    return tuple(one(number, row) for number, row in enumerate(rows))


def benchmark_slices(
    seeds: Sequence[int], drawn: float, progress: Progress = silent, workers: int = 1
) -> SliceSet:
    """Return slices of studies that are scanned as `BENCHMARK` is, a part of the lung labelled.

    workers : processes that make them, as in `process_map`.
    """
    collector = SliceCollector(load_schema(SCHEMA), IldInput())
    x, y, _ = BENCHMARK.size
    height = BENCHMARK.size[2] * BENCHMARK.spacing[2]
    grid = {"size": (x, y, SLICES), "spacing": (*BENCHMARK.spacing[:2], height / SLICES)}
    studies = [replace(BENCHMARK, seed=seed, schema=SCHEMA, **grid) for seed in seeds]
    for study in process_map(make_study, studies, workers, progress, "Making phantoms"):
        labels = study.labels if drawn == 1 else fraction_rois(study.labels, study.lungs, drawn, study.seed)
        name = f"phantom-{study.seed}"
        collector.add(study.ct, labels, study.lungs, name, thickness_mm=BENCHMARK.thickness)
    return collector.done(f"{len(seeds)} phantoms", "Apache-2.0", synthetic=True)


def _milliseconds(network: nn.Module, slices: Iterable[Batch]) -> float:
    """Return the median time of the plain module on one slice, on the processor."""
    times = []
    with torch.inference_mode():
        for images, _ in islice(slices, TIMED):
            began = time.perf_counter()
            network(images)
            times.append(1e3 * (time.perf_counter() - began))
    return float(np.median(times))
