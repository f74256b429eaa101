"""Few-shot recognition of real emphysema patches by what the unary learns from drawn regions.

The patches (31x31 px, HU; normal tissue and five kinds of emphysema, from scans of many patients) stand for
drawn regions: 1, 3 or 10 of each class are learned, all others are recognised by the mean log probability of
their pixels. Patches cut from the same pixels of a scan are never on both sides. The baseline knows the same
patches: nearest neighbour, in chi-square distance, of HU histogram and local binary patterns.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from LungCAD.cli.bench.numbers import add_json, write_numbers
from LungCAD.cli.bench.patch_histograms import nearest, patch_histograms
from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import at_least_one
from LungCAD.errors import InputError
from LungCAD.progress import Progress, each, silent
from LungCAD.tasks.class_probabilities import texture_description
from LungCAD.train.patches.overlap import groups_of_overlap
from LungCAD.unary import RoiClassifier

SHOTS = (1, 3, 10)
PIXEL_STEP = 3
"""Neighbours say nearly the same: every third pixel along either axis is learned and recognised."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--patches",
        metavar="FOLDER",
        type=Path,
        default=default_folder(),
        help="folder with patches.npz (default: emphysema_patches in the folder named by LUNGCAD_DATA)",
    )
    parser.add_argument("--draws", type=at_least_one, default=100, help="of training patches (default: 100)")
    add_json(parser)


def default_folder() -> Path | None:
    """Return where real patches are, if the environment names a folder of data."""
    data = os.environ.get("LUNGCAD_DATA")
    return Path(data) / "emphysema_patches" if data else None


def run(options: argparse.Namespace) -> int:
    """Measure and print a table; without patches say so."""
    if options.patches is None:
        print("Left out: no real patches. Name their folder with --patches, or set LUNGCAD_DATA.")
        return 0
    with progress_bar(quiet=False) as progress:
        result = measure(options.patches, options.draws, progress=progress)
    write_numbers(options, result)
    print(f"{'patches per class':20s}{'unary':>16s}{'histogram + LBP':>18s}{'gain':>8s}")
    for shots in map(str, SHOTS):
        ours, theirs = (
            f"{result[shots][name]['mean']:.3f} ± {result[shots][name]['sd']:.3f}"
            for name in ("unary", "baseline")
        )
        print(f"{shots:20s}{ours:>16s}{theirs:>18s}{result[shots]['gain']['mean']:>8.3f}")
    return 0


def measure(
    folder: Path | str,
    draws: int = 100,
    seed: int = 0,
    shots: Sequence[int] = SHOTS,
    progress: Progress = silent,
) -> dict[str, object]:
    """Measure the unary and its baseline on the patches of `folder` / patches.npz.

    Parameters
    ----------
    folder : holds `patches.npz` with `hu` (N, 31, 31), `label` (N,) and `classes`.
    draws : of training patches, per number of shots. seed : of the draws. shots : patches per class.

    Returns
    -------
    For each number of shots (as text), of "unary" and "baseline": mean, SD over draws and worst of the
    balanced accuracy, mean of the plain one; and of the "gain" in balanced accuracy, draw by draw.

    Raises
    ------
    InputError
        There are no patches in `folder`.
    """
    path = Path(folder) / "patches.npz"
    if not path.is_file():
        raise InputError(path, "is missing", "Name the folder that holds the patches")
    with np.load(path) as stored:
        hu, labels = stored["hu"].astype(np.float32), stored["label"].astype(int)
    groups = groups_of_overlap(hu)
    features, histograms = _features(hu), patch_histograms(hu)

    result: dict[str, object] = {
        "patches": len(hu),
        "groups": int(groups.max() + 1),
        "draws": draws,
        "seed": seed,
    }
    for count in shots:
        scores = []
        for draw in each(range(draws), progress, f"{count} patches per class"):
            train, test = split(labels, groups, count, np.random.default_rng([seed, count, draw]))
            scores.append(
                _scores(_recognise(features, labels, train, test), labels[test])
                + _scores(nearest(histograms, labels, train, test), labels[test])
            )
        result[str(count)] = _summary(np.array(scores))
    return result


def split(
    labels: np.ndarray, groups: np.ndarray, shots: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw `shots` patches of every class, no two from one group; test on all groups not drawn from."""
    train: list[int] = []
    for value in np.unique(labels):
        candidates = rng.permutation(np.flatnonzero((labels == value) & ~np.isin(groups, groups[train])))
        _, one_each = np.unique(groups[candidates], return_index=True)
        train.extend(candidates[np.sort(one_each)[:shots]])
    return np.array(train), np.flatnonzero(~np.isin(groups, groups[train]))


def _features(hu: np.ndarray) -> np.ndarray:
    everywhere, describe = np.ones(hu.shape[1:], bool), texture_description()
    step = slice(PIXEL_STEP // 2, None, PIXEL_STEP)
    dense = [describe(patch, everywhere)[:, step, step] for patch in hu]
    return np.stack([patch.reshape(len(patch), -1).T for patch in dense])


def _recognise(features: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    classifier = RoiClassifier.learn(features[train], labels[train], texture_description())
    logs, _ = classifier.classify(features[test].reshape(-1, features.shape[2]))
    votes = logs.reshape(len(test), -1, logs.shape[1]).mean(1)
    return np.array(classifier.classes)[votes.argmax(1)]


def _scores(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    hits = predicted == truth
    return float(np.mean([hits[truth == value].mean() for value in np.unique(truth)])), float(hits.mean())


def _summary(scores: np.ndarray) -> dict[str, dict[str, float]]:
    """Summarise draws (rows) of unary balanced, unary plain, baseline balanced, baseline plain accuracy."""

    def spread(values: np.ndarray) -> dict[str, float]:
        return {
            name: round(float(f(values)), 4)
            for name, f in (("mean", np.mean), ("sd", np.std), ("worst", np.min))
        }

    def method(balanced: np.ndarray, plain: np.ndarray) -> dict[str, float]:
        return {**spread(balanced), "plain_mean": round(float(plain.mean()), 4)}

    return {
        "unary": method(scores[:, 0], scores[:, 1]),
        "baseline": method(scores[:, 2], scores[:, 3]),
        "gain": spread(scores[:, 0] - scores[:, 2]),
    }
