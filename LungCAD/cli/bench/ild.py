"""Interstitial lung disease on a whole CT: our form of LungNet against the plain module, and its memory."""

from __future__ import annotations

import argparse
import dataclasses
import multiprocessing
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from torch import nn

from LungCAD.cli.bench.crf_timing import PeakMemory, in_turns, times
from LungCAD.cli.bench.numbers import add_json, write_numbers
from LungCAD.cli.options import at_least_one
from LungCAD.images.probability_planes import write_probability_planes
from LungCAD.labels import load_schema
from LungCAD.networks import LungNet
from LungCAD.phantom import StudyParameters, make_study
from LungCAD.tasks.ild_input import IldInput
from LungCAD.tasks.ild_segmentation import (
    IldNetwork,
    IldSegmentationInputs,
    IldSegmentationParameters,
)
from LungCAD.tasks.ild_segmentation import (
    run as segment_ct,
)
from LungCAD.weights import ModelCard, NetworkDescription, save_network

SLICES, CROPS, OURS = "plain module, whole slices", "plain module, single lungs", "ours, single lungs"
CHEST_MM = 340.0
HEIGHT_MM = 300.0
GRAIN = 2
"""The phantom is made on a coarser grid, and every pixel repeated: time and memory are the same."""

NEVER_ENDING_PX = 10**6
"""A margin that takes in the whole slice."""


BATCHES = (1, 2, 4, 8, 16, 32)
REPEATS = 10


