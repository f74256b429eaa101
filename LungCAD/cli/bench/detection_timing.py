"""Slices per second of detection against a patch classifier, and of Fisher vectors against scikit-image.

Times are of whole scans from HU in memory. The patch classifier does what was usual before (Gao et al. 2017,
section 4.6): 32 x 32 pixels around every tenth pixel of the lung.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from skimage.feature import fisher_vector

from LungCAD.cli.bench.crf_timing import in_turns, times
from LungCAD.networks import PatchCNN
from LungCAD.phantom import StudyParameters, make_study
from LungCAD.tasks.ild_detection import Detector, IldDetectionParameters
from LungCAD.tasks.ild_detection import run as detect
from LungCAD.train.detection.fisher import FisherVectors, fit_mixture
from LungCAD.unary.patch_input import PatchInput
from LungCAD.unary.sliding import predict_slices

FINDINGS, HEAT_MAPS, PATCHES = "findings", "findings and heat maps", "patch classifier"
PATCH_CLASSES = 5
CHEST_MM, THIN_MM = 340.0, 1.0
GRAIN = 2
"""The phantom to time is made on a coarser grid, and every pixel repeated."""

DESCRIPTORS, CHANNELS, SETS = 169, 64, 64
"""Of conv5 at a quarter of its width, and slices that are encoded."""


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


def _middle(slices: int) -> slice:
    """Return the tenth of the slices in the middle: patches take long."""
    half = max(1, slices // 20)
    return slice(slices // 2 - half, slices // 2 + half)
