"""Disease slice by slice: slices per second against a patch classifier, Fisher vectors, quality on phantoms.

Times are of whole scans from HU in memory. The patch classifier does what was usual before (Gao et al. 2017,
section 4.6): 32 x 32 pixels around every tenth pixel of the lung. Quality is that of slices and of the scan's
verdict, on synthetic patients that no network was trained or chosen on.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from skimage.feature import fisher_vector

from LungCAD.cli.bench.crf_timing import in_turns, times
from LungCAD.cli.console import progress_bar
from LungCAD.errors import InputError
from LungCAD.files import write_text
from LungCAD.labels import load_schema
from LungCAD.networks import CNNF, PatchCNN
from LungCAD.phantom import StudyParameters, make_study
from LungCAD.progress import Progress, each
from LungCAD.tasks.detection_input import Decision, DetectionInput
from LungCAD.tasks.ild_detection import Detector, IldDetectionParameters
from LungCAD.tasks.ild_detection import run as detect
from LungCAD.train.detection.fisher import FisherVectors, fit_mixture
from LungCAD.train.detection.metrics import areas_under_roc
from LungCAD.train.detection.phantoms import BENCHMARK_SEED, benchmark_study
from LungCAD.train.detection.scores import detection_scores, markdown
from LungCAD.train.detection.slices import DISEASES, disease_areas
from LungCAD.train.detection.targets import T6000_MM2
from LungCAD.unary.patch_input import PatchInput
from LungCAD.unary.sliding import predict_slices
from LungCAD.weights import ModelCard, NetworkDescription, save_network

FINDINGS, HEAT_MAPS, PATCHES = "findings", "findings and heat maps", "patch classifier"
PATCH_CLASSES = 5
CHEST_MM, THIN_MM = 340.0, 1.0
GRAIN = 2
"""The phantom to time is made on a coarser grid, and every pixel repeated."""

DESCRIPTORS, CHANNELS, SETS = 169, 64, 64
"""Of conv5 at a quarter of its width, and slices that are encoded."""

LEAST_PROBABILITY = 1e-6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--weights", default="", metavar="NAME|FILE", help="network (default: the shipped)")
    parser.add_argument("--slices", type=int, default=100, metavar="N", help="to time (default: 100)")
    parser.add_argument("--size", type=int, default=512, metavar="PX", help="of a slice (default: 512)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="turns of each (default: 3)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="of all (default: 2)")
    parser.add_argument(
        "--patients", type=int, default=16, metavar="N", help="synthetic ones to score (default: 16)"
    )
    parser.add_argument("--device", default="cpu", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--json", type=Path, metavar="FILE", help="file for every number")


def run(options: argparse.Namespace) -> int:
    """Time, score, print and write; without shipped weights the times are those of an untrained network."""
    torch.set_num_threads(options.threads)
    result: dict[str, Any] = {"threads": options.threads, "device": options.device}
    with tempfile.TemporaryDirectory() as name, progress_bar(quiet=False) as progress:
        weights, trained = _weights(options.weights, Path(name))
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
            result["quality"] = quality = score(parameters, detector, options.patients, progress)
            print(quality.pop("table"))
            for code, row in quality["scans"].items():
                print(f"{code:14s} scans right: {row['right']} of {options.patients}; AUC {row['auc']}")
    if options.json:
        write_text(options.json, json.dumps(result, indent=2))
    return 0


def time_scan(
    parameters: IldDetectionParameters, detector: Detector, options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Return slices per second of whole scans, with and without heat maps, and of the patch classifier."""
    ct, lungs = thin_scan(options.slices, options.size)
    bare = dataclasses.replace(parameters, heat_maps=False)
    few = _middle(options.slices)

    def with_maps(image: sitk.Image) -> None:
        found = detect(image, parameters, detector=detector)
        for code in found.maps:
            found.heat_map(code)

    rivals: dict[str, Callable[[sitk.Image], object]] = {
        FINDINGS: lambda image: detect(image, bare, detector=detector),
        HEAT_MAPS: with_maps,
        PATCHES: patch_classifier(lungs, few, options.device),
    }
    meters = {name: Metered(rival) for name, rival in rivals.items()}
    seconds = in_turns(meters, ct, options.rounds)
    slices = {FINDINGS: options.slices, HEAT_MAPS: options.slices, PATCHES: few.stop - few.start}
    rows = {}
    for name, row in times(seconds, None).items():
        rows[name] = {
            **row,
            "slices_per_s": slices[name] / (row["median_ms"] / 1e3),
            "slices_per_processor_s": slices[name] / float(np.median(meters[name].seconds[1:])),
        }
    return rows


class Metered:
    """Something that is timed, and the processor seconds of all threads that each call took.

    They hardly depend on what else the machine does; the first call also loads what it needs.
    """

    def __init__(self, act: Callable[[sitk.Image], object]) -> None:
        self._act = act
        self.seconds: list[float] = []

    def __call__(self, image: sitk.Image) -> None:
        """Act, and note the processor seconds."""
        start = time.process_time()
        self._act(image)
        self.seconds.append(time.process_time() - start)


