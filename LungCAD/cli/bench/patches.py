"""Real emphysema patches: what simple methods reach, beside a network's cross-validation on the same folds.

The baselines are the k nearest neighbours of histograms of HU and local binary patterns (Sørensen et al.,
IEEE Trans Med Imaging 29(2), 2010) and, for normal lung against emphysema, the part of a patch below -950 HU.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from LungCAD.cli.bench.few_shot import default_folder
from LungCAD.cli.bench.numbers import add_json, write_numbers
from LungCAD.cli.bench.patch_histograms import nearest, patch_histograms
from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.train.confusion import ConfusionTable
from LungCAD.train.patches.npz import read_npz
from LungCAD.train.patches.patch_set import PatchSet
from LungCAD.train.patches.training import split_by_patient

SCHEMA = "emphysema6"
RENAMED = {
    "NT": "healthy",
    "PS": "paraseptal_emphysema",
    "PL": "panlobular_emphysema",
    "CL1": "mild_centrilobular_emphysema",
    "CL2": "moderate_centrilobular_emphysema",
    "CL3": "severe_centrilobular_emphysema",
}
NEIGHBOURS = (1, 5)
THRESHOLD_HU = -950
FOLDS, SEED = 5, 0
"""As `lungcad train patches --folds 5` splits."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--patches",
        metavar="FOLDER",
        type=Path,
        default=default_folder(),
        help="folder with patches.npz (default: emphysema_patches in the folder named by LUNGCAD_DATA)",
    )
    parser.add_argument(
        "--network",
        type=Path,
        metavar="FILE",
        help="cross_validation.json of a network, to print beside them",
    )
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Measure and print; without patches say so."""
    if options.patches is None:
        print("Left out: no real patches. Name their folder with --patches, or set LUNGCAD_DATA.")
        return 0
    data = read_npz(options.patches / "patches.npz", load_schema(SCHEMA), RENAMED)
    result = measure(data)
    if options.network:
        result["network"] = _network(options.network)
    print(f"{len(data)} patches in {len(np.unique(data.patients))} groups that share pixels; {FOLDS} folds")
    for name, scores in result.items():
        print(f"{name:28s}" + "  ".join(f"{key} {value:.3f}" for key, value in scores.items()))
    for warning in data.warnings:
        print(warning)
    write_numbers(options, result)
    return 0


def measure(data: PatchSet) -> dict[str, dict[str, float]]:
    """Return, for every method, accuracies over all folds ("six classes", balanced, "emphysema or not")."""
    histograms, below = patch_histograms(data.hu), (data.hu < THRESHOLD_HU).mean((1, 2))
    given = {count: np.empty(len(data), int) for count in NEIGHBOURS}
    thin = np.empty(len(data), bool)
    for train, test in split_by_patient(data, FOLDS, SEED):
        for count in NEIGHBOURS:
            given[count][test] = nearest(histograms, data.labels, train, test, count)
        thin[test] = below[test] > best_threshold(below[train], data.labels[train] > 0)
    result = {
        f"{count} nearest neighbour{'s' * (count > 1)}": scores(_confusion(data.labels, found, data.classes))
        for count, found in given.items()
    }
    right = np.mean(thin == (data.labels > 0))
    return {**result, f"below {THRESHOLD_HU} HU": {"emphysema or not": float(right)}}


def best_threshold(values: np.ndarray, positive: np.ndarray) -> float:
    """Return the threshold above which values (N,) are best told to be positive (N,), the lowest such."""
    candidates = np.unique(values)
    right = [np.mean((values > candidate) == positive) for candidate in candidates]
    return float(candidates[int(np.argmax(right))])


def scores(counts: np.ndarray) -> dict[str, float]:
    """Return the accuracies of a confusion (C, C) whose first class is normal lung."""
    table = ConfusionTable(counts, tuple(map(str, range(len(counts)))))
    either = (counts[0, 0] + counts[1:, 1:].sum()) / counts.sum()
    return {
        "all classes": float(table.accuracy),
        "balanced": table.balanced_accuracy,
        "emphysema or not": float(either),
    }


def _confusion(truth: np.ndarray, given: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (truth, given), 1)
    return counts


def _network(path: Path) -> dict[str, float]:
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return scores(np.array(record["total"]["counts"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(path, "is no cross-validation", "Train with lungcad train patches") from error
