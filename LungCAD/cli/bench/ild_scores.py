"""How right a network for interstitial lung disease is: on phantoms, on another generator, on normal lung."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.cli.bench.generators import PHANTOM, Study, load_generator
from LungCAD.cli.bench.numbers import add_json, write_numbers
from LungCAD.cli.bench.scoring import recalls
from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import at_least_one
from LungCAD.labels import Schema, load_schema
from LungCAD.phantom.study import BENCHMARK, make_study
from LungCAD.progress import Progress, each, part, silent
from LungCAD.tasks.ild_segmentation import (
    REFINEMENTS,
    IldNetwork,
    IldSegmentationInputs,
    IldSegmentationParameters,
    segment,
)
from LungCAD.train.ild.painted import RealLungs

FIRST_SEED = 2000
"""Phantoms that no network is trained on."""

OTHER_SCHEMA = "gao5"
"""Of studies of other generators."""

SAME_AS = {"reticulation": "fibrosis", "honeycombing": "fibrosis"}
"""Classes that another schema takes together."""

ALIKE = "phantom, as the other generator"
"""Scores over other classes cannot be compared: some are easier than others."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--weights",
        default="lungnet-six",
        metavar="NAME|FILE",
        help="shipped, or a file (default: lungnet-six)",
    )
    parser.add_argument(
        "--studies", type=at_least_one, default=4, metavar="N", help="of every kind (default: 4)"
    )
    parser.add_argument(
        "--generator",
        metavar="FILE",
        help="Python file with make_study(seed), as Testing/second_generator.py",
    )
    parser.add_argument(
        "--normal", type=Path, nargs="+", default=[], metavar="CT", help="real scans, to count false alarms"
    )
    parser.add_argument(
        "--refine",
        choices=REFINEMENTS,
        default="none",
        help="smooth the classes with the dense CRF (default: none)",
    )
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    network = IldNetwork.load(options.weights)
    with progress_bar(False) as progress:
        result = measure(
            network, options.studies, options.generator, options.normal, options.refine, progress
        )
    for name, found in result.items():
        print(_line(name, found))
    write_numbers(options, result)
    return 0


def measure(
    network: IldNetwork,
    studies: int,
    generator: str | None = None,
    normal: Sequence[Path] = (),
    refine: str = "none",
    progress: Progress = silent,
) -> dict[str, dict[str, Any]]:
    """Measure a network on studies that it was not trained on.

    Parameters
    ----------
    studies : so many of every kind. generator : as `load_generator` takes it; its studies are of gao5.
    normal : real CT, taken as normal but where they are dense over some width. refine : as in
    `IldSegmentationParameters`.

    Returns
    -------
    By kind: balanced accuracy (mean, worst), recall per class; for lungs without disease, the part of the
    lung that is taken for each disease ("false_alarms"). Where a generator's classes are not the network's,
    `ALIKE` is the phantom again, scored by the generator's classes.
    """
    make = load_generator(generator) if generator else None  # a wrong name is told before studies are made
    stages = 2 + bool(generator) + bool(normal)
    shares = iter(part(progress, k / stages, (k + 1) / stages) for k in range(stages))

    def phantom(sham: bool) -> Callable[[int], Study]:
        return lambda seed: make_study(replace(BENCHMARK, seed=seed, schema=network.schema.name, sham=sham))

    seeds = range(FIRST_SEED, FIRST_SEED + studies)
    ask = labels_by(network, IldSegmentationParameters(refine=refine))
    read = _read(network, ask, phantom(False), network.schema, seeds, next(shares))
    own = tuple(network.schema.by_value(value).code for value in network.values)
    other = _shared_codes(own)
    result = {
        PHANTOM: _accuracy(read, own),
        "sham": _sham(network, ask, phantom(True), seeds, next(shares)),
    }
    if make:
        if set(other) != set(own):
            result[ALIKE] = _accuracy(read, other)
        found = _read(network, ask, make, load_schema(OTHER_SCHEMA), seeds, next(shares))
        result["other generator"] = _accuracy(found, other)
    if normal:
        result["normal"] = _normal(network, ask, normal, next(shares))
    return result


Ask = Callable[[sitk.Image, sitk.Image], NDArray[np.uint8]]
"""Gives the label values (z, y, x) of the lungs of a CT."""


def labels_by(network: IldNetwork, parameters: IldSegmentationParameters) -> Ask:
    """Return what labels lungs with a network."""

    def ask(ct: sitk.Image, lungs: sitk.Image) -> NDArray[np.uint8]:
        result = segment(IldSegmentationInputs(ct, lungs), network, parameters)
        return sitk.GetArrayFromImage(result.labels)

    return ask