def patch_classifier(lungs: NDArray[np.uint8], few: slice, device: str) -> Callable[[sitk.Image], object]:
    """Return what classifies patches on some slices, the lungs given: they are not found for nothing."""
    network = PatchCNN(PATCH_CLASSES, channels=3).eval().to(device if device != "auto" else "cpu")
    patches = PatchInput(image_px=32)

    def classify(image: sitk.Image) -> None:
        hu = sitk.GetArrayViewFromImage(image)[few]
        predict_slices(network, hu, lungs[few], patches, device=device if device != "auto" else "cpu")

    return classify


def thin_scan(slices: int, size: int) -> tuple[sitk.Image, NDArray[np.uint8]]:
    """Return a CT of the whole chest with so many slices of so many pixels, and its lungs (z, y, x)."""
    coarse = -(-size // GRAIN)
    pixel = CHEST_MM / coarse
    study = make_study(
        StudyParameters(size=(coarse, coarse, 24), spacing=(pixel, pixel, 12.0), schema="ltrc5")
    )
    layers = np.linspace(0, 23, slices).round().astype(int)
    hu, lungs = (
        sitk.GetArrayFromImage(image)[layers].repeat(GRAIN, 1).repeat(GRAIN, 2)[:, :size, :size]
        for image in (study.ct, study.lungs)
    )
    ct = sitk.GetImageFromArray(np.ascontiguousarray(hu))
    ct.SetSpacing((pixel / GRAIN, pixel / GRAIN, THIN_MM))
    return ct, lungs


def time_fisher(rounds: int) -> dict[str, float]:
    """Return how much faster our Fisher vectors are than scikit-image's, and how much they differ."""
    rng = np.random.default_rng(0)
    descriptors = rng.standard_normal((SETS, DESCRIPTORS, CHANNELS)).astype(np.float32)
    mixture = fit_mixture(descriptors[:8].reshape(-1, CHANNELS))
    encoder, tensor = FisherVectors(mixture), torch.from_numpy(descriptors)

    def ours(_: None) -> NDArray:
        with torch.inference_mode():
            return encoder(tensor).numpy()

    def theirs(_: None) -> NDArray:
        return np.stack([fisher_vector(one, mixture) for one in descriptors])

    rows = times(in_turns({"ours": ours, "scikit-image": theirs}, None, rounds), "scikit-image")
    expected = theirs(None)[:, mixture.n_components :]  # it puts as many terms of the weights first
    difference = float(np.abs(ours(None) - expected).max() / np.abs(expected).max())
    return {"speed": rows["ours"]["speed against scikit-image"], "difference": difference}


def score(
    parameters: IldDetectionParameters, detector: Detector, patients: int, progress: Progress
) -> dict[str, Any]:
    """Return what slices and verdicts are worth on synthetic patients.

    Raises
    ------
    InputError
        The network knows other diseases.
    """
    if tuple(label.code for label in detector.diseases) != DISEASES:
        raise InputError(parameters.weights, f"does not tell {', '.join(DISEASES)}", "Leave --patients 0")
    schema, bare = load_schema("ltrc5"), dataclasses.replace(parameters, heat_maps=False)
    alone, smoothed, truth, names, verdicts = [], [], [], [], []
    for seed in each(range(BENCHMARK_SEED, BENCHMARK_SEED + patients), progress, "Scoring patients"):
        study = make_study(benchmark_study(seed))
        areas = disease_areas(study.labels, schema, DISEASES)
        findings = detect(study.ct, bare, detector=detector).findings
        for reading in findings.slices:
            alone.append(reading.probability or (0.0,) * len(DISEASES))
            smoothed.append(reading.smoothed or (0.0,) * len(DISEASES))
        truth.append(areas >= T6000_MM2)
        names += [str(seed)] * len(areas)
        verdicts.append([disease.probability or 0.0 for disease in findings.diseases])
    present = np.concatenate(truth)
    rows = {}
    decisions = [Decision(threshold=threshold) for threshold in detector.thresholds]
    for name, values in (("single slices", alone), ("with their neighbours", smoothed)):
        rows[name] = detection_scores(_logits(values), present, decisions, np.array(names))
    table = "\n\n".join(f"{name}:\n{markdown(scores, DISEASES)}" for name, scores in rows.items())
    return {
        "patients": patients,
        **{name: scores.as_dict() for name, scores in rows.items()},
        "scans": _scans(np.array(verdicts), np.array([one.any(0) for one in truth]), detector.thresholds),
        "table": table,
    }


def _scans(
    probabilities: NDArray, present: NDArray[np.bool_], thresholds: Sequence[float]
) -> dict[str, dict[str, Any]]:
    """Return per disease how many verdicts are right, and which way the others are wrong."""
    found = probabilities >= np.array(thresholds)
    auc = areas_under_roc(present, probabilities)
    return {
        code: {
            "present": int(present[:, number].sum()),
            "right": int((found == present)[:, number].sum()),
            "missed": int((~found & present)[:, number].sum()),
            "false_alarms": int((found & ~present)[:, number].sum()),
            "auc": None if np.isnan(auc[number]) else round(float(auc[number]), 3),
        }
        for number, code in enumerate(DISEASES)
    }


def _logits(probabilities: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    p = np.array(probabilities).clip(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return np.log(p / (1 - p))


def _middle(slices: int) -> slice:
    """Return the tenth of the slices in the middle: patches take long."""
    half = max(1, slices // 20)
    return slice(slices // 2 - half, slices // 2 + half)


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
