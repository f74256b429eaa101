"""Disease slice by slice: slices per second against a patch classifier, Fisher vectors, quality on phantoms.

Quality is that of slices and of the scan's verdict, on synthetic patients that no network was trained or
chosen on, and on studies of another generator.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from LungCAD.cli.bench.detection_quality import cross_score, score
from LungCAD.cli.bench.detection_timing import time_fisher, time_scan
from LungCAD.cli.bench.generators import Study, generator_function, load_generator
from LungCAD.cli.bench.numbers import add_json, write_numbers
from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_workers, at_least_one, none_or_more
from LungCAD.errors import InputError
from LungCAD.networks import CNNF
from LungCAD.tasks.detection_input import Decision, DetectionInput
from LungCAD.tasks.ild_detection import Detector, IldDetectionParameters
from LungCAD.train.detection.slices import DISEASES
from LungCAD.weights import ModelCard, NetworkDescription, save_network


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--weights", default="", metavar="NAME|FILE", help="network (default: the shipped)")
    parser.add_argument(
        "--slices", type=at_least_one, default=100, metavar="N", help="to time (default: 100)"
    )
    parser.add_argument("--size", type=int, default=512, metavar="PX", help="of a slice (default: 512)")
    parser.add_argument(
        "--rounds", type=at_least_one, default=3, metavar="N", help="turns of each (default: 3)"
    )
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="of all (default: 2)")
    parser.add_argument(
        "--patients", type=none_or_more, default=16, metavar="N", help="synthetic ones to score (default: 16)"
    )
    parser.add_argument(
        "--cross",
        metavar="FILE",
        help="also another generator: a Python file with make_patient(seed), disease as in patients, and "
        "make_study(seed), every disease in every scan",
    )
    parser.add_argument(
        "--cross-studies", type=at_least_one, default=16, metavar="N", help="so many of each (default: 16)"
    )
    parser.add_argument(
        "--mimics",
        action="store_true",
        help="these patients also have what shares densities with honeycombing and reticulation: they pass "
        "the difficulty gate",
    )
    add_workers(parser)
    parser.add_argument("--device", default="cpu", choices=("auto", "cpu", "cuda", "mps"))
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Time, score, print and write; without shipped weights the times are those of an untrained network."""
    torch.set_num_threads(options.threads)
    result: dict[str, Any] = {"threads": options.threads, "device": options.device}
    with tempfile.TemporaryDirectory() as name, progress_bar(quiet=False) as progress:
        weights, trained = _weights(options.weights, Path(name))
        others = _generators(options.cross) if options.cross else {}
        parameters = IldDetectionParameters(weights=weights, device=options.device)
        detector = Detector(parameters)
        result["speed"] = speed = time_scan(parameters, detector, options)
        for rival, row in speed.items():
            print(
                f"{rival:24s} {row['slices_per_s']:8.1f} slices/s, "
                f"{row['slices_per_processor_s']:.1f} per second of a processor"
            )
        result["fisher"] = fisher = time_fisher(options.rounds)
        print(f"Fisher vectors           {fisher['speed']:8.1f} times as fast as scikit-image")
        if trained and options.patients:
            result["quality"] = quality = score(
                parameters, detector, options.patients, progress, options.workers, options.mimics
            )
            print(quality.pop("table"))
            print(_gate_line(quality["difficulty"]))
            for code, row in quality["scans"].items():
                print(
                    f"{code:14s} scans right: {row['right']} of {options.patients} ({row['missed']} missed, "
                    f"{row['false_alarms']} false alarms, {row['doubtful']} doubtful); AUC {row['auc']}; "
                    f"{row['present']} show it, {row['expected']} are expected; Brier score {row['brier']}, "
                    f"{row['brier_of_prevalence']} by always saying how often it is"
                )
            for code, row in quality["heat_maps"].items():
                print(
                    f"{code:14s} heat maps whose peak is on it: {row['near']} of {row['slices']} slices that "
                    f"show it and are told so; {row['by_chance']} by chance"
                )
        for kind, make in others.items() if trained else ():
            rows = cross_score(parameters, detector, make, options.cross_studies, progress)
            result.setdefault("cross", {})[kind] = rows
            for code, row in rows.items():
                print(f"{code:14s} another generator, {kind}: AUC {row['auc']}, F1 {row['f1']}")
    write_numbers(options, result)
    return 0


def _gate_line(gate: dict[str, Any]) -> str:
    """Return in words how hard the synthetic patients are."""
    told, often = (", ".join(f"{c} {v}" for c, v in gate[k].items()) for k in ("histogram_auc", "prevalence"))
    return (
        f"Difficulty gate {'passed' if gate['passed'] else 'not passed'}: the lung's histogram alone has AUC "
        f"{told}; {gate['near_threshold']} of the positives are near the threshold; prevalence {often}"
    )


def _generators(name: str) -> dict[str, Callable[[int], Study]]:
    """Return what makes another generator's studies, by the kind of them."""
    return {
        "disease as in patients": generator_function(name, "make_patient"),
        "every disease in every scan": load_generator(name),
    }


def _weights(name: str, folder: Path) -> tuple[str, bool]:
    """Return the weights to use and whether they were trained."""
    if name:
        return name, True
    try:
        Detector(IldDetectionParameters())
        return IldDetectionParameters().weights, True
    except InputError:
        return str(untrained_network(folder / "untrained.safetensors")), False


def untrained_network(path: Path) -> Path:
    """Write a network of the shipped size with random weights: it takes as long."""
    options = {"width": 0.25, "dense": 640}
    torch.manual_seed(0)
    description = NetworkDescription(
        architecture="cnn_f",
        options=options,
        schema="ltrc5",
        classes=DISEASES,
        input={
            **DetectionInput().as_plain(),
            "decisions": [dataclasses.asdict(Decision())] * len(DISEASES),
        },
        card=ModelCard("untrained", "none", "none", True, "lungcad bench detection", 0, "none"),
    )
    save_network(CNNF(len(DISEASES), **options), description, path)
    return path