@dataclass(frozen=True)
class _Reading:
    """Label values of the pixels whose truth is known, and the codes that both sides' values stand for."""

    truth: NDArray[np.uint8]
    told: NDArray[np.uint8]
    names: dict[int, str]
    told_names: dict[int, str]


def _read(
    network: IldNetwork,
    ask: Ask,
    make: Callable[[int], Study],
    schema: Schema,
    seeds: Sequence[int],
    progress: Progress,
) -> list[_Reading]:
    """Return what the network tells of studies with labels of a schema."""
    names = {label.value: label.code for label in schema.labels}
    told_names = {value: network.schema.by_value(value).code for value in network.values}
    readings = []
    for seed in each(seeds, progress, "Scoring studies"):
        study = make(seed)
        truth = sitk.GetArrayFromImage(study.labels)
        known = truth > 0
        readings.append(_Reading(truth[known], ask(study.ct, study.lungs)[known], names, told_names))
    return readings


def _shared_codes(told: Sequence[str]) -> tuple[str, ...]:
    """Return the classes of other generators that a network of these classes can tell."""
    known = {*told, *(SAME_AS.get(code) for code in told)}
    return tuple(code for code in load_schema(OTHER_SCHEMA).codes if code in known)


def _accuracy(readings: Sequence[_Reading], codes: Sequence[str]) -> dict[str, Any]:
    """Score these classes, whatever else the truth knows."""
    per_class: dict[str, list[float]] = {code: [] for code in codes}
    accuracies = []
    for one in readings:
        true = _renumbered(one.truth, one.names, codes)
        told = _renumbered(one.told, one.told_names, codes)
        found = recalls(true[true > 0], told[true > 0])
        for number, recall in found.items():
            per_class[codes[number - 1]].append(recall)
        accuracies.append(float(np.mean(list(found.values()))))
    return {
        "balanced_accuracy": float(np.mean(accuracies)),
        "worst": float(np.min(accuracies)),
        "sd": float(np.std(accuracies)),
        "recall": {code: float(np.mean(values)) for code, values in per_class.items() if values},
    }


def _sham(
    network: IldNetwork, ask: Ask, make: Callable[[int], Study], seeds: Sequence[int], progress: Progress
) -> dict[str, Any]:
    shares = []
    for seed in each(seeds, progress, "Sham studies"):
        study = make(seed)
        inside = sitk.GetArrayFromImage(study.lungs) > 0
        shares.append(_shares(network, ask(study.ct, study.lungs), inside))
    return _alarms(shares)


def _normal(network: IldNetwork, ask: Ask, scans: Sequence[Path], progress: Progress) -> dict[str, Any]:
    shares = []
    for path in each(scans, progress, "Normal lung"):
        real = RealLungs.read(path, path.name)
        ct, lungs, own = real.take(real.slices(learned=False))
        inside = sitk.GetArrayFromImage(lungs) > 0
        shares.append(_shares(network, ask(ct, lungs), inside & ~own))
    return _alarms(shares)


def _shares(network: IldNetwork, labels: NDArray, where: NDArray[np.bool_]) -> dict[str, float]:
    """Return the part of the lung that each disease is given to."""
    diseases = (label for label in network.schema.labels if label.code != "healthy")
    return {label.code: float(np.mean(labels[where] == label.value)) for label in diseases}


def _alarms(shares: list[dict[str, float]]) -> dict[str, Any]:
    return {
        "false_alarms": {code: float(np.mean([one[code] for one in shares])) for code in shares[0]},
        "worst": {code: max(one[code] for one in shares) for code in shares[0]},
    }


def _renumbered(labels: NDArray, names: dict[int, str], codes: Sequence[str]) -> NDArray[np.uint8]:
    """Return 1 + the position in `codes` for label values that mean one of them, else 0."""
    table = np.zeros(256, np.uint8)
    for value, code in names.items():
        code = code if code in codes else SAME_AS.get(code)
        if code in codes:
            table[value] = codes.index(code) + 1
    return table[labels]


def _line(name: str, found: dict[str, Any]) -> str:
    if "false_alarms" in found:
        shares = "  ".join(f"{code} {100 * share:.1f} %" for code, share in found["false_alarms"].items())
        return f"{name}: false alarms {shares}"
    recall = "  ".join(f"{code} {value:.2f}" for code, value in found["recall"].items())
    return (
        f"{name}: balanced accuracy {found['balanced_accuracy']:.3f} (worst {found['worst']:.3f})  {recall}"
    )