@dataclass(frozen=True)
class Case:
    """A CT as arrays (z, y, x): HU, and 0 outside, 1 right, 2 left lung."""

    hu: NDArray[np.int16]
    lungs: NDArray[np.uint8]
    spacing: tuple[float, float, float]

    def image(self, array: NDArray) -> sitk.Image:
        """Return an array as an image."""
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(self.spacing)
        return image


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--slices", type=at_least_one, default=12, metavar="N", help="of the CT (default: 12)"
    )
    parser.add_argument("--size", type=int, default=512, metavar="PX", help="of a slice (default: 512)")
    parser.add_argument(
        "--rounds", type=at_least_one, default=2, metavar="N", help="turns of each (default: 2)"
    )
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="of all (default: 2)")
    parser.add_argument("--device", default="cpu", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--weights", metavar="NAME|FILE", help="network (default: an untrained one)")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Time the three in turns, compare their labels, measure the memory of a whole segmentation."""
    torch.set_num_threads(options.threads)
    case = make_case(options.slices, options.size)
    with tempfile.TemporaryDirectory() as name:
        weights = options.weights or str(untrained_network(Path(name) / "untrained.safetensors"))
        result: dict[str, object] = {
            "size": [options.size, options.size, options.slices],
            "threads": options.threads,
            **compare(case, IldNetwork.load(weights, options.device), options.rounds),
            "batches": batches(case, weights, options.device),
            "whole segmentation": alone(case, weights, options.device, options.threads),
        }
    for name in (SLICES, CROPS, OURS):
        row = result[name]
        print(
            f"{name:28s} {row['seconds_per_slice']:7.3f} s per slice, "
            f"{row['speed of ours']:5.2f} times as long as ours"
        )
    print(f"labels of ours and of the plain module alike: {result['labels_alike']:.6f} of the lung")
    print(f"labels of single lungs and whole slices alike: {result['labels_alike_whole_slices']:.4f}")
    for row in result["batches"]:
        print(
            f"batches of {row['lungs']:2d} lungs: {row['lungs_per_second']:7.1f} lungs per second, "
            f"{row['peak_gb']:.2f} GB of the GPU"
        )
    memory = result["whole segmentation"]
    print(f"peak memory of a whole segmentation: {memory['peak_gb']:.2f} GB, with the CT in it")
    write_numbers(options, result)
    return 0


def compare(case: Case, network: IldNetwork, rounds: int) -> dict[str, object]:
    """Return times of the three on the same CT, and the parts of the lung with the same labels."""
    plain = dataclasses.replace(network, network=nn.Sequential(network.network))
    whole = dataclasses.replace(plain, input=dataclasses.replace(network.input, margin_px=NEVER_ENDING_PX))
    both = (case.lungs > 0).astype(np.uint8)
    rivals = {
        SLICES: lambda case: whole.apply(case.hu, both),
        CROPS: lambda case: plain.apply(case.hu, case.lungs),
        OURS: lambda case: network.apply(case.hu, case.lungs),
    }
    labels = {name: apply(case).argmax(0) for name, apply in rivals.items()}
    slices = np.count_nonzero(case.lungs.any((1, 2)))
    seconds = in_turns(rivals, case, rounds)
    table: dict[str, object] = {
        name: {
            "seconds_per_slice": row["median_ms"] / 1e3 / slices,
            "speed of ours": float(np.median(np.array(seconds[name]) / np.array(seconds[OURS]))),
        }
        for name, row in times(seconds, None).items()
    }
    table["labels_alike"] = float(np.mean(labels[OURS] == labels[CROPS]))
    table["labels_alike_whole_slices"] = float(np.mean(labels[OURS] == labels[SLICES]))
    return table


def batches(case: Case, weights: str, device: str) -> list[dict[str, float]]:
    """Return speed and memory on a GPU by the size of a batch; nothing on other devices."""
    network = IldNetwork.load(weights, device)
    if network.device.type != "cuda":
        return []
    largest = max(network.input.crops(case.lungs), key=lambda crop: crop.shape[0] * crop.shape[1])
    image = network.input.image(largest.cut(case.hu))
    rows = []
    for lungs in BATCHES:
        batch = np.repeat(image[None], lungs, 0)
        network.probabilities(batch)
        torch.cuda.reset_peak_memory_stats(network.device)
        began = time.perf_counter()
        for _ in range(REPEATS):
            network.probabilities(batch)
        per_second = REPEATS * lungs / (time.perf_counter() - began)
        peak_gb = torch.cuda.max_memory_allocated(network.device) / 1e9
        rows.append({"lungs": lungs, "lungs_per_second": per_second, "peak_gb": peak_gb})
    return rows


def alone(case: Case, weights: str, device: str, threads: int) -> dict[str, float]:
    """Segment the CT and write its probabilities in a fresh process; return the peak of its memory."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_alone, (case, weights, device, threads))


def _alone(case: Case, weights: str, device: str, threads: int) -> dict[str, float]:
    torch.set_num_threads(threads)
    inputs = IldSegmentationInputs(case.image(case.hu), case.image(case.lungs))
    with tempfile.TemporaryDirectory() as name, PeakMemory() as memory:
        result = segment_ct(inputs, IldSegmentationParameters(weights=weights, device=device))
        labels = [result.schema.by_value(value) for value in result.classes]
        path = Path(name) / "probabilities.nrrd"
        write_probability_planes(result.probabilities.planes(), inputs.ct, labels, path)
    return memory.gigabytes


def make_case(slices: int, size: int) -> Case:
    """Return the CT of a synthetic chest with disease, `size` x `size` x `slices` voxels."""
    coarse, pixel = size // GRAIN, GRAIN * CHEST_MM / size
    spacing = (pixel, pixel, HEIGHT_MM / slices)
    study = make_study(StudyParameters((coarse, coarse, slices), spacing, schema="lungnet6"))
    hu, lungs = (
        sitk.GetArrayFromImage(image).repeat(GRAIN, 1).repeat(GRAIN, 2) for image in (study.ct, study.lungs)
    )
    return Case(hu, lungs, (pixel / GRAIN, pixel / GRAIN, spacing[2]))


def untrained_network(path: Path) -> Path:
    """Write LungNet with random weights: it takes as long."""
    torch.manual_seed(0)
    codes = load_schema("lungnet6").codes
    description = NetworkDescription(
        architecture="lungnet",
        schema="lungnet6",
        classes=codes,
        input=IldInput(pixel_mm=(0.1, 10.0)).as_plain(),
        card=ModelCard("untrained", "none", "none", True, "lungcad bench ild", 0, "none"),
    )
    save_network(LungNet(len(codes)), description, path)
    return path
